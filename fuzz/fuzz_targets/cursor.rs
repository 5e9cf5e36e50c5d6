#![no_main]

#[path = "../../crates/sync/tests/decoders/cursor.rs"]
mod cursor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cursor::holds(bytes));
