//! How the timetable was kept (课表执行), as the internal page tells it.

use std::collections::BTreeMap;

use xunke_domain::log::labels::{verdict_code, verdict_zh};
use xunke_domain::log::{ContentPart, Delivery, DisputedSlot, NoteKind, Place, Taking, WeeklyLog};
use xunke_domain::verdict::Verdict;

use crate::pages::bar::{Bar, Part};
use crate::pages::share::Share;
use crate::pages::visit_links::{VisitLinks, VisitRef, place_of};
use crate::pages::words;

/// All that is told about the timetable.
#[derive(Clone, Debug)]
pub(super) struct Timetable<'a> {
    pub(super) parts: Vec<PartRow>,
    pub(super) bar: Bar,
    pub(super) takings: Vec<TakingRow<'a>>,
    pub(super) departures: Vec<Departure<'a>>,
    pub(super) subjects: Vec<SubjectRow<'a>>,
    pub(super) disputed: Vec<DisputedRow<'a>>,
    pub(super) contested: Vec<ContestedRow<'a>>,
}

/// Slots of one verdict.
#[derive(Clone, Debug)]
pub(super) struct PartRow {
    /// The class that colours it.
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) count: u32,
    /// How it enters the rate.
    pub(super) counted: &'static str,
    /// The list of its visits.
    pub(super) url: Option<String>,
}

/// One subject taking another's slots.
#[derive(Clone, Debug)]
pub(super) struct TakingRow<'a> {
    pub(super) planned: &'a str,
    pub(super) taken_by: &'a str,
    pub(super) slots: u32,
    pub(super) places: Vec<String>,
    /// The list of its visits.
    pub(super) url: Option<String>,
}

/// A slot that was not taught as planned, though not by another subject.
#[derive(Clone, Debug)]
pub(super) struct Departure<'a> {
    pub(super) verdict: &'static str,
    pub(super) inspector: &'a str,
    pub(super) visit: VisitRef,
}

/// A planned subject.
#[derive(Clone, Debug)]
pub(super) struct SubjectRow<'a> {
    pub(super) name: &'a str,
    pub(super) checked: u32,
    pub(super) displaced: Share,
    pub(super) self_study: u32,
    pub(super) delivered: Share,
    /// The list of the visits it was checked by.
    pub(super) url: Option<String>,
    /// The lists of the visits that saw it displaced, given to self-study, taught.
    pub(super) displaced_url: Option<String>,
    pub(super) self_study_url: Option<String>,
    pub(super) delivered_url: Option<String>,
}

/// A slot whose inspectors contradict each other.
#[derive(Clone, Debug)]
pub(super) struct DisputedRow<'a> {
    pub(super) place: String,
    pub(super) opinions: Vec<OpinionItem<'a>>,
}

/// A visit whose facts the teacher contests.
#[derive(Clone, Debug)]
pub(super) struct ContestedRow<'a> {
    pub(super) place: String,
    pub(super) inspector: &'a str,
    pub(super) verdict: &'static str,
    /// How far the objection has come.
    pub(super) state: &'static str,
    pub(super) url: Option<String>,
}

/// What one inspector says of it.
#[derive(Clone, Debug)]
pub(super) struct OpinionItem<'a> {
    pub(super) inspector: &'a str,
    pub(super) verdict: &'static str,
    pub(super) observed: Option<&'a str>,
    pub(super) url: Option<String>,
}

impl<'a> Timetable<'a> {
    pub(super) fn new(log: &'a WeeklyLog, links: VisitLinks<'a>) -> Self {
        let parts = parts(log, links);
        let drawn: Vec<Part> = parts.iter().map(|part| (part.class, part.name, part.count)).collect();
        Self {
            bar: Bar::new("parts", "已巡节次按课表核查结论的构成", &drawn),
            parts,
            takings: log.displacement_matrix.iter().map(|row| taking(row, links)).collect(),
            departures: departures(log, links),
            subjects: subjects(log, links),
            disputed: log.consistency_parts.disputed_slots.iter().map(|slot| disputed(slot, links)).collect(),
            contested: contested(log, links),
        }
    }
}

fn parts(log: &WeeklyLog, links: VisitLinks<'_>) -> Vec<PartRow> {
    let agreed = log.consistency_parts.by_verdict.iter().map(|(verdict, count)| PartRow {
        class: class_of(*verdict),
        name: verdict_zh(*verdict),
        count: *count,
        url: links.figure(format_args!("verdict.{}", verdict_code(*verdict))),
        counted: match verdict {
            Verdict::AsTimetabled | Verdict::ApprovedChange => "一致",
            Verdict::OfficialEvent | Verdict::NoLessonPlanned | Verdict::NotVerifiable => "不计入",
            Verdict::SubjectMismatch | Verdict::TeacherMismatch | Verdict::SelfStudy | Verdict::NoTeacher => {
                "不一致"
            }
        },
    });
    let left_out = |class, name, count, url| PartRow { class, name, count, counted: "不计入", url };
    let disputed = links.figure("consistency.disputed");
    let others = [
        left_out("v-disputed", "意见不一", log.consistency.disputed, disputed),
        left_out("v-bulk", "仅批量标记", log.consistency_parts.bulk_only, None),
    ];
    agreed.chain(others).filter(|part| part.count > 0).collect()
}

const fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsTimetabled => "v-kept",
        Verdict::ApprovedChange => "v-change",
        Verdict::OfficialEvent => "v-event",
        Verdict::SubjectMismatch => "v-subject",
        Verdict::TeacherMismatch => "v-teacher",
        Verdict::SelfStudy => "v-self",
        Verdict::NoTeacher => "v-nobody",
        Verdict::NoLessonPlanned => "v-unplanned",
        Verdict::NotVerifiable => "v-unknown",
    }
}

fn taking<'a>(taking: &'a Taking, links: VisitLinks<'_>) -> TakingRow<'a> {
    let Taking { planned, taken_by, slots, places } = taking;
    let url = links.figure(format_args!("displacement.{planned}→{taken_by}"));
    TakingRow { planned, taken_by, slots: *slots, places: places.iter().map(words::place).collect(), url }
}

/// One visit stands for its slot: all that could tell agree on it.
fn departures<'a>(log: &'a WeeklyLog, links: VisitLinks<'a>) -> Vec<Departure<'a>> {
    let visits = log.trace.get("consistency.inconsistent").into_iter().flatten();
    let mut slots: BTreeMap<Place, Departure<'a>> = BTreeMap::new();
    for visit in visits {
        let Some((digest, link)) = log.visit_digests.get(visit).zip(links.find(*visit)) else { continue };
        let told =
            matches!(digest.verdict, Verdict::TeacherMismatch | Verdict::SelfStudy | Verdict::NoTeacher);
        if told && !digest.content.contains_key(&ContentPart::Bulk) {
            let (verdict, inspector) = (verdict_zh(digest.verdict), digest.inspector.as_str());
            slots.entry(place_of(digest)).or_insert(Departure { verdict, inspector, visit: link });
        }
    }
    slots.into_values().collect()
}

fn contested<'a>(log: &'a WeeklyLog, links: VisitLinks<'a>) -> Vec<ContestedRow<'a>> {
    let state = |kind| match kind {
        NoteKind::Contested => Some("有异议，待裁定"),
        NoteKind::ObjectionUpheld => Some("异议成立，待更正"),
        _ => None,
    };
    let told = log.data_notes.iter().filter_map(|note| Some((state(note.kind)?, &note.visits)));
    let visits = told.flat_map(|(state, visits)| visits.iter().map(move |visit| (state, *visit)));
    let rows = visits.filter_map(|(state, visit)| {
        let digest = log.visit_digests.get(&visit)?;
        Some(ContestedRow {
            place: words::place(&place_of(digest)),
            inspector: &digest.inspector,
            verdict: verdict_zh(digest.verdict),
            state,
            url: links.url(visit),
        })
    });
    rows.collect()
}

fn subjects<'a>(log: &'a WeeklyLog, links: VisitLinks<'_>) -> Vec<SubjectRow<'a>> {
    let rows = log.delivery_by_subject.iter().map(|(name, Delivery { checked, delivered })| {
        let displaced = log.displacement_by_subject.get(name).map_or(0, |figures| figures.displaced);
        SubjectRow {
            name,
            checked: *checked,
            displaced: Share::new(displaced, *checked),
            self_study: log.self_study_by_subject.get(name).copied().unwrap_or(0),
            delivered: Share::new(*delivered, *checked),
            url: links.figure(format_args!("checked.{name}")),
            displaced_url: links.figure(format_args!("displacement.{name}")),
            self_study_url: links.figure(format_args!("self_study.{name}")),
            delivered_url: links.figure(format_args!("delivered.{name}")),
        }
    });
    rows.collect()
}

fn disputed<'a>(slot: &'a DisputedSlot, links: VisitLinks<'_>) -> DisputedRow<'a> {
    let opinions = slot.opinions.iter().map(|opinion| OpinionItem {
        inspector: &opinion.inspector,
        verdict: verdict_zh(opinion.verdict),
        observed: opinion.observed_subject.as_deref(),
        url: links.url(opinion.visit),
    });
    DisputedRow { place: words::place(&slot.place), opinions: opinions.collect() }
}
