//! The visits of a school's week as a list: all, some, or just those behind one figure of the log.

use std::collections::BTreeMap;
use xunke_domain::told;
use xunke_domain::told::Told;

use askama::Template;
use chrono::NaiveDate;
use xunke_domain::ids::{ClassId, SubjectId, TeacherId, UserId};
use xunke_domain::log::labels::{verdict_code, verdict_zh};
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Visit;
use xunke_domain::week::Week;

use crate::pages::figures::figure_zh;
use crate::pages::{Frame, Names, STYLESHEET_PATH, field_words, filters, words};

/// What the list of a week's visits shows.
#[derive(Clone, Copy, Debug)]
pub struct VisitListView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// The week.
    pub week: Week,
    /// Number of the teaching week; none outside a semester.
    pub teaching_week: Option<u32>,
    /// Where the list itself is; what is chosen is said in its query.
    pub url: &'a str,
    /// What comes before a visit's id in its address.
    pub visit_url_prefix: &'a str,
    /// The week's log, for those who may read it.
    pub log_url: Option<&'a str>,
    /// What is chosen.
    pub chosen: Chosen<'a>,
    /// What may be chosen.
    pub choices: &'a Choices,
    /// The visits, in the order they were made.
    pub visits: &'a [ListedVisit],
    /// Where the next page is; none on the last.
    pub next_url: Option<&'a str>,
    /// Names.
    pub names: Names<'a>,
}

/// What of the week's visits is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen<'a> {
    /// Of this class.
    pub class: Option<ClassId>,
    /// Made by this person.
    pub inspector: Option<UserId>,
    /// Judged so.
    pub verdict: Option<Verdict>,
    /// Behind this figure of the log: a key of its trace.
    pub figure: Option<&'a str>,
    /// The edition whose figure it is; none: the draft's.
    pub edition: Option<u32>,
}

/// What the visits of the week leave to choose, each with how many visits it has.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Classes.
    pub classes: BTreeMap<ClassId, u32>,
    /// Who made them.
    pub inspectors: BTreeMap<UserId, u32>,
    /// Verdicts by their name on the wire.
    pub verdicts: BTreeMap<&'static str, (Verdict, u32)>,
    /// Figures of the log; none for those who may not read it.
    pub figures: BTreeMap<String, u32>,
}

/// A visit of the list, with what the server knows of it.
#[derive(Clone, Debug)]
pub struct ListedVisit {
    /// The visit.
    pub visit: Visit,
    /// Judged with what is known now.
    pub verdict: Option<Verdict>,
    /// The subject planned, with approved changes.
    pub planned_subject: Option<SubjectId>,
    /// The teacher planned, with approved changes.
    pub planned_teacher: Option<TeacherId>,
    /// Whether a conflict is open on it.
    pub conflicted: bool,
    /// More than 20 minutes between the chosen period and the arrival by the corrected clock.
    pub time_flagged: bool,
}

/// The list of a week's visits.
pub fn visit_list_page(view: &VisitListView<'_>) -> Result<String, askama::Error> {
    let VisitListView { chosen, choices, names, week, .. } = view;
    let option = |value: String, said: Told, count: u32, chosen: bool| Choice {
        value,
        said: told!("{}（{}）", said, count),
        chosen,
    };
    let classes = choices.classes.iter().map(|(id, count)| {
        option(id.to_string(), names.class(*id, week.monday()), *count, chosen.class == Some(*id))
    });
    let mut classes: Vec<Choice> = classes.collect();
    classes.sort_by_cached_key(|choice| choice.said.to_string());
    let inspectors = choices
        .inspectors
        .iter()
        .map(|(id, count)| option(id.to_string(), names.person(*id), *count, chosen.inspector == Some(*id)));
    let verdicts = choices.verdicts.iter().map(|(code, (verdict, count))| {
        let said = verdict_zh(*verdict).into();
        option((*code).to_owned(), said, *count, chosen.verdict == Some(*verdict))
    });
    let figures = choices.figures.iter().map(|(key, count)| {
        option(key.clone(), figure_zh(key, names.dimensions), *count, chosen.figure == Some(key))
    });
    let page = VisitListPage {
        view,
        week: words::teaching_week(view.teaching_week),
        span: words::week_span(*week),
        figure: chosen.figure.map(|key| figure_zh(key, names.dimensions)),
        looks_back: view.visits.iter().any(|listed| !in_week(&listed.visit, *week)),
        classes,
        inspectors: inspectors.collect(),
        verdicts: verdicts.collect(),
        figures: figures.collect(),
        rows: view.visits.iter().map(|listed| row(listed, view)).collect(),
    };
    page.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "visits/list.html")]
struct VisitListPage<'a> {
    view: &'a VisitListView<'a>,
    week: Told,
    span: Told,
    /// The figure chosen, in words.
    figure: Option<Told>,
    /// Whether some of its visits lie in other weeks.
    looks_back: bool,
    classes: Vec<Choice>,
    inspectors: Vec<Choice>,
    verdicts: Vec<Choice>,
    figures: Vec<Choice>,
    rows: Vec<Row>,
}

/// Something to choose.
#[derive(Clone, Debug)]
struct Choice {
    value: String,
    said: Told,
    chosen: bool,
}

/// A visit in the list.
#[derive(Clone, Debug)]
struct Row {
    url: String,
    class: Told,
    when: Told,
    planned: Told,
    observed: Told,
    verdict: &'static str,
    /// Whether the timetable was not kept.
    bad: bool,
    inspector: Told,
    /// Such as `亮点 1`.
    said: Vec<Told>,
    /// What is to be minded, such as 已撤回.
    marks: Vec<&'static str>,
}

fn row(listed: &ListedVisit, view: &VisitListView<'_>) -> Row {
    let ListedVisit { visit, verdict, planned_subject, planned_teacher, conflicted, time_flagged } = listed;
    let names = &view.names;
    let on = visit.slot.as_ref().map_or(NaiveDate::MIN, |slot| slot.date);
    let class = visit.slot.as_ref().map(|slot| names.class(slot.class, on));
    let when = visit.slot.as_ref().map(|slot| told!("{} {}", words::day(slot.date), slot.period));
    let counts = [
        ("亮点", visit.highlights.len()),
        ("待改进", visit.improvements.len()),
        ("问题", visit.findings.len()),
    ];
    let marks = [
        (visit.withdrawn.is_some(), "已撤回"),
        (visit.submitted_at.is_none(), "未提交"),
        (*conflicted, "有冲突待裁定"),
        (*time_flagged, "时间相差超过20分钟"),
        (visit.bulk, "批量标记"),
    ];
    Row {
        url: format!("{}{}", view.visit_url_prefix, visit.id),
        class: class.unwrap_or_else(|| "未选班级".into()),
        when: when.unwrap_or_default(),
        planned: names.lesson(*planned_subject, *planned_teacher).unwrap_or_else(|| "—".into()),
        observed: visit.observed.map_or_else(|| "—".into(), |seen| field_words::observed(&seen, names)),
        verdict: verdict.map_or("—", verdict_zh),
        bad: verdict.is_some_and(not_kept),
        inspector: names.person(visit.inspector),
        said: counts
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(what, n)| told!("{} {}", Told::from(*what), n))
            .collect(),
        marks: marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect(),
    }
}

/// Whether a visit lies in the week, as far as it says when it was made.
fn in_week(visit: &Visit, week: Week) -> bool {
    visit.slot.as_ref().is_none_or(|slot| week.contains(slot.date))
}

/// Whether a verdict says that the timetable was not kept.
pub(super) const fn not_kept(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::SubjectMismatch | Verdict::TeacherMismatch | Verdict::SelfStudy | Verdict::NoTeacher
    )
}

impl Choices {
    /// Counts a visit in.
    pub fn count(&mut self, class: Option<ClassId>, inspector: UserId, verdict: Option<Verdict>) {
        if let Some(class) = class {
            *self.classes.entry(class).or_default() += 1;
        }
        *self.inspectors.entry(inspector).or_default() += 1;
        if let Some(verdict) = verdict {
            self.verdicts.entry(verdict_code(verdict)).or_insert((verdict, 0)).1 += 1;
        }
    }
}
