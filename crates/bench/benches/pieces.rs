//! How long the pieces of the hot paths take, each alone: `cargo bench -p bench`, one of them by
//! `cargo bench -p bench -- log`. Rates of the whole are told by the benchmark itself (docs/performance.md).

use bench::pieces::merge::{Arrival, Arriving};
use bench::pieces::page::Stream;
use bench::pieces::push::Body;
use bench::pieces::week::{self, BigWeek};
use bench::pieces::workbook::TimetableFile;
use divan::Bencher;
use divan::counter::ItemsCount;

// As the server's own binary has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    divan::main();
}

#[divan::bench(args = [Arrival::New, Arrival::Seen, Arrival::Stale])]
fn merge(bencher: Bencher<'_, '_>, arrival: Arrival) {
    let arriving = Arriving::new(arrival);
    bencher.with_inputs(|| arriving.record()).bench_local_refs(|record| arriving.merge(record));
}

#[divan::bench]
fn read_a_push_of_100(bencher: Bencher<'_, '_>) {
    let body = Body::of(100);
    bencher.counter(ItemsCount::new(100_u32)).bench_local(|| body.read());
}

#[divan::bench]
fn page_of_500(bencher: Bencher<'_, '_>) {
    let stream = Stream::of(500).expect("a database with 500 visits");
    bencher.counter(ItemsCount::new(500_u32)).bench_local(|| stream.page());
}

#[divan::bench]
fn verdicts_of_500(bencher: Bencher<'_, '_>) {
    let week = BigWeek::of(500);
    bencher.counter(ItemsCount::new(500_u32)).bench_local(|| week.judge());
}

#[divan::bench(args = [500, 5_000])]
fn log(bencher: Bencher<'_, '_>, visits: usize) {
    let week = BigWeek::of(visits);
    let input = week.input();
    bencher.counter(ItemsCount::new(visits)).bench_local(|| week::log(&input));
}

/// What a log looks back on: seven teaching weeks of as many visits.
#[divan::bench(args = [500, 5_000])]
fn log_after_seven_weeks(bencher: Bencher<'_, '_>, visits: usize) {
    let week = BigWeek::after(7, visits);
    let input = week.input();
    bencher.counter(ItemsCount::new(visits)).bench_local(|| week::log(&input));
}

#[divan::bench]
fn preview_of_60_classes(bencher: Bencher<'_, '_>) {
    let file = TimetableFile::new();
    bencher.bench_local(|| file.preview());
}
