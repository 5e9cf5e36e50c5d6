#![no_main]

#[path = "../../crates/sync/tests/decoders/strict_json.rs"]
mod strict_json;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| strict_json::holds(bytes));
