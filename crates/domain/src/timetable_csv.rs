//! The long table of a timetable (layout E; domain, section 9), read from the bytes of a CSV.
//!
//! One row a lesson, by the names people use; `timetable_build` turns names into ids.

use csv::ReaderBuilder;
use encoding_rs::GB18030;
use serde::Serialize;

use crate::book::LessonWeeks;
use crate::workbook::long_table::{self, LongFlaw};
use crate::workbook::sheet::{Cell, Sheet};

/// No school has more lessons in its week.
const MAX_ROWS: usize = 100_000;
/// Cells with text that a file may have.
pub const MAX_CELLS: usize = 400_000;
/// More than so many problems help nobody.
pub(crate) const MAX_FLAWS: usize = 200;
/// The separator is counted in the first rows, among which the header stands.
const HEADER_ROWS: usize = 15;

/// What is wrong with a row of an imported file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowFlaw {
    /// Line of the file, from 1; 0 for the file as a whole.
    pub line: u64,
    /// The column's header; empty for the whole row.
    pub column: String,
    /// What is wrong, for people.
    pub detail: String,
}

/// A lesson by natural names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TimetableRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// Canonical name, such as `三年级(2)班`.
    pub class_name: String,
    /// 1 Monday – 7 Sunday.
    pub weekday: u32,
    /// The label as written, tidied.
    pub period: String,
    /// The subject as written, tidied.
    pub subject: String,
    /// The teacher, where one is named.
    pub teacher: Option<String>,
    /// In which weeks.
    pub weeks: LessonWeeks,
}

/// A long table, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CsvTimetable {
    /// The lessons in the order of the file.
    pub rows: Vec<TimetableRow>,
}

/// Reads a long table in UTF-8 (with or without BOM) or GB18030, separated by comma, tab or
/// semicolon, columns in any order. Either every row reads, or all problems (at most 200) are told.
pub fn read_timetable_csv(bytes: &[u8]) -> Result<CsvTimetable, Vec<RowFlaw>> {
    let sheet = csv_sheet(bytes).map_err(|detail| vec![of_file(detail)])?;
    match long_table::read_sheet(&sheet) {
        None => Err(vec![of_file("no header row with 班级, 星期, 节次 and 学科")]),
        Some(Ok(rows)) if rows.is_empty() => Err(vec![of_file("no lessons below the header")]),
        Some(Ok(rows)) => Ok(CsvTimetable { rows: rows.into_iter().map(|row| row.row).collect() }),
        Some(Err(flaws)) => Err(flaws.into_iter().map(|LongFlaw { flaw, place: _ }| flaw).collect()),
    }
}

/// The cells of a text in UTF-8 (with or without BOM) or GB18030; rows are numbered as lines.
pub fn csv_sheet(bytes: &[u8]) -> Result<Sheet, &'static str> {
    let text = decode(bytes).ok_or("this is not a text in UTF-8 or GB18030")?;
    let mut records = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut sheet = Sheet::default();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 0 };
    for (index, record) in records.records().enumerate() {
        let record = record.map_err(|_| "this is not a table of separated values")?;
        if index > MAX_ROWS + HEADER_ROWS {
            return Err("more than 100000 rows");
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let row = lines.line_of(start).ok_or("more than 100000 rows")?;
        for (column, text) in (0..).zip(&record).filter(|(_, text)| !text.trim().is_empty()) {
            sheet.cells.insert((row, column), Cell { text: text.to_owned(), red: false });
        }
        if sheet.cells.len() > MAX_CELLS {
            return Err("more than 400000 cells");
        }
    }
    Ok(sheet)
}

/// Counts lines up to a byte. The reader of records counts `\r\n` only when it comes to the next one, too late.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line, from 0, of the first text at or after a byte; bytes are asked for in order.
    fn line_of(&mut self, byte: u64) -> Option<u32> {
        let byte = usize::try_from(byte).ok()?;
        while let Some(here) = self.text.get(self.at) {
            let next = self.text.get(self.at + 1);
            let breaks = *here == b'\n' || (*here == b'\r' && next != Some(&b'\n'));
            if self.at >= byte && !matches!(here, b'\r' | b'\n') {
                break;
            }
            self.line = self.line.checked_add(u32::from(breaks))?;
            self.at += 1;
        }
        Some(self.line)
    }
}

fn of_file(detail: &str) -> RowFlaw {
    RowFlaw { line: 0, column: String::new(), detail: detail.to_owned() }
}

/// UTF-8 is tried first, strictly: GB18030 would read most of it as other characters.
fn decode(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        Err(_) => GB18030.decode_without_bom_handling_and_without_replacement(bytes)?.into_owned(),
    };
    (!text.contains('\0')).then_some(text)
}

fn delimiter(text: &str) -> u8 {
    let start = text.lines().take(HEADER_ROWS).flat_map(str::bytes);
    let count = |wanted: u8| start.clone().filter(|byte| *byte == wanted).count();
    [b';', b'\t', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::sample_lessons;

    const SAMPLE: &[u8] = include_bytes!("../../../tests/data/qinghe-timetable-gb18030.csv");

    fn facts(row: &TimetableRow) -> (String, u64, String, String, Option<String>, String) {
        let TimetableRow { line: _, class_name, weekday, period, subject, teacher, weeks } = row.clone();
        let weeks = serde_json::to_value(weeks).unwrap().as_str().unwrap().to_owned();
        (class_name, weekday.into(), period, subject, teacher, weeks)
    }

    #[test]
    fn the_sample_file_gives_exactly_the_lessons_of_the_sample() {
        let mut read: Vec<_> = read_timetable_csv(SAMPLE).unwrap().rows.iter().map(facts).collect();

        let text = |lesson: &serde_json::Value, key: &str| lesson[key].as_str().map(str::to_owned);
        let mut lessons: Vec<_> = sample_lessons()
            .iter()
            .map(|lesson| {
                let of = |key| text(lesson, key).unwrap();
                let weekday = lesson["weekday"].as_u64().unwrap();
                (of("class_name"), weekday, of("period"), of("subject"), text(lesson, "teacher"), of("weeks"))
            })
            .collect();
        read.sort();
        lessons.sort();
        assert_eq!(read, lessons);
    }

    #[test]
    fn utf8_with_and_without_bom_reads_the_same() {
        let text = GB18030.decode_without_bom_handling_and_without_replacement(SAMPLE).unwrap().into_owned();
        let with_bom = format!("\u{feff}{text}");

        assert_eq!(read_timetable_csv(text.as_bytes()), read_timetable_csv(SAMPLE));
        assert_eq!(read_timetable_csv(with_bom.as_bytes()), read_timetable_csv(SAMPLE));
    }

    #[test]
    fn lines_are_those_an_editor_shows_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let table = [
                "班级,星期,节次,学科",
                "",
                "三2班,周八,第1节,语文",
                "三2班,周一,\"第1\n节\",语文",
                "三2班,周九,1,语文",
            ]
            .join(end);

            let flaws = read_timetable_csv(table.as_bytes()).unwrap_err();

            let lines: Vec<u64> = flaws.iter().map(|flaw| flaw.line).collect();
            assert_eq!(lines, [3, 6], "{end:?}");
        }
    }

    #[test]
    fn columns_stand_in_any_order_below_a_title_and_words_in_any_form() {
        let table = "青禾实验小学课程表\t\t\t\t\n学科\t节 次\t星期\t班级\t教师\n音乐\t３\t周二\t302\t　王 三老师\n—\t4\t周二\t302\t\n\t\t\t\t\n";

        let rows = read_timetable_csv(table.as_bytes()).unwrap().rows;

        assert_eq!(
            rows,
            [TimetableRow {
                line: 3,
                class_name: "三年级(2)班".into(),
                weekday: 2,
                period: "3".into(),
                subject: "音乐".into(),
                teacher: Some("王三".into()),
                weeks: LessonWeeks::All,
            }]
        );
    }

    #[test]
    fn all_problems_are_told_at_once_with_line_and_column() {
        let table = "班级,星期,节次,学科,周次\n三2班,周八,第1节,语文,\n2班,周一,,数学,有时\n三2班,周一,1,语文,\n三(2)班,星期一,第1节,语文,全周\n";

        let flaws = read_timetable_csv(table.as_bytes()).unwrap_err();

        let places: Vec<_> = flaws.iter().map(|flaw| (flaw.line, flaw.column.as_str())).collect();
        assert_eq!(places, [(2, "星期"), (3, "班级"), (3, "节次"), (3, "周次"), (5, "")]);
    }

    #[test]
    fn at_most_two_hundred_problems_are_told() {
        let table = format!("班级,星期,节次,学科\n{}", "?,?,?,语文\n".repeat(500));

        assert_eq!(read_timetable_csv(table.as_bytes()).unwrap_err().len(), 200);
    }

    #[test]
    fn what_is_no_table_is_refused_as_a_whole() {
        let huge = format!("班级,星期,节次,学科\n{}", "三2班,1,1,\n".repeat(MAX_ROWS + 20));

        for bytes in [
            &b"PK\x03\x04\x00\x00\xff\xff"[..],
            b"",
            b"a,b\n1,2\n",
            "班级,星期,节次,学科\n".as_bytes(),
            huge.as_bytes(),
        ] {
            let flaws = read_timetable_csv(bytes).unwrap_err();
            assert_eq!((flaws.len(), flaws[0].line), (1, 0));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "班级,星期,节次,学科\n.*") {
            let _ = read_timetable_csv(&bytes);
            let _ = read_timetable_csv(text.as_bytes());
        }
    }
}
