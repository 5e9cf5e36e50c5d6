//! What must hold in every world, and in every world that has come to rest.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use xunke_domain::fields::Fields;
use xunke_sync::limits::CLAMP_MILLIS;
use xunke_sync::replica::Status;

use super::phone::{Captured, Phone};
use super::server::{Server, school};
use super::world::{Stage, World};

/// A property that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Broken {
    /// I5: a write is beaten by one that its author had seen.
    LostUpdate,
    /// As [`LostUpdate`](Self::LostUpdate), but a conflict tells people of it.
    LostUpdateTold,
    /// I6: a stamp is more than two minutes ahead of its receipt.
    FromTheFuture,
    /// A write was taken in twice.
    Doubled,
    /// I2: the state is not the write with the largest stamp.
    NotTheLargest,
    /// I9: with the network behaving, there is no end to it.
    Restless,
    /// I1: phones and server differ.
    Diverged,
    /// I11: something captured is not on the server.
    Missing,
    /// As [`Missing`](Self::Missing), but what is missing was beaten in all it said, or held.
    MissingUnseen,
}

/// In every world.
pub(crate) fn of_server(server: &Server, phones: [&Phone; 2]) -> Option<Broken> {
    let captured = captured(phones);
    for record in server.records.values() {
        let taken: Vec<_> = record.taken().collect();
        for write in &taken {
            if write.origin.stamp.millis() > write.received + CLAMP_MILLIS {
                return Some(Broken::FromTheFuture);
            }
            if taken.iter().filter(|other| other.said == write.said).count() > 1 {
                return Some(Broken::Doubled);
            }
            let seen =
                write.said.as_u64().and_then(|said| captured.get(&said)).map(|captured| &captured.seen);
            let by = |other: &u64| {
                taken.iter().find(|taken| taken.said == other && taken.origin.stamp > write.origin.stamp)
            };
            if let Some(by) = seen.into_iter().flatten().find_map(by) {
                let told = record.told(write.said, by.said);
                return Some(if told { Broken::LostUpdateTold } else { Broken::LostUpdate });
            }
        }
        let largest = taken.iter().max_by_key(|write| write.origin.stamp).map(|write| write.said);
        if record.state.registers.values().any(|register| Some(&register.value) != largest) {
            return Some(Broken::NotTheLargest);
        }
    }
    None
}

fn captured(phones: [&Phone; 2]) -> HashMap<u64, &Captured> {
    let all = phones.into_iter().flat_map(|phone| &phone.captured);
    all.map(|(_, captured)| (captured.said, captured)).collect()
}

/// In every world, once it has come to rest.
pub(crate) fn at_rest(stage: &mut Stage, world: &World) -> Option<Broken> {
    let Some(world) = stage.at_rest(world) else { return Some(Broken::Restless) };
    let server = stage.server(world.server);
    let phones = world.phones.map(|phone| stage.phone(phone));
    let phones = [&*phones[0], &*phones[1]];
    of_server(&server, phones).or_else(|| agreed(&server, phones)).or_else(|| complete(&server, phones))
}

fn agreed(server: &Server, phones: [&Phone; 2]) -> Option<Broken> {
    let records: BTreeMap<_, Fields> =
        server.records.iter().map(|(id, record)| (*id, record.state.fields())).collect();
    let equal = |phone: &Phone| {
        let shown: BTreeMap<_, Fields> =
            phone.replica.records(school()).map(|(_, id, fields)| (id, fields)).collect();
        shown == records && phone.replica.unsent() == 0 && phone.replica.is_synced(school())
    };
    (!phones.into_iter().all(equal)).then_some(Broken::Diverged)
}

/// Everything that was captured is there, in the history or held, once.
fn complete(server: &Server, phones: [&Phone; 2]) -> Option<Broken> {
    let there: Vec<&Value> =
        server.records.values().flat_map(super::server::Record::taken).map(|taken| taken.said).collect();
    let mut unseen = None;
    for phone in phones {
        for (ticket, captured) in &phone.captured {
            let said = Value::from(captured.said);
            let known = if captured.held { server.held.contains(&said) } else { there.contains(&&said) };
            if server.held.iter().filter(|held| **held == said).count() > 1 {
                return Some(Broken::Doubled);
            }
            if known {
                continue;
            }
            let beaten = match phone.replica.status(*ticket) {
                Some(Status::Held(_)) => true,
                Some(Status::Acknowledged(_)) => {
                    let write = phone.replica.write(*ticket).expect("it is kept");
                    server.records.get(&write.record).and_then(|record| record.state.stamp()) > write.stamp
                }
                _ => false,
            };
            if !beaten {
                return Some(Broken::Missing);
            }
            unseen = Some(Broken::MissingUnseen);
        }
    }
    unseen
}
