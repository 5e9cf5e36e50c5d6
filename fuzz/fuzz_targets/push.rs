#![no_main]

#[path = "../../crates/sync/tests/decoders/push.rs"]
mod push;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| push::holds(bytes));
