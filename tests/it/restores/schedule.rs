//! One schedule: phones write, a backup, they write on, the backup is put back, they return.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_sync::replica::{Standing, Status, Ticket};

use super::oracle;
use crate::support::TestApp;
use crate::support::app::Backend;
use crate::support::dice::Dice;
use crate::support::handset::{Handset, Weather};
use crate::support::school::School;

/// Writes that are acknowledged after the backup, at least.
const ACKNOWLEDGED: usize = 500;
/// Who visits classrooms.
const PEOPLE: [&str; 5] = ["zheng", "lin", "he", "wu", "sun"];

/// What happened, summed up over schedules.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) schedules: u64,
    /// Writes answered in all.
    pub(super) acknowledged: u64,
    /// Of those, how many the restored server did not know any more.
    pub(super) forgotten: u64,
    /// Schedules in which the restored head passed the old one before the phones came back.
    pub(super) overtaken: u64,
    pub(super) restarts: u64,
    pub(super) kills: u64,
    pub(super) lost_answers: u64,
    /// Phones registered after the backup.
    pub(super) unknown_devices: u64,
    /// Writes held at the end.
    pub(super) held: u64,
    /// Writes that were applied before the restore and are held after it, since a companion healed first.
    pub(super) became_held: u64,
    /// Fields that another write has beaten.
    pub(super) beaten: u64,
}

impl Figures {
    pub(super) fn add(&mut self, more: &Self) {
        for (sum, more) in self.all().into_iter().zip(more.clone().all()) {
            *sum += *more;
        }
    }

    /// Whether everything a schedule may hold has happened in some.
    pub(super) fn covers_all(&self) -> bool {
        self.clone().all().into_iter().all(|figure| *figure > 0)
    }

    fn all(&mut self) -> [&mut u64; 11] {
        let Self {
            schedules,
            acknowledged,
            forgotten,
            overtaken,
            restarts,
            kills,
            lost_answers,
            unknown_devices,
            held,
            became_held,
            beaten,
        } = self;
        [
            schedules,
            acknowledged,
            forgotten,
            overtaken,
            restarts,
            kills,
            lost_answers,
            unknown_devices,
            held,
            became_held,
            beaten,
        ]
    }
}

/// How an answer was taken in: the stamp without the device, or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Applied(String),
    Held,
}

/// A phone, and what its person knows of it.
pub(super) struct Pocket {
    login: &'static str,
    pub(super) handset: Handset,
    pub(super) tickets: Vec<Ticket>,
    /// What the server had said of each write before it was restored.
    pub(super) heard: BTreeMap<Ticket, Heard>,
    /// Some phones send, but hardly ever read.
    reads: bool,
    /// Some say only what others say too, so that all of it may be beaten.
    terse: bool,
}

/// A schedule being played.
pub(super) struct Story {
    pub(super) app: TestApp,
    pub(super) school: School,
    pub(super) pockets: Vec<Pocket>,
    pub(super) figures: Figures,
    dice: Dice,
    people: BTreeMap<&'static str, String>,
    visits: Vec<Uuid>,
    marks: u64,
}

/// Plays the schedule of a seed to its end and looks whether anything was lost.
pub(super) async fn play(seed: u64) -> Figures {
    let mut story = Story::begin(seed).await;
    let early = 20 + story.dice.one_of(80);
    story.work(early).await;
    story.app.back_up().await;
    story.work(ACKNOWLEDGED).await;
    let overtaken = story.dice.once_in(2);
    let mut story = story.restored().await;
    if overtaken {
        story.overtake().await;
    }
    story.come_back().await;
    story.settle().await;
    oracle::check(&mut story).await;
    story.figures.schedules = 1;
    story.figures
}

/// A stamp's time and counter: a phone registered anew keeps them.
pub(super) fn moment(stamp: &str) -> String {
    stamp.chars().take("019cd1a2b3c4-0001".len()).collect()
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let app = TestApp::start(Backend::Sqlite).await;
        let school = app.plain_school().await;
        let mut dice = Dice::new(seed.wrapping_mul(7_919).wrapping_add(20_261_123));
        app.member(&school, "xu", "principal").await;
        let mut people = BTreeMap::new();
        let mut story = Self {
            app,
            school,
            pockets: Vec::new(),
            figures: Figures::default(),
            dice: Dice::new(0),
            people: BTreeMap::new(),
            visits: Vec::new(),
            marks: 0,
        };
        for login in PEOPLE.iter().take(3 + dice.one_of(3)) {
            let person = story.app.member(&story.school, login, "inspector").await;
            people.insert(*login, person.id);
        }
        (story.dice, story.people) = (dice, people);
        for login in story.people.keys().copied().collect::<Vec<_>>() {
            story.take_out_a_phone(login).await;
        }
        story
    }

    async fn take_out_a_phone(&mut self, login: &'static str) -> usize {
        let mut handset = Handset::new(&self.app, login).await;
        handset.list(&self.app).await;
        let slow = self.dice.once_in(4);
        handset.skew = if slow { -3_600_000 } else { i64::try_from(self.dice.roll(90_000)).unwrap() };
        let reads = !self.dice.once_in(3);
        let terse = self.dice.once_in(3);
        self.pockets.push(Pocket {
            login,
            handset,
            tickets: Vec::new(),
            heard: BTreeMap::new(),
            reads,
            terse,
        });
        self.pockets.len() - 1
    }

    /// Phones write and sync until so many more writes are acknowledged.
    async fn work(&mut self, more: usize) {
        let enough = self.acknowledged() + more;
        let mut may_restart = 3;
        while self.acknowledged() < enough {
            self.app.pass(TimeDelta::milliseconds(i64::try_from(self.dice.roll(900)).unwrap()));
            let index = self.dice.one_of(self.pockets.len());
            match self.dice.roll(12) {
                0..=5 => {
                    let most = if self.pockets[index].terse { 3 } else { 30 };
                    for _ in 0..=self.dice.roll(most) {
                        self.capture(index);
                    }
                    self.push(index).await;
                }
                6..=8 if self.pockets[index].reads || self.dice.once_in(12) => self.pull(index).await,
                9 => self.kill(index),
                10 if may_restart > 0 && self.dice.once_in(3) => {
                    may_restart -= 1;
                    self.restart().await;
                }
                11 if more == ACKNOWLEDGED && self.dice.once_in(6) && self.figures.unknown_devices == 0 => {
                    let login = self.pockets[index].login;
                    self.take_out_a_phone(login).await;
                    self.figures.unknown_devices += 1;
                }
                _ => (),
            }
        }
    }

    /// Somebody says something about a visit. Each write has a mark of its own, so that it is told from all others.
    fn capture(&mut self, index: usize) {
        self.marks += 1;
        let mark = format!("m{}", self.marks);
        let (visit, mut set) = self.choose_visit(index);
        let rating = ["excellent", "good", "fair", "poor"][self.dice.one_of(4)];
        set[format!("ratings/{}", ["a", "b"][self.dice.one_of(2)])] = json!(rating);
        let terse = self.pockets[index].terse;
        if !terse && self.dice.once_in(2) {
            set[format!("highlights/{mark}")] = json!({"text": mark});
        } else {
            set["x.note"] = json!(mark);
        }
        if !terse && self.dice.once_in(12) {
            set[format!("highlights/m{}", 1 + self.dice.roll(self.marks))] = Value::Null;
        }
        if self.dice.once_in(25) {
            set["ratings/c"] = json!("great");
        }
        let Pocket { handset, tickets, .. } = &mut self.pockets[index];
        tickets.push(handset.capture(&self.app, &self.school.id, visit, &set));
    }

    /// A new visit, often with a companion, or one that the phone shows; now and then somebody else's.
    fn choose_visit(&mut self, index: usize) -> (Uuid, Value) {
        let stream = self.school.id.parse().map(xunke_domain::ids::SchoolId::from_uuid).unwrap();
        for _ in 0..4 {
            if self.visits.is_empty() || self.dice.once_in(3) {
                break;
            }
            let visit = self.visits[self.dice.one_of(self.visits.len())];
            let shown = self.pockets[index].handset.replica.view(stream, "visit", visit).is_some();
            if shown || self.dice.once_in(40) {
                return (visit, json!({}));
            }
        }
        let visit = Uuid::from_u64_pair(self.marks, self.dice.roll(1 << 30));
        self.visits.push(visit);
        let login = self.pockets[index].login;
        let others: Vec<&String> =
            self.people.iter().filter(|(other, _)| **other != login).map(|(_, id)| id).collect();
        if self.dice.once_in(3) {
            return (visit, json!({}));
        }
        let other = others[self.dice.one_of(others.len())];
        (visit, json!({format!("companions/{other}"): true}))
    }

    async fn push(&mut self, index: usize) {
        let weather = self.dice.weather();
        self.figures.lost_answers += u64::from(weather == Weather::AnswerLost);
        self.pockets[index].handset.push(&self.app, weather).await;
        self.pockets[index].note();
    }

    async fn pull(&mut self, index: usize) {
        let limit = 1 + self.dice.one_of(60);
        let weather = self.dice.weather();
        self.pockets[index].handset.pull(&self.app, limit, weather).await;
    }

    fn kill(&mut self, index: usize) {
        self.pockets[index].handset.kill();
        self.figures.kills += 1;
    }

    async fn restart(&mut self) {
        self.app.restart_in_place().await;
        self.figures.restarts += 1;
    }

    fn acknowledged(&self) -> usize {
        self.pockets.iter().map(|pocket| pocket.heard.len()).sum()
    }

    /// The backup is put back; what the phones had heard by then is what must not be lost.
    async fn restored(mut self) -> Self {
        self.figures.acknowledged = u64::try_from(self.acknowledged()).unwrap();
        let app = self.app.restore().await;
        self.app = app;
        let known = oracle::ledger(&self.app).await;
        for pocket in &self.pockets {
            for ticket in pocket.heard.keys() {
                let key = oracle::key(pocket.handset.replica.write(*ticket).unwrap());
                self.figures.forgotten += u64::from(!known.contains_key(&key));
            }
        }
        self
    }

    /// A phone that is new after the restore sends so much that the head passes every cursor.
    async fn overtake(&mut self) {
        let login = self.pockets[self.dice.one_of(self.pockets.len())].login;
        let index = self.take_out_a_phone(login).await;
        let xu = self.app.sign_in("xu").await;
        let enough = i64::try_from(self.acknowledged()).unwrap() + 20;
        loop {
            let head = self.app.page(&self.school.id, &xu.token, "&limit=1").await["head"].as_i64().unwrap();
            if head > enough {
                break;
            }
            for _ in 0..200 {
                self.capture(index);
            }
            self.pockets[index].handset.push(&self.app, Weather::Fair).await;
        }
        self.figures.overtaken = 1;
    }

    /// The phones return one after the other, and each does what it likes.
    async fn come_back(&mut self) {
        let mut away: Vec<usize> = (0..self.pockets.len()).collect();
        let mut here: Vec<usize> = Vec::new();
        while !away.is_empty() || self.dice.roll(10) > 0 {
            if here.is_empty() || (!away.is_empty() && self.dice.once_in(4)) {
                let index = away.swap_remove(self.dice.one_of(away.len()));
                let Pocket { login, handset, .. } = &mut self.pockets[index];
                // After a restore the session may be one that the server never heard of.
                if self.app.get("/api/v1/me", &handset.phone.token).await.status == 401 {
                    handset.sign_in_again(&self.app, login).await;
                }
                here.push(index);
            }
            let index = here[self.dice.one_of(here.len())];
            match self.dice.roll(8) {
                0..=2 => self.push(index).await,
                3..=5 => self.pull(index).await,
                6 => self.kill(index),
                _ => self.capture(index),
            }
            if self.dice.once_in(2) {
                self.register_again(index).await;
            }
        }
    }

    async fn register_again(&mut self, index: usize) {
        let Pocket { login, handset, .. } = &mut self.pockets[index];
        if handset.replica.standing() != Standing::Free {
            handset.register_again(&self.app, login).await;
        }
    }

    /// Faults have stopped: in a bounded number of rounds all queues are empty, and all have read all.
    async fn settle(&mut self) {
        for _ in 0..4 {
            for index in 0..self.pockets.len() {
                self.pockets[index].handset.sync(&self.app).await;
                self.register_again(index).await;
            }
        }
    }
}

impl Pocket {
    /// Takes note of what has been answered since.
    fn note(&mut self) {
        for ticket in
            self.tickets.iter().filter(|ticket| !self.heard.contains_key(ticket)).copied().collect::<Vec<_>>()
        {
            let heard = match self.handset.replica.status(ticket).unwrap() {
                Status::Held(_) => Heard::Held,
                Status::Acknowledged(_) => {
                    let stamp = self.handset.replica.write(ticket).unwrap().stamp.unwrap();
                    Heard::Applied(moment(&stamp.to_string()))
                }
                Status::Queued | Status::Stuck => continue,
            };
            self.heard.insert(ticket, heard);
        }
    }
}
