//! Class names: how they are shown, and how people write them (domain, section 4).
//!
//! Cohort and number are a class's identity; the grade, and with it the name, changes each
//! 1 September.

use chrono::{Datelike, NaiveDate};

use crate::book::{Class, SchoolBook};
use crate::ids::ClassId;
use crate::text::{NUMERALS, number, numeral, squeeze};

/// The calendar year in which the school year of a date began (1 September).
pub fn school_year_start(on: NaiveDate) -> i32 {
    if on.month() >= 9 { on.year() } else { on.year() - 1 }
}

/// First and last grade of the band a grade lies in: what is compared is 1–2, 3–4, 5–6, 7–9 or above.
pub(crate) const fn grade_band(grade: u32) -> [u32; 2] {
    match grade {
        ..=2 => [1, 2],
        3..=4 => [3, 4],
        5..=6 => [5, 6],
        7..=9 => [7, 9],
        10.. => [10, 12],
    }
}

/// The grade of a class on a date: none before it entered, and none after it left (grade 9, or 12
/// for a class that entered senior secondary).
pub fn grade_of(class: &Class, on: NaiveDate) -> Option<u32> {
    let years = school_year_start(on).checked_sub(class.cohort)?;
    let grade = class.entry_grade.checked_add(u32::try_from(years).ok()?)?;
    let last = if class.entry_grade > 9 { 12 } else { 9 };
    (1..=last).contains(&grade).then_some(grade)
}

/// A class as it would be new on a date: it began in the first grade of its stage, 1, 7 or 10.
pub fn class_of_grade(grade: u32, number: u32, on: NaiveDate) -> Class {
    let entry_grade = match grade {
        ..=6 => 1,
        7..=9 => 7,
        10.. => 10,
    };
    let years = i32::try_from(grade.saturating_sub(entry_grade)).unwrap_or_default();
    Class { cohort: school_year_start(on) - years, number, entry_grade, retired: None }
}

/// The full name, such as `三年级(2)班`; `2024级2班` where the class has no grade on that date.
pub fn display_name(class: &Class, on: NaiveDate) -> String {
    match grade_of(class, on) {
        Some(grade) => grade_class_name(grade, class.number),
        None => cohort_class_name(class),
    }
}

/// The short name, such as `三(2)班`.
pub fn short_name(class: &Class, on: NaiveDate) -> String {
    match grade_of(class, on) {
        Some(grade) => format!("{}({})班", grade_word(grade), class.number),
        None => cohort_class_name(class),
    }
}

/// The full name of class `number` of a grade, such as `三年级(2)班` or `高一(2)班`.
pub fn grade_class_name(grade: u32, number: u32) -> String {
    let year = if grade > 9 { "" } else { "年级" };
    format!("{}{year}({number})班", grade_word(grade))
}

fn cohort_class_name(class: &Class) -> String {
    format!("{}级{}班", class.cohort, class.number)
}

fn grade_word(grade: u32) -> String {
    let word = |grade: u32| {
        let place = usize::try_from(grade.checked_sub(1)?).ok()?;
        NUMERALS.get(place).copied()
    };
    match (word(grade), grade.checked_sub(9).and_then(word)) {
        (Some(primary), _) => primary.to_string(),
        (None, Some(senior)) => format!("高{senior}"),
        (None, None) => grade.to_string(),
    }
}

/// What a written class name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassName {
    /// 三年级(2)班, 三2班, 302: grade and number.
    Grade {
        /// 1–12.
        grade: u32,
        /// From 1.
        number: u32,
    },
    /// 初一(1)班: year of junior secondary; grade 7, or 6 under 五四制.
    Junior {
        /// From 1.
        year: u32,
        /// From 1.
        number: u32,
    },
    /// 2024级2班: year of entry and number.
    Cohort {
        /// Year of entry.
        cohort: i32,
        /// From 1.
        number: u32,
    },
}

/// Reads a written class name in any of the usual forms, full-width ones included.
pub fn read_class_name(text: &str) -> Option<ClassName> {
    let squeezed = squeeze(text);
    let name = squeezed.strip_suffix('班').unwrap_or(&squeezed);
    if let Some((cohort, rest)) = name.split_once('级')
        && let Ok(cohort @ 1950..=2200) = cohort.parse()
    {
        return Some(ClassName::Cohort { cohort, number: class_number(rest)? });
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return read_digits(name);
    }
    if let Some(rest) = name.strip_prefix('初') {
        let (year, number) = split_grade(rest)?;
        return (1..=4).contains(&year).then_some(ClassName::Junior { year, number });
    }
    if let Some(rest) = name.strip_prefix('高') {
        let (year, number) = split_grade(rest)?;
        return (1..=3).contains(&year).then_some(ClassName::Grade { grade: 9 + year, number });
    }
    let (grade, number) = split_grade(name)?;
    (1..=12).contains(&grade).then_some(ClassName::Grade { grade, number })
}

/// Grade and number of a written class name; 初一 is taken as grade 7.
pub fn parse_class_name(text: &str) -> Option<(u32, u32)> {
    match read_class_name(text)? {
        ClassName::Grade { grade, number } => Some((grade, number)),
        ClassName::Junior { year, number } => Some((6 + year, number)),
        ClassName::Cohort { .. } => None,
    }
}

/// The grade a text such as `三年级`, `三`, `3`, `初一` or `高二` names.
pub fn parse_grade(text: &str) -> Option<u32> {
    let squeezed = squeeze(text);
    let name = squeezed.strip_suffix("年级").unwrap_or(&squeezed);
    let (base, year) = match (name.strip_prefix('初'), name.strip_prefix('高')) {
        (Some(year), _) => (6, year),
        (None, Some(year)) => (9, year),
        (None, None) => (0, name),
    };
    number(year).map(|year| base + year).filter(|grade| (1..=12).contains(grade))
}

/// `302` is grade 3, number 2; `1012` is grade 10, number 12.
fn read_digits(name: &str) -> Option<ClassName> {
    let (grade, number) = name.split_at_checked(name.len().checked_sub(2)?)?;
    let (grade, number) = (grade.parse().ok()?, number.parse().ok()?);
    ((1..=12).contains(&grade) && number > 0).then_some(ClassName::Grade { grade, number })
}

/// The grade, then the number: `三年级(2)`, `三(2)`, `三2`, `3(2)`, `三二`.
fn split_grade(name: &str) -> Option<(u32, u32)> {
    if let Some((grade, rest)) = name.split_once("年级").or_else(|| name.split_once('年')) {
        return Some((number(grade)?, class_number(rest)?));
    }
    if let Some((grade, rest)) = name.split_once('(') {
        return Some((number(grade)?, number(rest.strip_suffix(')')?).filter(|number| *number > 0)?));
    }
    let first = name.chars().next()?;
    let (grade, rest) = name.split_at_checked(first.len_utf8())?;
    Some((numeral(grade)?, class_number(rest)?))
}

fn class_number(text: &str) -> Option<u32> {
    let text = text.strip_suffix('班').unwrap_or(text);
    let bare = text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(text);
    number(bare).filter(|number| *number > 0)
}

impl SchoolBook {
    /// The class a text names on a date, if it names one that is there then.
    pub fn class_by_name(&self, text: &str, on: NaiveDate) -> Option<ClassId> {
        let name = read_class_name(text)?;
        let named = |class: &Class| match name {
            ClassName::Grade { grade, number } => {
                class.number == number && grade_of(class, on) == Some(grade)
            }
            ClassName::Junior { year, number } => {
                let entry = if class.entry_grade == 6 { 6 } else { 7 };
                class.number == number && grade_of(class, on) == Some(entry + year - 1)
            }
            ClassName::Cohort { cohort, number } => class.number == number && class.cohort == cohort,
        };
        let there = |class: &Class| class.retired.is_none_or(|retired| retired > on);
        self.classes.iter().find(|(_, class)| there(class) && named(class)).map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn class(cohort: i32, entry_grade: u32, number: u32) -> Class {
        Class { cohort, number, entry_grade, retired: None }
    }

    #[test]
    fn the_grade_changes_on_the_first_of_september() {
        let class = class(2024, 1, 2);

        assert_eq!(grade_of(&class, day("2024-08-31")), None);
        assert_eq!(grade_of(&class, day("2024-09-01")), Some(1));
        assert_eq!(grade_of(&class, day("2026-08-31")), Some(2));
        assert_eq!(grade_of(&class, day("2026-09-01")), Some(3));
        assert_eq!(grade_of(&class, day("2033-09-01")), None);
    }

    #[test]
    fn a_new_class_is_of_the_grade_it_was_made_for() {
        let on = day("2026-11-17");

        for grade in 1..=12 {
            assert_eq!(grade_of(&class_of_grade(grade, 2, on), on), Some(grade));
        }
    }

    #[test]
    fn names_follow_the_grade_and_fall_back_to_the_cohort() {
        let class = class(2024, 1, 2);

        assert_eq!(display_name(&class, day("2026-11-17")), "三年级(2)班");
        assert_eq!(short_name(&class, day("2026-11-17")), "三(2)班");
        assert_eq!(display_name(&class, day("2023-11-17")), "2024级2班");
        assert_eq!(grade_class_name(11, 4), "高二(4)班");
    }

    #[test]
    fn every_usual_way_to_write_a_class_is_read() {
        for text in [
            "三年级(2)班",
            "三年级2班",
            "三(2)班",
            "三2班",
            "302",
            "三（２）班",
            " 三年级（2）班　",
            "3(2)班",
            "3年级2班",
            "三年级二班",
        ] {
            assert_eq!(parse_class_name(text), Some((3, 2)), "{text}");
        }
        for text in ["七年级(1)班", "初一(1)班", "701", "初一1班", "７０１班"] {
            assert_eq!(parse_class_name(text), Some((7, 1)), "{text}");
        }
        assert_eq!(parse_class_name("401"), Some((4, 1)));
        assert_eq!(parse_class_name("一年级(12)班"), Some((1, 12)));
        assert_eq!(read_class_name("2024级(2)班"), Some(ClassName::Cohort { cohort: 2024, number: 2 }));
    }

    #[test]
    fn what_is_no_class_name_is_not_read() {
        for text in
            ["", "班", "1班", "12", "三年级", "三(2", "三(0)班", "300", "9901", "语文", "十三年级(1)班"]
        {
            assert_eq!(parse_class_name(text), None, "{text}");
        }
    }

    #[test]
    fn junior_one_is_grade_six_where_junior_secondary_begins_there() {
        let mut book = SchoolBook::default();
        let id = ClassId::from_uuid(Uuid::from_u128(1));
        book.classes.insert(id, class(2026, 6, 1));

        assert_eq!(book.class_by_name("初一(1)班", day("2026-10-01")), Some(id));
        assert_eq!(book.class_by_name("六年级(1)班", day("2026-10-01")), Some(id));
        assert_eq!(book.class_by_name("2026级1班", day("2026-10-01")), Some(id));
        assert_eq!(book.class_by_name("初二(1)班", day("2026-10-01")), None);
    }

    #[test]
    fn a_retired_class_is_not_found() {
        let mut book = SchoolBook::default();
        let retired = Some(day("2026-10-01"));
        book.classes.insert(ClassId::from_uuid(Uuid::from_u128(1)), Class { retired, ..class(2024, 1, 2) });

        assert!(book.class_by_name("三(2)班", day("2026-09-30")).is_some());
        assert_eq!(book.class_by_name("三(2)班", day("2026-10-01")), None);
    }

    #[test]
    fn a_new_class_has_its_grade_on_that_day() {
        for grade in 1..=9 {
            let class = class_of_grade(grade, 2, day("2027-03-01"));
            assert_eq!(grade_of(&class, day("2027-03-01")), Some(grade));
        }
    }

    #[test]
    fn grades_are_read_alone() {
        assert_eq!(parse_grade("三年级"), Some(3));
        assert_eq!(parse_grade("３"), Some(3));
        assert_eq!(parse_grade("初二"), Some(8));
        assert_eq!(parse_grade("高一"), Some(10));
        assert_eq!(parse_grade("2024级"), None);
    }

    proptest! {
        #[test]
        fn a_shown_name_reads_back(grade in 1_u32..=12, number in 1_u32..60) {
            prop_assert_eq!(parse_class_name(&grade_class_name(grade, number)), Some((grade, number)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = read_class_name(&text);
            let _ = parse_grade(&text);
        }
    }
}
