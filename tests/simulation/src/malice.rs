//! Things that somebody with a good token tries, and that nobody may.

use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;

use crate::clock::day;
use crate::oracle::{Answered, Number, Said};
use crate::server::{Ask, Reply};
use crate::world::World;

impl World {
    /// Somebody tries something.
    pub(crate) fn try_what_nobody_may(&mut self) -> anyhow::Result<()> {
        let number = self.dice.index(self.phones.len());
        let phone = &self.phones[number];
        if !phone.registered || phone.gone {
            return Ok(());
        }
        let (login, device) = (phone.login.clone(), phone.replica.device().to_string());
        if self.truth.revoked.contains(&device) || self.restored {
            return Ok(());
        }
        self.figures.malice += 1;
        let token = self.signed_in(&login)?;
        match self.dice.below(4) {
            0 => self.read_a_foreign_school(number, &token),
            1 => self.borrow_a_device(number, &token),
            2 => self.say_it_otherwise(&device, &token),
            _ => self.write_where_he_has_no_place(number, &device, &token),
        }
    }

    /// A school where this phone's person never had a place.
    fn foreign_school(&self, number: usize) -> Option<SchoolId> {
        let person = self.phones[number].person;
        let school = (0..self.town.schools.len())
            .find(|school| self.truth.places[person].iter().all(|place| place.school != *school))?;
        Some(self.stream(school))
    }

    fn read_a_foreign_school(&mut self, number: usize, token: &str) -> anyhow::Result<()> {
        let today = day(self.now + self.server_skew);
        let person = self.phones[number].person;
        for school in 0..self.town.schools.len() {
            let mut places = self.truth.places[person].iter().filter(|place| place.school == school);
            if places.any(|place| place.holds_on(today)) {
                continue;
            }
            let path = format!("/api/v1/sync/changes?stream={}", self.stream(school));
            let reply = self.ask_badly(&Ask::get(path, token))?;
            anyhow::ensure!(
                reply.status == 404 || reply.status == 403,
                "I7: {} may read a school without a place there: {}",
                self.town.people[person].login,
                reply.status
            );
        }
        Ok(())
    }

    /// A push in the name of somebody else's device.
    fn borrow_a_device(&mut self, number: usize, token: &str) -> anyhow::Result<()> {
        let me = self.phones[number].user;
        let others = self.phones.iter().filter(|other| other.registered && other.user != me);
        let others: Vec<String> = others.map(|other| other.replica.device().to_string()).collect();
        let Some(device) = self.dice.pick(&others).cloned() else { return Ok(()) };
        let write = json!({"n": 1, "stream": self.stream(0), "type": "visit", "record": Uuid::nil(),
            "set": {"x.note": "借来的手机"}});
        let reply = self.ask_badly(&push(&device, token, &write))?;
        anyhow::ensure!(
            reply.status == 403,
            "a push of somebody else's device was answered {}",
            reply.status
        );
        Ok(())
    }

    /// Another body under a number that is known: nothing of it may be taken in.
    fn say_it_otherwise(&mut self, device: &str, token: &str) -> anyhow::Result<()> {
        let known: Vec<Number> = self
            .oracle
            .answered
            .iter()
            .filter(|((of, _), answered)| of == device && !answered.is_held())
            .map(|(number, _)| number.clone())
            .collect();
        let Some((_, n)) = self.dice.pick(&known).cloned() else { return Ok(()) };
        let said = self.oracle.get(self.oracle.answered[&(device.to_owned(), n)].said);
        let write = json!({"n": n, "stream": said.stream, "type": said.kind, "record": said.record,
            "set": {"x.note": "另一种说法"}});
        let reply = self.ask_badly(&push(device, token, &write))?;
        anyhow::ensure!(
            reply.status == 409,
            "another body under a known number was answered {}: {}",
            reply.status,
            reply.text
        );
        Ok(())
    }

    /// A write to a school without a place there is held, and in no record.
    fn write_where_he_has_no_place(
        &mut self,
        number: usize,
        device: &str,
        token: &str,
    ) -> anyhow::Result<()> {
        let Some(stream) = self.foreign_school(number) else { return Ok(()) };
        let n = 1_000_000 + i64::try_from(self.oracle.next()).unwrap_or(0);
        let record = self.dice.id(self.now);
        let set: Fields = serde_json::from_value(json!({"x.note": format!("越权{n}")}))?;
        let write = json!({"n": n, "stream": stream, "type": "visit", "record": record, "set": set});
        let reply = self.ask_badly(&push(device, token, &write))?;
        let result = &reply.json()["results"][0];
        anyhow::ensure!(
            result["outcome"] == "held" && result["reason"] == "not_a_member",
            "a write to a school without a place there was answered {}",
            reply.text
        );
        let said = Said {
            phone: number,
            person: self.phones[number].user,
            stream,
            record,
            kind: "visit".to_owned(),
            set,
            seen: Vec::new(),
            poison: true,
            own: true,
            kept: false,
        };
        let said = self.oracle.say(said);
        let reason = Some("not_a_member".to_owned());
        let answered = Answered { said, outcome: "held".to_owned(), seq: None, stamp: String::new(), reason };
        self.oracle.answered.insert((device.to_owned(), n), answered);
        Ok(())
    }

    fn ask_badly(&mut self, ask: &Ask) -> anyhow::Result<Reply> {
        let reply = self.server.answer(ask).context("the server is up")?;
        self.trace(("malice", &ask.path, &ask.body, reply.status, &reply.text));
        Ok(reply)
    }
}

fn push(device: &str, token: &str, write: &Value) -> Ask {
    let body = json!({"device": device, "schema": 1, "unsent": 0, "writes": [write]});
    Ask::post("/api/v1/sync/push", token, &body)
}
