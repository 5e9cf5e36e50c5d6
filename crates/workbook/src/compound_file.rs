//! The container of `.xls` (MS-CFB): the stream of a name, out of chains of sectors.
//!
//! A chain never has more sectors than the file, so that no cycle makes it grow.

use crate::Refusal;

/// The first bytes of every compound file.
pub(crate) const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Ids from here on are marks, not sectors.
const FIRST_MARK: u32 = 0xFFFF_FFFA;
const MINI_SECTOR: usize = 64;
/// Streams shorter than this live in the mini stream.
const MINI_CUTOFF: usize = 4096;
const ENTRY: usize = 128;

/// A compound file.
pub(crate) struct CompoundFile<'a> {
    bytes: &'a [u8],
    sector: usize,
    table: Vec<u32>,
    mini_table: Vec<u32>,
    mini: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    length: usize,
}

fn damaged() -> Refusal {
    Refusal::Unreadable("the .xls is damaged".to_owned())
}

/// Two bytes, little end first.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// Four bytes, little end first.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
}

impl<'a> CompoundFile<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let field = |at| u32_at(bytes, at).ok_or_else(damaged);
        let sector = match u16_at(bytes, 30) {
            Some(9) => 512,
            Some(12) => 4096,
            _ => return Err(damaged()),
        };
        let mut file = Self {
            bytes,
            sector,
            table: Vec::new(),
            mini_table: Vec::new(),
            mini: Vec::new(),
            entries: Vec::new(),
        };
        let most = file.sectors();
        let mut parts: Vec<u32> = words(bytes.get(76..512).ok_or_else(damaged)?).collect();
        let mut next = field(68)?;
        for _ in 0..=most {
            if next >= FIRST_MARK {
                break;
            }
            parts.extend(words(file.at(next).ok_or_else(damaged)?));
            next = parts.pop().ok_or_else(damaged)?;
        }
        for part in parts.into_iter().filter(|part| *part < FIRST_MARK).take(most) {
            let sector = file.at(part).ok_or_else(damaged)?;
            file.table.extend(words(sector));
        }
        let entries = file.chain(field(48)?, usize::MAX)?;
        file.entries = entries.as_chunks::<ENTRY>().0.iter().filter_map(read_entry).collect();
        let root = file.entries.first().map(|root| (root.start, root.length)).ok_or_else(damaged)?;
        if field(64)? > 0 {
            file.mini = file.chain(root.0, root.1)?;
            let table = file.chain(field(60)?, usize::MAX)?;
            file.mini_table = words(&table).collect();
        }
        Ok(file)
    }

    /// How many sectors the file can have.
    fn sectors(&self) -> usize {
        self.bytes.len() / self.sector + 1
    }

    fn at(&self, id: u32) -> Option<&'a [u8]> {
        let start = usize::try_from(id).ok()?.checked_add(1)?.checked_mul(self.sector)?;
        let end = start.checked_add(self.sector)?.min(self.bytes.len());
        self.bytes.get(start..end).filter(|sector| !sector.is_empty())
    }

    fn chain(&self, start: u32, length: usize) -> Result<Vec<u8>, Refusal> {
        let (mut next, mut chain) = (start, Vec::new());
        for _ in 0..=self.sectors() {
            if next >= FIRST_MARK || chain.len() >= length {
                chain.truncate(length);
                return Ok(chain);
            }
            chain.extend_from_slice(self.at(next).ok_or_else(damaged)?);
            next =
                usize::try_from(next).ok().and_then(|at| self.table.get(at)).copied().ok_or_else(damaged)?;
        }
        Err(damaged())
    }

    /// The bytes of a stream.
    pub(crate) fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)) else {
            return Ok(None);
        };
        if entry.length >= MINI_CUTOFF {
            return self.chain(entry.start, entry.length).map(Some);
        }
        let (mut next, mut stream) = (entry.start, Vec::new());
        for _ in 0..=MINI_CUTOFF / MINI_SECTOR {
            if next >= FIRST_MARK || stream.len() >= entry.length {
                break;
            }
            let at = usize::try_from(next).map_err(|_| damaged())?;
            let start = at.checked_mul(MINI_SECTOR).ok_or_else(damaged)?;
            stream.extend_from_slice(self.mini.get(start..start + MINI_SECTOR).ok_or_else(damaged)?);
            next = *self.mini_table.get(at).ok_or_else(damaged)?;
        }
        stream.truncate(entry.length);
        Ok(Some(stream))
    }
}

fn read_entry(entry: &[u8; ENTRY]) -> Option<Entry> {
    let units = entry.get(..64)?.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    let name = String::from_utf16_lossy(&units);
    // Lengths beyond four bytes exist; no stream of ours has one.
    Some(Entry { name, start: u32_at(entry, 116)?, length: usize::try_from(u32_at(entry, 120)?).ok()? })
}
