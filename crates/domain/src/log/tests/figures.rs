//! The figures of a log as a list.

use std::collections::BTreeSet;

use super::sample::Sample;
use crate::log::figures::figures;
use crate::visit::Disposition;

#[test]
fn every_figure_has_a_key_of_its_own_and_never_more_than_it_is_out_of() {
    let all = figures(&Sample::qinghe().compile());

    let keys: BTreeSet<&str> = all.iter().map(|figure| figure.key.as_str()).collect();
    assert_eq!(keys.len(), all.len());
    assert!(all.iter().all(|figure| figure.n.is_none_or(|n| figure.k <= n)));
    assert!(all.iter().all(|figure| !figure.name.is_empty()));
    let of = |key: &str| all.iter().find(|figure| figure.key == key).map(|figure| (figure.k, figure.n));
    assert_eq!(of("consistency.consistent"), Some((40, Some(44))));
    assert_eq!(of("displacement.音乐"), Some((1, Some(2))));
    assert_eq!(of("visits"), Some((46, None)));
}

#[test]
fn what_is_traced_is_listed() {
    let mut sample = Sample::qinghe();
    sample.earlier = (0..sample.visits.len()).map(|place| sample.weeks_before(place, 1)).collect();
    for (before, now) in sample.earlier.iter_mut().zip(&sample.visits) {
        before.visit.findings.clone_from(&now.visit.findings);
    }
    sample.visits[0].visit.disposition = Some(Disposition::RectifyNotice);
    let log = sample.compile();
    assert!(!log.repeats.as_ref().unwrap().by_class.is_empty());

    let keys: BTreeSet<String> = figures(&log).into_iter().map(|figure| figure.key).collect();

    let told = |key: &&String| !keys.contains(*key);
    let only_traced: Vec<&String> = log.trace.keys().filter(told).collect();
    // Denominators, which stand beside each share.
    let denominators = |key: &&&String| {
        let of_trend =
            key.starts_with("trend.") && (key.ends_with(".checked") || key.ends_with(".protected"));
        let whole = ["consistency.checked", "ratings"].contains(&key.as_str());
        of_trend || whole || key.starts_with("checked.")
    };
    assert_eq!(only_traced.iter().filter(|key| !denominators(key)).count(), 0, "{only_traced:?}");
}
