//! What templates say in the reader's language: `{{ "周报"|tr }}`, and with something in the places of a message
//! `{{ "共{}条"|tr|with(rows.len()) }}`.

#![expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "what the macro makes of a filter"
)]

use std::borrow::Cow;
use std::fmt;

use askama::{FastWritable, Values};
use xunke_domain::told::{Part, Tell, Told};

use super::reader::{Language, READER, Reader};

/// A message in a reader's language.
#[derive(Clone, Debug)]
pub(super) struct Translated {
    told: Told,
    language: Language,
}

/// What [`tr`] tells: a text is the id of a message.
pub(super) trait Message {
    /// The message.
    fn message(&self) -> Told;
}

/// The message in the reader's language.
#[askama::filter_fn]
pub(super) fn tr(message: impl Message, values: &dyn Values) -> askama::Result<Translated> {
    Ok(Translated {
        told: message.message(),
        language: reader(values).map(|reader| reader.language).unwrap_or_default(),
    })
}

/// The message with this in its next place; a text there is data.
#[askama::filter_fn]
pub(super) fn with<P: Tell>(message: Translated, _: &dyn Values, part: P) -> askama::Result<Translated> {
    Ok(Translated { told: message.told.with(&part), ..message })
}

/// The address of this page in the language of a code.
#[askama::filter_fn]
pub(super) fn address_in(code: &str, values: &dyn Values) -> askama::Result<String> {
    let language = Language::of_code(code).unwrap_or_default();
    Ok(reader(values).map(|reader| reader.address_in(language)).unwrap_or_default())
}

fn reader(values: &dyn Values) -> Option<&Reader> {
    askama::get_value(values, READER).ok()
}

impl fmt::Display for Translated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told.in_words(&|id| self.language.word(id)))
    }
}

impl FastWritable for Translated {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.told.in_words(&|id| self.language.word(id)))?)
    }
}

impl Tell for Translated {
    fn part(&self) -> Part {
        Part::Told(self.told.clone())
    }
}

impl Message for str {
    fn message(&self) -> Told {
        Told::from(self.to_owned())
    }
}

impl Message for String {
    fn message(&self) -> Told {
        Told::from(self.clone())
    }
}

impl Message for Cow<'_, str> {
    fn message(&self) -> Told {
        Told::from(self.to_string())
    }
}

impl Message for Told {
    fn message(&self) -> Told {
        self.clone()
    }
}

impl<T: Message + ?Sized> Message for &T {
    fn message(&self) -> Told {
        T::message(self)
    }
}
