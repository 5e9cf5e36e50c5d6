//! The figures by which two logs are held beside each other.

use std::collections::BTreeSet;

use xunke_domain::book::SchoolBook;
use xunke_domain::log::WeeklyLog;
use xunke_domain::log::labels::verdict_zh;
use xunke_domain::verdict::Verdict;

use crate::pages::share::Share;

/// A figure by name and as it is told; in the same order for every log.
pub(super) type Figure = (&'static str, String);

/// The figures a principal asks for first.
pub(super) fn first(log: &WeeklyLog, book: &SchoolBook) -> Vec<Figure> {
    vec![
        ("巡课人次", log.visits.to_string()),
        ("已巡节次 / 课表应上", told(slots(log))),
        ("课表一致", told(consistency(log))),
        ("音体美劳等被挤占", told(protected(log, book))),
        ("课堂亮点", log.highlights.to_string()),
        ("存在问题", log.findings.iter().map(|group| group.count).sum::<u32>().to_string()),
    ]
}

/// Those and what they are made of.
pub(super) fn all(log: &WeeklyLog, book: &SchoolBook) -> Vec<Figure> {
    let verdicts = [
        Verdict::AsTimetabled,
        Verdict::ApprovedChange,
        Verdict::SubjectMismatch,
        Verdict::TeacherMismatch,
        Verdict::SelfStudy,
        Verdict::NoTeacher,
        Verdict::OfficialEvent,
        Verdict::NoLessonPlanned,
        Verdict::NotVerifiable,
    ];
    let slots = |verdict: &Verdict| log.consistency_parts.by_verdict.get(verdict).copied().unwrap_or(0);
    let levels = [
        ("评价·优", log.ratings.excellent),
        ("评价·良", log.ratings.good),
        ("评价·中", log.ratings.fair),
        ("评价·差", log.ratings.poor),
    ];
    let classes = Share::new(log.classes_visited, log.classes_total);
    let mut figures = first(log, book);
    figures.push(("已巡班级", told(classes)));
    figures.push(("意见不一的节次", log.consistency.disputed.to_string()));
    figures.extend(verdicts.iter().map(|verdict| (verdict_zh(*verdict), slots(verdict).to_string())));
    figures.push(("待改进之处", log.improvements.to_string()));
    figures.extend(levels.map(|(level, count)| (level, count.to_string())));
    figures
}

/// Such as `40/44`; a dash where there was nothing to count.
fn told(share: Share) -> String {
    if share.is_of_none() { "—".to_owned() } else { share.counts() }
}

pub(super) fn slots(log: &WeeklyLog) -> Share {
    Share::new(log.coverage.planned_slots_visited, log.planned_slots)
}

pub(super) fn consistency(log: &WeeklyLog) -> Share {
    Share::new(log.consistency.consistent, log.consistency.checked)
}

/// Displaced of checked slots of the protected subjects together.
pub(super) fn protected(log: &WeeklyLog, book: &SchoolBook) -> Share {
    let subjects = book.subjects.values().filter(|subject| subject.protected);
    let names: BTreeSet<&str> = subjects.map(|subject| subject.name.as_str()).collect();
    let rows = log.displacement_by_subject.iter().filter(|(name, _)| names.contains(name.as_str()));
    let (k, n) = rows.fold((0, 0), |(k, n), (_, row)| (k + row.displaced, n + row.checked));
    Share::new(k, n)
}
