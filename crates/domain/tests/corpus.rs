//! The kept corpus of the timetable fuzzer, replayed: inputs that once were new to the reader, or its end.

mod decoders;

use std::path::Path;

#[test]
fn the_corpus_of_timetables_holds() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/timetable");
    let mut inputs = 0;
    for entry in std::fs::read_dir(&place).expect("the corpus") {
        let input = entry.expect("an entry").path();
        let bytes = std::fs::read(&input).expect("an input");
        // Names the input where a property does not hold.
        let held = std::panic::catch_unwind(|| decoders::timetable::holds(&bytes));
        assert!(held.is_ok(), "{}", input.display());
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", place.display());
}
