//! The typesetter: one layout, one font, and the paper as data. It sees no file, no network and no clock.

use std::path::PathBuf;
use std::sync::LazyLock;

use chrono::{Datelike, Timelike};
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};

use crate::NotPrinted;
use crate::paper::Paper;
use crate::signs::make_printable;

/// What the paper looks like; it reads [`DATA`].
const LAYOUT: &str = include_str!("layout.typ");
/// The name under which the layout finds the paper.
const DATA: &str = "paper.json";

static FONT_BYTES: &[u8] = include_bytes!("../fonts/NotoSansSC-Regular-subset.otf");

/// The only font.
pub(crate) static FONT: LazyLock<Font> = LazyLock::new(|| {
    Font::new(Bytes::new(FONT_BYTES), 0).expect("the font that comes with the program is a font")
});

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
static BOOK: LazyLock<LazyHash<FontBook>> = LazyLock::new(|| LazyHash::new(FontBook::from_fonts([&*FONT])));
static SOURCE: LazyLock<Source> = LazyLock::new(|| Source::new(file("layout.typ"), LAYOUT.to_owned()));

fn because(causes: &[SourceDiagnostic]) -> NotPrinted {
    NotPrinted(causes.iter().map(|cause| cause.message.as_str()).collect::<Vec<_>>().join("; "))
}

/// Typesets a paper as PDF; the same paper is the same bytes. It takes tens of milliseconds of processor time.
pub fn pdf(paper: &Paper) -> Result<Vec<u8>, NotPrinted> {
    let mut document = serde_json::to_value(paper).map_err(|error| NotPrinted(error.to_string()))?;
    make_printable(&mut document);
    let desk = Desk { data: Bytes::from_string(document.to_string()) };

    let typeset = typst::compile::<PagedDocument>(&desk).output;
    let pages = typeset.map_err(|causes| because(&causes))?;
    let options = PdfOptions {
        // A file of the same name, date and content is the same file.
        ident: Smart::Custom(format!("{} {} {}", paper.title, paper.subtitle, paper.foot.join(" "))),
        creator: Smart::Custom(Some("xunke".to_owned())),
        timestamp: timestamp(paper),
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&pages, &options).map_err(|causes| because(&causes));
    // What it remembers of this paper would only pile up: papers are told once.
    typst::comemo::evict(0);
    bytes
}

fn timestamp(paper: &Paper) -> Option<Timestamp> {
    let at = paper.dated.naive_local();
    let part = |part: u32| u8::try_from(part).ok();
    let (date, time) = (at.date(), at.time());
    let datetime = Datetime::from_ymd_hms(
        date.year(),
        part(date.month())?,
        part(date.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
    )?;
    Timestamp::new_local(datetime, paper.dated.offset().local_minus_utc() / 60)
}

fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("a plain name is a path");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// All that the typesetter sees.
struct Desk {
    data: Bytes,
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        SOURCE.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == SOURCE.id() { Ok(SOURCE.clone()) } else { Err(FileError::NotFound(PathBuf::new())) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == file(DATA) { Ok(self.data.clone()) } else { Err(FileError::NotFound(PathBuf::new())) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        (index == 0).then(|| FONT.clone())
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
