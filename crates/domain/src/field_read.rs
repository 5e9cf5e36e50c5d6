//! Typed values out of a record's fields. `null` is absent; what belongs to other apps is passed by.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::fields::Fields;

/// The value of a field if it is there and reads as a `T`.
pub(crate) fn lenient<T: DeserializeOwned>(fields: &Fields, name: &str) -> Option<T> {
    fields.get(name).filter(|value| !value.is_null()).and_then(|value| T::deserialize(value).ok())
}

/// The elements of a list field that are there.
pub(crate) fn elements<'a>(
    fields: &'a Fields,
    name: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Value)> + 'a {
    fields.iter().filter(move |(path, value)| path.name() == name && !value.is_null()).filter_map(
        |(path, value)| {
            let element = path.element()?;
            Some((element, value))
        },
    )
}

/// The fields without elements as one JSON object, to be read as a struct.
pub(crate) fn plain_object(fields: &Fields) -> Value {
    let plain = fields
        .iter()
        .filter(|(path, value)| path.element().is_none() && !path.is_foreign() && !value.is_null())
        .map(|(path, value)| (path.name().to_owned(), value.clone()));
    Value::Object(plain.collect::<Map<_, _>>())
}
