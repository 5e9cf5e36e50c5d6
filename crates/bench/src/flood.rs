//! Sends what was made beforehand, over many connections at once, and counts what is acknowledged.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::http::Connection;
use crate::reading::unpacked;

/// What every accepted write is answered with.
const APPLIED: &str = r#""outcome":"applied""#;

/// What one connection sends, in order, so many times over.
#[derive(Debug)]
pub struct Queue {
    /// Requests and how many records each is to have acknowledged; 0: a poll that is to find nothing new.
    pub requests: Vec<(Vec<u8>, usize)>,
    /// How often the whole is sent.
    pub times: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Flooded {
    /// Records, or requests where none is a record.
    pub count: usize,
    /// From the first byte sent to the last one received.
    pub time: Duration,
    /// Of each request.
    pub latencies: Vec<Duration>,
}

/// Sends the queues, each to its address (`127.0.0.1:port`) over a connection of its own, all at once.
pub fn flood<'a>(queues: impl Iterator<Item = (&'a str, &'a Queue)>) -> anyhow::Result<Flooded> {
    let connections = queues
        .map(|(address, queue)| Ok((queue, Connection::open(address)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (barrier, began) = (Barrier::new(connections.len()), Instant::now());
    let done: anyhow::Result<Vec<(usize, Vec<Duration>)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = connections
            .into_iter()
            .map(|(queue, mut connection)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    drain(queue, &mut connection)
                })
            })
            .collect();
        let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|ended| ended.unwrap_or_else(|_| Err(anyhow::anyhow!("a pusher failed")))).collect()
    });
    let (time, done) = (began.elapsed(), done?);
    let count = done.iter().map(|(count, _)| count).sum();
    Ok(Flooded { count, time, latencies: done.into_iter().flat_map(|(_, latencies)| latencies).collect() })
}

fn drain(queue: &Queue, connection: &mut Connection) -> anyhow::Result<(usize, Vec<Duration>)> {
    let (mut count, mut latencies) = (0, Vec::with_capacity(queue.requests.len() * queue.times));
    for _ in 0..queue.times {
        for (request, records) in &queue.requests {
            latencies.push(exchange(connection, request, *records)?);
            count += (*records).max(1);
        }
    }
    Ok((count, latencies))
}

/// Sends one request, which must have so many records acknowledged; gives how long it took.
pub fn exchange(connection: &mut Connection, request: &[u8], records: usize) -> anyhow::Result<Duration> {
    let answer = connection.exchange(request)?;
    let said = std::str::from_utf8(&connection.body).unwrap_or("compressed");
    ensure!(answer.status == 200, "the server answered {} {said}", answer.status);
    if records == 0 {
        ensure!(said.contains(r#""changes":[]"#), "there was something new: {said}");
    } else {
        let unpacked = unpacked(&connection.body)?;
        let applied = unpacked.matches(APPLIED).count();
        ensure!(applied == records, "{applied} of {records} writes were applied: {unpacked:.2000}");
    }
    Ok(answer.took)
}
