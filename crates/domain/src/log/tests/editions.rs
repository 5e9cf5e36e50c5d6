//! Editions: frozen, chained, and compared.

use super::sample::{Sample, week};
use crate::log::chain::{ChainFault, verify_chain, verify_terms};
use crate::log::edition::{ContentHash, Edition, Frozen, TermLink, freeze};
use crate::log::proof::{Beside, prove, root};
use crate::log::{ChangeKind, ChangedField, ContentPart, WeeklyLog, changes};
use crate::verdict::Verdict;
use crate::visit::Level;

pub(super) fn edition(log: WeeklyLog, before: Option<(&Edition, &Frozen)>) -> Edition {
    Edition {
        school: log.school_id,
        week: week(),
        number: before.map_or(1, |(edition, _)| edition.number + 1),
        published_at: "2026-11-24T09:00:00+08:00".parse().unwrap(),
        published_by: "郑校长".to_owned(),
        by_rule: false,
        remarks: None,
        previous: before.map(|(_, frozen)| frozen.hash.clone()),
        in_term: None,
        visits_root: None,
        changes: before
            .map_or_else(Vec::new, |(edition, _)| changes(&edition.log.visit_digests, &log.visit_digests)),
        log,
    }
}

/// The sample week, and again with a visit added, one changed, one judged anew, one withdrawn.
fn two_editions() -> (Edition, Edition, Vec<Frozen>) {
    let mut sample = Sample::qinghe();
    let first = edition(sample.compile(), None);
    let first_frozen = freeze(&first);

    let displaced = sample.position(Verdict::SubjectMismatch);
    sample.visits[displaced].verdict = Verdict::ApprovedChange;
    sample.visits.push(sample.second(1));
    sample.visits[2].visit.ratings.insert("conduct".to_owned(), Level::Poor);
    sample.visits[5].visit.withdrawn = Some("记错班级".to_owned());
    let second = edition(sample.compile(), Some((&first, &first_frozen)));
    let second_frozen = freeze(&second);
    (first, second, vec![first_frozen, second_frozen])
}

#[test]
fn the_second_edition_tells_what_was_added_changed_and_withdrawn() {
    let (_, second, _) = two_editions();

    let told = |kind| second.changes.iter().filter(move |change| change.kind == kind).collect::<Vec<_>>();
    let changed: Vec<_> = told(ChangeKind::Changed).iter().map(|change| change.fields.clone()).collect();
    assert_eq!(second.changes.len(), 4);
    assert!(changed.contains(&vec![ChangedField::Verdict]));
    assert!(changed.contains(&vec![ChangedField::Content(ContentPart::Ratings)]));
    let [added] = told(ChangeKind::Added)[..] else { panic!("one was added") };
    assert_eq!((added.inspector.as_str(), added.verdict_before), ("督学罗老师", None));
    let [withdrawn] = told(ChangeKind::Withdrawn)[..] else { panic!("one was withdrawn") };
    assert_eq!(withdrawn.verdict_after, None);
    assert!(!withdrawn.place.class.is_empty());
}

#[test]
fn changes_are_found_from_frozen_bytes_alone() {
    let (_, second, frozen) = two_editions();

    let before: Edition = serde_json::from_slice(&frozen[0].bytes).unwrap();

    assert_eq!(changes(&before.log.visit_digests, &second.log.visit_digests), second.changes);
    assert_eq!(changes(&second.log.visit_digests, &second.log.visit_digests), Vec::new());
}

#[test]
fn an_edition_reads_back_and_freezes_to_the_same_bytes() {
    let (_, second, frozen) = two_editions();

    let read: Edition = serde_json::from_slice(&frozen[1].bytes).unwrap();

    assert_eq!(read, second);
    assert_eq!(freeze(&read), frozen[1]);
}

#[test]
fn a_chain_of_editions_holds() {
    let (_, _, frozen) = two_editions();

    assert_eq!(verify_chain(&frozen), Ok(()));
    assert_eq!(verify_chain(&[]), Ok(()));
}

#[test]
fn an_altered_byte_is_found_in_any_edition() {
    let (_, _, frozen) = two_editions();
    for place in 0..2 {
        let mut altered = frozen.clone();
        let byte = altered[place].bytes.iter_mut().rev().find(|byte| byte.is_ascii_digit()).unwrap();
        *byte = if *byte == b'1' { b'2' } else { b'1' };

        assert_eq!(verify_chain(&altered), Err(ChainFault::Altered(place)));
    }
}

#[test]
fn an_edition_rewritten_with_its_hash_breaks_the_link_of_the_next() {
    let (mut first, _, mut frozen) = two_editions();
    first.log.findings_by_category.clear();
    frozen[0] = freeze(&first);

    assert_eq!(verify_chain(&frozen), Err(ChainFault::Unlinked(1)));
}

#[test]
fn a_chain_with_an_edition_missing_or_astray_does_not_hold() {
    let (_, mut second, frozen) = two_editions();

    assert_eq!(verify_chain(&frozen[1..]), Err(ChainFault::Misnumbered { place: 0, found: 2 }));
    second.week = week().back(1);
    assert_eq!(verify_chain(&[frozen[0].clone(), freeze(&second)]), Err(ChainFault::Stray(1)));
    let bytes = b"{}".to_vec();
    let hash = ContentHash::of(&bytes);
    assert_eq!(verify_chain(&[Frozen { bytes, hash }]), Err(ChainFault::Unreadable(0)));
}

/// Three publications of a term: two editions of a week, and one of the week before, published last.
fn a_term() -> Vec<Frozen> {
    let (first, second, _) = two_editions();
    let earlier = Edition { week: week().back(1), ..first.clone() };
    let mut frozen: Vec<Frozen> = Vec::new();
    for (place, edition) in (1..).zip([first, second, earlier]) {
        let previous = frozen.last().map(|frozen| frozen.hash.clone());
        let in_term = Some(TermLink { term: "2026-2027-1".to_owned(), place, previous });
        frozen.push(freeze(&Edition { in_term, ..edition }));
    }
    frozen
}

#[test]
fn the_chain_of_a_term_holds_in_whatever_order_it_is_read() {
    let mut frozen = a_term();
    let newest = frozen[2].hash.clone();
    frozen.rotate_left(1);

    let heads = verify_terms(&frozen).unwrap();

    assert_eq!(heads["2026-2027-1"].place, 3);
    assert_eq!(heads["2026-2027-1"].hash, newest);
}

#[test]
fn a_term_with_a_whole_week_taken_out_or_made_anew_does_not_hold() {
    let broken = |place| Err(ChainFault::Broken { term: "2026-2027-1".to_owned(), place });
    let mut missing = a_term();
    missing.remove(1);
    let mut anew = a_term();
    let mut edition: Edition = serde_json::from_slice(&anew[0].bytes).unwrap();
    edition.log.visits += 1;
    anew[0] = freeze(&edition);

    assert_eq!(verify_terms(&missing), broken(2));
    assert_eq!(verify_terms(&anew), broken(2));
}

#[test]
fn every_visit_of_an_edition_has_a_proof_and_no_other_passes_for_it() {
    let (first, ..) = two_editions();
    let digests = &first.log.visit_digests;
    let root = root(digests);
    let longest = (digests.len().next_power_of_two()).trailing_zeros();
    for visit in digests.keys() {
        let proof = prove(digests, *visit).unwrap();
        assert!(proof.holds() && proof.root == root);
        assert!(u32::try_from(proof.path.len()).unwrap() <= longest, "short");

        let mut forged = proof.clone();
        forged.digest.verdict = Verdict::NoTeacher;
        assert!(forged.digest == proof.digest || !forged.holds());
        let mut astray = proof;
        astray.path[0] = match astray.path[0].clone() {
            Beside::Left(hash) => Beside::Right(hash),
            Beside::Right(hash) => Beside::Left(hash),
        };
        assert!(!astray.holds());
    }
    let visit = *digests.keys().next().unwrap();
    let mut without = digests.clone();
    without.remove(&visit);
    assert_eq!(prove(&without, visit), None);
}

#[test]
fn a_content_hash_is_sixty_four_lower_case_hex_digits() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    assert_eq!(ContentHash::of(b"").as_str(), empty);
    assert!(empty.parse::<ContentHash>().is_ok());
    assert!(empty.to_uppercase().parse::<ContentHash>().is_err());
    assert!("e3b0".parse::<ContentHash>().is_err());
}

/// Editions are kept for ten years: a change of this hash is a change of format, to be made knowingly.
#[test]
fn the_bytes_of_an_edition_do_not_change_by_accident() {
    let (_, _, frozen) = two_editions();

    assert_eq!(frozen[1].hash.as_str(), "ef36076e3a09c30136a5f582196a13f1df7f3e689718d81e6da161f7fa723270");
}

/// What newer rules added to a log.
const ADDED: [&str; 7] =
    ["rules", "rectification_notices", "repeats", "trend", "rating_shares", "highlight_rates", "comparison"];

#[test]
fn an_edition_of_older_rules_reads_and_freezes_to_its_own_bytes() {
    let (first, _, _) = two_editions();
    let mut old: serde_json::Value = serde_json::to_value(&first).unwrap();
    for added in ADDED {
        assert!(old["log"].as_object_mut().unwrap().remove(added).is_some(), "{added}");
    }

    for inspector in old["log"]["inspectors"].as_array_mut().unwrap() {
        assert!(inspector.as_object_mut().unwrap().remove("more").is_some());
    }

    let coverage = old["log"]["coverage"].as_object_mut().unwrap();
    assert!(
        ["subjects_unseen", "teachers_long_unseen", "by_class_and_period"]
            .iter()
            .all(|added| coverage.remove(*added).is_some())
    );

    let read: Edition = serde_json::from_value(old.clone()).unwrap();

    assert_eq!(read.log.rules, 1);
    assert_eq!(serde_json::to_value(&read).unwrap(), old);
}
