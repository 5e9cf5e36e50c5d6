#![no_main]

#[path = "../../crates/sync/tests/decoders/stamp.rs"]
mod stamp;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stamp::holds(bytes));
