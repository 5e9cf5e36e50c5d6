//! The pieces of the hot paths, each alone: what `cargo bench -p bench` times and `instructions` counts
//! (docs/performance.md). Everything is drawn from fixed seeds and dates, so that two builds do the same work.

pub mod merge;
pub mod page;
pub mod push;
pub mod week;
pub mod workbook;

use chrono::NaiveDate;
use serde_json::Value;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_sync::stamp::DeviceId;

use crate::visits::{Dice, Names, Visit};

/// The school of every piece.
const SCHOOL: &str = "0199d0a1-0000-7000-8000-000000000000";
/// When the first write was made, milliseconds since 1970.
const MILLIS: u64 = 1_790_000_000_000;

/// The Wednesday on which the pieces run.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day of the calendar")
}

fn school() -> SchoolId {
    SCHOOL.parse().expect("a UUID")
}

fn device() -> DeviceId {
    DeviceId::from_u64(0x9f1c_2a7b_5d3e_8f60)
}

/// So many visits of one seed, naming nothing that a book knows.
fn visits(many: usize) -> Vec<Visit> {
    let mut dice = Dice::new(1);
    let mut some = |many: usize| (0..many).map(|_| dice.id(MILLIS).to_string()).collect();
    let names = Names { classes: some(24), subjects: some(12), teachers: some(60) };
    (0..).take(many).map(|number| dice.visit(&names, today(), number)).collect()
}

/// The fields of a visit as they are read from a push.
fn fields(set: &Value) -> Fields {
    let members = set.as_object().into_iter().flatten();
    members.map(|(path, value)| (path.parse().expect("a path of ours"), value.clone())).collect()
}
