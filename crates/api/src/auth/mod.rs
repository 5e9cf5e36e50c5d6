//! Who asks, and what he may do: keys, tokens, passwords, and the guard before every handler.

pub mod callers;
pub mod guard;
pub mod keys;
pub mod password;
pub mod throttle;
pub mod token;
