//! How a world ends: faults have stopped, every phone syncs, and what is left is held against what is known.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::Value;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_domain::week::Week;
use xunke_sync::replica::{Pull, Replica, Standing, Ticket};
use xunke_sync::wire::page::{Life, Page};

use crate::clock::day;
use crate::server::Ask;
use crate::town::expect;
use crate::world::World;

/// Rounds in which every phone syncs once, after which nothing may be left to do (I9).
const ROUNDS: usize = 6;
/// Messages of one phone in one round: its queue one write at a time, its pages one record at a time, and more.
const MESSAGES: usize = 6_000;

/// Records of a stream: type and id → fields, without removed ones.
type Records = BTreeMap<(String, Uuid), Value>;

impl World {
    /// Every phone syncs until nothing is left to do, in a bounded number of rounds.
    pub(crate) fn come_to_rest(&mut self) -> anyhow::Result<()> {
        let mut restless = Vec::new();
        for round in 0..ROUNDS {
            let before: Vec<_> = self.phones.iter().map(|phone| phone.replica.clone()).collect();
            for number in 0..self.phones.len() {
                self.now += 3_600_000;
                self.phones[number].begin();
                self.go_on(number)?;
                self.until_quiet(MESSAGES)?;
            }
            let changed = self.phones.iter().zip(&before).enumerate();
            let changed = changed
                .filter(|(_, (phone, before))| standing_still(&phone.replica) != standing_still(before));
            restless = changed.map(|(number, _)| number).collect();
            if round > 0 && restless.is_empty() {
                return Ok(());
            }
        }
        anyhow::bail!("I9: phones {restless:?} still change after {ROUNDS} rounds without faults")
    }

    /// Looks at what is left.
    pub(crate) fn judge(&mut self) -> anyhow::Result<()> {
        self.server.clock().set(self.now);
        self.audit()?;
        self.everything_kept_is_answered()?;
        if let Some((later, earlier)) = self.oracle.beaten_by_the_seen() {
            anyhow::bail!("I5: write {later:?} saw {earlier:?} and does not stand above it");
        }
        for school in 0..self.town.schools.len() {
            self.state_is_as_expected(school)?;
            self.weeks_are_whole(school)?;
        }
        for number in 0..self.phones.len() {
            self.phone_is_as_the_server(number)?;
        }
        let editions: Vec<_> = self.truth.editions.keys().cloned().collect();
        for edition in &editions {
            self.edition_is_as_it_was(edition)?;
        }
        Ok(())
    }

    /// I2 and I11: what a living phone still has was answered, and the server has it.
    fn everything_kept_is_answered(&self) -> anyhow::Result<()> {
        for (number, phone) in self.phones.iter().enumerate().filter(|(_, phone)| !phone.gone) {
            let standing = phone.replica.standing();
            anyhow::ensure!(standing == Standing::Free, "phone {number} ends {standing:?}");
            let unsent = phone.replica.unsent();
            let stuck: Vec<_> = phone.replica.stuck().map(|(_, write)| write).collect();
            anyhow::ensure!(unsent == 0, "I9: phone {number} ends with {unsent} unsent, stuck: {stuck:?}");
        }
        let known: BTreeSet<usize> = self.oracle.answered.values().map(|answered| answered.said).collect();
        for (id, said) in self.oracle.all().filter(|(_, said)| said.kept) {
            let phone = &self.phones[said.phone];
            anyhow::ensure!(
                known.contains(&id),
                "I11: write {id} of phone {} ({}) is not on the server; lost: {:?}; the phone says: {:?}",
                said.phone,
                phone.login,
                self.oracle.lost.iter().find(|(_, lost)| lost.said == id),
                phone
                    .tickets
                    .iter()
                    .find(|(_, said)| **said == id)
                    .map(|(ticket, _)| phone.replica.status(*ticket))
            );
        }
        Ok(())
    }

    /// Survival, not only agreement: every field of every visit is what the largest stamp says.
    fn state_is_as_expected(&mut self, school: usize) -> anyhow::Result<()> {
        let stream = self.stream(school);
        let token = self.principal(school)?.context("the server is up")?;
        let pages = self.read_from_zero(stream, &token)?;
        let changes = || pages.iter().flat_map(|page| &page.changes).filter(|change| change.kind == "visit");
        let newest = self.oracle.newest(stream);
        for change in changes() {
            anyhow::ensure!(
                newest.get(&change.id) == Some(&change.seq),
                "visit {} stands at {}, its newest write at {:?}",
                change.id,
                change.seq,
                newest.get(&change.id)
            );
        }
        let shown: BTreeMap<Uuid, Value> = visible(&pages)?
            .into_iter()
            .filter(|((kind, _), _)| kind == "visit")
            .map(|((_, id), fields)| (id, fields))
            .collect();
        let expected = self.oracle.expected(stream);
        for (record, fields) in &expected {
            let fields = serde_json::to_value(fields)?;
            let shown = shown.get(record);
            anyhow::ensure!(
                shown == Some(&fields),
                "visit {record} must be {fields} and is {}",
                shown.map_or_else(|| "absent".to_owned(), Value::to_string)
            );
        }
        anyhow::ensure!(shown.len() == expected.len(), "the server shows visits that nobody made");
        Ok(())
    }

    /// I10: every submitted visit is in its week's draft, and a published week that has changed says so.
    fn weeks_are_whole(&mut self, school: usize) -> anyhow::Result<()> {
        let stream = self.stream(school);
        let mut weeks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (record, fields) in self.oracle.expected(stream) {
            let date = fields.get("slot").and_then(|slot| slot["date"].as_str()?.parse().ok());
            let told = fields.contains_key("submitted_at") && !fields.contains_key("withdrawn");
            if let Some(date) = date.filter(|_| told) {
                weeks.entry(Week::of(date).to_string()).or_default().insert(record.to_string());
            }
        }
        for (published, week, _) in self.truth.editions.keys() {
            if *published == school {
                weeks.entry(week.clone()).or_default();
            }
        }
        for (week, visits) in weeks {
            let draft = self.draft(school, &week)?;
            let digests = &draft["log"]["visit_digests"];
            let told: BTreeSet<String> = digests.as_object().context("digests")?.keys().cloned().collect();
            anyhow::ensure!(told == visits, "I10: {week} must tell {visits:?} and tells {told:?}");
            self.draft_is_announced(school, &week, digests)?;
        }
        Ok(())
    }

    /// Where the newest edition tells something else than the draft, the list of weeks says that a draft waits.
    fn draft_is_announced(&mut self, school: usize, week: &str, digests: &Value) -> anyhow::Result<()> {
        let mut editions = self.truth.editions.iter();
        let newest = editions.rfind(|((at, of, _), _)| *at == school && of == week);
        let Some((_, bytes)) = newest else { return Ok(()) };
        let edition: Value = serde_json::from_str(bytes)?;
        if edition["log"]["visit_digests"] == *digests {
            return Ok(());
        }
        let token = self.principal(school)?.context("the server is up")?;
        let path = format!("/api/v1/schools/{}/weeks?limit=200", self.stream(school));
        let list = expect(&self.server, &Ask::get(path, &token), 200)?;
        let weeks = list["items"].as_array().context("weeks")?;
        let pending = weeks.iter().any(|item| item["week"] == week && item["draft_pending"] == true);
        anyhow::ensure!(pending, "I10: {week} has changed since its newest edition, and nobody is told");
        Ok(())
    }

    /// I1, I8: a phone shows what the server shows its person, and nothing of streams that are not his.
    fn phone_is_as_the_server(&mut self, number: usize) -> anyhow::Result<()> {
        let phone = &self.phones[number];
        if phone.gone || !phone.registered {
            return Ok(());
        }
        let (person, login) = (phone.person, phone.login.clone());
        let token = self.signed_in(&login)?;
        let today = day(self.now);
        for school in 0..self.town.schools.len() {
            let stream = self.stream(school);
            let his = self.truth.places[person]
                .iter()
                .any(|place| place.school == school && place.holds_on(today) && place.role.visits());
            let phone = &self.phones[number];
            if !his {
                let mut rows = phone.rows_of(stream);
                // What he wrote for a school that was never his stays in his sight, held.
                rows.retain(|(key, _)| {
                    !key.starts_with("write/") || phone.replica.removable().contains(&stream)
                });
                anyhow::ensure!(rows.is_empty(), "I8: phone {number} has rows of a school not his: {rows:?}");
                continue;
            }
            let shown: Records = phone
                .replica
                .records(stream)
                .map(|(kind, id, fields)| Ok(((kind.to_owned(), id), serde_json::to_value(fields)?)))
                .collect::<anyhow::Result<_>>()?;
            let server = visible(&self.read_from_zero(stream, &token)?)?;
            if shown != server {
                let differs = server.iter().find(|(key, fields)| shown.get(*key) != Some(*fields));
                let more = shown.iter().find(|(key, _)| !server.contains_key(*key));
                anyhow::bail!(
                    "I1: phone {number} and the server differ: {differs:?}; only on the phone: {more:?}"
                );
            }
        }
        Ok(())
    }

    fn read_from_zero(&mut self, stream: SchoolId, token: &str) -> anyhow::Result<Vec<Page>> {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/sync/changes?stream={stream}&limit=1000{cursor}");
            let page: Page = serde_json::from_value(expect(&self.server, &Ask::get(path, token), 200)?)?;
            cursor = format!("&cursor={}", page.cursor);
            let more = page.more;
            pages.push(page);
            if !more {
                return Ok(pages);
            }
        }
    }
}

/// What no longer changes once nothing is left to do. What was acknowledged a month ago may still be let go of.
fn standing_still(replica: &Replica) -> (Standing, usize, Vec<Pull>, Vec<Ticket>) {
    let held = replica.held().map(|held| held.ticket).collect();
    (replica.standing(), replica.unsent(), replica.next_pulls(), held)
}

/// The records of pages read from zero.
fn visible(pages: &[Page]) -> anyhow::Result<Records> {
    let mut records = Records::new();
    for change in pages.iter().flat_map(|page| &page.changes) {
        anyhow::ensure!(change.life == Life::Alive, "the first sync shows what is erased");
        let mut fields = change.fields.clone();
        fields.retain(|_, value| !value.is_null());
        let known = records.insert((change.kind.clone(), change.id), serde_json::to_value(fields)?);
        anyhow::ensure!(known.is_none(), "a record appears twice in a reading from zero");
    }
    Ok(records)
}
