//! Fields: the paths and values records are made of (sync protocol, section 1).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// The fields of a record, or those one write sets. `null` means removed.
pub type Fields = BTreeMap<FieldPath, Value>;

/// A field's path: `name`, or `name/element` for an element of a list.
///
/// Names are 1–64 characters of `a-z A-Z 0-9 _ . -` starting with a letter; elements 1–64 of the same set in any
/// order. `x.anything` names belong to other people's apps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath(String);

/// A text is not a field path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a field path: write `name` or `name/element`")]
pub struct FieldPathError(String);

impl FieldPath {
    /// The path as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(name, _)| name)
    }

    /// The part after the slash, for an element of a list.
    pub fn element(&self) -> Option<&str> {
        self.0.split_once('/').map(|(_, element)| element)
    }

    /// Whether the field belongs to another app (`x.`): kept verbatim, never judged.
    pub fn is_foreign(&self) -> bool {
        self.0.starts_with("x.")
    }
}

/// Whatever holds fields: they can be read where they lie, without a copy.
pub trait FieldSource {
    /// The value of a field, if it is there.
    fn field(&self, path: &str) -> Option<&Value>;

    /// All fields, in path order.
    fn each(&self) -> impl Iterator<Item = (&FieldPath, &Value)>;
}

impl FieldSource for Fields {
    fn field(&self, path: &str) -> Option<&Value> {
        self.get(path)
    }

    fn each(&self) -> impl Iterator<Item = (&FieldPath, &Value)> {
        self.iter()
    }
}

fn is_part(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

impl TryFrom<String> for FieldPath {
    type Error = FieldPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (name, element) = text.split_once('/').map_or((text.as_str(), None), |(n, e)| (n, Some(e)));
        let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        if starts && is_part(name) && element.is_none_or(is_part) {
            Ok(Self(text))
        } else {
            Err(FieldPathError(text.chars().take(80).collect()))
        }
    }
}

impl FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.0
    }
}

impl std::borrow::Borrow<str> for FieldPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
