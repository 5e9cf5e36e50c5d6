//! A school with people and phones, made through the API once; every story starts from its image.

use serde_json::{Value, json};

use super::phone::Phone;
use super::server::Server;
use crate::{Disk, Image};

const PASSWORD: &str = "春风化雨-润物无声-桃李满园-88";
const PHONES: u32 = 6;

/// Where every story starts.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The same school with a write-ahead log that is empty, or about to be folded in.
    pub(super) images: Vec<Image>,
    pub(super) school: String,
    /// The phones of one inspector.
    pub(super) phones: Vec<Phone>,
    /// The principal's token: sees everything of the school.
    pub(super) principal: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn sign_in(server: &Server, login: &str) -> anyhow::Result<String> {
    let body = json!({"login": login, "password": PASSWORD});
    Ok(text(&server.post("/api/v1/sessions", "", &body).await?.expect(200)?["access_token"]))
}

/// Adds somebody with a role at the school; gives his token.
async fn member(
    server: &Server,
    admin: &str,
    (district, school): (&str, &str),
    login: &str,
    role: &str,
) -> anyhow::Result<String> {
    let users = format!("/api/v1/districts/{district}/users");
    let user = server.post(&users, admin, &json!({"login": login, "name": login})).await?.expect(201)?;
    let reset = json!({"login": login, "code": user["reset_code"], "password": PASSWORD});
    server.post("/api/v1/password/reset", "", &reset).await?.expect(204)?;
    let place = json!({"role": role, "valid_from": "2026-09-01", "schools": [school]});
    let memberships = format!("{users}/{}/memberships", text(&user["id"]));
    server.post(&memberships, admin, &place).await?.expect(201)?;
    sign_in(server, login).await
}

impl Ground {
    /// Sets the school up.
    pub async fn prepare() -> anyhow::Result<Self> {
        let disk = Disk::new(0);
        let server = Server::start(&disk, 2).await?;
        let code = xunke_api::start::setup_code(&server.app).await?.unwrap_or_default();
        let set_up = json!({"code": code, "login": "admin", "name": "管理员", "password": PASSWORD,
            "district": "星湖县教育体育局"});
        let district = text(&server.post("/api/v1/setup", "", &set_up).await?.expect(201)?["district"]);
        let admin = sign_in(&server, "admin").await?;
        let schools = format!("/api/v1/districts/{district}/schools");
        let school = server.post(&schools, &admin, &json!({"name": "青禾实验小学"})).await?.expect(201)?;
        let school = text(&school["id"]);
        member(&server, &admin, (&district, &school), "zheng", "inspector").await?;
        let principal = member(&server, &admin, (&district, &school), "xu", "principal").await?;
        let mut phones = Vec::new();
        for number in 1..=PHONES {
            let token = sign_in(&server, "zheng").await?;
            let body = json!({"name": "phone", "platform": "test", "app_version": "1"});
            let device = server.post("/api/v1/devices", &token, &body).await?.expect(201)?;
            phones.push(Phone::new(number, text(&device["device"]), token, school.clone()));
        }
        server.app.store.close().await?;
        let empty_log = disk.image();
        let mut ground = Self { images: vec![empty_log], school, phones, principal };
        for frames in [900, 960] {
            let image = ground.with_log_of(frames).await?;
            ground.images.push(image);
        }
        Ok(ground)
    }

    /// The school after a number of sign-ins, its write-ahead log nearly full; no phone has pushed.
    async fn with_log_of(&self, frames: usize) -> anyhow::Result<Image> {
        let disk = Disk::from_image(&self.images[0], 0);
        let server = Server::start(&disk, 3).await?;
        loop {
            sign_in(&server, "xu").await?;
            let image = disk.image();
            let log = image.files().find(|(name, _)| name.ends_with("-wal")).map_or(0, |(_, len)| len);
            if log > frames * 4120 {
                return Ok(image);
            }
        }
    }
}
