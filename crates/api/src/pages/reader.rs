//! For whom a page is told: in which language, and how the reader gets it in the other one.
//!
//! The Chinese text is the id of every message. `en.toml` beside this file has the English of each, by page; what it
//! lacks is told in Chinese (and fails a test).

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use askama::Values;

/// The languages of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// As everything is written.
    #[default]
    Chinese,
    /// English.
    English,
}

/// Who reads a page. Templates are rendered with it as their values; the filters (`pages/filters.rs`) ask it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The reader's language.
    pub language: Language,
    /// Path and query of the page without the choice of a language.
    here: Cow<'static, str>,
}

/// The name under which templates have their [`Reader`].
pub(super) const READER: &str = "reader";

static ENGLISH: LazyLock<HashMap<String, String>> = LazyLock::new(|| dictionary(include_str!("en.toml")));

/// Messages and their translations, whatever the page; none if the file cannot be read, which a test tells.
pub(super) fn dictionary(text: &str) -> HashMap<String, String> {
    let pages: HashMap<String, HashMap<String, String>> = toml::from_str(text).unwrap_or_default();
    pages.into_values().flatten().collect()
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// As addresses name it, and the primary subtag of its tags (BCP 47).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }

    /// The language of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The translation of a message, if this is not the language it is written in and the dictionary has it.
    pub(super) fn word(self, id: &str) -> Option<&'static str> {
        match self {
            Self::Chinese => None,
            Self::English => ENGLISH.get(id).map(String::as_str),
        }
    }
}

impl Reader {
    /// Who reads Chinese, of a page whose address is not known.
    pub const CHINESE: Self = Self { language: Language::Chinese, here: Cow::Borrowed("/") };

    /// Who reads the page at this path and query in this language.
    pub fn new(language: Language, here: impl Into<Cow<'static, str>>) -> Self {
        Self { language, here: here.into() }
    }

    /// The address of the page in a language.
    pub(super) fn address_in(&self, language: Language) -> String {
        let joint = if self.here.contains('?') { '&' } else { '?' };
        format!("{}{joint}lang={}", self.here, language.code())
    }
}

impl Values for Reader {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == READER).then_some(self)
    }
}
