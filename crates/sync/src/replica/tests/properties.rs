//! Phones under faults, in every order: they end up alike, and like the server.

use proptest::prelude::*;
use serde_json::json;

use super::phone::Phone;
use super::server::{Refusal, Server};
use super::*;
use crate::replica::{Failure, Standing, Ticket};

/// What the network does to one exchange.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Delivered,
    RequestLost,
    AnswerLost,
    RequestTwice,
    AnswerTwice,
    /// The app dies before the rows of the answer are stored.
    KilledOnAnswer,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Capture { phone: usize, school: u128, record: u128, field: u8, value: u8 },
    CaptureNeverStored(usize),
    Push(usize, Fate, bool),
    Pull(usize, Fate),
    Kill(usize),
    Clock(usize, i64),
    BackUp,
    Restore,
    PhoneBackUp(usize),
    PhoneRestore(usize),
    Grant(u64),
    Prune(usize),
}

fn fates() -> impl Strategy<Value = Fate> {
    use Fate::{AnswerLost, AnswerTwice, Delivered, KilledOnAnswer, RequestLost, RequestTwice};
    prop::sample::select(vec![
        Delivered,
        Delivered,
        RequestLost,
        AnswerLost,
        RequestTwice,
        AnswerTwice,
        KilledOnAnswer,
    ])
}

fn steps() -> impl Strategy<Value = Step> {
    let phone = || 0..2_usize;
    prop_oneof![
        6 => (phone(), 1..3_u128, 0..3_u128, 0..2_u8, 0..4_u8).prop_map(
            |(phone, school, record, field, value)| Step::Capture { phone, school, record, field, value }),
        1 => phone().prop_map(Step::CaptureNeverStored),
        5 => (phone(), fates(), any::<bool>()).prop_map(|(phone, fate, pull)| Step::Push(phone, fate, pull)),
        4 => (phone(), fates()).prop_map(|(phone, fate)| Step::Pull(phone, fate)),
        1 => phone().prop_map(Step::Kill),
        1 => (phone(), prop::sample::select(vec![-400_000_000, -5, 5, 100_000, 400_000_000]))
            .prop_map(|(phone, by)| Step::Clock(phone, by)),
        1 => Just(Step::BackUp),
        1 => Just(Step::Restore),
        1 => phone().prop_map(Step::PhoneBackUp),
        1 => phone().prop_map(Step::PhoneRestore),
        1 => (0..3_u64).prop_map(Step::Grant),
        1 => phone().prop_map(Step::Prune),
    ]
}

struct World {
    server: Server,
    backup: Server,
    phones: [Phone; 2],
    phone_backups: [Phone; 2],
    /// Captured and stored, by phone; what a phone lost by going back in time is not in it.
    captured: [Vec<Ticket>; 2],
    captured_at_backup: [Vec<Ticket>; 2],
    devices: u64,
}

impl World {
    fn new() -> Self {
        let mut server = Server::new([school(), school_of(2)]);
        let phones = [Phone::synced(1, &mut server), Phone::synced(2, &mut server)];
        Self {
            backup: server.clone(),
            server,
            phone_backups: phones.clone(),
            phones,
            captured: Default::default(),
            captured_at_backup: Default::default(),
            devices: 100,
        }
    }

    fn step(&mut self, step: Step) {
        self.server.now += 7;
        match step {
            Step::Capture { phone, school, record, field, value } => {
                let value = if value == 0 { Value::Null } else { json!(value) };
                let kind = if record == 2 && field == 1 { "odd" } else { "visit" };
                let set = set(&format!("notes/{field}"), value);
                let ticket = self.phones[phone].capture_as(kind, school_of(school), visit(record), set);
                self.captured[phone].push(ticket);
            }
            Step::CaptureNeverStored(phone) => {
                let phone = &mut self.phones[phone];
                let captured = phone.replica.capture(phone.now, school(), "visit", visit(0), good());
                assert!(captured.is_ok());
                phone.kill();
            }
            Step::Push(phone, fate, pull) => self.push(phone, fate, pull),
            Step::Pull(phone, fate) => self.pull(phone, fate),
            Step::Kill(phone) => self.phones[phone].kill(),
            Step::Clock(phone, by) => self.phones[phone].now += by,
            Step::BackUp => self.backup = self.server.clone(),
            Step::Restore => self.server = self.server.restored(self.backup.clone()),
            Step::PhoneBackUp(phone) => {
                self.phone_backups[phone] = self.phones[phone].clone();
                self.captured_at_backup[phone] = self.captured[phone].clone();
            }
            Step::PhoneRestore(phone) => {
                self.phones[phone] = self.phone_backups[phone].clone();
                self.captured[phone] = self.captured_at_backup[phone].clone();
            }
            Step::Grant(grant) => self.server.streams.get_mut(&school()).unwrap().grant = grant,
            Step::Prune(phone) => {
                let phone = &mut self.phones[phone];
                let tx = phone.replica.prune(phone.now);
                phone.store(tx);
            }
        }
    }

    fn push(&mut self, number: usize, fate: Fate, pull: bool) {
        let phone = &mut self.phones[number];
        let pulls = if pull { phone.replica.next_pulls() } else { Vec::new() };
        let Some(push) = phone.take_off(&pulls) else { return self.register(number) };
        if matches!(fate, Fate::RequestLost) {
            let tx = phone.replica.push_failed(Failure::Network);
            return phone.store(tx);
        }
        if matches!(fate, Fate::RequestTwice) {
            let _ = self.server.push(&push.request);
        }
        let answer = match self.server.push(&push.request) {
            Ok(answer) => answer,
            Err(Refusal::TooLarge | Refusal::UnknownDevice) => unreachable!(),
            Err(Refusal::Fork) => {
                let tx = phone.replica.push_failed(Failure::DeviceFork);
                phone.store(tx);
                return self.register(number);
            }
        };
        if matches!(fate, Fate::AnswerLost) {
            let tx = phone.replica.push_failed(Failure::Network);
            return phone.store(tx);
        }
        let tx = phone.replica.push_answered(phone.now, &push, answer.clone()).unwrap();
        if matches!(fate, Fate::KilledOnAnswer) {
            return phone.kill();
        }
        phone.store(tx);
        if matches!(fate, Fate::AnswerTwice) {
            let tx = phone.replica.push_answered(phone.now, &push, answer).unwrap();
            phone.store(tx);
        }
    }

    fn pull(&mut self, number: usize, fate: Fate) {
        let phone = &mut self.phones[number];
        for pull in phone.replica.next_pulls() {
            let answer = self.server.pull(pull.stream, pull.cursor.as_deref());
            let times = match fate {
                Fate::RequestLost | Fate::AnswerLost => 0,
                Fate::AnswerTwice => 2,
                Fate::Delivered | Fate::RequestTwice | Fate::KilledOnAnswer => 1,
            };
            for _ in 0..times {
                let tx = match answer.clone() {
                    Ok(page) => phone.replica.page(&pull, page),
                    Err(fault) => phone.replica.cursor_refused(&pull, fault),
                };
                match fate {
                    Fate::KilledOnAnswer => phone.kill(),
                    _ => phone.store(tx),
                }
            }
        }
    }

    /// A phone that was found to be a clone registers again.
    fn register(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        if phone.replica.standing() == Standing::Forked {
            self.devices += 1;
            let tx = phone.replica.rebind(device(self.devices));
            phone.store(tx);
        }
    }

    /// The faults stop; in bounded rounds both phones come to rest.
    fn settle(&mut self) {
        for _ in 0..60 {
            let before = self.phones.clone().map(|phone| phone.rows);
            for number in 0..2 {
                self.phones[number].list(&self.server);
                // The question which writes there are, and what is queued.
                self.push(number, Fate::Delivered, false);
                self.push(number, Fate::Delivered, false);
                self.pull(number, Fate::Delivered);
            }
            if self.phones.clone().map(|phone| phone.rows) == before {
                return;
            }
        }
        panic!("they never came to rest");
    }
}

proptest! {
    #[test]
    fn once_faults_stop_phones_are_equal_to_the_server_and_nothing_captured_is_missing(
        steps in prop::collection::vec(steps(), 1..60),
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            for (phone, captured) in world.phones.iter().zip(&world.captured) {
                for ticket in captured {
                    prop_assert!(phone.replica.status(*ticket).is_some() || phone.now > 300_000_000);
                }
            }
        }

        world.settle();

        for (phone, captured) in world.phones.iter().zip(&world.captured) {
            prop_assert_eq!(phone.replica.unsent(), 0);
            for stream in [school(), school_of(2)] {
                prop_assert!(phone.replica.is_synced(stream));
                prop_assert_eq!(phone.records(stream), world.server.records(stream));
            }
            for ticket in captured {
                let Some(kept) = phone.replica.writes.get(ticket) else { continue };
                prop_assert!(world.server.knows(kept.device, kept.write.n), "{ticket}");
            }
        }
    }
}
