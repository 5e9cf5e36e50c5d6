//! The sample school 青禾实验小学 in teaching week 12, compiled from the shared files.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate};
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::book::{ProblemCategory, SchoolBook, Subject, Teacher};
use xunke_domain::ids::{ClassId, SchoolId, SubjectId, TeacherId, UserId, VisitId};
use xunke_domain::log::{ClassLabel, EarlierWeek, LogInput, LoggedVisit, PlannedLesson, WeeklyLog, compile};
use xunke_domain::seed::{CATEGORIES, SUBJECTS};
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{
    Finding, Highlight, Improvement, Level, Observed, Regime, Situation, Slot, Visit, VisitKind,
};
use xunke_domain::week::Week;

use crate::pages::{Form, Frame, Person, SemesterName};

const TIMETABLE: &str = include_str!("../../../../../tests/data/qinghe-timetable.json");
const VISITS: &str = include_str!("../../../../../tests/data/qinghe-week12-visits.json");

pub(super) const SEMESTER: SemesterName<'_> = SemesterName { school_year: "2026-2027", term: 1 };

pub(super) const FRAME: Frame<'_> = Frame {
    home_url: "/",
    person: Some(Person { name: "郑校长", sign_out: Form { action: "/sign-out", csrf: "token-1" } }),
    bar: None,
};

/// A visit as the tests may alter it, with its verdict.
pub(super) type SampleVisit = (Visit, String, Verdict);

/// A week that tests may alter before it is compiled.
pub(super) struct Sample {
    pub(super) visits: Vec<SampleVisit>,
    /// Visits of earlier weeks.
    pub(super) earlier: Vec<SampleVisit>,
    pub(super) book: SchoolBook,
    classes: BTreeMap<ClassId, ClassLabel>,
    planned: Vec<PlannedLesson>,
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
        let categories = CATEGORIES.iter().map(|seed| {
            let (code, name) = (seed.code.to_owned(), seed.name.to_owned());
            (seed.code.to_owned(), ProblemCategory { code, name, severity: seed.severity, retired: None })
        });
        let mut sample = Self {
            book: SchoolBook {
                name: file.school,
                problem_categories: categories.collect(),
                ..SchoolBook::default()
            },
            classes: BTreeMap::new(),
            planned: Vec::new(),
            visits: Vec::new(),
            earlier: Vec::new(),
        };
        for row in file.lessons.iter().filter(|row| row.weeks != "odd") {
            sample.plan(row);
        }
        for row in rows {
            sample.visit(row);
        }
        sample
    }

    pub(super) fn compile(&self) -> WeeklyLog {
        compile(&LogInput {
            school: SchoolId::from_uuid(Uuid::from_u128(1)),
            week: week(),
            teaching_week: Some(12),
            book: &self.book,
            class_names: self.classes.clone(),
            planned: self.planned.clone(),
            visits: self.visits.iter().map(|visit| self.logged(visit)).collect(),
            unseen_since: self.classes.keys().map(|class| (*class, Some(week().back(4)))).collect(),
            subjects_last_seen: BTreeMap::new(),
            teachers_last_seen: BTreeMap::new(),
            earlier: self.earlier_weeks(),
            notes: Vec::new(),
        })
    }

    fn earlier_weeks(&self) -> Vec<EarlierWeek<'_>> {
        let mut weeks: BTreeMap<Week, Vec<LoggedVisit<'_>>> = BTreeMap::new();
        for sampled in &self.earlier {
            let date = sampled.0.slot.as_ref().unwrap().date;
            weeks.entry(Week::of(date)).or_default().push(self.logged(sampled));
        }
        weeks.into_iter().map(|(week, visits)| EarlierWeek { week, visits }).collect()
    }

    fn logged<'a>(&self, (visit, inspector, verdict): &'a SampleVisit) -> LoggedVisit<'a> {
        // The timetable is the same in every week.
        let of_week = |slot: &Slot| (slot.class, slot.period.clone(), slot.date.weekday());
        let plan = self
            .planned
            .iter()
            .find(|lesson| Some(of_week(&lesson.slot)) == visit.slot.as_ref().map(of_week));
        LoggedVisit {
            visit,
            inspector_name: inspector.clone(),
            verdict: *verdict,
            planned_subject: plan.map(|plan| plan.subject),
            planned_teacher: plan.and_then(|plan| plan.teacher),
            arrived_off_minutes: None,
            entered_after_minutes: None,
            sync_delay_minutes: None,
            received_late: false,
            objection: None,
        }
    }

    /// Adds the week's visits as they would have been so many weeks before.
    pub(super) fn same_before(&mut self, weeks: u64) {
        for (place, (visit, inspector, verdict)) in self.visits.iter().enumerate() {
            let mut visit = visit.clone();
            let number = usize::try_from(weeks).unwrap() * 100_000 + place;
            visit.id = VisitId::from_uuid(counted(number));
            let slot = visit.slot.as_mut().unwrap();
            slot.date = slot.date.checked_sub_days(Days::new(7 * weeks)).unwrap();
            self.earlier.push((visit, inspector.clone(), *verdict));
        }
    }

    /// The name of every teacher.
    pub(super) fn teachers(&self) -> std::collections::BTreeSet<String> {
        self.book.teachers.values().map(|teacher| teacher.name.clone()).collect()
    }

    /// A second inspector's visit of the same slot, seeing the same, without remarks.
    pub(super) fn second(&self, place: usize, verdict: Verdict) -> SampleVisit {
        let mut second = self.visits[place].0.clone();
        second.id = VisitId::from_uuid(counted(9_000 + place));
        second.highlights.clear();
        second.improvements.clear();
        second.findings.clear();
        (second, "督学罗老师".to_owned(), verdict)
    }

    fn plan(&mut self, row: &LessonRow) {
        let date = week().monday().checked_add_days(Days::new(row.weekday - 1)).unwrap();
        let slot = Slot { date, period: row.period.clone(), class: self.class(&row.class_name) };
        let (subject, teacher) = (self.subject(&row.subject), Some(self.teacher(&row.teacher)));
        self.planned.push(PlannedLesson { slot, subject, teacher });
    }

    fn visit(&mut self, row: VisitRow) {
        let slot = Slot { date: row.date, period: row.period, class: self.class(&row.class_name) };
        let (subject, teacher) = (self.subject(&row.observed_subject), self.teacher(&row.observed_teacher));
        let plan = self.planned.iter().find(|lesson| lesson.slot == slot).unwrap();
        let verdict = match plan {
            plan if plan.subject != subject => Verdict::SubjectMismatch,
            plan if plan.teacher != Some(teacher) => Verdict::TeacherMismatch,
            _ => Verdict::AsTimetabled,
        };
        let inspector = row.inspector.bytes().fold(7, |sum, byte| sum * 31 % 65_521 + usize::from(byte));
        let visit = Visit {
            id: VisitId::from_uuid(counted(1_000 + self.visits.len())),
            inspector: UserId::from_uuid(counted(inspector)),
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
            submitted_at: Some(at("2026-11-20T16:00:00+08:00")),
            withdrawn: None,
        };
        self.visits.push((visit, row.inspector, verdict));
    }

    fn class(&mut self, name: &str) -> ClassId {
        if let Some((id, _)) = self.classes.iter().find(|(_, label)| label.name == name) {
            return *id;
        }
        let id = ClassId::from_uuid(counted(self.classes.len()));
        let grade = "一二三四五六".chars().position(|numeral| name.starts_with(numeral)).unwrap();
        let grade = Some(u32::try_from(grade).unwrap() + 1);
        self.classes.insert(id, ClassLabel { grade, name: name.to_owned() });
        id
    }

    fn subject(&mut self, name: &str) -> SubjectId {
        if let Some((id, _)) = self.book.subjects.iter().find(|(_, subject)| subject.name == name) {
            return *id;
        }
        let id = SubjectId::from_uuid(counted(self.book.subjects.len()));
        let protected = SUBJECTS.iter().any(|seed| seed.name == name && seed.protected);
        let subject = Subject { name: name.to_owned(), aliases: Vec::new(), protected, retired: None };
        self.book.subjects.insert(id, subject);
        id
    }

    fn teacher(&mut self, name: &str) -> TeacherId {
        if let Some((id, _)) = self.book.teachers.iter().find(|(_, teacher)| teacher.name == name) {
            return *id;
        }
        let id = TeacherId::from_uuid(counted(self.book.teachers.len()));
        self.book.teachers.insert(id, Teacher { name: name.to_owned(), user: None, retired: None });
        id
    }
}

/// A moment.
pub(super) fn at(text: &str) -> DateTime<FixedOffset> {
    text.parse().unwrap()
}

fn week() -> Week {
    "2026-W47".parse().unwrap()
}

fn counted(number: usize) -> Uuid {
    Uuid::from_u128(u128::try_from(number).unwrap() + 1)
}

fn elements<T>(list: Vec<T>) -> BTreeMap<String, T> {
    list.into_iter().enumerate().map(|(place, value)| (format!("e{place}"), value)).collect()
}
