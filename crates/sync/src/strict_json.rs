//! JSON read strictly: no duplicate member, no NUL, bounded depth, text in NFC (protocol, section 10).
//!
//! What is wrong is said with the JSON pointer of the place.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use xunke_domain::flaw::{Flaw, pointer_join};

/// Reads one JSON value, at most `depth` levels of arrays and objects deep.
pub fn parse(bytes: &[u8], depth: usize) -> Result<Value, Flaw> {
    let text = std::str::from_utf8(bytes).map_err(|_| Flaw::invalid("", "the text is not UTF-8"))?;
    let read = |at: Option<&RefCell<String>>| {
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Strict { at, depth }.deserialize(&mut reader)?;
        reader.end().map(|()| value)
    };
    // Where a fault lies is only kept track of once it is known that there is one: nearly all is right.
    read(None).or_else(|_| {
        let at = RefCell::new(String::new());
        read(Some(&at)).map_err(|error| Flaw::invalid(at.borrow().clone(), plain(&error)))
    })
}

/// The members of one JSON object, unread; a duplicate is a flaw.
pub fn members<'a>(text: &'a str, pointer: &str) -> Result<Vec<(String, &'a RawValue)>, Flaw> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Self::Value::new();
            while let Some(name) = map.next_key::<String>()? {
                if members.iter().any(|(known, _)| *known == name) {
                    return Err(A::Error::custom(format_args!("`{name}` is there twice")));
                }
                members.push((name, map.next_value()?));
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde::Deserializer::deserialize_map(&mut reader, Members)
        .and_then(|members| reader.end().map(|()| members))
        .map_err(|error| Flaw::invalid(pointer, plain(&error)))
}

/// `serde_json`'s text without its "at line 1 column 7", which means nothing beside a pointer.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// Text in NFC without NUL, or why not.
fn text<E: serde::de::Error>(text: String) -> Result<String, E> {
    if text.contains('\0') {
        return Err(E::custom("the text holds a NUL character"));
    }
    Ok(nfc(text))
}

fn nfc(text: String) -> String {
    if is_plain_text(&text) {
        return text;
    }
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    }
}

/// Characters that stand alone and are composed whatever is beside them, without a look into the tables: those of most
/// texts here, Latin, Chinese characters and their punctuation.
const fn is_plain(c: char) -> bool {
    matches!(c, '\0'..='\u{2ff}' | '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3029}' | '\u{4000}'..='\u{9fff}'
        | '\u{ff01}'..='\u{ff5e}')
}

/// Whether all its characters are plain. In UTF-8 the first byte says it of most: below 0x80 lies ASCII, from 0xe4 to
/// 0xe9 lie Chinese characters of three bytes.
fn is_plain_text(text: &str) -> bool {
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] => return true,
            [0..0x80, after @ ..] | [0xe4..=0xe9, _, _, after @ ..] => rest = after,
            _ => {
                let at = text.len() - rest.len();
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { return false };
                if !is_plain(c) {
                    return false;
                }
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
}

/// The value with all its text in NFC, or none if it is nested deeper than `depth` levels.
pub fn composed(value: Value, depth: usize) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(nfc(text)),
        Value::Array(items) => {
            let depth = depth.checked_sub(1)?;
            Value::Array(items.into_iter().map(|item| composed(item, depth)).collect::<Option<_>>()?)
        }
        Value::Object(members) => {
            let depth = depth.checked_sub(1)?;
            let composed =
                members.into_iter().map(|(name, value)| Some((nfc(name), composed(value, depth)?)));
            Value::Object(composed.collect::<Option<_>>()?)
        }
        plain => plain,
    })
}

/// Reads a value while keeping the pointer of where it is, if that is asked for.
#[derive(Clone, Copy)]
struct Strict<'a> {
    at: Option<&'a RefCell<String>>,
    depth: usize,
}

impl Strict<'_> {
    /// Reads what lies at a member; on success the pointer is taken back.
    fn inside<T, E>(
        self,
        member: impl FnOnce() -> String,
        read: impl FnOnce(Self) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: serde::de::Error,
    {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(E::custom("nested too deep"));
        };
        let inner = Self { depth, ..self };
        let Some(at) = self.at else { return read(inner) };
        let before = at.borrow().len();
        let joined = pointer_join("", &member());
        at.borrow_mut().push_str(&joined);
        let value = read(inner)?;
        at.borrow_mut().truncate(before);
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("the number is out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        text(value.to_owned()).map(Value::String)
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        text(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = {
            let index = items.len();
            self.inside(|| index.to_string(), |inner| seq.next_element_seed(inner))?
        } {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        if self.depth == 0 {
            // An empty one is a level, too.
            return Err(A::Error::custom("nested too deep"));
        }
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let name: String = text(name)?;
            let said = self.at.map(|_| name.clone()).unwrap_or_default();
            self.inside(
                || said,
                |inner| match members.entry(name) {
                    Entry::Occupied(_) => Err(A::Error::custom("the member is there twice")),
                    Entry::Vacant(free) => {
                        free.insert(map.next_value_seed(inner)?);
                        Ok(())
                    }
                },
            )?;
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_object_or_list_is_a_level_like_any_other() {
        for text in ["{}", "[]"] {
            assert!(parse(text.as_bytes(), 0).is_err(), "{text}");
            assert!(parse(text.as_bytes(), 1).is_ok(), "{text}");
        }
    }

    #[test]
    fn plain_json_reads_as_it_is() {
        let text = r#"{"a": [1, -2, 2.5, null, true, "巡课"], "b": {"c": "x"}}"#;

        assert_eq!(
            parse(text.as_bytes(), 8),
            Ok(json!({"a": [1, -2, 2.5, null, true, "巡课"], "b": {"c": "x"}}))
        );
    }

    #[test]
    fn what_is_wrong_is_named_by_its_pointer() {
        for (text, pointer) in [
            (r#"{"a": {"b/c": 1, "b/c": 2}}"#, "/a/b~1c"),
            (r#"{"a": ["x", "y\u0000"]}"#, "/a/1"),
            (r#"{"a": [[[[1]]]]}"#, "/a/0/0"),
            (r#"{"a": 1e999}"#, "/a"),
            ("{\"a\": 1", ""),
            ("", ""),
        ] {
            assert_eq!(
                parse(text.as_bytes(), 3).map_err(|flaw| flaw.pointer),
                Err(pointer.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn text_comes_out_composed() {
        assert_eq!(parse("\"e\u{301}\"".as_bytes(), 1), Ok(json!("é")));
    }

    #[test]
    fn a_character_called_plain_is_composed_beside_any_other() {
        for c in (0..0x11_0000).filter_map(char::from_u32).filter(|c| is_plain(*c)) {
            let alone = String::from(c);
            assert_eq!(is_nfc_quick(alone.chars()), IsNormalized::Yes, "{c:?}");
            assert_eq!(unicode_normalization::char::canonical_combining_class(c), 0, "{c:?}");
        }
    }

    #[test]
    fn a_value_is_composed_down_to_its_bounded_depth() {
        let value = json!({"e\u{301}": ["e\u{301}", 1]});

        assert_eq!(composed(value.clone(), 2), Some(json!({"é": ["é", 1]})));
        assert_eq!(composed(value, 1), None);
    }

    #[test]
    fn members_are_found_and_a_second_of_a_name_is_refused() {
        let found = members(r#"{"n": 1, "set": {"a": [2]}}"#, "").unwrap();

        assert_eq!(
            found.iter().map(|(name, raw)| (name.as_str(), raw.get())).collect::<Vec<_>>(),
            [("n", "1"), ("set", r#"{"a": [2]}"#)]
        );
        let twice = members(r#"{"n": 1, "n": 2}"#, "/writes/0").unwrap_err();
        assert_eq!(twice.pointer, "/writes/0");
    }
}
