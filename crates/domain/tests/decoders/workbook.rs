//! Any sheets of cells: they are read to the end, and what is complete can be imported.
//!
//! The bytes are a text: sheets parted by form feeds, the first line its name (`!` in front: hidden), rows by line
//! breaks, cells by tabs, lines within a cell by `|`; a line `@ 0 1 2 3` merges B1 to D3.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use xunke_domain::book::SchoolBook;
use xunke_domain::timetable_build::{build_grid_choosing, missing_names, unfit_rows, with_missing};
use xunke_domain::timetable_csv::TimetableRow;
use xunke_domain::workbook::desk::Known;
use xunke_domain::workbook::questions::Answers;
use xunke_domain::workbook::reading::{Reading, read};
use xunke_domain::workbook::sheet::{Cell, Sheet, Span, Workbook};

/// What must hold for any bytes.
pub(crate) fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let workbook = Workbook { sheets: text.split('\u{c}').map(sheet).collect() };
    let book = SchoolBook::default();
    let on = NaiveDate::from_ymd_opt(2026, 9, 1).expect("a date");
    let known = Known { book: &book, on };
    let mut answers = Answers::new();
    let reading = read(&workbook, known, &answers);
    assert_eq!(reading, read(&workbook, known, &answers), "the same file is the same reading");
    sound(&reading, &book, on);

    // Whatever people answer, what they answered waits no longer. An answer may raise further questions.
    for question in reading.waiting() {
        let option = question.options.last().expect("something to choose");
        answers.insert(question.id.clone(), option.value.clone());
    }
    let answered = read(&workbook, known, &answers);
    assert!(answered.waiting().all(|question| !answers.contains_key(&question.id)));
    sound(&answered, &book, on);
}

/// A reading fits the schema, and a complete one builds a grid.
fn sound(reading: &Reading, book: &SchoolBook, on: NaiveDate) {
    let rows: Vec<TimetableRow> = reading.lessons.iter().map(|lesson| lesson.row.clone()).collect();
    assert!(reading.problems.len() <= 201 + reading.questions.len());
    if reading.is_complete() {
        assert_eq!(unfit_rows(&rows), []);
        let would_be = with_missing(book, &missing_names(book, &rows, on), on);
        let chosen: BTreeMap<_, _> =
            reading.lessons.iter().filter_map(|lesson| Some((lesson.row.line, lesson.teacher_id?))).collect();
        let grid = build_grid_choosing(&would_be, &rows, &chosen, on);
        assert!(grid.is_ok(), "{grid:?} of {rows:?}");
    }
    let hours: f64 =
        reading.classes.iter().flat_map(|class| &class.subjects).map(|subject| subject.hours).sum();
    assert!(hours.is_finite() && reading.classes.iter().all(|class| class.hours <= 400.0));
}

fn sheet(text: &str) -> Sheet {
    let mut lines = text.split('\n');
    let name = lines.next().unwrap_or_default();
    let mut sheet = Sheet {
        name: name.trim_start_matches('!').to_owned(),
        hidden: name.starts_with('!'),
        ..Sheet::default()
    };
    let mut row = 0;
    for line in lines {
        if let Some(edges) = line.strip_prefix("@ ") {
            let edges: Vec<u32> = edges.split(' ').filter_map(|edge| edge.parse().ok()).collect();
            if let [top, left, bottom, right] = edges.as_slice() {
                sheet.merged.push(Span { from: (*top, *left), to: (*bottom, *right) });
            }
            continue;
        }
        for (column, text) in (0..).zip(line.split('\t')).filter(|(_, text)| !text.is_empty()) {
            let red = text.starts_with('!');
            sheet.cells.insert((row, column), Cell { text: text.replace('|', "\n"), red });
        }
        row += 1;
    }
    sheet
}
