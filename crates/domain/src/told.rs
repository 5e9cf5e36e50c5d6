//! What is told to a reader: a message in Chinese, with what stands in its places.
//!
//! The Chinese text is the message's id, as in gettext. It is told in Chinese by its [`Display`](fmt::Display); pages
//! look it up in a dictionary to tell it in another language ([`Told::in_words`]). What stands in its places is either
//! told in its turn or data (names, numbers, what somebody wrote), which nobody translates.

use std::borrow::Cow;
use std::fmt;

/// A message, with what stands in its places `{}`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Told {
    id: Cow<'static, str>,
    parts: Vec<Part>,
}

/// What stands in a place of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Told as it is.
    Data(String),
    /// Told in the reader's language.
    Told(Told),
}

/// What can stand in a place of a message: texts and numbers as data, messages as messages.
pub trait Tell {
    /// As it stands there.
    fn part(&self) -> Part;
}

/// A message: its id, and what stands in its places, in order.
#[macro_export]
macro_rules! told {
    ($id:expr $(, $part:expr)* $(,)?) => {
        $crate::told::Told::from($id)$(.with(&$part))*
    };
}

impl Told {
    /// Data that nobody translates, where a message could stand.
    pub fn data(text: impl Into<String>) -> Self {
        Self { id: Cow::Borrowed("{}"), parts: vec![Part::Data(text.into())] }
    }

    /// With this in its next place.
    #[must_use]
    pub fn with(mut self, part: &(impl Tell + ?Sized)) -> Self {
        self.parts.push(part.part());
        self
    }

    /// Several, one after the other: `甲、乙、丙`; nothing, if there is none.
    pub fn listed<T: Tell>(items: impl IntoIterator<Item = T>) -> Self {
        Self::joined("{}、{}", items)
    }

    /// Several, each pair of neighbours in the places of a message with two.
    pub fn joined<T: Tell>(pair: &'static str, items: impl IntoIterator<Item = T>) -> Self {
        let one = |item: T| Self::from("{}").with(&item);
        items
            .into_iter()
            .map(one)
            .reduce(|before, next| Self::from(pair).with(&before).with(&next))
            .unwrap_or_default()
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// Told with the words of a dictionary; in Chinese where it has none.
    ///
    /// A translation may put what stands in the places into another order, by number from zero (`{1}`), and have a form
    /// for one before a `|`, told where the first place holds the number 1.
    pub fn in_words<'d>(&self, dictionary: &impl Fn(&str) -> Option<&'d str>) -> String {
        let parts: Vec<Cow<'_, str>> = self.parts.iter().map(|part| part.in_words(dictionary)).collect();
        let Some(translated) = dictionary(&self.id) else { return filled(&self.id, &parts) };
        let (one, more) = translated.split_once('|').unwrap_or((translated, translated));
        filled(if parts.first().is_some_and(|part| part == "1") { one } else { more }, &parts)
    }
}

impl Part {
    fn in_words<'d>(&self, dictionary: &impl Fn(&str) -> Option<&'d str>) -> Cow<'_, str> {
        match self {
            Self::Data(text) => Cow::Borrowed(text),
            Self::Told(told) => Cow::Owned(told.in_words(dictionary)),
        }
    }
}

/// A pattern with its places filled; a place without anything to stand in it stays as it is written.
fn filled(pattern: &str, parts: &[Cow<'_, str>]) -> String {
    let (mut text, mut rest, mut next) = (String::with_capacity(pattern.len()), pattern, 0);
    while let Some((before, (number, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        let place = if number.is_empty() { Some(next) } else { number.parse().ok() };
        next += usize::from(number.is_empty());
        text.push_str(before);
        match place.and_then(|place: usize| parts.get(place)) {
            Some(part) => text.push_str(part),
            None => text.extend(["{", number, "}"]),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(&|_| None))
    }
}

impl From<&'static str> for Told {
    /// A word, or a sentence without places.
    fn from(id: &'static str) -> Self {
        Self { id: Cow::Borrowed(id), parts: Vec::new() }
    }
}

impl From<String> for Told {
    /// A word that is known only at run time, such as the name of a subject.
    fn from(id: String) -> Self {
        Self { id: Cow::Owned(id), parts: Vec::new() }
    }
}

impl Tell for Told {
    fn part(&self) -> Part {
        Part::Told(self.clone())
    }
}

impl<T: Tell + ?Sized> Tell for &T {
    fn part(&self) -> Part {
        T::part(self)
    }
}

macro_rules! data {
    ($($kind:ty),*) => {
        $(impl Tell for $kind {
            fn part(&self) -> Part {
                Part::Data(self.to_string())
            }
        })*
    };
}

data!(str, String, u8, u16, u32, u64, usize, i64);

#[cfg(test)]
mod tests {
    use super::Told;

    fn english(id: &str) -> Option<&'static str> {
        Some(match id {
            "{}、{}" => "{}, {}",
            "第{}版" => "edition {}",
            "{}：共{}条" => "{1} entry in {0}|{1} entries in {0}",
            "共{}条" => "{} entry|{} entries",
            "数学" => "mathematics",
            _ => return None,
        })
    }

    #[test]
    fn what_is_not_in_the_dictionary_is_told_in_chinese() {
        let told = told!("{}{}条", told!("第{}版", 2_u32), 3_u32);
        assert_eq!(told.to_string(), "第2版3条");
        assert_eq!(told.in_words(&english), "edition 23条");
    }

    #[test]
    fn data_stays_as_it_is_though_it_reads_like_a_message() {
        let told = Told::listed([Told::data("数学"), Told::from("数学"), Told::data("{}")]);
        assert_eq!(told.in_words(&english), "数学, mathematics, {}");
        assert_eq!(told.to_string(), "数学、数学、{}");
        assert!(Told::listed(Vec::<String>::new()).is_empty());
    }

    #[test]
    fn a_translation_has_its_own_order_and_a_form_for_one() {
        assert_eq!(told!("共{}条", 1_u32).in_words(&english), "1 entry");
        assert_eq!(told!("共{}条", 11_u32).in_words(&english), "11 entries");
        assert_eq!(told!("{}：共{}条", "甲", 4_u32).in_words(&english), "4 entries in 甲");
        assert_eq!(told!("共{}条").to_string(), "共{}条");
    }
}
