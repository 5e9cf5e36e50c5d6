//! What was measured.

use std::time::Duration;

use serde::Serialize;

/// One workload on one server, once.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Figures {
    /// Records, or requests where none is a record.
    pub count: usize,
    /// Of these a second.
    pub rate: f64,
    /// Half of the requests took no longer, milliseconds.
    pub p50: f64,
    /// 99 of 100 requests took no longer, milliseconds.
    pub p99: f64,
    /// Processor time of the server, milliseconds per 1,000 of them.
    pub cpu: f64,
    /// Peak memory of the server meanwhile, MiB.
    pub memory: u64,
}

impl Figures {
    /// Puts figures together. `time`: how long the server was kept busy.
    pub fn new(
        count: usize,
        time: Duration,
        mut latencies: Vec<Duration>,
        burnt: Duration,
        memory: u64,
    ) -> Self {
        latencies.sort_unstable();
        let at = |share: usize| {
            let place = (latencies.len() * share).div_ceil(100).saturating_sub(1);
            latencies.get(place).map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
        };
        let number = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Self {
            count,
            rate: number / time.as_secs_f64(),
            p50: at(50),
            p99: at(99),
            cpu: burnt.as_secs_f64() * 1_000_000.0 / number,
            memory,
        }
    }

    /// The middle of several runs, each figure for itself.
    pub fn median(runs: &[Self]) -> Option<Self> {
        let first = runs.first()?;
        let middle = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = runs.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or_default()
        };
        Some(Self {
            count: first.count,
            rate: middle(|run| run.rate),
            p50: middle(|run| run.p50),
            p99: middle(|run| run.p99),
            cpu: middle(|run| run.cpu),
            memory: runs.iter().map(|run| run.memory).max()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(times: &[u64]) -> Vec<Duration> {
        times.iter().map(|time| Duration::from_millis(*time)).collect()
    }

    #[test]
    fn of_a_hundred_requests_the_99th_is_p99_and_the_slowest_is_not() {
        let times: Vec<u64> = (1..=100).rev().collect();
        let second = Duration::from_secs(1);

        let figures = Figures::new(200, second, milliseconds(&times), Duration::from_millis(20), 5);

        assert_eq!((figures.p50, figures.p99), (50.0, 99.0));
        assert_eq!((figures.rate, figures.cpu), (200.0, 100.0));
    }

    #[test]
    fn the_median_is_the_middle_run_and_the_memory_the_largest() {
        let run = |rate: u64, memory| {
            let time = Duration::from_millis(1000 / rate);
            Figures::new(1, time, milliseconds(&[rate]), Duration::ZERO, memory)
        };

        let median = Figures::median(&[run(50, 9), run(10, 3), run(20, 2)]).unwrap();

        assert_eq!((median.rate, median.p50, median.memory), (20.0, 20.0, 9));
    }
}
