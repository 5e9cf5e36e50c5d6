//! A world: true time, what is under way, and everything that lives in it. What happens is in the modules beside:
//! `life` (phones), `exchange` (messages), `office`, `malice`, `trouble` (the server's), `verdict` (how it ends).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use disk::{Disk, Image};
use tokio::runtime::Runtime;
use xunke_domain::ids::SchoolId;

use crate::clock::{BEGIN, ServerClock};
use crate::dice::Dice;
use crate::figures::Figures;
use crate::oracle::{Answered, Number, Oracle};
use crate::phone::{Phone, Question};
use crate::plan::Plan;
use crate::server::{Ask, Reply, Server};
use crate::town::{Place, Town};

/// A request under way, and what will be asked of its answer.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its number.
    pub id: u64,
    /// The phone, by number.
    pub phone: usize,
    /// The life of the app that sent it.
    pub life: u64,
    /// What it asks for.
    pub question: Question,
    /// The request.
    pub ask: Ask,
}

/// Something that will happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A phone is taken out of a pocket.
    Use(usize),
    /// A phone tries again after a failure.
    TryAgain(usize),
    /// A request arrives.
    Arrive(Message),
    /// An answer arrives; `None`: nothing but the news that there is none.
    Return(Message, Option<Reply>),
    /// Nobody waits for an answer any longer.
    Expire(usize, u64),
    /// The office opens.
    Office,
    /// Something may befall the server.
    Trouble,
    /// The server is started again.
    Start,
}

/// What the server must know, beside the writes: it goes back with a backup.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Places by person.
    pub places: Vec<Vec<Place>>,
    /// Devices that were revoked.
    pub revoked: BTreeSet<String>,
    /// Published editions: school, week, number → bytes.
    pub editions: BTreeMap<(usize, String, u32), String>,
}

/// A backup of the server.
#[derive(Clone)]
pub struct Backup {
    pub(crate) image: Image,
    pub(crate) truth: Truth,
    pub(crate) answered: BTreeMap<Number, Answered>,
}

/// See the module.
pub struct World {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) town: Town,
    /// True time, milliseconds since 1970.
    pub(crate) now: i64,
    /// The server's clock minus true time.
    pub(crate) server_skew: i64,
    pub(crate) server: Server,
    /// What is on the disk of a server that is down.
    pub(crate) stopped: Option<Image>,
    pub(crate) truth: Truth,
    pub(crate) backups: Vec<Backup>,
    pub(crate) restored: bool,
    pub(crate) disk_full: bool,
    /// The push that the server was at when the power failed.
    pub(crate) in_doubt: Option<Ask>,
    pub(crate) phones: Vec<Phone>,
    /// Who holds which access token.
    pub(crate) tokens: HashMap<String, usize>,
    pub(crate) oracle: Oracle,
    pub(crate) figures: Figures,
    events: BTreeMap<u64, Event>,
    order: BinaryHeap<Reverse<(i64, u64)>>,
    next: u64,
    trace: DefaultHasher,
    /// Every event printed, for whoever looks into a seed.
    pub(crate) told: bool,
}

impl World {
    /// A world in its first moment.
    pub fn new(seed: u64, town: &Town, runtime: &Rc<Runtime>, told: bool) -> anyhow::Result<Self> {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice);
        let disk = Disk::from_image(&town.image, dice.next());
        let server = Server::start(runtime, disk, ServerClock::default(), dice.next())?;
        let mut world = Self {
            truth: Truth {
                places: town.people.iter().map(|person| person.places.clone()).collect(),
                revoked: BTreeSet::new(),
                editions: BTreeMap::new(),
            },
            plan,
            dice,
            town: town.clone(),
            now: BEGIN,
            server_skew: 0,
            server,
            stopped: None,
            backups: Vec::new(),
            restored: false,
            disk_full: false,
            in_doubt: None,
            phones: Vec::new(),
            tokens: HashMap::new(),
            oracle: Oracle::default(),
            figures: Figures::default(),
            events: BTreeMap::new(),
            order: BinaryHeap::new(),
            next: 0,
            trace: DefaultHasher::new(),
            told,
        };
        world.hand_out_phones();
        world.after(3_600_000, Event::Office);
        world.after(7_200_000, Event::Trouble);
        Ok(world)
    }

    fn hand_out_phones(&mut self) {
        let schools = self.plan.schools;
        let here = |person: &crate::town::Person| person.places.iter().any(|place| place.school < schools);
        let people: Vec<usize> =
            (0..self.town.people.len()).filter(|number| here(&self.town.people[*number])).collect();
        for number in 0..self.plan.phones {
            let person = *self.dice.pick(&people).unwrap_or(&0);
            let small = self.dice.permille(300);
            let batch = 1 + self.dice.index(if small { 3 } else { 60 });
            let together = self.dice.permille(400);
            let of = &self.town.people[person];
            let mut phone = Phone::new(person, of.id, of.login.clone(), batch, together);
            if self.dice.permille(300) {
                phone.skew = self.wrong_clock();
            }
            self.phones.push(phone);
            let first = self.dice.between(0, self.plan.rest);
            self.after(first, Event::Use(number));
        }
        self.figures.phone_days += self.plan.span / 86_400_000 * i64::try_from(self.plan.phones).unwrap_or(0);
    }

    /// How wrong a clock is.
    pub(crate) fn wrong_clock(&mut self) -> i64 {
        const HOUR: i64 = 3_600_000;
        const WRONG: [i64; 7] =
            [HOUR, -HOUR, 400 * 24 * HOUR, -400 * 24 * HOUR, 100_000, -100_000, 20 * 60_000];
        *self.dice.pick(&WRONG).unwrap_or(&0)
    }

    /// Lets something happen later.
    pub(crate) fn after(&mut self, millis: i64, event: Event) {
        self.next += 1;
        self.events.insert(self.next, event);
        self.order.push(Reverse((self.now.saturating_add(millis), self.next)));
    }

    /// What happens next, with time moved on to it.
    fn happen(&mut self) -> Option<Event> {
        let Reverse((at, id)) = self.order.pop()?;
        self.now = self.now.max(at);
        self.events.remove(&id)
    }

    /// A number for a message.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Runs until its time is over, then lets everything come to rest and looks at what is left.
    pub fn run(&mut self) -> anyhow::Result<u64> {
        let end = BEGIN + self.plan.span;
        while self.now < end {
            let Some(event) = self.happen() else { break };
            self.turn(event)?;
        }
        self.plan = self.plan.calm();
        self.calm_down()?;
        while let Some(event) = self.happen() {
            // What is still under way arrives; nobody does anything new.
            if matches!(event, Event::Arrive(_) | Event::Return(..) | Event::Expire(..) | Event::TryAgain(_))
            {
                self.turn(event)?;
            }
        }
        self.come_to_rest()?;
        self.judge()?;
        Ok(self.trace.finish())
    }

    fn turn(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Use(phone) => self.use_phone(phone),
            Event::TryAgain(phone) => self.go_on(phone),
            Event::Arrive(message) => self.arrive(message),
            Event::Return(message, reply) => self.take_answer(message, reply),
            Event::Expire(phone, message) => self.expire(phone, message),
            Event::Office => self.office(),
            Event::Trouble => self.trouble(),
            Event::Start => self.start_again(),
        }
    }

    /// Writes something into the trace.
    pub(crate) fn trace(&mut self, what: impl Hash + std::fmt::Debug) {
        self.now.hash(&mut self.trace);
        what.hash(&mut self.trace);
        if self.told {
            self.tell(&format!("{what:?}"));
        }
    }

    #[expect(clippy::print_stdout, reason = "whoever asks for one seed's story gets it")]
    fn tell(&self, what: &str) {
        let short: String = what.chars().take(20_000).collect();
        println!("{} {short}", crate::clock::moment(self.now));
    }

    /// What has been counted.
    pub const fn counted(&self) -> Figures {
        self.figures
    }

    /// A school's stream.
    pub(crate) fn stream(&self, school: usize) -> SchoolId {
        self.town.schools[school]
    }

    /// Runs the pending events of messages until a phone rests.
    pub(crate) fn until_quiet(&mut self, most: usize) -> anyhow::Result<()> {
        let mut turns = 0;
        while let Some(event) = self.happen() {
            if !matches!(event, Event::Use(_) | Event::Office | Event::Trouble | Event::Start) {
                self.turn(event)?;
                turns += 1;
                anyhow::ensure!(
                    turns < most,
                    "I9: after {turns} messages without faults there is more to say"
                );
            }
        }
        Ok(())
    }
}
