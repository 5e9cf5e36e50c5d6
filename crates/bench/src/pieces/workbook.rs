//! A school's timetable file as its office sends it: a sheet a class, opened, read and held against what is in force.

use std::collections::BTreeMap;

use rust_xlsxwriter::Workbook;
use xunke_domain::book::SchoolBook;
use xunke_domain::class_name::short_name;
use xunke_domain::timetable_build::{build_grid, missing_names};
use xunke_domain::timetable_compare::compare;
use xunke_domain::timetable_csv::TimetableRow;
use xunke_domain::workbook::desk::Known;
use xunke_domain::workbook::reading::read;

use super::{today, week};

const WEEKDAYS: [&str; 5] = ["星期一", "星期二", "星期三", "星期四", "星期五"];

/// The timetable of the large school as a workbook.
#[derive(Debug)]
pub struct TimetableFile {
    book: SchoolBook,
    bytes: Vec<u8>,
}

impl TimetableFile {
    /// Of the 60 classes and 1,800 lessons of the pieces' school.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn new() -> Self {
        let book = week::book();
        let bytes = write(&book).expect("a workbook of 60 sheets");
        Self { book, bytes }
    }

    /// What a preview does of it but for the visits; gives the lessons and the cells that differ from those in force.
    ///
    /// # Panics
    ///
    /// If the file is refused.
    pub fn preview(&self) -> (usize, u32) {
        let workbook = xunke_workbook::open(&self.bytes).expect("a workbook");
        let known = Known { book: &self.book, on: today() };
        let reading = read(&workbook, known, &BTreeMap::new());
        let rows: Vec<TimetableRow> = reading.lessons.iter().map(|lesson| lesson.row.clone()).collect();
        let missing = missing_names(&self.book, &rows, today());
        assert!(missing.teachers.is_empty() && reading.is_complete(), "all its names are known");
        let grid = build_grid(&self.book, &rows, today()).expect("all its names are known");
        let (_, posted) = self.book.timetable_on(today()).expect("a timetable in force");
        (rows.len(), compare(&self.book, &posted.grid, &grid, today()).different)
    }
}

impl Default for TimetableFile {
    fn default() -> Self {
        Self::new()
    }
}

/// A sheet a class: a title, weekdays as columns, periods as rows, subject and teacher in a cell.
fn write(book: &SchoolBook) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    let mut workbook = Workbook::new();
    let (_, timetable) = book.timetable_on(today()).expect("a timetable in force");
    for (id, class) in &book.classes {
        let name = short_name(class, today());
        let sheet = workbook.add_worksheet();
        sheet.set_name(&name)?;
        sheet.write(0, 0, format!("{name} 课程表"))?;
        sheet.write(1, 0, "节次")?;
        for (weekday, column) in WEEKDAYS.into_iter().zip(1..) {
            sheet.write(1, column, weekday)?;
        }
        for lesson in timetable.grid.get(id).into_iter().flatten() {
            let number: u32 = lesson.period.trim_matches(['第', '节']).parse().unwrap_or(1);
            let subject = book.subjects.get(&lesson.subject).map_or("", |subject| subject.name.as_str());
            let teacher = lesson.teacher.and_then(|teacher| book.teachers.get(&teacher));
            let teacher = teacher.map_or("", |teacher| teacher.name.as_str());
            let column = u16::try_from(lesson.weekday).unwrap_or(1);
            sheet.write(1 + number, 0, lesson.period.as_str())?;
            sheet.write(1 + number, column, format!("{subject}\n{teacher}"))?;
        }
    }
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook_of_sixty_classes_is_read_to_the_timetable_it_was_written_from() {
        assert_eq!(TimetableFile::new().preview(), (1800, 0));
    }
}
