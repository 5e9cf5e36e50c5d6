//! The world: a server, its backup, two phones, and the messages between them; and every step it can take.
//!
//! Parts are kept once each and named by numbers, so that a world is a few numbers and worlds that are equal are
//! found to be so exactly; and what a part makes of a message is worked out once.

use std::collections::HashMap;
use std::rc::Rc;

use uuid::Uuid;
use xunke_sync::cursor::CursorFault;
use xunke_sync::replica::{Pull, Push};
use xunke_sync::wire::page::Page;
use xunke_sync::wire::result::PushAnswer;

use super::phone::Phone;
use super::server::{Rule, Server};

/// 2026, in milliseconds.
const START: i64 = 1_795_000_000_000;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// Writes of each phone.
    pub(crate) writes: [u8; 2],
    /// Each phone's clock minus the server's, milliseconds.
    pub(crate) skew: [i64; 2],
    /// How many records the writes go round.
    pub(crate) records: u8,
    /// Whether the first phone's last write is one that is held.
    pub(crate) held: bool,
    /// Messages that may be lost.
    pub(crate) losses: u8,
    /// Messages that may arrive twice, or late.
    pub(crate) repeats: u8,
    /// Apps that may be killed while they wait for an answer.
    pub(crate) kills: u8,
    /// Whether the server may once be backed up, and once restored.
    pub(crate) restore: bool,
    /// Whether pushes pull as well, instead of pulls of their own.
    pub(crate) together: bool,
    /// A rule left out.
    pub(crate) without: Option<Rule>,
}

type Id = u32;

/// A message under way.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Push(Push),
    PushAnswer(Push, PushAnswer),
    Pull(Pull),
    PullAnswer(Pull, Result<Page, CursorFault>),
}

/// All there is, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) server: Id,
    pub(crate) backup: Option<Id>,
    pub(crate) phones: [Id; 2],
    /// Of each phone: the push it waits for, the pull it waits for.
    slots: [[Option<Id>; 2]; 2],
    /// Copies that may still arrive, with the phone they are from or for; ascending.
    late: [Option<(u8, Id)>; 2],
    left: Left,
}

/// What may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Left {
    writes: [u8; 2],
    losses: u8,
    repeats: u8,
    kills: u8,
    restores: u8,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Capture(usize),
    Push(usize),
    Pull(usize),
    /// The message in this slot of this phone arrives.
    Arrive(usize, usize),
    Lose(usize, usize),
    Repeat(usize, usize),
    ArriveLate(usize),
    Kill(usize),
    BackUp,
    Restore,
}

/// Parts, each once.
#[derive(Debug)]
struct Shelf<T> {
    parts: Vec<Rc<T>>,
    numbers: HashMap<String, Id>,
}

impl<T> Shelf<T> {
    fn new() -> Self {
        Self { parts: Vec::new(), numbers: HashMap::new() }
    }

    fn put(&mut self, text: String, part: T) -> Id {
        let next = Id::try_from(self.parts.len()).expect("fewer parts than numbers");
        *self.numbers.entry(text).or_insert_with(|| {
            self.parts.push(Rc::new(part));
            next
        })
    }

    fn get(&self, id: Id) -> Rc<T> {
        Rc::clone(self.parts.get(id as usize).expect("a number comes from here"))
    }
}

/// The parts, and what was worked out about them.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) scenario: Scenario,
    servers: Shelf<Server>,
    phones: Shelf<Phone>,
    messages: Shelf<Message>,
    served: HashMap<(Id, Id), (Id, Id)>,
    heard: HashMap<(Id, Id, i64), Id>,
    taken_off: HashMap<Id, Option<(Id, Id)>>,
}

impl Stage {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            servers: Shelf::new(),
            phones: Shelf::new(),
            messages: Shelf::new(),
            served: HashMap::new(),
            heard: HashMap::new(),
            taken_off: HashMap::new(),
        }
    }

    pub(crate) fn server(&self, id: Id) -> Rc<Server> {
        self.servers.get(id)
    }

    pub(crate) fn phone(&self, id: Id) -> Rc<Phone> {
        self.phones.get(id)
    }

    pub(crate) fn first(&mut self) -> World {
        let Scenario { writes, losses, repeats, kills, restore, .. } = self.scenario;
        let server = self.put_server(Server::new(START));
        let phones = [1, 2].map(|number| self.put_phone(Phone::new(number)));
        let left = Left { writes, losses, repeats, kills, restores: u8::from(restore) };
        World { server, backup: None, phones, slots: [[None; 2]; 2], late: [None; 2], left }
    }

    fn put_server(&mut self, server: Server) -> Id {
        self.servers.put(format!("{server:?}"), server)
    }

    fn put_phone(&mut self, phone: Phone) -> Id {
        self.phones.put(phone.text(), phone)
    }

    fn put_message(&mut self, message: Message) -> Id {
        self.messages.put(format!("{message:?}"), message)
    }

    /// Every step this world can take.
    pub(crate) fn steps(&self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        for phone in 0..2 {
            if world.left.writes[phone] > 0 {
                steps.push(Step::Capture(phone));
            }
            if world.slots[phone][0].is_none() {
                steps.push(Step::Push(phone));
            }
            if world.slots[phone][1].is_none() && !self.scenario.together {
                steps.push(Step::Pull(phone));
            }
            for slot in 0..2 {
                if world.slots[phone][slot].is_some() {
                    steps.push(Step::Arrive(phone, slot));
                    if world.left.losses > 0 {
                        steps.push(Step::Lose(phone, slot));
                    }
                    if world.left.repeats > 0 && world.late.contains(&None) {
                        steps.push(Step::Repeat(phone, slot));
                    }
                }
            }
            if world.left.kills > 0 && world.slots[phone] != [None; 2] {
                steps.push(Step::Kill(phone));
            }
        }
        steps.extend((0..2).filter(|late| world.late[*late].is_some()).map(Step::ArriveLate));
        if world.left.restores > 0 {
            steps.push(if world.backup.is_some() { Step::Restore } else { Step::BackUp });
        }
        steps
    }

    /// The world after a step; `None` if nothing comes of it.
    pub(crate) fn after(&mut self, world: &World, step: Step) -> Option<World> {
        let mut next = *world;
        match step {
            Step::Capture(phone) => self.capture(&mut next, phone),
            Step::Push(phone) => {
                let (after, push) = self.take_off(next.phones[phone])?;
                next.phones[phone] = after;
                next.slots[phone][0] = Some(push);
            }
            Step::Pull(phone) => {
                let pull = self.phone(next.phones[phone]).replica.next_pulls().pop()?;
                next.slots[phone][1] = Some(self.put_message(Message::Pull(pull)));
            }
            Step::Arrive(phone, slot) => {
                let message = next.slots[phone][slot].take()?;
                next.slots[phone][slot] = self.arrive(&mut next, phone, message);
            }
            Step::Lose(phone, slot) => {
                next.left.losses -= 1;
                self.forget(&mut next, phone, slot);
            }
            Step::Repeat(phone, slot) => {
                next.left.repeats -= 1;
                let message = next.slots[phone][slot]?;
                keep_late(&mut next, phone, message);
            }
            Step::ArriveLate(place) => {
                let (phone, message) = next.late[place].take()?;
                next.late.sort_unstable();
                // The answer to a repeated request finds nobody waiting.
                let _ = self.arrive(&mut next, phone.into(), message);
            }
            Step::Kill(phone) => {
                next.left.kills -= 1;
                for slot in 0..2 {
                    if let Some(message) = next.slots[phone][slot].take()
                        && matches!(*self.messages.get(message), Message::Push(_) | Message::Pull(_))
                    {
                        keep_late(&mut next, phone, message);
                    }
                }
            }
            Step::BackUp => next.backup = Some(next.server),
            Step::Restore => {
                next.left.restores -= 1;
                let (server, backup) = (self.server(next.server), self.server(next.backup.take()?));
                next.server = self.put_server(server.restored(&backup));
            }
        }
        Some(next)
    }

    fn capture(&mut self, world: &mut World, phone: usize) {
        let Scenario { writes, skew, records, held, .. } = self.scenario;
        world.left.writes[phone] -= 1;
        let number = u64::from(writes[phone] - world.left.writes[phone]);
        let now = self.server(world.server).now + skew[phone];
        let mut after = (*self.phone(world.phones[phone])).clone();
        let said = number + 10 * u64::from(phone == 1);
        let record = Uuid::from_u128(u128::from(number) % u128::from(records));
        let held = held && phone == 0 && world.left.writes[phone] == 0;
        after.capture(now, said, record, held);
        world.phones[phone] = self.put_phone(after);
    }

    fn take_off(&mut self, phone: Id) -> Option<(Id, Id)> {
        if let Some(known) = self.taken_off.get(&phone) {
            return *known;
        }
        let mut after = (*self.phone(phone)).clone();
        let pulls = if self.scenario.together { after.replica.next_pulls() } else { Vec::new() };
        let push = after.take_off(&pulls);
        let taken = push.map(|push| (self.put_phone(after), self.put_message(Message::Push(push))));
        self.taken_off.insert(phone, taken);
        taken
    }

    /// A message reaches the server, which answers, or the phone.
    fn arrive(&mut self, world: &mut World, phone: usize, message: Id) -> Option<Id> {
        match *self.messages.get(message) {
            Message::Push(_) | Message::Pull(_) => {
                let (server, answer) = self.serve(world.server, message);
                world.server = server;
                Some(answer)
            }
            Message::PushAnswer(..) | Message::PullAnswer(..) => {
                let now = self.server(world.server).now + self.scenario.skew[phone];
                world.phones[phone] = self.hear(world.phones[phone], message, now);
                None
            }
        }
    }

    fn serve(&mut self, server: Id, message: Id) -> (Id, Id) {
        if let Some(known) = self.served.get(&(server, message)) {
            return *known;
        }
        let mut after = (*self.server(server)).clone();
        // All of a phone's records fit into a page, but for one.
        let page_records = usize::from(self.scenario.records.max(2) - 1);
        let answer = match &*self.messages.get(message) {
            Message::Push(push) => {
                let answer = after.push(&push.request, self.scenario.without, page_records);
                Message::PushAnswer(push.clone(), answer)
            }
            Message::Pull(pull) => {
                Message::PullAnswer(pull.clone(), after.pull(pull.cursor.as_deref(), page_records))
            }
            answer => answer.clone(),
        };
        let served = (self.put_server(after), self.put_message(answer));
        self.served.insert((server, message), served);
        served
    }

    fn hear(&mut self, phone: Id, message: Id, now: i64) -> Id {
        if let Some(known) = self.heard.get(&(phone, message, now)) {
            return *known;
        }
        let mut after = (*self.phone(phone)).clone();
        match &*self.messages.get(message) {
            Message::PushAnswer(push, answer) => after.answered(now, push, answer.clone()),
            Message::PullAnswer(pull, page) => after.read(pull, page.clone()),
            Message::Push(_) | Message::Pull(_) => {}
        }
        let after = self.put_phone(after);
        self.heard.insert((phone, message, now), after);
        after
    }

    /// The phone waits no longer.
    fn forget(&mut self, world: &mut World, phone: usize, slot: usize) {
        world.slots[phone][slot] = None;
        if slot == 0 {
            let mut after = (*self.phone(world.phones[phone])).clone();
            after.no_answer();
            world.phones[phone] = self.put_phone(after);
        }
    }

    /// The network behaves, nobody says anything more, late copies never come: everything comes to rest, or `None`.
    pub(crate) fn at_rest(&mut self, world: &World) -> Option<World> {
        let mut world = World { late: [None; 2], ..*world };
        for _ in 0..16 {
            let before = world;
            for phone in 0..2 {
                let mut listed = (*self.phone(world.phones[phone])).clone();
                listed.list();
                world.phones[phone] = self.put_phone(listed);
                for slot in 0..2 {
                    for _ in 0..2 {
                        world = self.after(&world, Step::Arrive(phone, slot)).unwrap_or(world);
                    }
                }
                // The question which writes there are, what is queued, what is new.
                for (step, slot) in [(Step::Push(phone), 0), (Step::Push(phone), 0), (Step::Pull(phone), 1)] {
                    for step in [step, Step::Arrive(phone, slot), Step::Arrive(phone, slot)] {
                        world = self.after(&world, step).unwrap_or(world);
                    }
                }
            }
            if world == before {
                return Some(world);
            }
        }
        None
    }
}

/// A copy that may still arrive; with no place left, it is lost.
fn keep_late(world: &mut World, phone: usize, message: Id) {
    if let Some(place) = world.late.iter_mut().find(|place| place.is_none()) {
        *place = Some((u8::from(phone == 1), message));
    }
    world.late.sort_unstable();
}

impl World {
    /// What counts once everything comes to rest.
    pub(crate) const fn without_future(&self) -> Self {
        let left = Left { writes: [0; 2], losses: 0, repeats: 0, kills: 0, restores: 0 };
        Self { late: [None; 2], backup: None, left, ..*self }
    }
}
