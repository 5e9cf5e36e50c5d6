//! The messages of the protocol: what is sent ([`push`]), what is answered, what is read ([`page`]).
//!
//! Requests are read strictly, place by place, since each write stands alone; answers are plain serde
//! types that a client reads leniently, so that a newer server may say more.

#[cfg(test)]
mod frozen;
pub mod page;
pub mod push;
pub mod result;
