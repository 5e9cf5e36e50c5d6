//! The sample school 青禾实验小学 in teaching week 12, from the shared files, with ids by counting.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use uuid::Uuid;

use crate::book::{ProblemCategory, SchoolBook, Subject, Teacher};
use crate::ids::{ClassId, SchoolId, SubjectId, TeacherId, UserId, VisitId};
use crate::log::{ClassLabel, EarlierWeek, LogInput, LoggedVisit, PlannedLesson, WeeklyLog, compile};
use crate::objection::Objection;
use crate::verdict::Verdict;
use crate::visit::{
    Finding, Highlight, Improvement, Level, Observed, Regime, Situation, Slot, Visit, VisitKind,
};
use crate::week::Week;

const TIMETABLE: &str = include_str!("../../../../../tests/data/qinghe-timetable.json");
const VISITS: &str = include_str!("../../../../../tests/data/qinghe-week12-visits.json");
const PROTECTED: [&str; 7] = ["音乐", "体育与健康", "美术", "劳动", "科学", "信息科技", "心理"];

/// A week that tests may alter before it is compiled.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) book: SchoolBook,
    pub(super) class_names: BTreeMap<ClassId, ClassLabel>,
    pub(super) planned: Vec<PlannedLesson>,
    pub(super) visits: Vec<SampleVisit>,
    pub(super) unseen_since: BTreeMap<ClassId, Option<Week>>,
    pub(super) subjects_last_seen: BTreeMap<SubjectId, Week>,
    pub(super) teachers_last_seen: BTreeMap<TeacherId, Week>,
    /// Visits of earlier weeks, in whatever order; the weeks are told by their dates.
    pub(super) earlier: Vec<SampleVisit>,
}

/// A visit with what the server would know about it.
#[derive(Clone, Debug)]
pub(super) struct SampleVisit {
    pub(super) visit: Visit,
    pub(super) inspector_name: String,
    pub(super) verdict: Verdict,
    pub(super) planned_subject: Option<SubjectId>,
    pub(super) planned_teacher: Option<TeacherId>,
    pub(super) arrived_off_minutes: Option<i64>,
    pub(super) entered_after_minutes: Option<i64>,
    pub(super) sync_delay_minutes: Option<u32>,
    pub(super) received_late: bool,
    pub(super) objection: Option<Objection>,
}

#[derive(Deserialize)]
struct TimetableFile {
    school: String,
    lessons: Vec<LessonRow>,
}

#[derive(Deserialize)]
struct LessonRow {
    class_name: String,
    weekday: u64,
    period: String,
    subject: String,
    teacher: String,
    weeks: String,
}

#[derive(Deserialize)]
struct VisitRow {
    inspector: String,
    class_name: String,
    date: NaiveDate,
    period: String,
    observed_subject: String,
    observed_teacher: String,
    ratings: BTreeMap<String, Level>,
    highlights: Vec<Highlight>,
    improvements: Vec<Improvement>,
    findings: Vec<Finding>,
}

impl Sample {
    pub(super) fn qinghe() -> Self {
        let file: TimetableFile = serde_json::from_str(TIMETABLE).unwrap();
        let rows: Vec<VisitRow> = serde_json::from_str(VISITS).unwrap();
        let mut sample = Self {
            book: SchoolBook { name: file.school, ..SchoolBook::default() },
            class_names: BTreeMap::new(),
            planned: Vec::new(),
            visits: Vec::new(),
            unseen_since: BTreeMap::new(),
            subjects_last_seen: BTreeMap::new(),
            teachers_last_seen: BTreeMap::new(),
            earlier: Vec::new(),
        };
        let named = [("TT01", "挤占", 3), ("ST01", "参与度低", 1), ("EN04", "安全隐患", 4)];
        for (code, name, severity) in named {
            let category =
                ProblemCategory { code: code.to_owned(), name: name.to_owned(), severity, retired: None };
            sample.book.problem_categories.insert(code.to_owned(), category);
        }
        for row in file.lessons {
            sample.plan(row);
        }
        for row in rows {
            sample.visit(row);
        }
        sample
    }

    /// Compiles the week with the visits in the order they stand.
    pub(super) fn compile(&self) -> WeeklyLog {
        compile(&self.input())
    }

    pub(super) fn input(&self) -> LogInput<'_> {
        LogInput {
            school: SchoolId::from_uuid(Uuid::from_u128(1)),
            week: week(),
            teaching_week: Some(12),
            book: &self.book,
            class_names: self.class_names.clone(),
            planned: self.planned.clone(),
            visits: self.visits.iter().map(SampleVisit::logged).collect(),
            unseen_since: self.unseen_since.clone(),
            subjects_last_seen: self.subjects_last_seen.clone(),
            teachers_last_seen: self.teachers_last_seen.clone(),
            earlier: self.earlier_weeks(),
            notes: Vec::new(),
        }
    }

    fn earlier_weeks(&self) -> Vec<EarlierWeek<'_>> {
        let mut weeks: BTreeMap<Week, Vec<LoggedVisit<'_>>> = BTreeMap::new();
        for visit in &self.earlier {
            weeks.entry(Week::of(visit.visit.slot.as_ref().unwrap().date)).or_default().push(visit.logged());
        }
        weeks.into_iter().map(|(week, visits)| EarlierWeek { week, visits }).collect()
    }

    /// The visit at this place as it would have been so many weeks before, without remarks.
    pub(super) fn weeks_before(&self, place: usize, weeks: u64) -> SampleVisit {
        let mut visit = self.second(place);
        let place = u128::try_from(place).unwrap() + u128::from(weeks) * 1_000;
        visit.visit.id = VisitId::from_uuid(Uuid::from_u128(100_000 + place));
        visit.visit.inspector = self.visits[0].visit.inspector;
        visit.inspector_name.clone_from(&self.visits[0].inspector_name);
        let slot = visit.visit.slot.as_mut().unwrap();
        slot.date = slot.date.checked_sub_days(Days::new(7 * weeks)).unwrap();
        visit
    }

    /// The first visit with this verdict.
    pub(super) fn position(&self, verdict: Verdict) -> usize {
        self.visits.iter().position(|visit| visit.verdict == verdict).unwrap()
    }

    /// A second inspector's visit of the same slot, seeing the same, without remarks.
    pub(super) fn second(&self, place: usize) -> SampleVisit {
        let mut second = self.visits[place].clone();
        second.visit.id = VisitId::from_uuid(Uuid::from_u128(9_000 + u128::try_from(place).unwrap()));
        second.visit.inspector = UserId::from_uuid(Uuid::from_u128(99));
        second.inspector_name = "督学罗老师".to_owned();
        second.visit.ratings.clear();
        second.visit.highlights.clear();
        second.visit.improvements.clear();
        second.visit.findings.clear();
        second
    }

    pub(super) fn subject(&self, name: &str) -> SubjectId {
        self.book.subjects.iter().find(|(_, subject)| subject.name == name).map(|(id, _)| *id).unwrap()
    }

    fn plan(&mut self, row: LessonRow) {
        let LessonRow { class_name, weekday, period, subject, teacher, weeks } = row;
        let class = self.class(&class_name);
        let subject = self.subject_named(subject);
        let teacher = self.teacher_named(teacher);
        if weeks == "odd" {
            return;
        }
        let date = week().monday().checked_add_days(Days::new(weekday - 1)).unwrap();
        let slot = Slot { date, period, class };
        self.planned.push(PlannedLesson { slot, subject, teacher: Some(teacher) });
    }

    fn visit(&mut self, row: VisitRow) {
        let slot = Slot { date: row.date, period: row.period, class: self.class(&row.class_name) };
        let subject = self.subject_named(row.observed_subject);
        let teacher = self.teacher_named(row.observed_teacher);
        let plan = self.planned.iter().find(|lesson| lesson.slot == slot).unwrap();
        let verdict = match plan {
            plan if plan.subject != subject => Verdict::SubjectMismatch,
            plan if plan.teacher != Some(teacher) => Verdict::TeacherMismatch,
            _ => Verdict::AsTimetabled,
        };
        let (planned_subject, planned_teacher) = (Some(plan.subject), plan.teacher);
        let inspector = self.visits.iter().find(|visit| visit.inspector_name == row.inspector);
        let inspector = inspector.map_or_else(
            || UserId::from_uuid(Uuid::from_u128(500 + u128::try_from(self.visits.len()).unwrap())),
            |visit| visit.visit.inspector,
        );
        let visit = Visit {
            id: VisitId::from_uuid(Uuid::from_u128(1_000 + u128::try_from(self.visits.len()).unwrap())),
            inspector,
            kind: VisitKind::Walkthrough,
            regime: Regime::SchoolPatrol,
            slot: Some(slot),
            round: None,
            companions: [].into(),
            arrived_at: None,
            left_at: None,
            planned: None,
            observed: Some(Observed {
                subject: Some(subject),
                teacher: Some(teacher),
                situation: Situation::Lesson,
            }),
            verdict: None,
            rubric: None,
            ratings: row.ratings,
            highlights: elements(row.highlights),
            improvements: elements(row.improvements),
            findings: elements(row.findings),
            disposition: None,
            bulk: false,
            submitted_at: Some("2026-11-20T16:00:00+08:00".parse().unwrap()),
            withdrawn: None,
        };
        self.visits.push(SampleVisit {
            visit,
            inspector_name: row.inspector,
            verdict,
            planned_subject,
            planned_teacher,
            arrived_off_minutes: Some(3),
            entered_after_minutes: Some(60),
            sync_delay_minutes: Some(5),
            received_late: false,
            objection: None,
        });
    }

    fn class(&mut self, name: &str) -> ClassId {
        if let Some((id, _)) = self.class_names.iter().find(|(_, label)| label.name == name) {
            return *id;
        }
        let id = ClassId::from_uuid(counted(self.class_names.len()));
        let grade = "一二三四五六".chars().position(|numeral| name.starts_with(numeral)).unwrap();
        let grade = Some(u32::try_from(grade).unwrap() + 1);
        self.class_names.insert(id, ClassLabel { grade, name: name.to_owned() });
        id
    }

    fn subject_named(&mut self, name: String) -> SubjectId {
        if let Some((id, _)) = self.book.subjects.iter().find(|(_, subject)| subject.name == name) {
            return *id;
        }
        let id = SubjectId::from_uuid(counted(self.book.subjects.len()));
        let protected = PROTECTED.contains(&name.as_str());
        self.book.subjects.insert(id, Subject { name, aliases: Vec::new(), protected, retired: None });
        id
    }

    fn teacher_named(&mut self, name: String) -> TeacherId {
        if let Some((id, _)) = self.book.teachers.iter().find(|(_, teacher)| teacher.name == name) {
            return *id;
        }
        let id = TeacherId::from_uuid(counted(self.book.teachers.len()));
        self.book.teachers.insert(id, Teacher { name, user: None, retired: None });
        id
    }
}

impl SampleVisit {
    fn logged(&self) -> LoggedVisit<'_> {
        LoggedVisit {
            visit: &self.visit,
            inspector_name: self.inspector_name.clone(),
            verdict: self.verdict,
            planned_subject: self.planned_subject,
            planned_teacher: self.planned_teacher,
            arrived_off_minutes: self.arrived_off_minutes,
            entered_after_minutes: self.entered_after_minutes,
            sync_delay_minutes: self.sync_delay_minutes,
            received_late: self.received_late,
            objection: self.objection,
        }
    }
}

pub(super) fn week() -> Week {
    "2026-W47".parse().unwrap()
}

fn counted(len: usize) -> Uuid {
    Uuid::from_u128(u128::try_from(len).unwrap() + 1)
}

fn elements<T>(list: Vec<T>) -> BTreeMap<String, T> {
    list.into_iter().enumerate().map(|(place, value)| (format!("e{place}"), value)).collect()
}
