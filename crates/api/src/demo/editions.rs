//! The week's log: drafted, held against the expected figures, published, and never changed.

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Map, Value, json};
use xunke_domain::ids::SchoolId;
use xunke_domain::log::chain::verify_chain;
use xunke_domain::log::edition::{ContentHash, Frozen};

use super::http::{Body, Session, items};
use super::narrate::Narrator;

/// The week of the story.
pub(super) const WEEK: &str = "2026-W47";

/// The principal at his desk.
#[derive(Debug)]
pub(super) struct Principal {
    session: Session,
    school: SchoolId,
}

impl Principal {
    /// Sits down.
    pub(super) const fn new(session: Session, school: SchoolId) -> Self {
        Self { session, school }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/schools/{}/weeks/{WEEK}/{rest}", self.school)
    }

    /// The draft of the next edition.
    pub(super) async fn draft(&mut self) -> anyhow::Result<Value> {
        self.session.get(&self.path("draft")).await
    }

    /// Publishes just this draft. Gives the edition as listed: number and hash.
    pub(super) async fn publish(&mut self, draft: &Value, remarks: &str) -> anyhow::Result<Value> {
        let body = json!({"remarks": remarks, "as_of": draft["as_of"]});
        self.session.post(&self.path("publish"), &body, 201).await
    }

    /// The bytes of an edition.
    pub(super) async fn bytes(&mut self, number: usize) -> anyhow::Result<Vec<u8>> {
        let path = self.path(&format!("editions/{number}"));
        let answer = self.session.send(Method::GET, &path, Body::None, "").await?;
        answer.expect(200)?;
        Ok(answer.bytes)
    }

    /// All editions with their hashes as listed; checked to be an unbroken chain.
    pub(super) async fn verified(&mut self) -> anyhow::Result<Vec<Frozen>> {
        let listed = items(&self.session.get(&self.path("editions")).await?, "items");
        let mut editions = Vec::new();
        for (edition, number) in listed.iter().zip(1..) {
            let hash: ContentHash = serde_json::from_value(edition["hash"].clone())?;
            editions.push(Frozen { bytes: self.bytes(number).await?, hash });
        }
        verify_chain(&editions)?;
        Ok(editions)
    }
}

/// Holds the log against what the file says, line by line; any difference is an error.
pub(super) fn check_figures(log: &Value, tell: &Narrator) -> anyhow::Result<usize> {
    let expected: Map<String, Value> =
        serde_json::from_str(include_str!("../../demo/qinghe-week12-expected.json"))?;
    let mut wrong = Vec::new();
    for (key, expected) in &expected {
        let found = log.get(key).unwrap_or(&Value::Null);
        if found == expected {
            tell.note(format_args!("✓ {key} 预期 = 实得 {}", compact(found)));
        } else {
            tell.note(format_args!("✗ {key} 预期 {} ≠ 实得 {}", compact(expected), compact(found)));
            wrong.push(key.as_str());
        }
    }
    anyhow::ensure!(wrong.is_empty(), "the log differs from the expected figures: {}", wrong.join(", "));
    Ok(expected.len())
}

/// A value on one line that fits a terminal.
fn compact(value: &Value) -> String {
    let Some(members) = value.as_object() else { return value.to_string() };
    let members = members.iter().map(|(key, value)| match (value.get("displaced"), value.get("checked")) {
        (Some(displaced), Some(checked)) => format!("{key} {displaced}/{checked}"),
        _ => format!("{key} {value}"),
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(" · "))
}

/// A figure of a log.
pub(super) fn figure(log: &Value, name: &str) -> anyhow::Result<u64> {
    log.get(name).and_then(Value::as_u64).with_context(|| format!("the log tells {name}"))
}
