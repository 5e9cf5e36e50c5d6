//! The replica against a naive server: stories, frozen bytes, properties.

mod frozen;
mod hostile;
mod phone;
mod properties;
mod random_book;
mod registration;
mod restores;
mod scope;
mod sending;
mod server;
mod showing;
mod unnoticed;
mod verdicts;

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};

use crate::stamp::DeviceId;

/// The first school.
fn school() -> SchoolId {
    school_of(1)
}

fn school_of(number: u128) -> SchoolId {
    SchoolId::from_uuid(Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(500 + number))
}

fn device(number: u64) -> DeviceId {
    DeviceId::from_u64(number)
}

fn visit(number: u128) -> Uuid {
    Uuid::from_u128(1000 + number)
}

fn set(path: &str, value: impl Into<Value>) -> Fields {
    Fields::from([(path.parse().unwrap(), value.into())])
}

fn good() -> Fields {
    set("ratings/engagement", json!("good"))
}
