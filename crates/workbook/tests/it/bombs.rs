//! Files made to break their reader: bombs, lies about sizes, damage at any byte.

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use rust_xlsxwriter::Workbook;
use xunke_domain::book::SchoolBook;
use xunke_domain::workbook::desk::Known;
use xunke_domain::workbook::questions::Answers;
use xunke_domain::workbook::reading::read;
use xunke_workbook::{Refusal, open};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::sample;

/// The school matrix with some of its parts replaced, or with others added.
fn with_parts(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let bytes = sample("qinghe-school-timetable.xlsx");
    let mut archive = ZipArchive::new(Cursor::new(bytes.as_slice())).expect("an archive");
    let mut made = ZipWriter::new(Cursor::new(Vec::new()));
    let names: Vec<String> = archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    for name in names.iter().filter(|name| !parts.iter().any(|(part, _)| part == name)) {
        let entry = archive.by_name(name).expect("an entry");
        made.raw_copy_file(entry).expect("memory");
    }
    for (name, content) in parts {
        made.start_file(*name, SimpleFileOptions::default()).expect("memory");
        made.write_all(content).expect("memory");
    }
    made.finish().expect("memory").into_inner()
}

fn sheet(data: &str) -> Vec<u8> {
    format!(r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{data}</sheetData></worksheet>"#)
        .into_bytes()
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

#[test]
fn an_archive_that_unpacks_to_more_than_any_timetable_is_refused() {
    let bomb = vec![b' '; 64 * 1024 * 1024];
    let bytes = with_parts(&[("xl/media/big.bin", &bomb)]);
    assert!(bytes.len() < 256 * 1024);

    assert!(matches!(open(&bytes), Err(Refusal::TooLarge(_))), "{:?}", open(&bytes));
}

#[test]
fn an_archive_that_lies_about_its_size_is_measured() {
    let bomb = vec![b' '; 64 * 1024 * 1024];
    let mut bytes = with_parts(&[("xl/media/big.bin", &bomb)]);
    // The declared size is one byte wherever it stands.
    let declared = u32::try_from(bomb.len()).expect("small").to_le_bytes();
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == declared).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
    }

    assert!(open(&bytes).is_err());
}

#[test]
fn a_cell_far_from_the_others_makes_no_rectangle() {
    for cell in ["XFD1048576", "A1048576", "XFD1"] {
        let row: String = cell.chars().filter(char::is_ascii_digit).collect();
        let data = format!(
            r#"<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row><row r="{row}"><c r="{cell}" t="inlineStr"><is><t>x</t></is></c></row>"#
        );
        let bytes = with_parts(&[(SHEET, &sheet(&data))]);

        let Err(Refusal::TooLarge(detail)) = open(&bytes) else { panic!("{cell}") };
        assert!(detail.contains(cell), "{detail}");
    }
}

#[test]
fn a_sheet_of_a_million_rows_is_refused_and_one_of_a_million_empty_ones_is_not() {
    let row = |row: u32| format!(r#"<row r="{row}"><c r="A{row}"><v>1</v></c></row>"#);
    let rows = |count: u32, row: &dyn Fn(u32) -> String| (1..=count).map(row).collect::<Vec<_>>().concat();
    let full = rows(400_002, &row);
    assert!(matches!(open(&with_parts(&[(SHEET, &sheet(&full))])), Err(Refusal::TooLarge(_))));

    // Formats without texts reach down to the end of many real sheets.
    let empty = rows(200_000, &|row| format!(r#"<row r="{row}"><c r="A{row}" s="1"/></row>"#));
    assert_eq!(open(&with_parts(&[(SHEET, &sheet(&empty))])).expect("a workbook").sheets[0].cells.len(), 0);
}

#[test]
fn counts_for_which_memory_would_be_set_aside_are_not_believed() {
    for count in ["99999999999", "999999999999999999999999"] {
        let strings = format!(
            r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount = "{count}"></sst>"#
        );
        assert!(matches!(
            open(&with_parts(&[("xl/sharedStrings.xml", strings.as_bytes())])),
            Err(Refusal::TooLarge(_))
        ));
    }
    let styles = format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(400_000));
    assert!(matches!(open(&with_parts(&[("xl/styles.xml", styles.as_bytes())])), Err(Refusal::TooLarge(_))));
    let wide: Vec<u8> =
        "<sst uniqueCount='99999999999'/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(open(&with_parts(&[("xl/sharedStrings.xml", &wide)])).is_err());
}

#[test]
fn merged_regions_without_end_fill_no_memory() {
    let regions =
        (1..=300).map(|row| format!(r#"<mergeCell ref="A{row}:XFD1048576"/>"#)).collect::<Vec<_>>().concat();
    let cells = (1..=2000).map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>x</t></is></c><c r="ZZ{row}" t="inlineStr"><is><t>x</t></is></c></row>"#)).collect::<Vec<_>>().concat();
    let whole =
        format!("<worksheet><sheetData>{cells}</sheetData><mergeCells>{regions}</mergeCells></worksheet>");
    let workbook = open(&with_parts(&[(SHEET, whole.as_bytes())])).expect("a workbook");

    let reading = read_new(&workbook);

    assert!(
        reading.errors().any(|problem| problem.detail.contains("beyond all measure")),
        "{:?}",
        reading.problems
    );
}

#[test]
fn other_kinds_of_files_are_told_for_what_they_are() {
    let told = |bytes: &[u8]| open(bytes).expect_err("no workbook").to_string();
    assert!(told(b"<html><table><tr><td>x</td></tr></table></html>").contains("web page"));
    assert!(told(b"\xef\xbb\xbf<?xml version=\"1.0\"?><Workbook/>").contains("web page"));
    assert!(told(b"PK\x05\x06").contains("empty archive"));
    assert!(told(b"PK\x03\x04 and then nothing").contains("damaged"));
    assert!(told(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]).contains("damaged"));
    assert!(told(&[0x89, b'P', b'N', b'G', 0, 0xff]).contains("UTF-8"));
    let mut document = ZipWriter::new(Cursor::new(Vec::new()));
    document.start_file("word/document.xml", SimpleFileOptions::default()).expect("memory");
    document.write_all(b"<document/>").expect("memory");
    assert!(open(&document.finish().expect("memory").into_inner()).is_err());
    assert_eq!(open(&Workbook::new().save_to_buffer().expect("memory")).map(|book| book.sheets.len()), Ok(1));
}

fn read_new(workbook: &xunke_domain::workbook::sheet::Workbook) -> xunke_domain::workbook::reading::Reading {
    let known = Known { book: &SchoolBook::default(), on: "2026-09-01".parse().expect("a date") };
    read(workbook, known, &Answers::new())
}

/// A change of some bytes: overwritten, cut out or doubled.
#[derive(Clone, Debug)]
enum Harm {
    Write(usize, u8),
    Cut(usize, usize),
    Double(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        4 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Harm::Write(at, byte)),
        1 => (any::<usize>(), 0..400_usize).prop_map(|(at, length)| Harm::Cut(at, length)),
        1 => (any::<usize>(), 0..400_usize).prop_map(|(at, length)| Harm::Double(at, length)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        let length = bytes.len().max(1);
        let range = |at: usize, size: usize| (at % length, (at % length + size).min(bytes.len()));
        match *harm {
            Harm::Write(at, byte) => {
                if let Some(place) = bytes.get_mut(at % length) {
                    *place = byte;
                }
            }
            Harm::Cut(at, size) => {
                let (from, to) = range(at, size);
                bytes.drain(from..to);
            }
            Harm::Double(at, size) => {
                let (from, to) = range(at, size);
                let part = bytes[from..to].to_vec();
                bytes.splice(from..from, part);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_harm_to_a_file_makes_its_reader_panic(
        file in prop::sample::select(vec!["qinghe-school-timetable.xlsx", "qinghe-timetable-gb18030.csv", "class-timetables.xls"]),
        harms in prop::collection::vec(harm(), 1..12),
    ) {
        if let Ok(workbook) = open(&harmed(sample(file), &harms)) {
            read_new(&workbook);
        }
    }

    #[test]
    fn no_harm_to_the_parts_of_an_archive_makes_its_reader_panic(
        part in prop::sample::select(vec![SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"]),
        harms in prop::collection::vec(harm(), 1..12),
    ) {
        let bytes = sample("qinghe-school-timetable.xlsx");
        let mut content = Vec::new();
        let mut archive = ZipArchive::new(Cursor::new(bytes.as_slice())).expect("an archive");
        std::io::copy(&mut archive.by_name(part).expect("an entry"), &mut content).expect("memory");
        if let Ok(workbook) = open(&with_parts(&[(part, &harmed(content, &harms))])) {
            read_new(&workbook);
        }
    }
}
