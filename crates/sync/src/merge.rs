//! The merge (protocol, section 2): what wins, what is lifted, what clashes.
//!
//! [`merge`] takes one write into one record. It needs the record's earlier writes only when
//! [`needs_history`] says so, which is when the write did not know the field's current winner.

use uuid::Uuid;
use xunke_domain::fields::{FieldPath, Fields};

use crate::planted::{Bug, planted};
use crate::record::{self, LastWrites, Origin, RecordState, Register, Seq, WriteId};
use crate::stamp::{DeviceId, Stamp};

/// What a write had seen when the person edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The stream up to this seq.
    Seen(Seq),
    /// Whatever is current on arrival: a simple client that sends no base.
    Current,
}

/// A write as it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The device it comes from.
    pub device: DeviceId,
    /// Its number on that device, from 1.
    pub n: i64,
    /// What it had seen.
    pub base: Base,
    /// The same by names: the last write of each other device. Where it is said, `base` counts for the server's own
    /// writes alone: it may be of a past that the server has lost.
    pub saw: Option<&'a LastWrites>,
    /// Its name; none for a write of the server's own.
    pub id: Option<WriteId>,
    /// Its claimed stamp; `None`: stamped at receipt.
    pub claimed: Option<Stamp>,
    /// The fields it sets.
    pub set: &'a Fields,
}

/// An earlier accepted write of the same record.
#[derive(Clone, Debug)]
pub struct Past {
    /// Who, when, which.
    pub origin: Origin,
    /// The fields it set.
    pub set: Fields,
    /// The last writes of the record that it had seen.
    pub saw: LastWrites,
}

/// A field the write lost to a newer one.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// The field.
    pub path: FieldPath,
    /// Who holds it.
    pub winner: Register,
}

/// Two writes of one field that had not seen each other and differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    /// The field.
    pub path: FieldPath,
    /// What stood there when the write arrived.
    pub standing: Register,
    /// The write that arrived, as it was accepted.
    pub arrived: Register,
}

/// A conflict that is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenConflict {
    /// The conflict.
    pub id: Uuid,
    /// The field.
    pub path: FieldPath,
    /// The two writes.
    pub between: [Origin; 2],
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The stamp it was given.
    pub canonical: Stamp,
    /// Fields it lost, in path order.
    pub lost: Vec<Lost>,
    /// Conflicts it opens, in path order.
    pub clashes: Vec<Clash>,
    /// Conflicts it closes.
    pub settled: Vec<Uuid>,
}

impl Past {
    /// Whether whoever made this write had seen one that arrives only now: a later write of the same device, or any
    /// write at all where the server was restored in between.
    fn has_seen(&self, write: &Incoming<'_>) -> bool {
        let numbered = self.origin.device() == write.device && self.origin.n > write.n;
        numbered || comes_after(self.origin.id, Some(&self.saw), write.id)
    }
}

impl Incoming<'_> {
    /// Whether whoever made this write had seen `other` (section 2.3).
    pub fn has_seen(&self, other: &Origin) -> bool {
        let by_base = match self.base {
            Base::Current => true,
            Base::Seen(base) => base >= other.seq && (self.saw.is_none() || other.id.is_none()),
        };
        let numbered = self.device == other.device() && self.n > other.n;
        by_base || numbered || comes_after(self.id, self.saw, other.id)
    }
}

/// Whether a write comes after another by their names: captured later on the same phone, or having seen it.
fn comes_after(id: Option<WriteId>, saw: Option<&LastWrites>, other: Option<WriteId>) -> bool {
    let Some(other) = other else { return false };
    let later = id.is_some_and(|id| id.device == other.device && id.n > other.n);
    later || saw.and_then(|saw| saw.get(&other.device)).is_some_and(|last| *last >= other.n)
}

/// Whether [`merge`] must be given the record's earlier writes: some field's winner was not seen, or a
/// later write of the same device (`latest_n`) is already there.
pub fn needs_history(state: &RecordState, write: &Incoming<'_>, latest_n: i64) -> bool {
    !state.registers.is_empty()
        && (write.n < latest_n
            || write
                .set
                .keys()
                .filter_map(|path| state.registers.get(path))
                .any(|register| !write.has_seen(&register.origin)))
}

/// Takes a write into the record. `past` holds the record's earlier accepted writes where
/// [`needs_history`] asked for them, else nothing; `open` the record's open conflicts.
pub fn merge(
    state: &mut RecordState,
    past: &[Past],
    open: &[OpenConflict],
    write: &Incoming<'_>,
    received_millis: i64,
    seq: Seq,
) -> Merged {
    let canonical = canonical_stamp(state, past, write, received_millis);
    let origin = Origin { stamp: canonical, seq, n: write.n, id: write.id };
    if let Some(id) = write.id {
        record::note(&mut state.writes, id);
    }
    let (mut lost, mut clashes) = (Vec::new(), Vec::new());
    for (path, value) in write.set {
        let arrived = Register { value: value.clone(), origin };
        if planted(Bug::ListOverwritten) && path.element().is_some() {
            state.registers.retain(|other, _| other == path || other.name() != path.name());
        }
        let Some(standing) = state.registers.get(path) else {
            state.registers.insert(path.clone(), arrived);
            continue;
        };
        let saw = |past: &Past| past.origin == standing.origin && past.has_seen(write);
        let strangers = !write.has_seen(&standing.origin) && !past.iter().any(saw);
        if strangers && standing.value != *value {
            clashes.push(Clash { path: path.clone(), standing: standing.clone(), arrived: arrived.clone() });
        }
        if canonical > standing.origin.stamp || planted(Bug::ArrivalWins) {
            state.registers.insert(path.clone(), arrived);
        } else {
            lost.push(Lost { path: path.clone(), winner: standing.clone() });
        }
    }
    let settled = open
        .iter()
        .filter(|conflict| write.set.contains_key(&conflict.path))
        .filter(|conflict| conflict.between.iter().all(|side| write.has_seen(side)))
        .map(|conflict| conflict.id)
        .collect();
    Merged { canonical, lost, clashes, settled }
}

/// Clamp, lift above all that was seen, end below what had seen this write elsewhere (sections 2.2, 2.3).
fn canonical_stamp(state: &RecordState, past: &[Past], write: &Incoming<'_>, received_millis: i64) -> Stamp {
    let claimed = write.claimed.unwrap_or_else(|| Stamp::at(received_millis, write.device));
    // A stamp names the device that wrote, whatever the sender put there.
    let mut stamp = claimed.in_the_hand_of(write.device).clamped(received_millis);
    let touches = |past: &&Past| write.set.keys().any(|path| past.set.contains_key(path));
    let winners =
        write.set.keys().filter_map(|path| state.registers.get(path)).map(|register| register.origin);
    let earlier = past.iter().filter(touches);
    let seen = winners.chain(earlier.clone().map(|past| past.origin)).filter(|other| write.has_seen(other));
    let after = earlier.filter(|past| past.has_seen(write));

    let floor = seen.map(|other| other.stamp).max().filter(|_| !planted(Bug::LiftDropped));
    if let Some(floor) = floor.filter(|floor| stamp <= *floor) {
        stamp = match write.saw {
            // A simple client, as it was from the beginning.
            None => floor.just_above(write.device),
            Some(_) => floor.above(write.device),
        };
    }
    if let Some(ceiling) = after.map(|past| past.origin.stamp).min()
        && stamp >= ceiling
    {
        stamp = floor
            .map_or_else(|| ceiling.below(write.device), |floor| floor.half_way_to(ceiling, write.device));
    }
    stamp
}

#[cfg(test)]
mod tests;
