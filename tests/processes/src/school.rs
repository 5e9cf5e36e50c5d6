//! A school with people and phones, made through the API as an administrator would.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value, json};
use xunke_sync::replica::Replica;
use xunke_sync::wire::page::StreamInfo;

use crate::http::{Http, text};
use crate::notebook::Notebook;
use crate::phone::Phone;

/// A password that any role may have.
const PASSWORD: &str = "春风化雨-润物无声-桃李满园-88";

/// Somebody signed in; access tokens run out after a quarter of an hour and are exchanged then.
#[derive(Clone, Debug)]
pub struct Session {
    /// The person.
    pub account: String,
    /// The access token.
    pub access: String,
    refresh: String,
}

/// A district with one school, and somebody who sees all of it.
#[derive(Debug)]
pub struct School {
    /// The school, which is the stream.
    pub id: String,
    /// Its principal.
    pub principal: Session,
    district: String,
    admin: Session,
}

impl Session {
    async fn sign_in(http: &Http, base: &str, login: &str) -> anyhow::Result<Self> {
        let body = json!({"login": login, "password": PASSWORD}).to_string();
        Ok(Self::from_tokens(&http.post(base, "/api/v1/sessions", "", body, "").await?.expect(200)?))
    }

    fn from_tokens(tokens: &Value) -> Self {
        Self {
            account: text(tokens, "account"),
            access: text(tokens, "access_token"),
            refresh: text(tokens, "refresh_token"),
        }
    }

    /// Exchanges the tokens; the old ones stay where the answer is lost, and are good until new ones are used.
    pub async fn renew(&mut self, http: &Http, base: &str) -> anyhow::Result<()> {
        let body = json!({"refresh_token": self.refresh}).to_string();
        let tokens = http.post(base, "/api/v1/sessions/refresh", "", body, "").await?.expect(200)?;
        *self = Self::from_tokens(&tokens);
        Ok(())
    }
}

impl School {
    /// Uses the set-up code of a fresh server.
    pub async fn set_up(http: &Http, base: &str, code: &str) -> anyhow::Result<Self> {
        let body = json!({"code": code, "login": "admin", "name": "管理员", "password": PASSWORD,
            "district": "星湖县教育体育局"});
        let done = http.post(base, "/api/v1/setup", "", body.to_string(), "").await?.expect(201)?;
        let admin = Session::sign_in(http, base, "admin").await?;
        let district = text(&done, "district");
        let path = format!("/api/v1/districts/{district}/schools");
        let name = json!({"name": "青禾实验小学"}).to_string();
        let school = http.post(base, &path, &admin.access, name, "").await?.expect(201)?;
        let mut school = Self { id: text(&school, "id"), principal: admin.clone(), district, admin };
        school.principal = school.add(http, base, "principal", "principal").await?;
        Ok(school)
    }

    /// Adds somebody to the school and signs him in.
    async fn add(&self, http: &Http, base: &str, login: &str, role: &str) -> anyhow::Result<Session> {
        let Self { id, district, admin, principal: _ } = self;
        let users = format!("/api/v1/districts/{district}/users");
        let post = async |path: &str, body: Value, status| -> anyhow::Result<Value> {
            http.post(base, path, &admin.access, body.to_string(), "").await?.expect(status)
        };
        let user = post(&users, json!({"login": login, "name": login}), 201).await?;
        let reset = json!({"login": login, "code": user["reset_code"], "password": PASSWORD});
        post("/api/v1/password/reset", reset, 204).await?;
        let place = json!({"role": role, "valid_from": "2020-09-01", "schools": [id]});
        post(&format!("{users}/{}/memberships", text(&user, "id")), place, 201).await?;
        Session::sign_in(http, base, login).await
    }

    /// Adds an inspector with a registered phone that has read the school from zero.
    pub async fn phone(
        &self,
        http: &Http,
        bases: Vec<String>,
        number: usize,
        notebook: &Arc<Notebook>,
    ) -> anyhow::Result<Phone> {
        let base = bases.first().context("a server")?.clone();
        let session = self.add(http, &base, &format!("inspector-{number}"), "inspector").await?;
        let new = json!({"name": "phone", "platform": "test", "app_version": "1"}).to_string();
        let device = http.post(&base, "/api/v1/devices", &session.access, new, "").await?.expect(201)?;
        let (mut replica, _) = Replica::new(text(&device, "device").parse()?, session.account.parse()?);
        let listed = http.get(&base, "/api/v1/sync/streams", &session.access).await?.expect(200)?;
        let listed: Vec<StreamInfo> = serde_json::from_value(listed)?;
        let _ = replica.streams_listed(&listed);
        let stream = listed.first().context("an inspector may sync his school")?.stream;
        Ok(Phone::new(http.clone(), bases, session, replica, stream, number, Arc::clone(notebook)))
    }
}
