//! Rows and columns that are not shown. The parser of cells does not tell of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Cursor};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::{MAX_COLUMN, MAX_ROW};

/// What a sheet hides.
#[derive(Debug, Default)]
pub(crate) struct HiddenLines {
    pub(crate) rows: BTreeSet<u32>,
    pub(crate) columns: BTreeSet<u32>,
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// The hidden lines of each sheet, by its name. What cannot be read here hides nothing: the sheet itself is read
/// by the parser, which tells what is wrong with it.
pub(crate) fn hidden_lines(archive: &mut Archive<'_>) -> Vec<(String, HiddenLines)> {
    let mut names = Vec::new();
    elements(archive, "xl/workbook.xml", |element| {
        if element.local_name().as_ref() == "sheet" {
            names.extend(attribute(element, "name").zip(attribute(element, "id")));
        }
    });
    let mut targets = BTreeMap::new();
    elements(archive, "xl/_rels/workbook.xml.rels", |element| {
        targets.extend(attribute(element, "Id").zip(attribute(element, "Target")));
    });
    let path = |id: &String| {
        let target = targets.get(id)?;
        Some(target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned))
    };
    let sheets: Vec<(String, Option<String>)> =
        names.into_iter().map(|(name, id)| (name, path(&id))).collect();
    let mut hidden = Vec::new();
    for (name, path) in sheets {
        let Some(path) = path else { continue };
        let lines = of_sheet(archive, &path);
        if !lines.rows.is_empty() || !lines.columns.is_empty() {
            hidden.push((name, lines));
        }
    }
    hidden
}

fn of_sheet(archive: &mut Archive<'_>, path: &str) -> HiddenLines {
    let mut lines = HiddenLines::default();
    let mut next_row = 0;
    elements(archive, path, |element| {
        let number = |name| attribute(element, name).and_then(|text| text.parse::<u32>().ok());
        let hidden = || attribute(element, "hidden").is_some_and(|text| text == "1" || text == "true");
        match element.local_name().as_ref() {
            "row" => {
                let row = number("r").map_or(next_row, |row| row.saturating_sub(1));
                next_row = row.saturating_add(1);
                if row < MAX_ROW && hidden() {
                    lines.rows.insert(row);
                }
            }
            "col" if hidden() => {
                if let (Some(from), Some(to)) = (number("min"), number("max")) {
                    lines.columns.extend(from.max(1) - 1..to.min(MAX_COLUMN));
                }
            }
            _ => {}
        }
    });
    lines
}

/// Shows the elements of a part to `see`.
fn elements(archive: &mut Archive<'_>, path: &str, mut see: impl FnMut(&BytesStart<'_>)) {
    let Ok(part) = archive.by_name(path) else { return };
    let mut reader = Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) => see(&element),
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute =
        element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}
