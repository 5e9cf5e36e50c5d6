#![no_main]

#[path = "../../crates/domain/tests/decoders/workbook.rs"]
mod workbook;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workbook::holds(bytes));
