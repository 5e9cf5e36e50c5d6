//! What is known to be true, kept the slow way and without a line of the engine: every write ever captured, what its
//! author had in sight, every answer the server gave. Values are made so that no two writes say the same, so that a
//! value that is shown names the write that said it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};

/// Names a captured write.
pub type SaidId = usize;

/// A device and the number of a write on it, as they are on the wire.
pub type Number = (String, i64);

/// A captured write.
#[derive(Clone, Debug)]
pub struct Said {
    /// The phone, by its number.
    pub phone: usize,
    /// Who captured it.
    pub person: UserId,
    /// The stream.
    pub stream: SchoolId,
    /// The record.
    pub record: Uuid,
    /// The record type.
    pub kind: String,
    /// What it sets.
    pub set: Fields,
    /// The writes whose values were in sight in the fields it sets.
    pub seen: Vec<SaidId>,
    /// It can never be taken in.
    pub poison: bool,
    /// Its author made the record.
    pub own: bool,
    /// Whether the phone still has it.
    pub kept: bool,
}

/// What the server has answered about a write.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Which write.
    pub said: SaidId,
    /// `applied`, `merged` or `held`: what it was the first time.
    pub outcome: String,
    /// Its place in the stream, unless held.
    pub seq: Option<i64>,
    /// Its canonical stamp, as text; of a held write the claimed one.
    pub stamp: String,
    /// Why it is held.
    pub reason: Option<String>,
}

impl Answered {
    /// Whether people have to look at it.
    pub fn is_held(&self) -> bool {
        self.outcome == "held"
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    said: Vec<Said>,
    /// Record, path and value → who said so; `None` where two did.
    values: HashMap<(Uuid, String, String), Option<SaidId>>,
    /// Record and content → the write.
    contents: HashMap<(Uuid, String), SaidId>,
    /// What the server has answered and must still have.
    pub answered: BTreeMap<Number, Answered>,
    /// What it had answered before it was put back to a backup, and has not been given again.
    pub lost: BTreeMap<Number, Answered>,
}

fn content(record: Uuid, set: &Fields) -> (Uuid, String) {
    (record, serde_json::to_string(set).unwrap_or_default())
}

impl Oracle {
    /// A number that no write has used: it makes values unique.
    pub fn next(&self) -> SaidId {
        self.said.len()
    }

    /// Takes note of a captured write.
    pub fn say(&mut self, said: Said) -> SaidId {
        let id = self.said.len();
        self.contents.insert(content(said.record, &said.set), id);
        for (path, value) in &said.set {
            let key = (said.record, path.as_str().to_owned(), value.to_string());
            self.values.entry(key).and_modify(|known| *known = None).or_insert(Some(id));
        }
        self.said.push(said);
        id
    }

    /// A write.
    pub fn get(&self, id: SaidId) -> &Said {
        &self.said[id]
    }

    /// A write, to be changed.
    pub fn get_mut(&mut self, id: SaidId) -> &mut Said {
        &mut self.said[id]
    }

    /// All writes.
    pub fn all(&self) -> impl Iterator<Item = (SaidId, &Said)> {
        self.said.iter().enumerate()
    }

    /// Who said a value that is in sight; `None` where nobody did, or two did the same.
    pub fn who_said(&self, record: Uuid, path: &str, value: &Value) -> Option<SaidId> {
        *self.values.get(&(record, path.to_owned(), value.to_string()))?
    }

    /// The write with this content.
    pub fn of_content(&self, record: Uuid, set: &Fields) -> Option<SaidId> {
        self.contents.get(&content(record, set)).copied()
    }

    /// The server was put back to what it had answered at an earlier time.
    pub fn restored_to(&mut self, earlier: BTreeMap<Number, Answered>) {
        let later = std::mem::replace(&mut self.answered, earlier);
        for (number, answered) in later {
            if !self.answered.contains_key(&number) {
                self.lost.insert(number, answered);
            }
        }
    }

    /// What a record's fields must be: of all writes taken in, the one with the largest stamp wins a field.
    /// Removed fields are left out.
    pub fn expected(&self, stream: SchoolId) -> BTreeMap<Uuid, BTreeMap<String, Value>> {
        let mut winners: BTreeMap<(Uuid, String), (&str, &Value)> = BTreeMap::new();
        for answered in self.answered.values().filter(|answered| !answered.is_held()) {
            let said = self.get(answered.said);
            if said.stream != stream {
                continue;
            }
            for (path, value) in &said.set {
                let winner = winners.entry((said.record, path.as_str().to_owned())).or_insert(("", value));
                if answered.stamp.as_str() > winner.0 {
                    *winner = (&answered.stamp, value);
                }
            }
        }
        let mut records: BTreeMap<Uuid, BTreeMap<String, Value>> = BTreeMap::new();
        for ((record, path), (_, value)) in winners {
            let fields = records.entry(record).or_default();
            if !value.is_null() {
                fields.insert(path, value.clone());
            }
        }
        records
    }

    /// The newest seq of each record of a stream.
    pub fn newest(&self, stream: SchoolId) -> BTreeMap<Uuid, i64> {
        let mut newest = BTreeMap::new();
        for answered in self.answered.values() {
            let said = self.get(answered.said);
            if let Some(seq) = answered.seq.filter(|_| said.stream == stream) {
                let known = newest.entry(said.record).or_insert(seq);
                *known = seq.max(*known);
            }
        }
        newest
    }

    /// Pairs of writes, both taken in, where the later one saw the earlier and yet does not stand above it.
    pub fn beaten_by_the_seen(&self) -> Option<(Number, Number)> {
        let mut by_said: BTreeMap<SaidId, (&Number, &Answered)> = BTreeMap::new();
        for (number, answered) in self.answered.iter().filter(|(_, answered)| !answered.is_held()) {
            by_said.insert(answered.said, (number, answered));
        }
        for (number, answered) in by_said.values() {
            for seen in &self.get(answered.said).seen {
                let Some((earlier, before)) = by_said.get(seen) else { continue };
                if answered.stamp <= before.stamp {
                    return Some(((*number).clone(), (*earlier).clone()));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(record: u128, set: &Value, seen: &[SaidId]) -> Said {
        let nobody = UserId::from_uuid(Uuid::nil());
        Said {
            phone: 0,
            person: nobody,
            stream: SchoolId::from_uuid(Uuid::nil()),
            record: Uuid::from_u128(record),
            kind: "visit".to_owned(),
            set: serde_json::from_value(set.clone()).unwrap(),
            seen: seen.to_vec(),
            poison: false,
            own: true,
            kept: true,
        }
    }

    fn answered(said: SaidId, seq: i64, stamp: &str) -> Answered {
        let outcome = "applied".to_owned();
        Answered { said, outcome, seq: Some(seq), stamp: stamp.to_owned(), reason: None }
    }

    fn number(n: i64) -> Number {
        ("d".to_owned(), n)
    }

    #[test]
    fn the_largest_stamp_wins_each_field_and_what_is_removed_is_gone() {
        let mut oracle = Oracle::default();
        oracle.say(said(1, &json!({"a": 1, "b": 1}), &[]));
        oracle.say(said(1, &json!({"a": 2, "b": null}), &[]));
        oracle.answered.insert(number(1), answered(0, 1, "05"));
        oracle.answered.insert(number(2), answered(1, 2, "04"));
        let stream = oracle.get(0).stream;
        let fields = |oracle: &Oracle| json!(oracle.expected(stream)[&Uuid::from_u128(1)]);

        assert_eq!(fields(&oracle), json!({"a": 1, "b": 1}));
        oracle.answered.insert(number(2), answered(1, 2, "06"));
        assert_eq!(fields(&oracle), json!({"a": 2}));
        assert_eq!(oracle.newest(stream)[&Uuid::from_u128(1)], 2);
    }

    #[test]
    fn a_write_that_does_not_stand_above_what_it_saw_is_found() {
        let mut oracle = Oracle::default();
        oracle.say(said(1, &json!({"a": 1}), &[]));
        oracle.say(said(1, &json!({"a": 2}), &[0]));
        oracle.answered.insert(number(1), answered(0, 1, "05"));
        oracle.answered.insert(number(2), answered(1, 2, "06"));

        assert_eq!(oracle.beaten_by_the_seen(), None);
        oracle.answered.insert(number(2), answered(1, 2, "04"));
        assert_eq!(oracle.beaten_by_the_seen(), Some((number(2), number(1))));
    }

    #[test]
    fn a_value_names_its_author_unless_two_said_the_same() {
        let mut oracle = Oracle::default();
        oracle.say(said(1, &json!({"a": 1}), &[]));
        oracle.say(said(1, &json!({"a": null}), &[]));
        oracle.say(said(1, &json!({"a": null, "b": 2}), &[]));
        let record = Uuid::from_u128(1);

        assert_eq!(oracle.who_said(record, "a", &json!(1)), Some(0));
        assert_eq!(oracle.who_said(record, "a", &Value::Null), None);
        assert_eq!(oracle.of_content(record, &oracle.get(2).set), Some(2));
    }

    #[test]
    fn what_a_backup_does_not_have_is_missed() {
        let mut oracle = Oracle::default();
        oracle.say(said(1, &json!({"a": 1}), &[]));
        oracle.answered.insert(number(1), answered(0, 1, "05"));
        let backup = oracle.answered.clone();
        oracle.answered.insert(number(2), answered(0, 2, "06"));

        oracle.restored_to(backup);

        assert_eq!(oracle.answered.len(), 1);
        assert_eq!(oracle.lost.keys().collect::<Vec<_>>(), [&number(2)]);
    }
}
