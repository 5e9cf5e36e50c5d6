//! Measures an archive before anything of it is kept: sizes as they are, not as they are declared.
//!
//! Each entry is inflated once through a small window and counted, and so are the tags that make a reader set
//! memory aside (formats, shared strings).

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::Refusal;

/// Entries of the archive; a workbook has a few for each sheet.
const MAX_ENTRIES: usize = 4_000;
/// Bytes of all entries, inflated. 60 classes are below 2 MiB.
const MAX_BYTES: u64 = 48 * 1024 * 1024;
/// Tags of a list of formats; each costs its reader some hundred bytes.
const MAX_STYLE_TAGS: u64 = 300_000;
/// Tags of any other part that is kept whole. Sheets are streamed.
const MAX_TAGS: u64 = 2_000_000;
/// The word with which a part declares how many strings follow, for which memory is set aside.
const DECLARED: &[u8] = b"uniqueCount";
/// Strings a workbook may declare.
const MAX_DECLARED: u64 = 1_000_000;

/// Refuses what would not fit into memory, or is no archive.
pub(crate) fn measure(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > MAX_ENTRIES {
        return Err(Refusal::TooLarge(format!("more than {MAX_ENTRIES} entries")));
    }
    let too_large = || Refusal::TooLarge(format!("more than {} MiB when unpacked", MAX_BYTES / 1024 / 1024));
    let mut declared = 0_u64;
    for index in 0..archive.len() {
        declared =
            declared.saturating_add(archive.by_index_raw(index).map_err(|error| broken(&error))?.size());
    }
    if declared > MAX_BYTES {
        return Err(too_large());
    }
    let mut total = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| broken(&error))?;
        let name = entry.name().map_err(|error| broken(&error))?.to_lowercase();
        let mut part = Part::new(&name);
        // One byte more than allowed, so that what is cut off is noticed.
        let mut entry = entry.take(MAX_BYTES - total + 1);
        let mut window = [0; 16 * 1024];
        loop {
            let read = entry
                .read(&mut window)
                .map_err(|_| Refusal::Unreadable("the archive is damaged".to_owned()))?;
            if read == 0 {
                break;
            }
            total += u64::try_from(read).unwrap_or(u64::MAX);
            if total > MAX_BYTES {
                return Err(too_large());
            }
            part.take(window.get(..read).unwrap_or_default())?;
        }
    }
    Ok(archive)
}

fn broken(error: &ZipError) -> Refusal {
    match error {
        ZipError::UnsupportedArchive(detail) if detail.to_lowercase().contains("password") => Refusal::Locked,
        _ => Refusal::Unreadable("the archive is damaged".to_owned()),
    }
}

/// An entry as it is inflated.
struct Part {
    /// Only parts of a known text encoding can be measured by their bytes.
    is_xml: bool,
    most: u64,
    tags: u64,
    /// How much of [`DECLARED`] the last bytes were.
    matched: usize,
    /// The number after it, while it lasts.
    number: Option<u64>,
}

impl Part {
    fn new(name: &str) -> Self {
        let is_xml = [".xml", ".rels", ".vml"].iter().any(|end| name.ends_with(end)) || !name.contains('.');
        let streamed = name.contains("worksheets/") && !name.contains("_rels");
        let most = if name.contains("styles") {
            MAX_STYLE_TAGS
        } else if streamed {
            u64::MAX
        } else {
            MAX_TAGS
        };
        Self { is_xml, most, tags: 0, matched: 0, number: None }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        for byte in bytes {
            match byte {
                0 if self.is_xml => return Err(Refusal::Unreadable("a part is not in UTF-8".to_owned())),
                b'<' => self.tags += 1,
                _ => {}
            }
            self.declared(*byte)?;
        }
        if self.tags > self.most {
            return Err(Refusal::TooLarge(format!("more than {} formats or texts", self.most)));
        }
        Ok(())
    }

    fn declared(&mut self, byte: u8) -> Result<(), Refusal> {
        if let Some(number) = self.number {
            match byte {
                b'0'..=b'9' => {
                    let number = number.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                    if number > MAX_DECLARED {
                        return Err(Refusal::TooLarge(format!("it declares more than {MAX_DECLARED} texts")));
                    }
                    self.number = Some(number);
                    return Ok(());
                }
                b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'"' | b'\'' if number == 0 => return Ok(()),
                _ => self.number = None,
            }
        }
        self.matched = match DECLARED.get(self.matched) {
            Some(next) if *next == byte => self.matched + 1,
            _ => usize::from(DECLARED.first() == Some(&byte)),
        };
        if self.matched == DECLARED.len() {
            (self.matched, self.number) = (0, Some(0));
        }
        Ok(())
    }
}
