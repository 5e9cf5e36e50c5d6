//! The kept corpus of the fuzzers, replayed: inputs that once were new to a decoder, or its end.

#![expect(clippy::panic, reason = "a property that does not hold ends the test")]

mod decoders;

use std::path::{Path, PathBuf};

/// Every input under `fuzz/corpus/<target>`.
fn replay(target: &str, holds: fn(&[u8])) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let inputs: Vec<PathBuf> =
        std::fs::read_dir(&place).expect("the corpus").map(|entry| entry.expect("an entry").path()).collect();
    assert!(!inputs.is_empty(), "{} is empty", place.display());
    for input in inputs {
        let bytes = std::fs::read(&input).expect("an input");
        // Names the input where a property does not hold.
        let held = std::panic::catch_unwind(|| holds(&bytes));
        assert!(held.is_ok(), "{}", input.display());
    }
}

#[test]
fn the_corpus_of_push_bodies_holds() {
    replay("push", decoders::push::holds);
}

#[test]
fn the_corpus_of_cursors_holds() {
    replay("cursor", decoders::cursor::holds);
}

#[test]
fn the_corpus_of_stamps_holds() {
    replay("stamp", decoders::stamp::holds);
}

#[test]
fn the_corpus_of_answers_holds() {
    replay("answer", decoders::answer::holds);
}

#[test]
fn the_corpus_of_stored_rows_holds() {
    replay("rows", decoders::rows::holds);
}

#[test]
fn the_corpus_of_strict_json_holds() {
    replay("strict_json", decoders::strict_json::holds);
}
