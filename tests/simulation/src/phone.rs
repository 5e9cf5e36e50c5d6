//! A phone: the app around the reference replica, its storage, its clock, and the person who holds it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_sync::limits::Limits;
use xunke_sync::replica::{Failure, LocalTx, Pull, Push, Replica, Standing, Ticket};
use xunke_sync::stamp::DeviceId;

use crate::clock::moment;
use crate::oracle::SaidId;
use crate::server::Ask;
use crate::town::PASSWORD;

/// What a request asks for, to know its answer by.
#[derive(Clone, Debug)]
pub enum Question {
    /// A token.
    SignIn,
    /// A token for a refresh token.
    Refresh,
    /// A device id.
    Register,
    /// The streams one may sync.
    Streams,
    /// To take writes in.
    Push(Push),
    /// A page.
    Changes(Pull),
}

/// An earlier copy of a phone's storage.
#[derive(Clone, Debug)]
pub struct Copy {
    rows: BTreeMap<String, String>,
    tickets: BTreeMap<Ticket, SaidId>,
}

/// A phone.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
pub struct Phone {
    /// Its person, by number.
    pub person: usize,
    /// The person's account.
    pub user: UserId,
    /// The name to sign in with.
    pub login: String,
    /// What is in memory.
    pub replica: Replica,
    /// What is in storage.
    rows: BTreeMap<String, String>,
    /// Its clock minus true time, milliseconds.
    pub skew: i64,
    /// The access token; empty: none that is good.
    pub access: String,
    refresh: String,
    /// Whether a device was ever registered.
    pub registered: bool,
    /// Tells answers to this life of the app from those to an earlier one.
    pub life: u64,
    /// The request that is out, by its message's number.
    pub out: Option<u64>,
    /// No network until then.
    pub offline_until: i64,
    /// Lost for good.
    pub gone: bool,
    /// Which captured writes are in storage.
    pub tickets: BTreeMap<Ticket, SaidId>,
    /// Streams read to their end in this use of the phone.
    synced: BTreeSet<SchoolId>,
    listed: bool,
    /// Pages are asked for together with pushes.
    pub together: bool,
    /// Most writes of a push.
    pub batch: usize,
    copy: Option<Copy>,
}

impl Phone {
    /// A fresh installation; a device is registered at its first use.
    pub fn new(person: usize, user: UserId, login: String, batch: usize, together: bool) -> Self {
        let (replica, tx) = Replica::new(DeviceId::UNREGISTERED, user);
        let mut phone = Self {
            person,
            user,
            login,
            replica,
            rows: BTreeMap::new(),
            skew: 0,
            access: String::new(),
            refresh: String::new(),
            registered: false,
            life: 0,
            out: None,
            offline_until: 0,
            gone: false,
            tickets: BTreeMap::new(),
            synced: BTreeSet::new(),
            listed: false,
            together,
            batch,
            copy: None,
        };
        phone.store(tx);
        phone
    }

    /// Stores rows: one local transaction.
    pub fn store(&mut self, tx: LocalTx) {
        for (key, row) in tx.into_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    /// Captures a write.
    pub fn capture(
        &mut self,
        now: i64,
        stream: SchoolId,
        kind: &str,
        record: Uuid,
        set: Fields,
        said: SaidId,
    ) -> anyhow::Result<()> {
        let (ticket, tx) = self.replica.capture(now + self.skew, stream, kind, record, set)?;
        self.store(tx);
        self.tickets.insert(ticket, said);
        Ok(())
    }

    /// The app is killed and started again; gives whether memory was what storage says.
    pub fn kill(&mut self) -> anyhow::Result<bool> {
        let loaded = Replica::load(self.rows.clone())?;
        let same = loaded == self.replica;
        self.replica = loaded;
        self.life += 1;
        self.out = None;
        self.begin();
        Ok(same)
    }

    /// Somebody takes it out of his pocket: everything is looked at anew.
    pub fn begin(&mut self) {
        self.listed = false;
        self.synced.clear();
        let tx = self.replica.retry_stuck();
        self.store(tx);
    }

    /// Copies its storage.
    pub fn back_up(&mut self) {
        self.copy = Some(Copy { rows: self.rows.clone(), tickets: self.tickets.clone() });
    }

    /// Puts the copy back; gives the writes that are gone with what it replaces.
    pub fn put_back(&mut self) -> anyhow::Result<Option<Vec<SaidId>>> {
        let Some(Copy { rows, tickets }) = self.copy.take() else { return Ok(None) };
        self.rows = rows;
        let before = std::mem::replace(&mut self.tickets, tickets);
        let kept: BTreeSet<SaidId> = self.tickets.values().copied().collect();
        self.kill()?;
        Ok(Some(before.into_values().filter(|said| !kept.contains(said)).collect()))
    }

    /// Destroys everything that is stored, and begins as a fresh installation; gives the writes that are gone.
    pub fn wipe(&mut self) -> Vec<SaidId> {
        let fresh = Self::new(self.person, self.user, self.login.clone(), self.batch, self.together);
        let Self { skew, offline_until, life, .. } = *self;
        let before = std::mem::replace(self, Self { skew, offline_until, life: life + 1, ..fresh });
        before.tickets.into_values().collect()
    }

    /// The rows of its storage that name a stream.
    pub fn rows_of(&self, stream: SchoolId) -> Vec<(&str, &str)> {
        let name = stream.to_string();
        let rows = self.rows.iter().map(|(key, row)| (key.as_str(), row.as_str()));
        rows.filter(|(key, row)| key.contains(&name) || row.contains(&name)).collect()
    }

    /// Removes streams that are gone and have nothing queued, and lets go of what was acknowledged long ago. Gives
    /// the streams removed, and the writes that are stored no more.
    pub fn tidy(&mut self, now: i64) -> (Vec<SchoolId>, Vec<SaidId>) {
        let removed = self.replica.removable();
        for stream in &removed {
            let tx = self.replica.remove(*stream);
            self.store(tx);
        }
        let tx = self.replica.prune(now + self.skew);
        self.store(tx);
        let replica = &self.replica;
        let gone: Vec<Ticket> =
            self.tickets.keys().copied().filter(|ticket| replica.status(*ticket).is_none()).collect();
        (removed, gone.into_iter().filter_map(|ticket| self.tickets.remove(&ticket)).collect())
    }

    /// What it asks next; `None`: all is done, for this time.
    pub fn ask(&mut self, now: i64, page: usize) -> Option<(Question, Ask)> {
        let token = self.access.clone();
        if token.is_empty() {
            return Some(self.ask_for_a_token());
        }
        let standing = self.replica.standing();
        if !self.registered || matches!(standing, Standing::Forked | Standing::Revoked { .. }) {
            let body = json!({"name": "phone", "platform": "simulated", "app_version": "1"});
            return Some((Question::Register, Ask::post("/api/v1/devices", &token, &body)));
        }
        if !self.listed {
            return Some((Question::Streams, Ask::get("/api/v1/sync/streams".to_owned(), &token)));
        }
        let limits = Limits { push_writes: self.batch, ..Limits::default() };
        let pulls = if self.together { self.pulls() } else { Vec::new() };
        if let Some((push, tx)) = self.replica.next_push(&moment(now + self.skew), &limits, &pulls) {
            self.store(tx);
            let body = serde_json::to_value(&push.request).unwrap_or(Value::Null);
            return Some((Question::Push(push), Ask::post("/api/v1/sync/push", &token, &body)));
        }
        let pull = self.pulls().into_iter().next()?;
        let cursor = pull.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let path = format!("/api/v1/sync/changes?stream={}&limit={page}{cursor}", pull.stream);
        Some((Question::Changes(pull), Ask::get(path, &token)))
    }

    /// Streams that were not read to their end yet in this use.
    fn pulls(&self) -> Vec<Pull> {
        let mut pulls = self.replica.next_pulls();
        pulls.retain(|pull| !self.synced.contains(&pull.stream));
        pulls
    }

    fn ask_for_a_token(&self) -> (Question, Ask) {
        if self.refresh.is_empty() {
            let body = json!({"login": self.login, "password": PASSWORD});
            (Question::SignIn, Ask::post("/api/v1/sessions", "", &body))
        } else {
            let body = json!({"refresh_token": self.refresh});
            (Question::Refresh, Ask::post("/api/v1/sessions/refresh", "", &body))
        }
    }

    /// Takes new tokens; `None`: the refresh token is good no more.
    pub fn take_tokens(&mut self, tokens: Option<&Value>) -> anyhow::Result<()> {
        let Some(tokens) = tokens else {
            self.refresh.clear();
            return Ok(());
        };
        self.access = crate::town::text(&tokens["access_token"])?;
        self.refresh = crate::town::text(&tokens["refresh_token"])?;
        let tx = self.replica.signed_in(self.user)?;
        self.store(tx);
        Ok(())
    }

    /// Forgets its tokens.
    pub fn sign_out(&mut self) {
        self.access.clear();
        self.refresh.clear();
    }

    /// Takes note of a failure; the token is good no more after 401.
    pub fn failed(&mut self, failure: Failure) {
        if failure == Failure::Unauthorized {
            self.access.clear();
        }
        let tx = self.replica.push_failed(failure);
        self.store(tx);
    }

    /// The streams were listed.
    pub fn has_listed(&mut self) {
        self.listed = true;
    }

    /// A page has come: whether its stream is read to its end.
    pub fn has_read(&mut self, stream: SchoolId) {
        // What is still queued comes back in a page: the stream is read again after it.
        if self.replica.is_synced(stream) && self.replica.unsent() == self.replica.stuck().count() {
            self.synced.insert(stream);
        }
    }
}
