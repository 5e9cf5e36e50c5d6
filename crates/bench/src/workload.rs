//! The five workloads. Everything sent is made before the clock runs.

use std::io::Read as _;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use crate::figures::Figures;
use crate::http::{Connection, request};
use crate::run::Sizes;
use crate::school::today;
use crate::subject::Subject;
use crate::visits::{Dice, Visit};

/// Which workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
pub enum Workload {
    /// Push new visits, batches of 100, 8 at a time.
    W1,
    /// First sync: everything from zero, pages of 500, gzip, one reader.
    W2,
    /// Nothing new: polls with a cursor that stands at the head, 16 at a time.
    W3,
    /// Push one new visit a request, 16 at a time.
    W4,
    /// Edit one field of visits, batches of 100, 8 at a time.
    W5,
}

/// Writes of a push.
const BATCH: usize = 100;
/// Pushes at a time in W1 and W5.
const PUSHERS: usize = 8;
/// Requests at a time in W3 and W4.
const MANY: usize = 16;
/// W2 reads everything so often, since once is soon over.
const PASSES: usize = 3;
/// What every accepted write is answered with.
const APPLIED: &str = r#""outcome":"applied""#;

/// Bytes a record on the wire, of whole first syncs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Wire {
    /// Uncompressed.
    pub plain: f64,
    /// gzip.
    pub gzip: f64,
    /// zstd; none where the server does not speak it.
    pub zstd: Option<f64>,
}

/// The load on one server: its visits, and how far each phone has numbered its writes.
#[derive(Debug)]
pub struct Load<'a> {
    subject: &'a Subject,
    /// By phone.
    visits: Vec<Vec<Visit>>,
    /// By phone: how many of its visits have been sent.
    sent: Vec<usize>,
    /// By phone.
    last_n: Vec<usize>,
    head: i64,
}

/// What one connection sends, in order, so many times over.
struct Queue {
    /// Requests and how many records each is to have acknowledged.
    requests: Vec<(Vec<u8>, usize)>,
    times: usize,
}

impl<'a> Load<'a> {
    /// Makes the visits that W1 and W4 will send.
    pub fn new(subject: &'a Subject, sizes: &Sizes, seed: u64) -> Self {
        let phones = subject.school.phones.len();
        let mut dice = Dice::new(seed);
        let mut visits = vec![Vec::new(); phones];
        for (number, phone) in (0..).zip((0..phones).cycle()).take(sizes.visits + sizes.singles) {
            if let Some(of) = visits.get_mut(phone) {
                of.push(dice.visit(&subject.school.names, today(), number));
            }
        }
        Self { subject, visits, sent: vec![0; phones], last_n: vec![0; phones], head: 0 }
    }

    /// Runs a workload once.
    pub fn run(&mut self, workload: Workload, sizes: &Sizes) -> anyhow::Result<Figures> {
        let phones = self.visits.len();
        match workload {
            Workload::W1 => {
                let queues = self.new_visits(sizes.visits / phones, BATCH, PUSHERS);
                self.flood(&queues)
            }
            Workload::W2 => self.first_sync(sizes.visits),
            Workload::W3 => {
                let polls = self.polls(sizes.polls)?;
                self.flood(&polls)
            }
            Workload::W4 => {
                let queues = self.new_visits(sizes.singles / phones, 1, MANY);
                self.flood(&queues)
            }
            Workload::W5 => {
                self.head = self.read("", "gzip", &self.subject.school.reader)?.head;
                let queues = self.edits(sizes.edits / phones);
                self.flood(&queues)
            }
        }
    }

    /// The next visits of every phone as pushes, dealt to so many connections: a phone has one, and sends in order.
    fn new_visits(&mut self, each: usize, batch: usize, connections: usize) -> Vec<Queue> {
        let sets: Vec<Vec<(Visit, Value)>> = self
            .visits
            .iter()
            .zip(&mut self.sent)
            .map(|(visits, sent)| {
                let next = visits.iter().skip(*sent).take(each);
                *sent += each;
                next.map(|visit| (visit.clone(), visit.set.clone())).collect()
            })
            .collect();
        self.pushes(&sets, batch, connections)
    }

    /// One field of the first visits of every phone.
    fn edits(&mut self, each: usize) -> Vec<Queue> {
        let edit = |visit: &Visit| {
            let before = visit.set.get("ratings/engagement").and_then(Value::as_str);
            let after = if before == Some("good") { "excellent" } else { "good" };
            (visit.clone(), json!({"ratings/engagement": after}))
        };
        let sets: Vec<Vec<_>> =
            self.visits.iter().map(|visits| visits.iter().take(each).map(edit).collect()).collect();
        self.pushes(&sets, BATCH, PUSHERS)
    }

    fn pushes(&mut self, sets: &[Vec<(Visit, Value)>], batch: usize, connections: usize) -> Vec<Queue> {
        let mut queues: Vec<Queue> =
            (0..connections).map(|_| Queue { requests: Vec::new(), times: 1 }).collect();
        let batches = sets.iter().map(|sets| sets.len().div_ceil(batch)).max().unwrap_or(0);
        for round in 0..batches {
            for (number, sets) in sets.iter().enumerate() {
                let part: Vec<_> = sets.iter().skip(round * batch).take(batch).collect();
                if let Some(queue) = queues.get_mut(number % connections)
                    && !part.is_empty()
                {
                    queue.requests.push((self.push(number, &part), part.len()));
                }
            }
        }
        queues.retain(|queue| !queue.requests.is_empty());
        queues
    }

    fn push(&mut self, number: usize, part: &[&(Visit, Value)]) -> Vec<u8> {
        let (school, head) = (&self.subject.school, self.head);
        let Some((phone, last)) = school.phones.get(number).zip(self.last_n.get_mut(number)) else {
            return Vec::new();
        };
        let writes: Vec<Value> = part
            .iter()
            .map(|(visit, set)| {
                *last += 1;
                // A stamp of each write's own, in order, long past.
                let stamp = format!("{:012x}-0000-{}", 1_790_000_000_000 + *last * 1000, phone.device);
                json!({"n": *last, "stream": school.stream, "type": "visit", "record": visit.id, "base": head,
                    "stamp": stamp, "set": set})
            })
            .collect();
        let body = json!({"device": phone.device, "schema": 1, "unsent": 0, "writes": writes});
        request("POST", "/api/v1/sync/push", &phone.token, "gzip", body.to_string().as_bytes())
    }

    /// Polls of every phone, from where it has read everything that is its to see.
    fn polls(&self, polls: usize) -> anyhow::Result<Vec<Queue>> {
        let mut queues: Vec<Queue> = Vec::new();
        for (number, phone) in self.subject.school.phones.iter().enumerate() {
            let cursor = self.read("", "gzip", &phone.token)?.cursor;
            let path = self.path(&cursor);
            let asked = request("GET", &path, &phone.token, "gzip", b"");
            if number < MANY {
                queues.push(Queue { requests: Vec::new(), times: 0 });
            }
            if let Some(queue) = queues.get_mut(number % MANY) {
                queue.requests.push((asked, 0));
            }
        }
        let each = polls / queues.len();
        for queue in &mut queues {
            queue.times = each.div_ceil(queue.requests.len());
        }
        Ok(queues)
    }

    fn path(&self, cursor: &str) -> String {
        let cursor = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        format!("/api/v1/sync/changes?stream={}&limit=500{cursor}", self.subject.school.stream)
    }

    /// Sends the queues, each over a connection of its own, all at once.
    fn flood(&self, queues: &[Queue]) -> anyhow::Result<Figures> {
        let server = &self.subject.server;
        let connections =
            queues.iter().map(|_| Connection::open(&server.address)).collect::<anyhow::Result<Vec<_>>>()?;
        server.forget_peak()?;
        let before = server.burnt()?;
        let (barrier, began) = (Barrier::new(queues.len()), Instant::now());
        let done = std::thread::scope(|scope| {
            let threads: Vec<_> = queues
                .iter()
                .zip(connections)
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
        let time = began.elapsed();
        let done: Vec<(usize, Vec<Duration>)> = Result::from_iter::<Vec<_>>(done)?;
        let count = done.iter().map(|(count, _)| count).sum();
        let latencies = done.into_iter().flat_map(|(_, latencies)| latencies).collect();
        Ok(Figures::new(count, time, latencies, server.burnt()?.saturating_sub(before), server.peak()?))
    }

    /// Reads everything as a new phone of the principal's would; the time is what was spent waiting for pages.
    fn first_sync(&self, visits: usize) -> anyhow::Result<Figures> {
        let server = &self.subject.server;
        server.forget_peak()?;
        let before = server.burnt()?;
        let (mut records, mut took) = (0, Vec::new());
        for _ in 0..PASSES {
            let read = self.read("", "gzip", &self.subject.school.reader)?;
            ensure!(read.visits == visits, "{} of {visits} visits were read", read.visits);
            records += read.records;
            took.extend(read.took);
        }
        let time = took.iter().sum();
        Ok(Figures::new(records, time, took, server.burnt()?.saturating_sub(before), server.peak()?))
    }

    /// What a first sync costs on the wire.
    pub fn wire(&self) -> anyhow::Result<Wire> {
        let token = &self.subject.school.reader;
        let each = |encoding: &str| -> anyhow::Result<Option<f64>> {
            let read = self.read("", encoding, token)?;
            let (bytes, records) = (u32::try_from(read.bytes)?, u32::try_from(read.records)?);
            Ok((read.encoded || encoding.is_empty()).then(|| f64::from(bytes) / f64::from(records)))
        };
        let (plain, gzip) = (each("")?.unwrap_or_default(), each("gzip")?.unwrap_or_default());
        Ok(Wire { plain, gzip, zstd: each("zstd")? })
    }

    fn read(&self, from: &str, encoding: &str, token: &str) -> anyhow::Result<Read> {
        let mut connection = Connection::open(&self.subject.server.address)?;
        let mut read = Read { cursor: from.to_owned(), ..Read::default() };
        loop {
            let path = self.path(&read.cursor);
            let answer = connection.exchange(&request("GET", &path, token, encoding, b""))?;
            ensure!(answer.status == 200, "{path} was answered {}", answer.status);
            read.took.push(answer.took);
            read.bytes += connection.body.len();
            let page = unpacked(&connection.body)?;
            read.encoded |= page.len() != connection.body.len();
            read.records += page.matches(r#""life":"alive""#).count();
            read.visits += page.matches(r#""type":"visit""#).count();
            // The members after the changes, which end the page.
            let tail = page.rsplit_once(r#"],"cursor""#).context("a page ends with its cursor")?.1;
            let tail: Value = serde_json::from_str(&format!(r#"{{"cursor"{tail}"#))?;
            // The minimum's cursor is a number as text, ours is opaque.
            tail["cursor"].as_str().context("a cursor")?.clone_into(&mut read.cursor);
            read.head = tail["head"].as_i64().context("a head")?;
            if tail["more"] == false {
                return Ok(read);
            }
        }
    }
}

/// What reading to the end gave.
#[derive(Debug, Default)]
struct Read {
    cursor: String,
    head: i64,
    records: usize,
    visits: usize,
    bytes: usize,
    encoded: bool,
    took: Vec<Duration>,
}

fn drain(queue: &Queue, connection: &mut Connection) -> anyhow::Result<(usize, Vec<Duration>)> {
    let (mut count, mut latencies) = (0, Vec::with_capacity(queue.requests.len() * queue.times));
    for _ in 0..queue.times {
        for (request, records) in &queue.requests {
            let answer = connection.exchange(request)?;
            let said = std::str::from_utf8(&connection.body).unwrap_or("compressed");
            ensure!(answer.status == 200, "the server answered {} {said}", answer.status);
            latencies.push(answer.took);
            if *records == 0 {
                ensure!(said.contains(r#""changes":[]"#), "there was something new: {said}");
                count += 1;
            } else {
                let unpacked = unpacked(&connection.body)?;
                let applied = unpacked.matches(APPLIED).count();
                ensure!(applied == *records, "{applied} of {records} writes were applied: {unpacked:.2000}");
                count += records;
            }
        }
    }
    Ok((count, latencies))
}

/// The text of a body, whatever it was compressed with.
fn unpacked(body: &[u8]) -> anyhow::Result<String> {
    let mut text = String::new();
    match body {
        [0x1f, 0x8b, ..] => flate2::read::GzDecoder::new(body).read_to_string(&mut text)?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd::Decoder::new(body)?.read_to_string(&mut text)?,
        plain => plain.take(u64::MAX).read_to_string(&mut text)?,
    };
    Ok(text)
}
