//! A disk for SQLite that loses power, fills up and fails.
