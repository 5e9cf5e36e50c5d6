//! What people do with their phones.

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;

use crate::clock::{day, moment};
use crate::oracle::{Said, SaidId};
use crate::world::{Event, World};

const DAY: i64 = 86_400_000;
const DIMENSIONS: [&str; 3] = ["engagement", "conduct", "curriculum"];
const LEVELS: [&str; 4] = ["excellent", "good", "fair", "poor"];

impl World {
    /// A phone is taken out of a pocket.
    pub(crate) fn use_phone(&mut self, number: usize) -> anyhow::Result<()> {
        if self.phones[number].gone {
            return Ok(());
        }
        let rest = self.dice.between(self.plan.rest / 20, self.plan.rest);
        self.after(rest, Event::Use(number));
        self.befall_phone(number)?;
        if self.phones[number].gone {
            return Ok(());
        }
        for _ in 0..self.dice.below(4) {
            self.say_something(number)?;
        }
        self.phones[number].begin();
        self.go_on(number)
    }

    /// What happens to phones.
    fn befall_phone(&mut self, number: usize) -> anyhow::Result<()> {
        let rates = self.plan.rates;
        if self.dice.permille(rates.app_killed) {
            self.kill_app(number)?;
        }
        if self.dice.permille(rates.phone_clock) {
            self.figures.clock_jumps += 1;
            self.phones[number].skew = if self.dice.permille(400) { 0 } else { self.wrong_clock() };
        }
        if self.dice.permille(rates.partition) {
            self.figures.partitions += 1;
            let until = self.now + self.dice.between(DAY / 2, 20 * DAY);
            self.phones[number].offline_until = until;
        }
        if self.dice.permille(rates.phone_restored) {
            if let Some(gone) = self.phones[number].put_back()? {
                self.figures.phones_restored += 1;
                for said in gone {
                    self.oracle.get_mut(said).kept = false;
                }
            } else {
                self.phones[number].back_up();
            }
        }
        if self.dice.permille(rates.phone_lost) {
            self.figures.phones_lost += 1;
            self.phones[number].gone = true;
            let gone: Vec<SaidId> = self.phones[number].tickets.values().copied().collect();
            for said in gone {
                self.oracle.get_mut(said).kept = false;
            }
        }
        Ok(())
    }

    /// The app is killed between two of its steps.
    pub(crate) fn kill_app(&mut self, number: usize) -> anyhow::Result<()> {
        self.figures.app_kills += 1;
        let same = self.phones[number].kill()?;
        anyhow::ensure!(same, "phone {number} had something in memory that it had not stored");
        Ok(())
    }

    /// Something is captured: a new visit, or more about one that is in sight.
    fn say_something(&mut self, number: usize) -> anyhow::Result<()> {
        let Some(stream) = self.a_stream_of(number) else { return Ok(()) };
        let phone = &self.phones[number];
        let me = phone.user;
        let visible: Vec<(Uuid, bool)> = phone
            .replica
            .records(stream)
            .filter(|(kind, _, _)| *kind == "visit")
            .filter_map(|(kind, id, fields)| {
                let author = phone.replica.author(stream, kind, id)?;
                let companion = format!("companions/{me}");
                let along = fields.iter().any(|(path, value)| path.as_str() == companion && *value == true);
                (author == me || along).then_some((id, author == me))
            })
            .collect();
        let new = visible.is_empty() || self.dice.permille(400);
        let (record, own) = if new {
            (self.dice.id(self.now), true)
        } else {
            *self.dice.pick(&visible).unwrap_or(&(Uuid::nil(), true))
        };
        let poison = self.dice.permille(self.plan.rates.poison);
        let (kind, set) = if poison { self.poison() } else { ("visit", self.words(number, new, own)) };
        self.capture(number, stream, kind, record, set, own, poison)
    }

    #[expect(clippy::too_many_arguments, reason = "what a write is made of")]
    fn capture(
        &mut self,
        number: usize,
        stream: SchoolId,
        kind: &str,
        record: Uuid,
        set: Value,
        own: bool,
        poison: bool,
    ) -> anyhow::Result<()> {
        let set: Fields = serde_json::from_value(set)?;
        let phone = &self.phones[number];
        let view = phone.replica.view(stream, kind, record).unwrap_or_default();
        let shown = set.keys().filter_map(|path| Some((path, view.get(path)?)));
        let seen =
            shown.filter_map(|(path, value)| self.oracle.who_said(record, path.as_str(), value)).collect();
        let said = Said {
            phone: number,
            person: phone.user,
            stream,
            record,
            kind: kind.to_owned(),
            set: set.clone(),
            seen,
            poison,
            own,
            kept: true,
        };
        self.trace((number, "says", &said.set, &said.seen));
        let said = self.oracle.say(said);
        self.figures.saved += 1;
        self.phones[number].capture(self.now, stream, kind, record, set, said)
    }

    /// A school that the phone knows, or whose person knows it.
    fn a_stream_of(&mut self, number: usize) -> Option<SchoolId> {
        let known: Vec<SchoolId> = self.phones[number].replica.streams().map(|(stream, _)| stream).collect();
        if let Some(stream) = self.dice.pick(&known) {
            return Some(*stream);
        }
        let places = &self.town.people[self.phones[number].person].places;
        let school = self.dice.pick(places)?.school;
        Some(self.stream(school))
    }

    /// What is said about a visit; at least one value is like no other.
    fn words(&mut self, number: usize, new: bool, own: bool) -> Value {
        let unique = format!("第{}条", self.oracle.next());
        let mut set = json!({});
        if new {
            set["kind"] = json!("walkthrough");
            set["slot"] = self.slot();
            set["x.note"] = json!(unique);
        }
        let dimension = *self.dice.pick(&DIMENSIONS).unwrap_or(&"engagement");
        match self.dice.below(if own { 11 } else { 8 }) {
            0 => set["x.note"] = json!(unique),
            1 => set["feedback"] = json!({"mode": "face_to_face", "text": unique}),
            2 => set["lesson_plan_check"] = json!({"result": "present", "note": unique}),
            3 => {
                let element = format!("notes/e{}", self.dice.below(3));
                set[element] = json!({"text": unique});
            }
            4 => {
                set[format!("ratings/{dimension}")] = json!(self.dice.pick(&LEVELS));
                set["x.rated"] = json!(unique);
            }
            5 | 6 => {
                let element = format!("highlights/e{}", self.dice.below(3));
                set[element] = json!({"text": unique});
            }
            7 => {
                let element = format!("highlights/e{}", self.dice.below(3));
                set[element] = Value::Null;
                set["x.removed"] = json!(unique);
            }
            8 => {
                let name = if self.dice.permille(800) { "submitted_at" } else { "withdrawn" };
                set[name] =
                    if name == "withdrawn" { json!({"reason": unique}) } else { json!(moment(self.now)) };
                set["x.submitted"] = json!(unique);
            }
            9 => set["slot"] = self.slot(),
            _ => {
                let companion = self.dice.index(self.town.people.len());
                if self.phones[number].user != self.town.people[companion].id {
                    let along = if self.dice.permille(750) { json!(true) } else { Value::Null };
                    set[format!("companions/{}", self.town.people[companion].id)] = along;
                }
                set["x.along"] = json!(unique);
            }
        }
        if new && self.dice.permille(600) {
            set["submitted_at"] = json!(moment(self.now));
        }
        set
    }

    /// A slot like no other, a few days around today.
    fn slot(&mut self) -> Value {
        let date = day(self.now + self.dice.between(-9, 3) * DAY);
        let class = self.dice.id(self.now);
        json!({"date": date, "period": format!("第{}节", 1 + self.dice.below(6)), "class": class})
    }

    /// A write that can never be taken in.
    fn poison(&mut self) -> (&'static str, Value) {
        let unique = format!("第{}条", self.oracle.next());
        match self.dice.below(4) {
            0 => ("visit", json!({"mood": unique})),
            1 => ("visit", json!({"ratings/engagement": unique})),
            2 => ("weather", json!({"sky": unique})),
            _ => ("visit", json!({"notes/e1": {"text": unique, "author": "nobody"}})),
        }
    }
}
