//! Layout E, the long table: one row a lesson, by the names people use. CSV and workbooks share this reading.

use std::collections::HashMap;

use super::found::Layout;
use super::sheet::{Place, Sheet};
use super::table::Table;
use crate::bell::period_key;
use crate::book::LessonWeeks;
use crate::text::{squeeze, tidy};
use crate::timetable_csv::{MAX_FLAWS, RowFlaw, TimetableRow};
use crate::timetable_words::{class_name, is_empty_cell, teacher, week_list, weekday, weeks};

/// The header stands in one of the first rows.
const HEADER_ROWS: usize = 15;

/// A lesson and the cell of its subject.
pub(crate) struct LongRow {
    pub(crate) row: TimetableRow,
    pub(super) place: Place,
    pub(super) origin: (u32, u32),
    pub(super) red: bool,
}

/// What is wrong, by line and column as by cell.
pub(crate) struct LongFlaw {
    pub(crate) flaw: RowFlaw,
    pub(crate) place: Place,
}

/// The lessons of a sheet that is a long table; none if no header says so.
pub(crate) fn read_sheet(sheet: &Sheet) -> Option<Result<Vec<LongRow>, Vec<LongFlaw>>> {
    read(&Table::of(sheet, true)?)
}

/// Either every row reads, or all problems (at most 200) are told.
pub(super) fn read(table: &Table<'_>) -> Option<Result<Vec<LongRow>, Vec<LongFlaw>>> {
    let rows = table.rows();
    let (header, columns) =
        rows.iter().take(HEADER_ROWS).find_map(|row| Some((*row, Columns::of_header(table, *row)?)))?;
    let mut reading = Reading::default();
    for row in rows.iter().copied().filter(|row| *row > header) {
        reading.take(&columns, table, row);
    }
    let Reading { rows, flaws, lessons: _ } = reading;
    Some(if flaws.is_empty() { Ok(rows) } else { Err(flaws) })
}

impl Layout {
    /// The columns by which a long table is known.
    pub(super) fn is_long(table: &Table<'_>) -> bool {
        table.rows().iter().take(HEADER_ROWS).any(|row| Columns::of_header(table, *row).is_some())
    }
}

/// Where the columns stand.
struct Columns {
    grade: Option<u32>,
    class: u32,
    weekday: u32,
    period: u32,
    subject: u32,
    teacher: Option<u32>,
    weeks: Option<u32>,
}

impl Columns {
    fn of_header(table: &Table<'_>, row: u32) -> Option<Self> {
        let headers: Vec<(u32, String)> =
            table.columns().iter().map(|column| (*column, squeeze(table.text(row, *column)))).collect();
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| headers.iter().find(|(_, header)| header == name))
                .map(|(column, _)| *column)
        };
        Some(Self {
            grade: find(&["年级"]),
            class: find(&["班级", "班级名称", "行政班"])?,
            weekday: find(&["星期", "星期几", "周几"])?,
            period: find(&["节次", "课节", "第几节"])?,
            subject: find(&["学科", "课程", "科目", "课程名称"])?,
            teacher: find(&["教师", "任课教师", "任课老师", "老师", "教师姓名"]),
            weeks: find(&["周次", "单双周", "上课周"]),
        })
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    rows: Vec<LongRow>,
    flaws: Vec<LongFlaw>,
    /// The line on which each lesson stands.
    lessons: HashMap<TimetableRow, u64>,
}

impl Reading {
    fn take(&mut self, columns: &Columns, table: &Table<'_>, row: u32) {
        let place = table.place(row, columns.subject);
        match read_row(columns, table, row) {
            Err(flaws) => self.flaws.extend(flaws),
            Ok(read) => {
                for lesson in read {
                    let (origin, red) = (table.origin(row, columns.subject), table.red(row, columns.subject));
                    self.keep(LongRow { row: lesson, place: place.clone(), origin, red });
                }
            }
        }
        self.flaws.truncate(MAX_FLAWS);
    }

    fn keep(&mut self, row: LongRow) {
        let line = row.row.line;
        // The same lesson, wherever it stands and however its period is written.
        let lesson = TimetableRow { line: 0, period: period_key(&row.row.period), ..row.row.clone() };
        match self.lessons.insert(lesson, line) {
            Some(before) => {
                let detail = format!("the same lesson is already on line {before}");
                self.flaws.push(LongFlaw {
                    flaw: RowFlaw { line, column: String::new(), detail },
                    place: row.place,
                });
            }
            None => self.rows.push(row),
        }
    }
}

/// A row without a subject is an empty cell of the week; one of several classes (合班) is a lesson of each.
fn read_row(columns: &Columns, table: &Table<'_>, row: u32) -> Result<Vec<TimetableRow>, Vec<LongFlaw>> {
    let line = u64::from(row) + 1;
    let cell = |column: u32| table.text(row, column);
    let other = |column: Option<u32>| column.map_or("", cell);
    let mut flaws = Vec::new();
    let mut flaw = |column: &str, at: u32, detail: String| {
        let flaw = RowFlaw { line, column: column.to_owned(), detail };
        flaws.push(LongFlaw { flaw, place: table.place(row, at) });
    };

    let subject = tidy(cell(columns.subject));
    if is_empty_cell(&subject) {
        return Ok(Vec::new());
    }
    let classes = class_names(other(columns.grade), cell(columns.class));
    let classes = classes.map_err(|detail| flaw("班级", columns.class, detail)).ok();
    let weekday = weekday(cell(columns.weekday));
    if weekday.is_none() {
        flaw("星期", columns.weekday, format!("`{}` is not a weekday", tidy(cell(columns.weekday))));
    }
    let period = tidy(cell(columns.period));
    if period.is_empty() {
        flaw("节次", columns.period, "required".to_owned());
    }
    let written = other(columns.weeks);
    let weeks = weeks(written).map(|weeks| vec![weeks]).or_else(|| week_list(written));
    if weeks.is_none() {
        let at = columns.weeks.unwrap_or(columns.subject);
        flaw("周次", at, format!("`{}` are no weeks", tidy(other(columns.weeks))));
    }
    for (column, at, text) in [("节次", columns.period, &period), ("学科", columns.subject, &subject)] {
        if text.chars().count() > 40 {
            flaw(column, at, "must be at most 40 characters".to_owned());
        }
    }
    match (classes, weekday, weeks) {
        (Some(classes), Some(weekday), Some(weeks)) if flaws.is_empty() => {
            let teacher = teacher(other(columns.teacher));
            let lesson = |(class_name, weeks): (&String, LessonWeeks)| TimetableRow {
                line,
                class_name: class_name.clone(),
                weekday,
                period: period.clone(),
                subject: subject.clone(),
                teacher: teacher.clone(),
                weeks,
            };
            let each = classes.iter().flat_map(|class| weeks.iter().map(move |weeks| (class, *weeks)));
            Ok(each.map(lesson).collect())
        }
        _ => Err(flaws),
    }
}

/// One class, or several that are taught together: `三1、三2`.
fn class_names(grade: &str, cell: &str) -> Result<Vec<String>, String> {
    class_name(grade, cell).map(|class| vec![class]).or_else(|detail| {
        let parts: Vec<&str> = cell.split(['、', '+', '&', ',', '，']).collect();
        let classes: Option<Vec<String>> = parts.iter().map(|part| class_name(grade, part).ok()).collect();
        classes.filter(|classes| classes.len() > 1).ok_or(detail)
    })
}
