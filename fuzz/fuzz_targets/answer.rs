#![no_main]

#[path = "../../crates/sync/tests/decoders/app.rs"]
mod app;
#[path = "../../crates/sync/tests/decoders/answer.rs"]
mod answer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| answer::holds(bytes));
