//! Strings of `.xls` (MS-XLS 2.5.293): packed or not, with formats behind them, broken over records.

/// The record of shared strings and those that continue it, read as one.
pub(crate) struct Continued<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
    at: usize,
}

impl<'a> Continued<'a> {
    pub(crate) fn new(parts: Vec<&'a [u8]>) -> Self {
        Self { parts, part: 0, at: 0 }
    }

    fn byte(&mut self) -> Option<u8> {
        while self.at >= self.parts.get(self.part)?.len() {
            (self.part, self.at) = (self.part + 1, 0);
        }
        let byte = *self.parts.get(self.part)?.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]))
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let left = self.parts.get(self.part)?.len() - self.at;
            if left == 0 {
                (self.part, self.at) = (self.part + 1, 0);
                continue;
            }
            let step = left.min(bytes);
            (self.at, bytes) = (self.at + step, bytes - step);
        }
        Some(())
    }

    /// Characters; where they go on in another record, that one begins by saying how wide they are.
    fn characters(&mut self, count: u16, mut wide: bool) -> Option<String> {
        let mut units = Vec::new();
        for _ in 0..count {
            if self.at >= self.parts.get(self.part)?.len() {
                (self.part, self.at) = (self.part + 1, 0);
                wide = self.byte()? & 1 != 0;
            }
            units.push(if wide { self.u16()? } else { u16::from(self.byte()?) });
        }
        Some(String::from_utf16_lossy(&units))
    }

    /// A string of the shared table, formats and phonetics left out.
    pub(crate) fn rich_string(&mut self) -> Option<String> {
        let count = self.u16()?;
        self.string_of(count)
    }

    /// A string whose length is known.
    pub(crate) fn string_of(&mut self, count: u16) -> Option<String> {
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { usize::from(self.u16()?) } else { 0 };
        let extra = if flags & 4 != 0 { usize::try_from(self.u32()?).ok()? } else { 0 };
        let text = self.characters(count, flags & 1 != 0)?;
        self.skip(runs.saturating_mul(4).saturating_add(extra))?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_broken_in_its_characters_goes_on_in_the_width_its_new_record_says() {
        // 三(2), the last two characters packed in the next record; then a rich string.
        let first = [4, 0, 1, 0x09, 0x4e, 0x28, 0];
        let second = [0, b'2', b')', 1, 0, 8, 1, 0, b'x', 0, 0, 0, 0];
        let mut strings = Continued::new(vec![&first, &second]);

        assert_eq!(strings.rich_string().as_deref(), Some("三(2)"));
        assert_eq!(strings.rich_string().as_deref(), Some("x"));
        assert_eq!(strings.rich_string(), None);
    }

    #[test]
    fn a_string_that_claims_more_than_there_is_ends_the_table() {
        for bytes in [&[0xff, 0xff, 1, 0][..], &[1, 0, 4, 0xff, 0xff, 0xff, 0xff, b'x'], &[1]] {
            assert_eq!(Continued::new(vec![bytes]).rich_string(), None);
        }
    }
}
