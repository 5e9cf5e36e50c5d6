//! Reads a workbook: its lessons, its problems, and the questions only people can answer.
//!
//! Pure, and the same file with the same answers is the same reading: the preview and the import are one call.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::cells::{self, Found};
use super::desk::{Desk, Known, Problem, Severity};
use super::found::{Layout, Planned, weekday_columns, weekday_word};
use super::lessons::{self, Clash, ReadLesson};
use super::long_table::{self, LongFlaw};
use super::periods::{Label, Meaning, meanings};
use super::questions::{Answers, Ask, LEAVE_OUT, Question, QuestionKind};
use super::sheet::{Place, Sheet, Workbook};
use super::summary::{self, ClassRead};
use super::table::Table;
use super::{head_rows, school_matrix, week_sheets};
use crate::timetable_build::unfit_rows;
use crate::timetable_csv::RowFlaw;

/// More sheets than this has no school.
const MAX_SHEETS: usize = 1_000;
/// No school has more lessons in its week.
const MAX_LESSONS: usize = 50_000;

/// A workbook, read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The lessons, in the order of the file.
    pub lessons: Vec<ReadLesson>,
    /// What was read per class, hours against the plan.
    pub classes: Vec<ClassRead>,
    /// What each sheet was taken for.
    pub sheets: Vec<SheetRead>,
    /// What is wrong or worth knowing, by sheet and cell; errors first.
    pub problems: Vec<Problem>,
    /// What only people can answer.
    pub questions: Vec<Question>,
    /// What cannot be held as planned.
    pub clashes: Vec<Clash>,
}

/// What a sheet was taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetRead {
    /// Its name.
    pub name: String,
    /// Its layout; none for a sheet that is no timetable or was left out.
    pub layout: Option<Layout>,
    /// Cells of the week, or rows, that were read from it.
    pub cells: usize,
}

impl Reading {
    /// Whether it can be imported: no errors, and no question waits for its answer.
    pub fn is_complete(&self) -> bool {
        self.errors().next().is_none() && self.waiting().next().is_none() && !self.lessons.is_empty()
    }

    /// What must be mended first.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error)
    }

    /// The questions that wait for an answer.
    pub fn waiting(&self) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(|question| question.holds().is_none())
    }
}

/// Reads a workbook with what is known of the school and what people have answered.
pub fn read(workbook: &Workbook, known: Known<'_>, answers: &Answers) -> Reading {
    let mut desk = Desk::new(known, answers);
    let mut found = Vec::new();
    let mut sheets = Vec::new();
    let mut stated = BTreeMap::new();
    for (index, sheet) in workbook.sheets.iter().take(MAX_SHEETS).enumerate() {
        let before = found.len();
        let (layout, cells) = read_sheet(sheet, index, &mut desk, &mut found, &mut stated);
        sheets.push(SheetRead { name: sheet.name.clone(), layout, cells });
        if found.len() > MAX_LESSONS {
            desk.error(Place::sheet(&sheet.name), format!("more than {MAX_LESSONS} lessons"));
            found.truncate(before);
            break;
        }
    }
    if workbook.sheets.len() > MAX_SHEETS {
        desk.error(Place::default(), format!("more than {MAX_SHEETS} sheets"));
    }
    let lessons = lessons::merge(found, &mut desk);
    let mut clashes = lessons::clashes(&lessons);
    let (classes, totals) = summary::classes(&lessons, &stated, &mut desk);
    clashes.extend(totals);
    let timetables = sheets.iter().any(|sheet| sheet.layout.is_some());
    if lessons.is_empty() && timetables && desk.asked.is_silent() && !desk.has_errors() {
        desk.error(Place::default(), "there are no lessons in it");
    }
    if !timetables && desk_is_silent(&sheets, workbook) {
        desk.error(Place::default(), "no sheet is a timetable: none has a header of weekdays, of classes, or of 班级, 星期, 节次 and 学科");
    }
    let lessons = lessons::rows(lessons);
    let places: BTreeMap<u64, &Place> =
        lessons.iter().map(|lesson| (lesson.row.line, &lesson.place)).collect();
    for RowFlaw { line, column, detail } in unfit_rows(lessons.iter().map(|lesson| &lesson.row)) {
        desk.error_in(&column, places.get(&line).copied().cloned().unwrap_or_default(), detail);
    }
    let (mut problems, asked) = desk.finish();
    let (questions, idle) = asked.finish();
    for (id, answer, asked) in idle {
        let (severity, detail) = if asked {
            (Severity::Error, format!("`{answer}` is no answer to `{id}`"))
        } else {
            (Severity::Warning, format!("the answer `{answer}` to `{id}` answers nothing that is asked here"))
        };
        problems.push(Problem { severity, place: Place::default(), column: String::new(), detail });
    }
    problems.sort_by_key(|problem| problem.severity);
    Reading { lessons, classes, sheets, problems, questions, clashes }
}

/// Whether the file as a whole is to be told of: hidden sheets ask for themselves.
fn desk_is_silent(sheets: &[SheetRead], workbook: &Workbook) -> bool {
    !sheets.iter().zip(&workbook.sheets).any(|(_, sheet)| sheet.hidden && !sheet.cells.is_empty())
}

fn read_sheet(
    sheet: &Sheet,
    index: usize,
    desk: &mut Desk<'_>,
    found: &mut Vec<Found>,
    stated: &mut BTreeMap<String, (String, Place)>,
) -> (Option<Layout>, usize) {
    if sheet.cells.is_empty() || (sheet.hidden && !hidden_counts(sheet, desk)) {
        return (None, 0);
    }
    let lines = !sheet.hidden_rows.is_empty() || !sheet.hidden_columns.is_empty();
    let all = lines && hidden_lines_count(sheet, desk);
    let Some(table) = Table::of(sheet, all) else {
        desk.error(Place::sheet(&sheet.name), "its merged cells are beyond all measure");
        return (None, 0);
    };
    if Layout::is_long(&table) {
        return (Some(Layout::LongTable), long(&table, index, desk, found));
    }
    let read = planned(&table, index, desk);
    let Some((layout, planned)) = read else {
        desk.notice(Place::sheet(&sheet.name), "this sheet is no timetable and is left out");
        return (None, 0);
    };
    if layout == Layout::ClassSheet {
        let classes: BTreeSet<&String> = planned.iter().flat_map(|cell| &cell.classes).collect();
        // With several classes on a sheet nobody knows which one a remark is about.
        if let ([class], Some(said)) =
            (classes.into_iter().collect::<Vec<_>>().as_slice(), week_sheets::stated_hours(&table).pop())
        {
            stated.insert((*class).clone(), said);
        }
    }
    let cells = planned.len();
    for cell in &planned {
        found.extend(cells::read(cell, desk));
    }
    (Some(layout), cells)
}

/// The layouts that are matrices, by what their headers say.
fn planned(table: &Table<'_>, index: usize, desk: &mut Desk<'_>) -> Option<(Layout, Vec<Planned>)> {
    if let Some(read) = head_rows::read(table, index, desk) {
        return Some(read);
    }
    let week = table.rows().iter().take(15).find(|row| weekday_columns(table, **row).is_some());
    // Grades may be written 一 二 三 above their classes: then the weekdays stand in a column.
    let grades = week.is_some_and(|row| {
        let column = table.columns().first().copied().unwrap_or(0);
        let days: BTreeSet<u32> = table
            .rows()
            .iter()
            .filter(|below| *below > row)
            .filter_map(|below| weekday_word(table.text(*below, column)))
            .collect();
        days.len() >= 2
    });
    if week.is_some() && !grades {
        return week_sheets::read(table, index, desk);
    }
    school_matrix::read(table, index, desk).map(|planned| (Layout::SchoolMatrix, planned))
}

fn long(table: &Table<'_>, index: usize, desk: &mut Desk<'_>, found: &mut Vec<Found>) -> usize {
    let rows = match long_table::read(table) {
        None => return 0,
        Some(Ok(rows)) => rows,
        Some(Err(flaws)) => {
            for LongFlaw { flaw, place } in flaws {
                desk.error_in(&flaw.column, place, flaw.detail);
            }
            return 0;
        }
    };
    let mut pauses = 0;
    for long in &rows {
        let label = Label { text: long.row.period.clone(), ..Label::default() };
        let bell = desk.bell(Some(&long.row.class_name));
        let period = match meanings(&[label], bell).pop() {
            Some(Meaning::Lesson(period)) => period,
            Some(Meaning::NoLesson) => {
                pauses += 1;
                continue;
            }
            // A long table may have periods nobody else has; they keep their name.
            Some(Meaning::Unclear(_)) | None => long.row.period.clone(),
        };
        found.extend(cells::read_long(long, index, &period, desk));
    }
    if pauses > 0 {
        let detail =
            format!("{pauses} rows are of periods without lessons (早读, 课后服务 …) and are left out");
        desk.notice(Place::sheet(table.name), detail);
    }
    rows.len()
}

fn hidden_counts(sheet: &Sheet, desk: &mut Desk<'_>) -> bool {
    let name = &sheet.name;
    let ask = Ask::new(
        QuestionKind::Hidden,
        format!("sheet/{name}"),
        format!("the sheet `{name}` is hidden: does it count?"),
    )
    .option(LEAVE_OUT, "no, leave it out")
    .option("read", "yes, read it")
    .default(LEAVE_OUT);
    desk.asked.ask(ask, Place::sheet(name)).as_deref() == Some("read")
}

fn hidden_lines_count(sheet: &Sheet, desk: &mut Desk<'_>) -> bool {
    let name = &sheet.name;
    let hidden =
        |row: &u32, column: &u32| sheet.hidden_rows.contains(row) || sheet.hidden_columns.contains(column);
    let Some(((row, column), _)) = sheet.cells.iter().find(|((row, column), _)| hidden(row, column)) else {
        return false;
    };
    let ask = Ask::new(
        QuestionKind::Hidden,
        format!("lines/{name}"),
        format!("rows or columns of `{name}` are hidden: do they count?"),
    )
    .option(LEAVE_OUT, "no, leave them out")
    .option("read", "yes, read them")
    .default(LEAVE_OUT);
    desk.asked.ask(ask, Place::cell(name, *row, *column)).as_deref() == Some("read")
}
