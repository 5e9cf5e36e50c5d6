//! What the person sees: what the server has said, overlaid by what this phone has said since.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;
use xunke_domain::fields::{FieldPath, Fields};
use xunke_domain::ids::{SchoolId, UserId};

use super::outbox::Kept;
use super::{Replica, standing};
use crate::stamp::{DeviceId, Stamp};
use crate::wire::page::Change;

/// The winners of one record so far.
#[derive(Default)]
struct Layers<'a>(BTreeMap<&'a FieldPath, (Stamp, &'a Value)>);

impl<'a> Layers<'a> {
    fn confirmed(change: &'a Change) -> Self {
        let largest = change.stamp.unwrap_or_else(|| standing::oldest(DeviceId::from_u64(0)));
        let stamp = |path| change.stamp_of(path).unwrap_or(largest);
        Self(change.fields.iter().map(|(path, value)| (path, (stamp(path), value))).collect())
    }

    /// Lays a write of this phone over; where it is known to have lost, what it lost to.
    fn overlay(&mut self, kept: &'a Kept) {
        let lost = kept.answered.as_ref().map(|answered| &answered.result.lost);
        for (path, value) in &kept.write.set {
            let (stamp, value) = match lost.and_then(|lost| lost.get(path)) {
                Some(lost) => (lost.stamp, &lost.value),
                None => (kept.stamp(), value),
            };
            let winner = self.0.entry(path).or_insert((stamp, value));
            if winner.0 <= stamp {
                *winner = (stamp, value);
            }
        }
    }

    /// The values; removed fields are left out.
    fn fields(self) -> Fields {
        let there = self.0.into_iter().filter(|(_, (_, value))| !value.is_null());
        there.map(|(path, (_, value))| (path.clone(), value.clone())).collect()
    }
}

impl Replica {
    /// A record as the person sees it, without removed fields.
    pub fn view(&self, stream: SchoolId, kind: &str, id: Uuid) -> Option<Fields> {
        let confirmed = self.confirmed(stream, kind, id);
        let mut own = self.overlays(stream).filter(|kept| kept.is_of(stream, kind, id)).peekable();
        if confirmed.is_none() && own.peek().is_none() {
            return None;
        }
        let mut layers = confirmed.map(Layers::confirmed).unwrap_or_default();
        own.for_each(|kept| layers.overlay(kept));
        Some(layers.fields())
    }

    /// All records of a stream as the person sees them: type, id, fields. Types this version has no name
    /// for are among them.
    pub fn records(&self, stream: SchoolId) -> impl Iterator<Item = (&str, Uuid, Fields)> {
        let confirmed = self.streams.get(&stream).map(|stream| &stream.live.records);
        let mut records: BTreeMap<(&str, Uuid), Layers<'_>> = confirmed
            .into_iter()
            .flatten()
            .map(|((kind, id), change)| ((kind.as_str(), *id), Layers::confirmed(change)))
            .collect();
        for kept in self.overlays(stream) {
            records.entry((&kept.write.kind, kept.write.record)).or_default().overlay(kept);
        }
        records.into_iter().map(|((kind, id), layers)| (kind, id, layers.fields()))
    }

    /// Who made a record, as far as the server tells; this phone's person, if only this phone knows it.
    pub fn author(&self, stream: SchoolId, kind: &str, id: Uuid) -> Option<UserId> {
        match self.confirmed(stream, kind, id) {
            Some(change) => change.author,
            None => self.overlays(stream).any(|kept| kept.is_of(stream, kind, id)).then_some(self.me.user),
        }
    }

    fn confirmed(&self, stream: SchoolId, kind: &str, id: Uuid) -> Option<&Change> {
        self.streams.get(&stream)?.confirmed(kind, id)
    }

    fn overlays(&self, stream: SchoolId) -> impl Iterator<Item = &Kept> {
        self.writes.values().filter(move |kept| kept.write.stream == stream && self.is_overlaid(kept))
    }

    /// Whether a write is not among the server's records yet: it is queued, or the page that contains it
    /// has not come. A held write is in no record.
    pub(super) fn is_overlaid(&self, kept: &Kept) -> bool {
        if kept.is_queued() {
            return true;
        }
        let seen = self.seen(kept.write.stream, &kept.write.kind, kept.write.record);
        !kept.is_held() && kept.seq().is_some_and(|seq| seq > seen)
    }
}
