#![no_main]

#[path = "../../crates/domain/tests/decoders/timetable.rs"]
mod timetable;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| timetable::holds(bytes));
