//! Was anything lost, or doubled? Looks into the database itself and shares no code with the merge: stamps are texts,
//! and the largest wins.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait as _, Database, QueryResult, Statement};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use xunke_sync::replica::{Standing, Status};
use xunke_sync::wire::push::Write;
use xunke_sync::wire::result::HeldReason;

use super::schedule::{Heard, Pocket, Story, moment};
use crate::support::TestApp;

/// A device, and the number of a write there.
pub(super) type Key = (String, i64);

/// A row of the ledger of writes.
pub(super) struct Row {
    record: Option<Uuid>,
    /// `None`: it is held.
    canonical: Option<String>,
    set: Map<String, Value>,
}

/// The number of a write as the ledger has it.
pub(super) fn key(write: &Write) -> Key {
    (write.stamp.expect("phones stamp").device().to_string(), write.n)
}

/// Every write the server has answered.
pub(super) async fn ledger(app: &TestApp) -> BTreeMap<Key, Row> {
    let rows = select(app, "SELECT device, n, record, canonical, body FROM write").await;
    rows.iter()
        .map(|row| {
            let set: String = text(row, "body");
            let held = Row {
                record: row.try_get("", "record").unwrap(),
                canonical: row.try_get("", "canonical").unwrap(),
                set: serde_json::from_str(&set).unwrap(),
            };
            ((text(row, "device"), row.try_get("", "n").unwrap()), held)
        })
        .collect()
}

async fn select(app: &TestApp, sql: &str) -> Vec<QueryResult> {
    let db = Database::connect(&app.url).await.unwrap();
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql.to_owned())).await;
    db.close().await.unwrap();
    rows.unwrap()
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get("", column).unwrap()
}

/// Looks at everything, and counts.
pub(super) async fn check(story: &mut Story) {
    let rows = ledger(&story.app).await;
    for pocket in &story.pockets {
        assert_eq!(pocket.handset.replica.standing(), Standing::Free);
        assert_eq!(pocket.handset.replica.unsent(), 0, "the queue is empty");
        let feed = story.app.feed(&story.school.id, &pocket.handset.phone.token).await;
        assert_eq!(pocket.handset.view(&story.school.id), feed);
    }
    let held = held_list(&story.app).await;
    let mut became_held = 0;
    for pocket in &story.pockets {
        became_held += every_write_is_there(pocket, &rows, &held);
    }
    story.figures.became_held = became_held;
    story.figures.held = u64::try_from(held.len()).unwrap();
    nothing_is_doubled(&rows);
    story.figures.beaten = the_largest_stamps_stand(&story.app, &rows).await;
}

/// The open held writes, with what they set.
async fn held_list(app: &TestApp) -> BTreeMap<Key, Value> {
    let rows = select(app, "SELECT device, n, body FROM held_write WHERE state = 'open'").await;
    let set = |row: &QueryResult| serde_json::from_str::<Value>(&text(row, "body")).unwrap()["set"].take();
    rows.iter().map(|row| ((text(row, "device"), row.try_get("", "n").unwrap()), set(row))).collect()
}

/// Each write of a phone is in the ledger or the held list, as the phone says. Gives how many had been applied before
/// the restore and are held now.
fn every_write_is_there(pocket: &Pocket, rows: &BTreeMap<Key, Row>, held: &BTreeMap<Key, Value>) -> u64 {
    let mut became_held = 0;
    for ticket in &pocket.tickets {
        let write = pocket.handset.replica.write(*ticket).expect("it is kept");
        let heard = pocket.heard.get(ticket);
        let row = rows.get(&key(write)).unwrap_or_else(|| panic!("{write:?} is lost, it was {heard:?}"));
        assert_eq!(Value::Object(row.set.clone()), json!(write.set));
        match pocket.handset.replica.status(*ticket).expect("it is kept") {
            Status::Acknowledged(_) => {
                let canonical = row.canonical.as_ref().unwrap_or_else(|| panic!("{write:?} is held"));
                assert_eq!(*canonical, write.stamp.expect("phones stamp").to_string());
                if let Some(Heard::Applied(stamp)) = heard {
                    assert_eq!(moment(canonical), *stamp, "{write:?} keeps its stamp");
                }
            }
            Status::Held(result) => {
                assert_eq!(row.canonical, None);
                assert_eq!(held.get(&key(write)), Some(&json!(write.set)), "{write:?} is in the held list");
                if matches!(heard, Some(Heard::Applied(_))) {
                    assert_eq!(result.reason, Some(HeldReason::NotAuthor));
                    became_held += 1;
                }
            }
            other => panic!("{write:?} is {other:?}"),
        }
    }
    became_held
}

/// Each write has a mark of its own, so no two rows set the same.
fn nothing_is_doubled(rows: &BTreeMap<Key, Row>) {
    let mut seen = BTreeMap::new();
    for (key, row) in rows {
        let other = seen.insert((row.record, Value::Object(row.set.clone()).to_string()), key);
        assert_eq!(other, None, "{:?} is there twice, again as {key:?}", row.set);
    }
}

/// Every record shows, field by field, the write with the largest stamp. Gives how many fields were beaten.
async fn the_largest_stamps_stand(app: &TestApp, rows: &BTreeMap<Key, Row>) -> u64 {
    let mut beaten = 0;
    let mut expected: BTreeMap<Uuid, BTreeMap<&String, (&String, &Value)>> = BTreeMap::new();
    for row in rows.values() {
        let (Some(record), Some(stamp)) = (row.record, &row.canonical) else { continue };
        let fields = expected.entry(record).or_default();
        for (path, value) in &row.set {
            let winner = fields.get(path).copied();
            assert_ne!(winner.map(|(other, _)| other), Some(stamp), "no two writes have one stamp");
            beaten += u64::from(winner.is_some());
            if winner.is_none_or(|(other, _)| other < stamp) {
                fields.insert(path, (stamp, value));
            }
        }
    }
    let records = select(app, "SELECT id, stamp, stamps, fields FROM record").await;
    assert_eq!(records.len(), expected.len(), "every record is there, once");
    for record in records {
        let id: Uuid = record.try_get("", "id").unwrap();
        let fields: BTreeMap<String, Value> = serde_json::from_str(&text(&record, "fields")).unwrap();
        let stamps: BTreeMap<String, String> = serde_json::from_str(&text(&record, "stamps")).unwrap();
        let largest = text(&record, "stamp");
        let shown: BTreeMap<&String, (&String, &Value)> = fields
            .iter()
            .map(|(path, value)| (path, (stamps.get(path).unwrap_or(&largest), value)))
            .collect();
        assert_eq!(shown, expected[&id], "{id}");
    }
    beaten
}
