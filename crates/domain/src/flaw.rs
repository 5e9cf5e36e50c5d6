//! What is wrong with a value someone sent: which place, and why.

use serde::Serialize;

/// One thing wrong with an input, with the JSON pointer (RFC 6901) of the value at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// JSON pointer into what was sent, for example `/set/ratings~1engagement`.
    pub pointer: String,
    /// What is wrong, for people; lower case, no full stop.
    pub detail: String,
    /// Whether the place itself is unknown, rather than its value wrong.
    #[serde(skip)]
    pub unknown: bool,
}

impl Flaw {
    /// The value at `pointer` breaks a rule.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), unknown: false }
    }

    /// There is no such field as the one at `pointer`.
    pub fn unknown(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), unknown: true }
    }
}

/// A place inside what was sent; its pointer is only written down where something is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    up: Option<&'a Place<'a>>,
    member: &'a str,
}

impl<'a> Place<'a> {
    /// A member at the top.
    pub(crate) const fn top(member: &'a str) -> Self {
        Self { up: None, member }
    }

    /// A member of what lies here.
    pub(crate) const fn member(&'a self, member: &'a str) -> Self {
        Self { up: Some(self), member }
    }

    /// The JSON pointer.
    pub(crate) fn pointer(&self) -> String {
        pointer_join(&self.up.map(Place::pointer).unwrap_or_default(), self.member)
    }
}

/// Appends a member name to a JSON pointer, escaping it as RFC 6901 section 3 says.
pub fn pointer_join(base: &str, member: &str) -> String {
    format!("{base}/{}", member.replace('~', "~0").replace('/', "~1"))
}
