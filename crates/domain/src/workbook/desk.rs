//! What the readers of layouts share: what is known, what is asked, what is wrong.

use chrono::NaiveDate;
use serde::Serialize;

use super::questions::{Answers, Ask, Asked, LEAVE_OUT, QuestionKind};
use super::sheet::Place;
use super::subjects::SubjectNames;
use crate::book::{BellSchedule, SchoolBook};
use crate::class_name::{ClassName, display_name, grade_class_name, parse_class_name, read_class_name};
use crate::text::{squeeze, tidy};

/// More than so many problems help nobody.
const MAX_PROBLEMS: usize = 200;

/// What is known before a workbook is read.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What the school has, and the plan it has chosen; an empty book for a new one.
    pub book: &'a SchoolBook,
    /// The day from which the timetable is to hold.
    pub on: NaiveDate,
}

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is imported until it is mended.
    Error,
    /// Perhaps it is meant so.
    Warning,
    /// Told, so that nobody misses it.
    Notice,
}

/// Something about a file that people should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// The header of the column, in a long table; else empty.
    pub column: String,
    /// What, for people.
    pub detail: String,
}

/// The desk at which a workbook is read.
pub(super) struct Desk<'a> {
    pub(super) known: Known<'a>,
    pub(super) names: SubjectNames<'a>,
    pub(super) asked: Asked<'a>,
    problems: Vec<Problem>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(known: Known<'a>, answers: &'a Answers) -> Self {
        let names = SubjectNames::of(known.book);
        Self { known, names, asked: Asked::new(answers), problems: Vec::new() }
    }

    pub(super) fn error(&mut self, place: Place, detail: impl Into<String>) {
        self.tell(Severity::Error, place, "", detail.into());
    }

    pub(super) fn error_in(&mut self, column: &str, place: Place, detail: impl Into<String>) {
        self.tell(Severity::Error, place, column, detail.into());
    }

    pub(super) fn warning(&mut self, place: Place, detail: impl Into<String>) {
        self.tell(Severity::Warning, place, "", detail.into());
    }

    pub(super) fn notice(&mut self, place: Place, detail: impl Into<String>) {
        self.tell(Severity::Notice, place, "", detail.into());
    }

    fn tell(&mut self, severity: Severity, place: Place, column: &str, detail: String) {
        let problem = Problem { severity, place, column: column.to_owned(), detail };
        // An error is never crowded out by notices: with it the import must stop.
        let crowded =
            self.problems.len() >= MAX_PROBLEMS && (severity != Severity::Error || self.has_errors());
        if !crowded && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.problems.iter().any(|told| told.severity == Severity::Error)
    }

    /// The canonical name of the class a text names.
    pub(super) fn class(&self, text: &str) -> Option<String> {
        let own = || {
            let class = self.known.book.class_by_name(text, self.known.on)?;
            self.known.book.classes.get(&class).map(|class| display_name(class, self.known.on))
        };
        match read_class_name(text)? {
            ClassName::Grade { grade, number } => Some(grade_class_name(grade, number)),
            ClassName::Junior { .. } | ClassName::Cohort { .. } => own()
                .or_else(|| parse_class_name(text).map(|(grade, number)| grade_class_name(grade, number))),
        }
    }

    /// The classes a text such as `三1、三2` names, all of them or none.
    pub(super) fn classes(&self, text: &str) -> Option<Vec<String>> {
        let text = squeeze(text);
        let parts = text.split(['、', ',', ';', '+', '&']).filter(|part| !part.is_empty());
        let classes: Vec<String> = parts.map(|part| self.class(part)).collect::<Option<_>>()?;
        (!classes.is_empty()).then_some(classes)
    }

    /// The class that a longer text such as a title names.
    pub(super) fn class_in(&self, text: &str) -> Option<String> {
        if let Some(class) = self.class(text) {
            return Some(class);
        }
        let text = squeeze(text);
        let ends = text.match_indices('班').map(|(at, word)| at + word.len());
        let tables = ["课程表", "课表", "班课", "总表", "的课"].iter().filter_map(|word| text.find(word));
        ends.chain(tables).find_map(|end| {
            let until = text.get(..end)?;
            let starts = until.char_indices().map(|(at, _)| at);
            // The longest reading: 十一(2)班 before 一(2)班; a year in front of it is none.
            starts.filter_map(|at| until.get(at..)).filter(|name| name.chars().count() <= 12).find_map(
                |name| {
                    if name.bytes().all(|byte| byte.is_ascii_digit()) && name.len() > 4 {
                        None
                    } else {
                        self.class(name)
                    }
                },
            )
        })
    }

    /// Asks which class a text means; none if it is left out or nobody has said.
    pub(super) fn ask_class(&mut self, about: &str, place: Place) -> Option<String> {
        let shown = tidy(about);
        let ask = Ask::new(QuestionKind::Class, about, format!("which class is `{shown}`?"))
            .option(LEAVE_OUT, "it is no class: leave it out")
            .open();
        let answer = self.asked.ask(ask, place.clone())?;
        if answer == LEAVE_OUT {
            return None;
        }
        let class = self.class(&answer);
        if class.is_none() {
            self.error(place, format!("the answer `{answer}` is not a class"));
        }
        class
    }

    /// The bell schedule of a class, or of the school.
    pub(super) fn bell(&self, class: Option<&str>) -> Option<&'a BellSchedule> {
        let grade = class.and_then(parse_class_name).map(|(grade, _)| grade);
        let Known { book, on } = self.known;
        book.bell_schedule(grade, on)
    }

    /// Errors first.
    pub(super) fn finish(self) -> (Vec<Problem>, Asked<'a>) {
        let mut problems = self.problems;
        problems.sort_by_key(|problem| problem.severity);
        (problems, self.asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_in_titles() {
        let (book, answers) = (SchoolBook::default(), Answers::new());
        let on = NaiveDate::MIN;
        let desk = Desk::new(Known { book: &book, on }, &answers);
        for title in [
            "青禾实验小学 三年级(2)班 课程表（2026—2027学年第一学期）",
            "三（2）班",
            "302",
            "实验小学三2班课表",
            "2026学年三(2)班课程表",
            "三（２）课程表",
            "班级课表：三年级2班",
        ] {
            assert_eq!(desk.class_in(title).as_deref(), Some("三年级(2)班"), "{title}");
        }
        for title in ["Sheet1", "张一", "总课表", "2026—2027学年第一学期课程表", "王老师班", ""]
        {
            assert_eq!(desk.class_in(title), None, "{title}");
        }
        assert_eq!(desk.classes("三1、三2"), Some(vec!["三年级(1)班".into(), "三年级(2)班".into()]));
        assert_eq!(desk.classes("三1、机房"), None);
    }
}
