//! What a timetable reveals by itself: whether subjects are offered (开齐) and have their hours (开足), and who
//! teaches too much or outside his field (兼课过多). Domain, sections 3 and 5.
//!
//! Pure: [`curriculum`] and [`teachers`] look at the timetable in force on a date, held against the plan the school
//! goes by. Every figure says which lessons it is made of. Hours are hours of the plan: minutes by the bell
//! schedule, divided by the minutes of a standard hour, since short and long lessons are legal.

pub mod class_report;
mod class_rows;
mod counted;
mod exercise;
mod findings;
mod load_findings;
mod nine_years;
pub mod report;
mod summary;
pub mod teacher_report;
mod teachers;
#[cfg(test)]
mod tests;
pub mod words;

use chrono::NaiveDate;

use crate::book::SchoolBook;
use crate::class_name::{display_name, grade_of};
use crate::plan::choice::PlanChoice;

pub use teachers::teachers;

use report::{Audit, AuditNote, NotJudged, PlanUsed, TimetableVersion, WhyNotJudged};

/// The curriculum audit of a school on a date.
pub fn curriculum(book: &SchoolBook, on: NaiveDate) -> Audit {
    let plan = book.settings.plan();
    let version = book.timetable_on(on);
    let mut classes = Vec::new();
    let mut not_judged = Vec::new();
    let there = book.classes.iter().filter(|(_, class)| class.retired.is_none_or(|retired| retired > on));
    for (id, class) in there {
        let leave_out = |why| NotJudged { class: *id, name: display_name(class, on), why };
        let lessons = version.and_then(|(_, timetable)| timetable.grid.get(id)).filter(|own| !own.is_empty());
        let Some(grade) = grade_of(class, on) else {
            if lessons.is_some() {
                not_judged.push(leave_out(WhyNotJudged::NoGrade));
            }
            continue;
        };
        match (lessons, plan.lesson_minutes.at(grade)) {
            (None, _) => not_judged.push(leave_out(WhyNotJudged::NoLessons)),
            (Some(_), None) => not_judged.push(leave_out(WhyNotJudged::NotInPlan)),
            (Some(lessons), Some(standard)) => {
                let week = counted::class_week(book, lessons, grade, standard, on);
                let at = class_rows::Judged { id: *id, class, grade, standard, on };
                classes.push(class_rows::class_audit(plan, at, week));
            }
        }
    }
    classes.sort_by_key(|class| (class.grade, class.number, class.class));
    not_judged.sort_by(|a, b| a.name.cmp(&b.name).then(a.class.cmp(&b.class)));
    Audit {
        school: book.name.clone(),
        on,
        timetable: version.map(|(id, timetable)| TimetableVersion::of(id, timetable)),
        plan: PlanUsed::of(plan, matches!(book.settings.plan, PlanChoice::Own(_))),
        subjects: summary::subjects(plan, &classes),
        nine_years: nine_years::nine_years(plan, &classes),
        notes: notes(book, &classes),
        classes,
        not_judged,
    }
}

fn notes(book: &SchoolBook, classes: &[class_report::ClassAudit]) -> Vec<AuditNote> {
    let assumed = classes.iter().any(class_report::ClassAudit::has_assumed_minutes);
    let settings = book.settings.unreadable.iter();
    settings
        .map(|name| AuditNote::UnreadableSetting { name: name.clone() })
        .chain(assumed.then_some(AuditNote::MinutesAssumed))
        .collect()
}

/// Hundredths, so that sums of halves and thirds read as they are. The sum of nothing is 0, not -0.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0 + 0.0
}
