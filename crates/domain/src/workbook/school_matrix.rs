//! Layout B: one matrix for the school; rows are weekday × period, columns are classes.

use super::desk::Desk;
use super::found::{LabelColumns, Planned, groups, joint_text, lesson, weekday_word};
use super::periods::meanings;
use super::table::Table;
use super::words::is_empty;
use crate::text::squeeze;
use crate::timetable_words::class_name;

/// The header stands in one of the first rows.
const HEADER_ROWS: usize = 15;

/// Headers of columns that are no class.
const ASIDE: [&str; 10] = ["备注", "合计", "时间", "节次", "星期", "说明", "班主任", "课时", "人数", "序号"];

/// The row of class names, and the classes of each column; several where they are taught together.
struct Header {
    row: u32,
    classes: Vec<(u32, Vec<String>)>,
}

/// Reads a matrix; none if no row names at least two classes.
pub(super) fn read(table: &Table<'_>, index: usize, desk: &mut Desk<'_>) -> Option<Vec<Planned>> {
    let header = header(table, desk)?;
    let first = header.classes.iter().map(|(column, _)| *column).min()?;
    let before: Vec<u32> = table.columns().iter().copied().filter(|column| *column < first).collect();
    let rows: Vec<u32> = table.rows().iter().copied().filter(|row| *row > header.row).collect();
    let day_column = day_column(table, &rows, &before);
    let beside: Vec<u32> = before.iter().copied().filter(|column| Some(*column) != day_column).collect();
    let columns = LabelColumns::find(table, &rows, &beside);
    let mut planned = Vec::new();
    for (weekday, rows) in days(table, &rows, day_column) {
        let groups = groups(table, &rows, columns.period);
        let firsts: Vec<u32> = groups.iter().filter_map(|group| group.first().copied()).collect();
        let meanings = meanings(&columns.labels(table, &firsts), desk.bell(None));
        for (group, meaning) in groups.iter().zip(&meanings) {
            let Some(row) = group.first().copied() else { continue };
            let all: Vec<u32> = header.classes.iter().map(|(column, _)| *column).collect();
            let held = all.iter().copied().find(|column| !is_empty(table.text(row, *column)));
            let told = match (lesson(meaning), weekday) {
                (Ok(period), Some(weekday)) => Ok((period, weekday)),
                (Ok(_), None) => Err(Some("no weekday stands beside it")),
                (Err(why), _) => Err(why),
            };
            match told {
                Ok((period, weekday)) => {
                    for (column, classes) in &header.classes {
                        let text = joint_text(table, group, *column);
                        if is_empty(&text) {
                            continue;
                        }
                        let at = table.origin(row, *column);
                        planned.push(Planned {
                            place: table.place(row, *column),
                            origin: (index, at.0, at.1),
                            classes: classes.clone(),
                            teacher: None,
                            subject: None,
                            weekday,
                            period: period.to_owned(),
                            text,
                            red: table.red(row, *column),
                        });
                    }
                }
                Err(why) => {
                    if let (Some(why), Some(column)) = (why, held.filter(|_| !table.one_cell(row, &all))) {
                        desk.error(table.place(row, column), why);
                    }
                }
            }
        }
    }
    Some(planned)
}

fn header(table: &Table<'_>, desk: &mut Desk<'_>) -> Option<Header> {
    let rows: Vec<u32> = table.rows().iter().copied().take(HEADER_ROWS).collect();
    for (place, row) in rows.iter().enumerate() {
        let above = place.checked_sub(1).and_then(|above| rows.get(above)).copied();
        let named: Vec<(u32, Vec<String>)> = table
            .columns()
            .iter()
            .filter_map(|column| Some((*column, class_of(table, *row, above, *column, desk)?)))
            .collect();
        let distinct: std::collections::BTreeSet<_> = named.iter().map(|(_, classes)| classes).collect();
        if distinct.len() < 2 {
            continue;
        }
        return Some(Header { row: *row, classes: with_unnamed(table, *row, named, desk) });
    }
    None
}

/// The classes a header cell names: by itself, or `1班` below the grade it stands under.
fn class_of(
    table: &Table<'_>,
    row: u32,
    above: Option<u32>,
    column: u32,
    desk: &Desk<'_>,
) -> Option<Vec<String>> {
    let text = table.text(row, column);
    if text.is_empty() {
        return None;
    }
    desk.classes(text).or_else(|| {
        let grade = squeeze(table.text(above?, column));
        let grade = grade.split('(').next().unwrap_or_default();
        if grade.is_empty() { None } else { class_name(grade, text).ok().map(|class| vec![class]) }
    })
}

/// Columns between the classes that name none are asked for (a class may go by its teacher).
fn with_unnamed(
    table: &Table<'_>,
    row: u32,
    named: Vec<(u32, Vec<String>)>,
    desk: &mut Desk<'_>,
) -> Vec<(u32, Vec<String>)> {
    let first = named.first().map_or(0, |(column, _)| *column);
    let known: Vec<u32> = named.iter().map(|(column, _)| *column).collect();
    let mut classes = named;
    for column in table.columns().iter().copied().filter(|column| *column > first && !known.contains(column))
    {
        let text = table.text(row, column);
        let aside = ASIDE.iter().any(|word| squeeze(text).contains(word));
        let lessons = table
            .rows()
            .iter()
            .filter(|below| **below > row && !is_empty(table.text(**below, column)))
            .count();
        if aside || text.is_empty() || lessons == 0 {
            continue;
        }
        if let Some(class) = desk.ask_class(text, table.place(row, column)) {
            classes.push((column, vec![class]));
        }
    }
    classes.sort();
    classes
}

/// The column in which the weekdays stand.
fn day_column(table: &Table<'_>, rows: &[u32], columns: &[u32]) -> Option<u32> {
    let count =
        |column: u32| rows.iter().filter(|row| weekday_word(table.text(**row, column)).is_some()).count();
    let best = columns
        .iter()
        .map(|column| (count(*column), std::cmp::Reverse(*column)))
        .filter(|(count, _)| *count > 0)
        .max();
    best.map(|(_, column)| column.0)
}

/// The rows of each weekday. It is filled downward by merging, or stands only in its first row; a sheet may
/// be one weekday.
fn days(table: &Table<'_>, rows: &[u32], column: Option<u32>) -> Vec<(Option<u32>, Vec<u32>)> {
    let of_sheet = weekday_word(table.name);
    let mut days: Vec<(Option<u32>, Vec<u32>)> = Vec::new();
    for row in rows {
        let named = column.and_then(|column| weekday_word(table.text(*row, column)));
        match days.last_mut() {
            Some((day, rows)) if named.is_none() || named == *day => rows.push(*row),
            _ => days.push((named.or(of_sheet), vec![*row])),
        }
    }
    days
}
