//! The bytes of a file in pages that are shared until they are written.

use std::sync::{Arc, LazyLock};

/// Bytes of a page; a multiple of every sector size.
pub(crate) const PAGE: usize = 4096;

pub(crate) type Page = Arc<[u8; PAGE]>;

static ZEROES: LazyLock<Page> = LazyLock::new(|| Arc::new([0; PAGE]));

/// A page that was never written.
pub(crate) fn zeroes() -> Page {
    Arc::clone(&ZEROES)
}

/// A file's bytes. Behind the end, the last page is zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    len: usize,
    pages: Vec<Page>,
}

/// A part of one page that was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) page: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Content {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Cuts off or fills up with zeroes.
    pub(crate) fn resize(&mut self, len: usize) {
        let cut = len < self.len;
        self.len = len;
        self.pages.resize_with(len.div_ceil(PAGE), zeroes);
        let rest = len % PAGE;
        if cut
            && rest > 0
            && let Some(last) = self.pages.last_mut()
        {
            Arc::make_mut(last)[rest..].fill(0);
        }
    }

    /// Reads what there is and fills the rest with zeroes; gives how much there was.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) -> usize {
        let there = self.len.saturating_sub(offset).min(into.len());
        let (wanted, beyond) = into.split_at_mut(there);
        let mut at = offset;
        let mut rest = wanted;
        while !rest.is_empty() {
            let within = at % PAGE;
            let amount = rest.len().min(PAGE - within);
            let (piece, tail) = rest.split_at_mut(amount);
            piece.copy_from_slice(&self.pages[at / PAGE][within..within + amount]);
            rest = tail;
            at += amount;
        }
        beyond.fill(0);
        there
    }

    /// Writes; tells of each piece of a page.
    pub(crate) fn write(&mut self, offset: usize, data: &[u8], mut written: impl FnMut(Piece, &Page)) {
        self.resize(self.len.max(offset + data.len()));
        let mut at = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let (page, from) = (at / PAGE, at % PAGE);
            let amount = rest.len().min(PAGE - from);
            let (piece, tail) = rest.split_at(amount);
            Arc::make_mut(&mut self.pages[page])[from..from + amount].copy_from_slice(piece);
            written(Piece { page, from, to: from + amount }, &self.pages[page]);
            rest = tail;
            at += amount;
        }
    }

    /// A page; zeroes where there is none.
    pub(crate) fn page(&self, page: usize) -> Page {
        self.pages.get(page).map_or_else(zeroes, Arc::clone)
    }

    /// Puts a page in place, beyond the end too; [`Content::resize`] says afterwards where the end is.
    pub(crate) fn put(&mut self, page: usize, content: Page) {
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, zeroes);
        }
        self.pages[page] = content;
    }

    /// Ends the file here after pages were put in place, whatever lies behind.
    pub(crate) fn end_at(&mut self, len: usize) {
        self.len = usize::MAX;
        self.resize(len);
    }

    /// The pages that begin at or behind this length.
    pub(crate) const fn whole_pages_from(&self, len: usize) -> std::ops::Range<usize> {
        len.div_ceil(PAGE)..self.pages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &Content, offset: usize, amount: usize) -> (Vec<u8>, usize) {
        let mut bytes = vec![9; amount];
        let there = content.read(offset, &mut bytes);
        (bytes, there)
    }

    #[test]
    fn what_was_written_across_pages_is_read_back() {
        let mut content = Content::default();
        let mut pieces = Vec::new();

        content.write(PAGE - 2, &[1, 2, 3, 4], |piece, _| pieces.push((piece.page, piece.from, piece.to)));

        assert_eq!(pieces, [(0, PAGE - 2, PAGE), (1, 0, 2)]);
        assert_eq!(read(&content, PAGE - 3, 7), (vec![0, 1, 2, 3, 4, 0, 0], 5));
        assert_eq!(read(&content, 3 * PAGE, 2), (vec![0, 0], 0));
    }

    #[test]
    fn what_was_cut_off_does_not_come_back() {
        let mut content = Content::default();
        content.write(0, &[7; 100], |_, _| ());

        content.resize(10);
        content.resize(20);

        assert_eq!(read(&content, 8, 4), (vec![7, 7, 0, 0], 4));
    }

    #[test]
    fn a_copy_is_not_changed_by_later_writes() {
        let mut content = Content::default();
        content.write(0, &[1; 10], |_, _| ());
        let copy = content.clone();

        content.write(0, &[2; 10], |_, _| ());

        assert_eq!(read(&copy, 0, 1).0, [1]);
        assert_eq!(read(&content, 0, 1).0, [2]);
    }
}
