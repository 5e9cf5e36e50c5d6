#![no_main]

#[path = "../../crates/sync/tests/decoders/app.rs"]
mod app;
#[path = "../../crates/sync/tests/decoders/rows.rs"]
mod rows;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rows::holds(bytes));
