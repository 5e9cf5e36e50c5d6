//! Typed values out of a record's fields. `null` is absent; what belongs to other apps is passed by.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::fields::{FieldSource, Fields};

/// Reads a value; members that are `null` count as absent, as they do in the schema.
pub(crate) fn decode<T: DeserializeOwned>(value: &Value) -> serde_json::Result<T> {
    T::deserialize(value).or_else(|_| T::deserialize(without_nulls(value)))
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The value of a field if it is there and reads as a `T`.
pub(crate) fn lenient<T: DeserializeOwned>(fields: &impl FieldSource, name: &str) -> Option<T> {
    fields.field(name).filter(|value| !value.is_null()).and_then(|value| decode(value).ok())
}

/// The elements of a list field that are there.
pub(crate) fn elements<'a>(
    fields: &'a impl FieldSource,
    name: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Value)> + 'a {
    fields.each().filter(|(_, value)| !value.is_null()).filter_map(move |(path, value)| {
        let element = path.as_str().strip_prefix(name)?.strip_prefix('/')?;
        Some((element, value))
    })
}

/// The fields without elements as one JSON object, to be read as a struct.
pub(crate) fn plain_object(fields: &Fields) -> Value {
    let plain = fields
        .iter()
        .filter(|(path, value)| path.element().is_none() && !path.is_foreign() && !value.is_null())
        .map(|(path, value)| (path.name().to_owned(), value.clone()));
    Value::Object(plain.collect::<Map<_, _>>())
}
