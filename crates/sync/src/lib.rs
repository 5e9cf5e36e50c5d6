//! How devices that were offline come to agree: visit sync protocol, version 1.
//!
//! Pure: `(state, message) -> (state, answer)`. The server, the phones and the tests run the same code.
//! Start with [`merge`] (what wins), then [`wire`] (what is said) and [`cursor`] (where a reader stands);
//! [`replica`] is the phone's side of it all.

pub mod cursor;
pub mod derived_id;
pub mod limits;
pub mod merge;
pub mod numbers;
pub mod planted;
pub mod record;
pub mod replica;
pub mod stamp;
pub mod strict_json;
pub mod wire;
