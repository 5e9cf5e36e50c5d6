#![no_main]

#[path = "../../crates/sync/tests/decoders/rows.rs"]
mod rows;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rows::holds(bytes));
