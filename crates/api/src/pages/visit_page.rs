//! One visit, all of it: what was written, how it is judged and why, and who changed what when.

use askama::Template;
use chrono::{DateTime, FixedOffset};
use serde_json::Value;
use xunke_domain::calendar::{CloseReason, NoLessonsReason};
use xunke_domain::fields::{FieldPath, Fields};
use xunke_domain::ids::{TeacherId, UserId};
use xunke_domain::judge::Judgement;
use xunke_domain::log::labels::verdict_zh;
use xunke_domain::resolve::{Expected, Resolution};
use xunke_domain::told;
use xunke_domain::told::Told;
use xunke_domain::visit::Visit;

use crate::pages::visit_list_page::not_kept;
use crate::pages::{Frame, Names, STYLESHEET_PATH, field_words, filters, words};

/// What the page of a visit shows.
#[derive(Clone, Copy, Debug)]
pub struct VisitView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The visit.
    pub visit: &'a Visit,
    /// Its fields as they now are.
    pub fields: &'a Fields,
    /// How it is judged now; none if it names no slot or saw nothing.
    pub judgement: Option<&'a Judgement>,
    /// When it first arrived.
    pub received_at: DateTime<FixedOffset>,
    /// The device's clock minus the server's then, milliseconds.
    pub clock_offset: Option<i64>,
    /// More than 20 minutes between the chosen period and the arrival by the corrected clock.
    pub time_flagged: bool,
    /// How many conflicts are open on it.
    pub open_conflicts: i64,
    /// Where they are settled.
    pub settle_url: &'a str,
    /// Other visits of the same slot: who made them, and where they are.
    pub beside: &'a [(UserId, String)],
    /// What a form of the visitor carries.
    pub csrf: &'a str,
    /// Feedback to the teacher.
    pub feedback: &'a [FeedbackItem<'a>],
    /// Every write, in the order of arrival.
    pub history: &'a [WriteItem<'a>],
    /// The list of the week's visits; none if it names no date.
    pub list_url: Option<&'a str>,
    /// Names.
    pub names: Names<'a>,
}

/// Feedback on a visit.
#[derive(Clone, Debug)]
pub struct FeedbackItem<'a> {
    /// Who sent it.
    pub by: UserId,
    /// To whom.
    pub to: TeacherId,
    /// When.
    pub at: DateTime<FixedOffset>,
    /// What was said.
    pub text: &'a str,
    /// `sent`, `seen`, `answered`, `contested`, `upheld` or `dismissed`.
    pub state: &'a str,
    /// The reply.
    pub answer: Option<&'a str>,
    /// What was decided on the objection.
    pub decision: Option<&'a str>,
    /// Counts changes: what is decided on is what was read.
    pub version: i64,
    /// Where it is decided, if the visitor may and nobody has.
    pub decide: Option<String>,
}

/// A write of a visit.
#[derive(Clone, Debug)]
pub struct WriteItem<'a> {
    /// Who.
    pub by: UserId,
    /// When it arrived.
    pub at: DateTime<FixedOffset>,
    /// What it set.
    pub changes: Vec<ChangeItem<'a>>,
}

/// A field before and after a write.
#[derive(Clone, Copy, Debug)]
pub struct ChangeItem<'a> {
    /// The field.
    pub field: &'a FieldPath,
    /// What stood there.
    pub old: Option<&'a Value>,
    /// What was written.
    pub new: &'a Value,
    /// Whether it became current.
    pub won: bool,
}

/// The fields in the order and under the headings in which they are told; what is left comes last.
const GROUPS: [(&str, &[&str]); 7] = [
    (
        "巡课",
        &[
            "slot",
            "kind",
            "regime",
            "unannounced",
            "selection",
            "companions",
            "arrived_at",
            "left_at",
            "bulk",
            "submitted_at",
            "withdrawn",
        ],
    ),
    ("课表与实上", &["planned", "observed", "verdict"]),
    ("课堂亮点", &["highlights"]),
    ("待改进之处", &["improvements"]),
    ("存在问题", &["findings"]),
    ("评价", &["ratings"]),
    (
        "检查与处理",
        &[
            "lesson_plan_check",
            "homework_check",
            "student_interview",
            "feedback",
            "disposition",
            "notes",
            "photos",
        ],
    ),
];

/// Ids that mean nothing to people.
const UNTOLD: [&str; 2] = ["round", "rubric"];

/// The page of a visit.
pub fn visit_page(view: &VisitView<'_>) -> Result<String, askama::Error> {
    let VisitView { visit, names, judgement, .. } = view;
    let verdict = judgement.map(|judgement| judgement.verdict);
    let place = visit.slot.as_ref().map(|slot| field_words::slot(slot, names));
    let page = VisitPage {
        view,
        place: place.unwrap_or_else(|| "未选班级与节次的巡课".into()),
        inspector: names.person(visit.inspector),
        received: words::moment(&view.received_at),
        verdict: verdict.map(verdict_zh),
        bad: verdict.is_some_and(not_kept),
        why: why(view),
        own_verdict: visit.verdict.filter(|own| Some(*own) != verdict).map(verdict_zh),
        clock: view.clock_offset.and_then(words::clock),
        groups: groups(view),
        beside: view.beside.iter().map(|(by, url)| (names.person(*by), url.as_str())).collect(),
        feedback: view.feedback.iter().map(|item| feedback(item, names)).collect(),
        history: view.history.iter().map(|write| history(write, names)).collect(),
    };
    page.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "visits/visit.html")]
struct VisitPage<'a> {
    view: &'a VisitView<'a>,
    place: Told,
    inspector: Told,
    received: Told,
    verdict: Option<&'static str>,
    bad: bool,
    /// Why it is judged so, sentence by sentence.
    why: Vec<Told>,
    /// What the inspector said, where that is something else.
    own_verdict: Option<&'static str>,
    clock: Option<Told>,
    groups: Vec<Group>,
    beside: Vec<(Told, &'a str)>,
    feedback: Vec<FeedbackRow<'a>>,
    history: Vec<WriteRow>,
}

/// Fields under a heading.
#[derive(Clone, Debug)]
struct Group {
    heading: &'static str,
    rows: Vec<(Told, Told)>,
}

#[derive(Clone, Debug)]
struct FeedbackRow<'a> {
    who: Told,
    when: Told,
    text: &'a str,
    state: &'static str,
    answer: Option<&'a str>,
    decision: Option<&'a str>,
    version: i64,
    decide: Option<&'a str>,
}

#[derive(Clone, Debug)]
struct WriteRow {
    when: Told,
    who: Told,
    changes: Vec<ChangeRow>,
}

#[derive(Clone, Debug)]
struct ChangeRow {
    field: Told,
    old: Option<Told>,
    new: Told,
    won: bool,
}

fn groups(view: &VisitView<'_>) -> Vec<Group> {
    let names = &view.names;
    let rows = |wanted: &dyn Fn(&FieldPath) -> bool| -> Vec<(Told, Told)> {
        let fields = view.fields.iter().filter(|(path, value)| !value.is_null() && wanted(path));
        fields
            .map(|(path, value)| (field_words::field(path, names), field_words::value(path, value, names)))
            .collect()
    };
    let told = |heading: &'static str, members: &[&str]| {
        let rows = members.iter().flat_map(|member| rows(&|path| path.name() == *member)).collect();
        Group { heading, rows }
    };
    let known = |path: &FieldPath| {
        UNTOLD.contains(&path.name()) || GROUPS.iter().any(|(_, members)| members.contains(&path.name()))
    };
    let groups = GROUPS.iter().map(|(heading, members)| told(heading, members));
    let others = Group { heading: "其他", rows: rows(&|path| !known(path)) };
    groups.chain([others]).filter(|group| !group.rows.is_empty()).collect()
}

/// What the verdict rests on.
fn why(view: &VisitView<'_>) -> Vec<Told> {
    let Some(Judgement { verdict: _, resolution }) = view.judgement else {
        return vec!["没有记录班级与节次，或没有记录实上情况，无从核查。".into()];
    };
    let names = &view.names;
    let mut said = vec![expected(resolution, names)];
    if let Some(observed) = &view.visit.observed {
        said.push(told!("实上：{}。", field_words::observed(observed, names)));
    }
    if view.visit.bulk {
        said.push("批量标记的巡课不计入一致率与评价。".into());
    }
    said
}

fn expected(resolution: &Resolution, names: &Names<'_>) -> Told {
    let lessons = |lessons: &[Expected]| {
        Told::listed(lessons.iter().filter_map(|lesson| names.lesson(Some(lesson.subject), lesson.teacher)))
    };
    match resolution {
        Resolution::UnknownClass => "该班当日不在册。".into(),
        Resolution::NoSchool { reason } => match reason {
            NoLessonsReason::Holiday => "当日放假。",
            NoLessonsReason::Weekend => "当日是周末。",
            NoLessonsReason::OutsideSemester => "当日不在学期内。",
        }
        .into(),
        Resolution::NoTimetable => "当日没有生效的课表。".into(),
        Resolution::UnknownPeriod => "作息时间表与课表都没有这一节。".into(),
        Resolution::Closed { span } => {
            let what = Told::from(match span.reason {
                CloseReason::Event => "当节有统一活动",
                CloseReason::HalfDay => "当日只上半天课",
            });
            span.note.as_ref().map_or_else(|| told!("{}。", what), |note| told!("{}：{}。", what, note))
        }
        Resolution::Cancelled { .. } => "这一节已批准停课或调出。".into(),
        Resolution::NoLesson => "课表上这一节没有课。".into(),
        Resolution::Lesson { planned, approved: None, .. } => told!("课表应上：{}。", lessons(planned)),
        Resolution::Lesson { planned, approved: Some(approved), .. } => {
            let now = lessons(&approved.lessons);
            match planned.as_slice() {
                [] => told!("课表上没有课，已批准调代课后应上：{}。", now),
                planned => told!("课表应上：{}，已批准调代课后应上：{}。", lessons(planned), now),
            }
        }
    }
}

fn feedback<'a>(item: &'a FeedbackItem<'a>, names: &Names<'_>) -> FeedbackRow<'a> {
    let FeedbackItem { by, to, at, text, state, answer, decision, version, decide } = item;
    FeedbackRow {
        who: told!("{} → {}", names.person(*by), names.teacher(*to)),
        when: words::moment(at),
        text,
        state: words::feedback_state(state),
        answer: *answer,
        decision: *decision,
        version: *version,
        decide: decide.as_deref(),
    }
}

fn history(write: &WriteItem<'_>, names: &Names<'_>) -> WriteRow {
    let change = |change: &ChangeItem<'_>| ChangeRow {
        field: field_words::field(change.field, names),
        old: change.old.map(|old| field_words::value(change.field, old, names)),
        new: field_words::value(change.field, change.new, names),
        won: change.won,
    };
    let told = write.changes.iter().filter(|change| !UNTOLD.contains(&change.field.name()));
    WriteRow {
        when: words::moment(&write.at),
        who: names.person(write.by),
        changes: told.map(change).collect(),
    }
}

impl VisitPage<'_> {
    /// How far the visit has come.
    const fn state(&self) -> &'static str {
        match (&self.view.visit.withdrawn, &self.view.visit.submitted_at) {
            (Some(_), _) => "已撤回",
            (None, None) => "未提交",
            (None, Some(_)) => "已提交",
        }
    }
}
