//! Plain HTTP, as a phone speaks it.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use reqwest::{Client, Method};
use serde_json::Value;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(40);

/// A client past any proxy.
#[derive(Clone, Debug)]
pub struct Http(Client);

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub text: String,
    /// `Content-Type`.
    pub media: String,
    /// `Retry-After`.
    pub retry_after: String,
    /// `Location`, `ETag`.
    pub place: (String, String),
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// The body as JSON, if the status is the one that was to come.
    pub fn expect(&self, status: u16) -> anyhow::Result<Value> {
        anyhow::ensure!(self.status == status, "the server answered {} {}", self.status, self.text);
        if self.text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&self.text)?) }
    }

    /// A member of a JSON body as text; empty if there is none.
    pub fn member(&self, name: &str) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        text(&body, name)
    }
}

/// A member's text; empty if there is none.
pub fn text(body: &Value, name: &str) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Http {
    /// A client with connections of its own.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Client::builder().no_proxy().timeout(PATIENCE).build()?))
    }

    /// Reads.
    pub async fn get(&self, base: &str, path: &str, token: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, base, path, token, None, "").await
    }

    /// Posts JSON; `key` is the `Idempotency-Key`, if not empty.
    pub async fn post(
        &self,
        base: &str,
        path: &str,
        token: &str,
        body: String,
        key: &str,
    ) -> anyhow::Result<Answer> {
        self.send(Method::POST, base, path, token, Some(body), key).await
    }

    async fn send(
        &self,
        method: Method,
        base: &str,
        path: &str,
        token: &str,
        body: Option<String>,
        key: &str,
    ) -> anyhow::Result<Answer> {
        let began = Instant::now();
        let mut request = self.0.request(method, format!("{base}{path}"));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.with_context(|| path.to_owned())?;
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (status, media, retry_after) =
            (response.status().as_u16(), header("content-type"), header("retry-after"));
        let place = (header("location"), header("etag"));
        let text = response.text().await?;
        Ok(Answer { status, text, media, retry_after, place, took: began.elapsed() })
    }
}
