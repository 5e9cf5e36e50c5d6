//! Plain HTTP, and a person signed in over it.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use xunke_domain::ids::UserId;

/// The password of everybody in the demo; it is printed.
pub(super) const PASSWORD: &str = "Qinghe-autumn-patrol-2026";

/// The server, seen from outside.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client,
    base: String,
}

/// What is sent along.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(String),
    /// A CSV, in whatever encoding.
    Csv(&'static [u8]),
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) bytes: Vec<u8>,
    pub(super) etag: String,
}

impl Answer {
    /// The body as JSON, if the status is the one that was to come.
    pub(super) fn expect(&self, status: u16) -> anyhow::Result<Value> {
        let text = String::from_utf8_lossy(&self.bytes);
        anyhow::ensure!(self.status == status, "the server answered {} {text}", self.status);
        if self.bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&self.bytes)?) }
    }
}

impl Http {
    /// Speaks to the server at this address, past any proxy.
    pub(super) fn new(base: String) -> anyhow::Result<Self> {
        let client = Client::builder().no_proxy().timeout(Duration::from_mins(1)).build()?;
        Ok(Self { client, base })
    }

    /// Sends a request; `token` empty: as a stranger.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Body,
        if_match: &str,
    ) -> anyhow::Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !if_match.is_empty() {
            request = request.header("if-match", if_match);
        }
        request = match body {
            Body::None => request,
            Body::Json(text) => request.header("content-type", "application/json").body(text.clone()),
            Body::Csv(bytes) => request.header("content-type", "text/csv").body(*bytes),
        };
        let response = request.send().await.with_context(|| path.to_owned())?;
        let etag = response.headers().get("etag").and_then(|value| value.to_str().ok());
        let (status, etag) = (response.status().as_u16(), etag.unwrap_or_default().to_owned());
        Ok(Answer { status, etag, bytes: response.bytes().await?.to_vec() })
    }

    /// Posts JSON as a stranger.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, "", &Body::Json(body.to_string()), "").await
    }
}

/// A person signed in. Days pass in the story, so tokens run out; they are exchanged as an app would.
#[derive(Debug)]
pub(super) struct Session {
    http: Http,
    pub(super) account: UserId,
    access: String,
    refresh: String,
}

impl Session {
    /// Signs in.
    pub(super) async fn sign_in(http: &Http, login: &str, client: &str) -> anyhow::Result<Self> {
        let body = json!({"login": login, "password": PASSWORD, "client": client});
        let tokens = http.post("/api/v1/sessions", &body).await?.expect(200)?;
        Ok(Self {
            http: http.clone(),
            account: text(&tokens, "account").parse()?,
            access: text(&tokens, "access_token"),
            refresh: text(&tokens, "refresh_token"),
        })
    }

    /// Sends a request as this person; an access token that has run out is exchanged once.
    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Body,
        if_match: &str,
    ) -> anyhow::Result<Answer> {
        let answer = self.http.send(method.clone(), path, &self.access, &body, if_match).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let refresh = json!({"refresh_token": self.refresh});
        let tokens = self.http.post("/api/v1/sessions/refresh", &refresh).await?.expect(200)?;
        self.access = text(&tokens, "access_token");
        self.refresh = text(&tokens, "refresh_token");
        self.http.send(method, path, &self.access, &body, if_match).await
    }

    /// Reads JSON.
    pub(super) async fn get(&mut self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, Body::None, "").await?.expect(200)
    }

    /// Posts JSON; the answer must have this status.
    pub(super) async fn post(&mut self, path: &str, body: &Value, status: u16) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Body::Json(body.to_string()), "").await?.expect(status)
    }

    /// Changes what `path` shows, with the version it has now.
    pub(super) async fn patch(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let version = self.send(Method::GET, path, Body::None, "").await?.etag;
        self.send(Method::PATCH, path, Body::Json(body.to_string()), &version).await?.expect(200)
    }
}

/// A member's text; empty if there is none.
pub(super) fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The items of a list.
pub(super) fn items(value: &Value, member: &str) -> Vec<Value> {
    value.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
}
