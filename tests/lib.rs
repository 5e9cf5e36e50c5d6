//! What the end-to-end suite shares with other tests; the suite itself lives in `it`.

pub mod nursery;
pub mod postgres;
