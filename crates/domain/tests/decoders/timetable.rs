//! The long table of a timetable: one text, one grid, in whatever encoding and with whatever ends of lines.

use encoding_rs::GB18030;
use xunke_domain::book::LessonWeeks;
use xunke_domain::timetable_csv::{CsvTimetable, RowFlaw, TimetableRow, read_timetable_csv};

/// What must hold for any bytes.
pub(crate) fn holds(bytes: &[u8]) {
    let read = read_timetable_csv(bytes);
    match &read {
        Ok(table) => {
            assert!(!table.rows.is_empty());
            written_out_it_reads_the_same(table);
        }
        Err(flaws) => assert!((1..=200).contains(&flaws.len())),
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // A mark at the start is taken off once, so a text that begins with two of them is another.
        let text = text.trim_start_matches('\u{feff}');
        in_every_encoding(text);
    } else if let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(bytes)
        && !text.starts_with('\u{feff}')
    {
        assert_eq!(read_timetable_csv(text.as_bytes()), read, "the same text in UTF-8");
    }
}

fn in_every_encoding(text: &str) {
    let plain = read_timetable_csv(text.as_bytes());
    assert_eq!(read_timetable_csv(format!("\u{feff}{text}").as_bytes()), plain, "with a mark at its start");
    let (encoded, _, unmappable) = GB18030.encode(text);
    let back = GB18030.decode_without_bom_handling_and_without_replacement(&encoded);
    // Some characters have no place of their own in GB18030, and short texts may pass for UTF-8.
    if !unmappable
        && back.as_deref() == Some(text)
        && (text.is_ascii() || std::str::from_utf8(&encoded).is_err())
    {
        assert_eq!(read_timetable_csv(&encoded), plain, "in GB18030");
    }
}

fn written_out_it_reads_the_same(table: &CsvTimetable) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["班级", "星期", "节次", "学科", "周次"]).expect("memory");
    for row in &table.rows {
        let weeks = match row.weeks {
            LessonWeeks::All => "全周".to_owned(),
            LessonWeeks::Odd => "单周".to_owned(),
            LessonWeeks::Even => "双周".to_owned(),
            LessonWeeks::Range(from, to) => format!("{from}-{to}周"),
        };
        let weekday = row.weekday.to_string();
        let cells = [&row.class_name, &weekday, &row.period, &row.subject, &weeks];
        // The separator is found by counting.
        if cells.iter().any(|cell| cell.contains([';', '\t', ',', '"', '\n', '\r'])) {
            return;
        }
        writer.write_record(cells).expect("memory");
    }
    let text = writer.into_inner().expect("memory");
    let lessons = |read: Result<CsvTimetable, Vec<RowFlaw>>| {
        // Without teachers two rows may be one lesson.
        let rows = match read {
            Ok(table) => table.rows,
            Err(flaws) => {
                assert!(flaws.iter().all(|flaw| flaw.detail.contains("already on line")), "{flaws:?}");
                return None;
            }
        };
        Some(rows.into_iter().map(|row| TimetableRow { line: 0, teacher: None, ..row }).collect::<Vec<_>>())
    };
    if let Some(again) = lessons(read_timetable_csv(&text)) {
        assert_eq!(Some(again), lessons(Ok(table.clone())));
    }
}
