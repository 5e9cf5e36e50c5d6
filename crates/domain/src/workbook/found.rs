//! What the readers of layouts hand on: cells of the week, not yet read.

use serde::Serialize;

use super::periods::{Label, Meaning, half, is_time};
use super::sheet::Place;
use super::table::Table;
use super::words::lines;
use crate::text::squeeze;
use crate::timetable_words::weekday;

/// How a sheet is laid out (domain, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A: a sheet, or a block of one, is a class.
    ClassSheet,
    /// B: rows are weekday × period, columns are classes.
    SchoolMatrix,
    /// C: rows are classes, columns are weekday × period.
    ClassRows,
    /// D: a sheet, or a row, is a teacher.
    TeacherSheet,
    /// E: a row is a lesson.
    LongTable,
}

/// A cell of the week.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) place: Place,
    /// Sheet, row and column of the text; cells merged over several classes have one.
    pub(super) origin: (usize, u32, u32),
    /// Whose cell it is; none in a teacher's timetable.
    pub(super) classes: Vec<String>,
    /// Whose timetable it is.
    pub(super) teacher: Option<String>,
    /// What a teacher's timetable says it is of.
    pub(super) subject: Option<String>,
    pub(super) weekday: u32,
    pub(super) period: String,
    pub(super) text: String,
    pub(super) red: bool,
}

/// The weekday of a header: 星期一, 周一, 礼拜一, 一, Mon, with a date below it or not; never a bare digit.
pub(super) fn weekday_word(text: &str) -> Option<u32> {
    let first = lines(text).into_iter().next()?;
    let word = squeeze(&first);
    let named = ["星期", "礼拜", "周"].iter().any(|prefix| word.starts_with(prefix));
    // A date may stand behind it; 三(2) is a class.
    let word = if named { word.split('(').next().unwrap_or(&word) } else { &word };
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    weekday(word).or_else(|| {
        let bare = ["星期", "礼拜", "周"].into_iter().find_map(|prefix| word.strip_prefix(prefix))?;
        let day = bare.chars().next()?;
        // 星期一Monday, 周一11.16
        bare.get(day.len_utf8()..)?.is_ascii().then(|| weekday(&day.to_string()))?
    })
}

/// The columns of a row that name weekdays, where at least two do.
pub(super) fn weekday_columns(table: &Table<'_>, row: u32) -> Option<Vec<(u32, u32)>> {
    let of = |column: &u32| weekday_word(table.text(row, *column)).map(|day| (*column, day));
    let columns: Vec<(u32, u32)> = table.columns().iter().filter_map(of).collect();
    let distinct: std::collections::BTreeSet<u32> = columns.iter().map(|(_, day)| *day).collect();
    (distinct.len() >= 2).then_some(columns)
}

/// The columns beside a week that say which period a row is.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelColumns {
    pub(super) half: Option<u32>,
    pub(super) period: Option<u32>,
    pub(super) time: Option<u32>,
}

impl LabelColumns {
    /// Chosen among `columns` by what stands in the rows, not by their headers, which often say nothing.
    pub(super) fn find(table: &Table<'_>, rows: &[u32], columns: &[u32]) -> Self {
        let count = |column: u32, is: fn(&str) -> bool| {
            rows.iter().filter(|row| is(table.text(**row, column))).count()
        };
        let best = |is: fn(&str) -> bool, not: &[Option<u32>]| {
            let counted = columns
                .iter()
                .filter(|column| !not.contains(&Some(**column)))
                .map(|column| (count(*column, is), *column));
            // The column nearest to the week wins among equals.
            counted.filter(|(count, _)| *count > 0).max().map(|(_, column)| column)
        };
        let time = best(is_time, &[]);
        let half_column = best(|text| half(text).is_some(), &[time]);
        let period = best(super::periods::is_label, &[time, half_column])
            .or_else(|| best(super::periods::is_label, &[time]));
        let half = half_column.filter(|column| Some(*column) != period);
        Self { half, period, time }
    }

    /// The labels of rows, in order; halves hold on until another one is named.
    pub(super) fn labels(&self, table: &Table<'_>, rows: &[u32]) -> Vec<Label> {
        let text = |row: u32, column: Option<u32>| column.map_or("", |column| table.text(row, column));
        let mut now = None;
        rows.iter()
            .map(|row| {
                let period = text(*row, self.period);
                now = half(text(*row, self.half)).or_else(|| half(period)).or(now);
                Label { half: now, text: period.to_owned(), time: text(*row, self.time).to_owned() }
            })
            .collect()
    }
}

/// Rows of one label: where the label is merged over two rows, subject and teacher stand in one each.
pub(super) fn groups(table: &Table<'_>, rows: &[u32], column: Option<u32>) -> Vec<Vec<u32>> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let same = |above: u32, row: u32| {
        column.is_some_and(|column| {
            !table.text(row, column).is_empty() && table.origin(above, column) == table.origin(row, column)
        })
    };
    for row in rows {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|above| same(*above, *row)) => group.push(*row),
            _ => groups.push(vec![*row]),
        }
    }
    groups
}

/// The text of a cell that may stand in several rows, each text once.
pub(super) fn joint_text(table: &Table<'_>, rows: &[u32], column: u32) -> String {
    let mut origins = Vec::new();
    let mut texts: Vec<&str> = Vec::new();
    for row in rows {
        let origin = table.origin(*row, column);
        if !origins.contains(&origin) && !table.text(*row, column).is_empty() {
            origins.push(origin);
            texts.push(table.text(*row, column));
        }
    }
    texts.join("\n")
}

/// The label of the lesson, or what to tell of the row.
pub(super) fn lesson(meaning: &Meaning) -> Result<&str, Option<&str>> {
    match meaning {
        Meaning::Lesson(label) => Ok(label),
        Meaning::NoLesson => Err(None),
        Meaning::Unclear(why) => Err(Some(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_of_headers_are_words() {
        for text in [
            "星期三",
            "周三",
            "礼拜三",
            "三",
            "Wed",
            "星期三\n11.18",
            "星期三(11.18)",
            "周三Wed",
            " 星 期 三 ",
        ] {
            assert_eq!(weekday_word(text), Some(3), "{text}");
        }
        for text in ["3", "三年级", "三(2)班", "星期", "周次", "周课时", ""] {
            assert_eq!(weekday_word(text), None, "{text}");
        }
    }
}
