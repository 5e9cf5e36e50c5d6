//! What principals and administrators do: weeks are published, places begin and end, devices are revoked. They sit at
//! a desk, on a network that works; it is the phones that matter here.

use anyhow::Context as _;
use chrono::Days;
use serde_json::{Value, json};
use xunke_domain::people::Role;
use xunke_domain::week::Week;

use crate::clock::{BEGIN, day};
use crate::server::{Ask, Reply};
use crate::town::{ADMINISTRATOR, Place, expect, give_place, sign_in, text};
use crate::world::{Event, World};

const DAY: i64 = 86_400_000;

impl World {
    /// A day at the office.
    pub(crate) fn office(&mut self) -> anyhow::Result<()> {
        let next = self.dice.between(self.plan.span / 40, self.plan.span / 8);
        self.after(next, Event::Office);
        if !self.server.is_up() || self.disk_full {
            return Ok(());
        }
        self.server.clock().set(self.now + self.server_skew);
        if self.dice.permille(600) {
            self.publish_a_week()?;
        }
        self.read_an_old_edition()?;
        // On a server whose clock is before the set-up not even the administrator has his place.
        let set_up = self.now + self.server_skew >= BEGIN;
        if self.dice.permille(self.plan.rates.role_change) && set_up {
            self.change_a_place()?;
        }
        if self.dice.permille(self.plan.rates.revoked) {
            self.revoke_a_device()?;
        }
        if self.dice.permille(self.plan.rates.malice) {
            self.try_what_nobody_may()?;
        }
        Ok(())
    }

    fn publish_a_week(&mut self) -> anyhow::Result<()> {
        let school = self.dice.index(self.plan.schools);
        let week = Week::of(day(self.now - self.dice.between(0, 14) * DAY)).to_string();
        let Some(token) = self.principal(school)? else { return Ok(()) };
        let path = format!("/api/v1/schools/{}/weeks/{week}", self.stream(school));
        let ask = Ask::post(format!("{path}/publish"), &token, &json!({}));
        let reply = self.server.answer(&ask).context("the server is up")?;
        self.trace(("publish", &path, reply.status));
        match reply.status {
            201 => {
                let number = reply.json()["number"].as_u64().and_then(|number| u32::try_from(number).ok());
                let number = number.context("an edition has a number")?;
                let edition = Ask::get(format!("{path}/editions/{number}"), &token);
                let bytes = self.server.answer(&edition).context("the server is up")?;
                anyhow::ensure!(bytes.status == 200, "a published edition is not there: {}", bytes.text);
                let known = self.truth.editions.insert((school, week, number), bytes.text);
                anyhow::ensure!(known.is_none(), "I10: edition {number} was published twice");
                self.figures.editions += 1;
                Ok(())
            }
            409 => Ok(()),
            other => anyhow::bail!("publishing was answered {other}: {}", reply.text),
        }
    }

    /// I10: a published edition never changes.
    fn read_an_old_edition(&mut self) -> anyhow::Result<()> {
        let all: Vec<(usize, String, u32)> = self.truth.editions.keys().cloned().collect();
        let Some(edition) = self.dice.pick(&all).cloned() else { return Ok(()) };
        self.edition_is_as_it_was(&edition)
    }

    /// Reads an edition, and holds it against what was published.
    pub(crate) fn edition_is_as_it_was(
        &mut self,
        edition @ (school, week, number): &(usize, String, u32),
    ) -> anyhow::Result<()> {
        let Some(token) = self.principal(*school)? else { return Ok(()) };
        let path = format!("/api/v1/schools/{}/weeks/{week}/editions/{number}", self.stream(*school));
        let Reply { status, text, .. } =
            self.server.answer(&Ask::get(path, &token)).context("the server is up")?;
        anyhow::ensure!(
            status == 200 && self.truth.editions.get(edition) == Some(&text),
            "I10: edition {number} of {week} is not what was published ({status})"
        );
        Ok(())
    }

    /// A token of a school's principal, who always has his place.
    pub(crate) fn principal(&mut self, school: usize) -> anyhow::Result<Option<String>> {
        if !self.server.is_up() {
            return Ok(None);
        }
        let login = self.town.people[school].login.clone();
        self.signed_in(&login).map(Some)
    }

    /// A token of somebody, fetched without a network in between.
    pub(crate) fn signed_in(&mut self, login: &str) -> anyhow::Result<String> {
        let body = json!({"login": login, "password": crate::town::PASSWORD});
        let tokens = expect(&self.server, &Ask::post("/api/v1/sessions", "", &body), 200)?;
        self.know_token(&tokens);
        text(&tokens["access_token"])
    }

    /// An inspector's place ends, or he is given another.
    fn change_a_place(&mut self) -> anyhow::Result<()> {
        let people: Vec<usize> = self.phones.iter().map(|phone| phone.person).collect();
        let Some(&person) = self.dice.pick(&people) else { return Ok(()) };
        if person < self.town.schools.len() {
            return Ok(());
        }
        self.figures.role_changes += 1;
        let token = sign_in(&self.server, ADMINISTRATOR)?;
        let (id, today) = (self.town.people[person].id, day(self.now + self.server_skew));
        let open = self.truth.places[person].iter().position(|place| place.to.is_none());
        if let Some(place) = open.filter(|_| self.dice.permille(500)) {
            let last = today.checked_add_days(Days::new(self.dice.below(4))).context("a date")?;
            let Place { id: place_id, from, .. } = self.truth.places[person][place];
            let last = last.max(from);
            let path = format!("/api/v1/districts/{}/users/{id}/memberships/{place_id}", self.town.district);
            let body = json!({"valid_to": last}).to_string();
            expect(&self.server, &Ask { method: "PATCH", path, token, body }, 204)?;
            self.truth.places[person][place].to = Some(last);
            self.trace(("a place ends", person, last));
        } else {
            let school = self.dice.index(self.plan.schools);
            let roles = [Role::Inspector, Role::Inspector, Role::AcademicAffairs, Role::Supervisor];
            let role = *self.dice.pick(&roles).unwrap_or(&Role::Inspector);
            let district = self.town.district.clone();
            let stream = self.stream(school);
            let place = give_place(&self.server, &district, &token, &id.to_string(), stream, role, today)?;
            self.truth.places[person].push(Place { id: place, school, role, from: today, to: None });
            self.trace(("a place begins", person, school, role.as_str()));
        }
        Ok(())
    }

    /// Somebody revokes a phone of his.
    fn revoke_a_device(&mut self) -> anyhow::Result<()> {
        let phone = self.dice.index(self.phones.len());
        if !self.phones[phone].registered || self.phones[phone].gone {
            return Ok(());
        }
        let (login, device) =
            (self.phones[phone].login.clone(), self.phones[phone].replica.device().to_string());
        let token = self.signed_in(&login)?;
        let path = format!("/api/v1/devices/{device}");
        let ask = Ask { method: "DELETE", path, token, body: String::new() };
        let reply = self.server.answer(&ask).context("the server is up")?;
        self.trace(("revoke", phone, &device, reply.status));
        // A server put back to a backup may not know the device.
        anyhow::ensure!(reply.status == 204 || self.restored, "revoking was answered {}", reply.status);
        if reply.status == 204 {
            self.figures.revocations += 1;
            self.truth.revoked.insert(device);
        }
        Ok(())
    }

    /// The draft of a week's next edition, as the principal reads it.
    pub(crate) fn draft(&mut self, school: usize, week: &str) -> anyhow::Result<Value> {
        let token = self.principal(school)?.context("the server is up")?;
        let path = format!("/api/v1/schools/{}/weeks/{week}/draft", self.stream(school));
        expect(&self.server, &Ask::get(path, &token), 200)
    }
}
