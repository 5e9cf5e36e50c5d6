//! Layout C: rows are classes, or teachers; columns are weekday × period below two header rows.

use super::desk::Desk;
use super::found::{Layout, Planned, lesson, weekday_columns};
use super::periods::{Label, half, is_label, meanings};
use super::table::Table;
use super::teacher_cells::names_a_class;
use super::words::{is_empty, teacher_name};
use crate::text::squeeze;
use crate::timetable_words::class_name;

/// The header stands in one of the first rows.
const HEADER_ROWS: usize = 15;

/// The head of the table: which columns a weekday has, and what their periods are called.
struct Head {
    last: u32,
    columns: Vec<(u32, u32, Label)>,
}

/// Whose row it is.
enum Whose {
    Class(Vec<String>),
    Teacher(String),
}

/// Reads a table of rows; none if no weekday reaches over several periods.
pub(super) fn read(table: &Table<'_>, index: usize, desk: &mut Desk<'_>) -> Option<(Layout, Vec<Planned>)> {
    let head = head(table)?;
    let first = head.columns.iter().map(|(column, ..)| *column).min()?;
    let before: Vec<u32> = table.columns().iter().copied().filter(|column| *column < first).collect();
    let rows: Vec<u32> = table.rows().iter().copied().filter(|row| *row > head.last).collect();
    let cells = rows.iter().flat_map(|row| head.columns.iter().map(|(column, ..)| table.text(*row, *column)));
    let cells: Vec<&str> = cells.filter(|text| !is_empty(text)).collect();
    let of_teachers = cells.iter().filter(|text| names_a_class(text, desk)).count() * 2 > cells.len();
    let mut periods = Vec::new();
    for weekday in 1..=7 {
        let of_day = head.columns.iter().filter(|(_, day, _)| *day == weekday);
        let (columns, labels): (Vec<u32>, Vec<Label>) =
            of_day.map(|(column, _, label)| (*column, label.clone())).unzip();
        let meanings = meanings(&labels, desk.bell(None));
        periods.extend(columns.into_iter().zip(meanings).map(|(column, meaning)| (column, weekday, meaning)));
    }
    let mut planned = Vec::new();
    for row in rows {
        let held = periods.iter().find(|(column, ..)| !is_empty(table.text(row, *column)));
        let all: Vec<u32> = table.columns().to_vec();
        let Some((held, ..)) = held.filter(|_| !table.one_cell(row, &all)) else { continue };
        let Some(whose) = whose(table, row, *held, &before, of_teachers, desk) else { continue };
        for (column, weekday, meaning) in &periods {
            let text = table.text(row, *column);
            if is_empty(text) {
                continue;
            }
            let period = match lesson(meaning) {
                Ok(period) => period,
                Err(why) => {
                    if let Some(why) = why {
                        desk.error(table.place(row, *column), why);
                    }
                    continue;
                }
            };
            let at = table.origin(row, *column);
            let (classes, teacher) = match &whose {
                Whose::Class(classes) => (classes.clone(), None),
                Whose::Teacher(name) => (Vec::new(), Some(name.clone())),
            };
            planned.push(Planned {
                place: table.place(row, *column),
                origin: (index, at.0, at.1),
                classes,
                teacher,
                subject: None,
                weekday: *weekday,
                period: period.to_owned(),
                text: text.to_owned(),
                red: table.red(row, *column),
            });
        }
    }
    Some((if of_teachers { Layout::TeacherSheet } else { Layout::ClassRows }, planned))
}

fn head(table: &Table<'_>) -> Option<Head> {
    let rows: Vec<u32> = table.rows().iter().copied().take(HEADER_ROWS).collect();
    let (place, days) =
        rows.iter().enumerate().find_map(|(place, row)| Some((place, weekday_columns(table, *row)?)))?;
    // The weekday may stand only over its first period, unmerged: it holds to the right until the next one.
    let labelled =
        |row: u32, column: u32| is_label(table.text(row, column)) || half(table.text(row, column)).is_some();
    let below: Vec<u32> = rows.iter().copied().skip(place + 1).take(2).collect();
    let first = days.first()?.0;
    let over = |row: u32| {
        table.columns().iter().filter(|column| **column >= first && labelled(row, **column)).count()
    };
    let period_row = below.iter().copied().find(|row| {
        let labels =
            table.columns().iter().filter(|column| **column >= first && is_label(table.text(*row, **column)));
        labels.count() > days.iter().map(|(_, day)| day).collect::<std::collections::BTreeSet<_>>().len()
    })?;
    let half_row = below.iter().copied().find(|row| *row < period_row && over(*row) > 0);
    let (mut day, mut now, mut columns) = (None, None, Vec::new());
    for column in table.columns().iter().copied().filter(|column| *column >= first) {
        let named = days.iter().find(|(at, _)| *at == column).map(|(_, day)| *day);
        if named.is_some() && named != day {
            now = None;
        }
        day = named.or(day);
        now = half_row.and_then(|row| half(table.text(row, column))).or(now);
        let text = table.text(period_row, column);
        if let (Some(day), true) = (day, is_label(text)) {
            columns.push((column, day, Label { half: now, text: text.to_owned(), time: String::new() }));
        }
    }
    Some(Head { last: period_row, columns })
}

/// The classes or the teacher a row begins with.
fn whose(
    table: &Table<'_>,
    row: u32,
    held: u32,
    before: &[u32],
    of_teachers: bool,
    desk: &mut Desk<'_>,
) -> Option<Whose> {
    let texts: Vec<&str> =
        before.iter().map(|column| table.text(row, *column)).filter(|text| !text.is_empty()).collect();
    if of_teachers {
        // 序号 and 学科 may stand beside the name.
        let name = texts
            .iter()
            .filter(|text| desk.names.known(text).is_none())
            .find_map(|text| teacher_name(&squeeze(text)).filter(|name| name.chars().count() > 1));
        if name.is_none() {
            desk.error(table.place(row, held), "no teacher stands at the beginning of the row");
        }
        return name.map(Whose::Teacher);
    }
    let by_itself = texts.iter().find_map(|text| desk.classes(text));
    let by_grade = || {
        let pairs = texts.iter().zip(texts.iter().skip(1));
        pairs.into_iter().find_map(|(grade, class)| class_name(grade, class).ok()).map(|class| vec![class])
    };
    if let Some(classes) = by_itself.or_else(by_grade) {
        return Some(Whose::Class(classes));
    }
    let Some(text) = texts.last() else {
        desk.error(table.place(row, held), "no class stands at the beginning of the row");
        return None;
    };
    desk.ask_class(text, table.place(row, held)).map(|class| Whose::Class(vec![class]))
}
