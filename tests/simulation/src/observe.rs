//! Every answer of the server is held against what is known to be true, the moment it leaves.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::people::Role;
use xunke_sync::replica::Pull;
use xunke_sync::wire::page::{Change, Life, Page};
use xunke_sync::wire::push::Write;
use xunke_sync::wire::result::{Outcome, Pulled, PushAnswer, WriteResult};

use crate::clock::day;
use crate::exchange::asked;
use crate::oracle::{Answered, Number};
use crate::server::{Ask, Reply};
use crate::world::World;

/// A push as it is on the wire.
#[derive(Deserialize)]
struct Request {
    device: String,
    writes: Vec<Write>,
}

/// Section 2.2 of the protocol.
const CLAMP: i64 = 120_000;

impl World {
    /// Looks at an answer to a phone's request.
    pub(crate) fn observe(&mut self, ask: &Ask, reply: &Reply) -> anyhow::Result<()> {
        anyhow::ensure!(reply.status != 500, "{} {} was answered 500: {}", ask.method, ask.path, reply.text);
        if reply.status == 503 {
            anyhow::ensure!(reply.retry_after.is_some(), "a 503 does not say when to come back");
        }
        if reply.status != 200 {
            return Ok(());
        }
        if ask.path.starts_with("/api/v1/sessions") {
            self.know_token(&reply.json());
        } else if ask.path == "/api/v1/sync/push" {
            let request: Request = serde_json::from_str(&ask.body)?;
            let answer: PushAnswer = serde_json::from_str(&reply.text)?;
            self.observe_push(&request, &answer)?;
            for (stream, pulled) in &answer.pull {
                if let Pulled::Page(page) = pulled {
                    self.observe_page(&ask.token, stream.parse()?, page)?;
                }
            }
        } else if ask.path.starts_with("/api/v1/sync/changes") {
            let Pull { stream, cursor: _ } = asked(ask)?;
            self.observe_page(&ask.token, stream, &serde_json::from_str(&reply.text)?)?;
        }
        Ok(())
    }

    fn observe_push(&mut self, request: &Request, answer: &PushAnswer) -> anyhow::Result<()> {
        anyhow::ensure!(request.writes.len() == answer.results.len(), "not one result a write");
        let mut seqs: BTreeMap<SchoolId, i64> = BTreeMap::new();
        for (write, result) in request.writes.iter().zip(&answer.results) {
            anyhow::ensure!(write.n == result.n, "results are not in the order of the writes");
            let number = (request.device.clone(), write.n);
            let first = result.settled();
            let stamp = result.stamp.or(write.stamp).map(|stamp| stamp.to_string()).unwrap_or_default();
            let now = Answered {
                said: self.oracle.of_content(write.record, &write.set).unwrap_or(usize::MAX),
                outcome: outcome(first).to_owned(),
                seq: result.seq,
                stamp: if first == Outcome::Held { String::new() } else { stamp },
                reason: result.reason.map(|reason| reason.as_str().to_owned()),
            };
            anyhow::ensure!(now.said != usize::MAX, "write {number:?} was never captured: {:?}", write.set);
            if let Some(known) = self.oracle.answered.get(&number) {
                anyhow::ensure!(
                    result.outcome == Outcome::Duplicate,
                    "I3: write {number:?} was taken in twice: {known:?}, then {result:?}"
                );
                anyhow::ensure!(*known == now, "I3: write {number:?} was answered {known:?}, now {now:?}");
                self.figures.duplicates += 1;
                continue;
            }
            anyhow::ensure!(
                result.outcome != Outcome::Duplicate,
                "write {number:?} is new and was answered as a duplicate"
            );
            if let Some(seq) = result.seq {
                let before = seqs.insert(write.stream, seq);
                anyhow::ensure!(
                    before.is_none_or(|before| before < seq),
                    "seqs do not ascend: {before:?} {seq}"
                );
            }
            self.observe_rights(request, write, result, &now)?;
            self.observe_stamp(&number, write, &now)?;
            self.take_note(number, now, result);
        }
        Ok(())
    }

    /// Takes note of an answer to a write.
    pub(crate) fn take_note(&mut self, number: Number, now: Answered, result: &WriteResult) {
        self.figures.conflicts +=
            i64::try_from(result.lost.values().filter(|lost| lost.conflict.is_some()).count()).unwrap_or(0);
        if now.is_held() {
            self.figures.held += 1;
        } else {
            self.figures.acknowledged += 1;
        }
        if self.oracle.lost.remove(&number).is_some() {
            self.figures.healed += 1;
        }
        self.oracle.answered.insert(number, now);
    }

    /// What can never be taken in is held; what is right, and whose author has a place there, is not.
    fn observe_rights(
        &self,
        request: &Request,
        write: &Write,
        result: &WriteResult,
        now: &Answered,
    ) -> anyhow::Result<()> {
        let said = self.oracle.get(now.said);
        if said.poison {
            anyhow::ensure!(now.is_held(), "what cannot be taken in was: {:?}", write.set);
            return Ok(());
        }
        let revoked = self.truth.revoked.contains(&request.device);
        if now.is_held() && !revoked && !self.restored && said.own {
            // His own visit: the only other reason is that he had no place there on its day.
            let reason = now.reason.as_deref().unwrap_or_default();
            let person = self.town.people.iter().position(|person| person.id == said.person);
            let places = person.map(|person| self.truth.places[person].as_slice()).unwrap_or_default();
            let always = places
                .iter()
                .any(|place| self.stream(place.school) == said.stream && place.covers_every_day());
            anyhow::ensure!(!always, "a visit of one who has his place was held: {reason} {result:?}");
        }
        Ok(())
    }

    /// I6: no stamp is more than 120 s ahead of its receipt, unless what its author had seen is.
    fn observe_stamp(&self, number: &Number, write: &Write, now: &Answered) -> anyhow::Result<()> {
        let millis = now.stamp.get(..12).and_then(|hex| i64::from_str_radix(hex, 16).ok()).unwrap_or(0);
        if millis <= self.now + self.server_skew + CLAMP {
            return Ok(());
        }
        let earlier = self.oracle.answered.values().filter(|other| !other.is_held());
        let floor = earlier
            .filter(|other| {
                let said = self.oracle.get(other.said);
                said.record == write.record && said.set.keys().any(|path| write.set.contains_key(path))
            })
            .map(|other| other.stamp.as_str())
            .max();
        anyhow::ensure!(
            floor.is_some_and(|floor| floor.get(..12) >= now.stamp.get(..12)),
            "I6: write {number:?} got the stamp {} while the server's clock said {:012x}",
            now.stamp,
            self.now + self.server_skew
        );
        Ok(())
    }

    /// I7: no byte of a school reaches someone without it.
    fn observe_page(&mut self, token: &str, stream: SchoolId, page: &Page) -> anyhow::Result<()> {
        self.figures.pages += 1;
        let Some(reader) = self.reader(token) else { anyhow::bail!("a page was given to nobody known") };
        let today = day(self.now + self.server_skew);
        let roles: Vec<Role> = self.truth.places[reader]
            .iter()
            .filter(|place| self.stream(place.school) == stream && place.holds_on(today))
            .map(|place| place.role)
            .collect();
        anyhow::ensure!(
            roles.iter().any(|role| role.visits()),
            "I7: {} reads a school without a place there",
            self.town.people[reader].login
        );
        if roles.iter().any(|role| role.sees_whole_school()) {
            return Ok(());
        }
        let me = self.town.people[reader].id;
        for change in
            page.changes.iter().filter(|change| change.kind == "visit" && change.life == Life::Alive)
        {
            anyhow::ensure!(
                concerns(change, me),
                "I7: {} reads a visit of somebody else: {change:?}",
                self.town.people[reader].login
            );
        }
        Ok(())
    }

    /// Takes note of whose an access token is.
    pub(crate) fn know_token(&mut self, tokens: &Value) {
        let person = self.town.people.iter().position(|person| tokens["account"] == person.id.to_string());
        if let (Some(token), Some(person)) = (tokens["access_token"].as_str(), person) {
            self.tokens.insert(token.to_owned(), person);
        }
    }

    /// Who holds an access token.
    pub(crate) fn reader(&self, token: &str) -> Option<usize> {
        self.tokens.get(token).copied()
    }
}

fn concerns(change: &Change, me: UserId) -> bool {
    let companion = format!("companions/{me}");
    change.author == Some(me)
        || change.fields.iter().any(|(path, value)| path.as_str() == companion && *value == Value::Bool(true))
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::Merged => "merged",
        Outcome::Duplicate => "duplicate",
        Outcome::Held => "held",
    }
}
