//! The five workloads. Everything sent is made before the clock runs.

use anyhow::ensure;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use crate::figures::Figures;
use crate::flood::{Flooded, Queue, flood};
use crate::http::request;
use crate::reading::{PAGE, Read, path, read};
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
                self.head = self.read(PAGE, "gzip", &self.subject.school.reader)?.head;
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
        let writes = part.iter().map(|(visit, set)| {
            *last += 1;
            (*last, visit.id, set)
        });
        phone.push(&school.stream, head, writes)
    }

    /// Polls of every phone, from where it has read everything that is its to see.
    fn polls(&self, polls: usize) -> anyhow::Result<Vec<Queue>> {
        let mut queues: Vec<Queue> = Vec::new();
        for (number, phone) in self.subject.school.phones.iter().enumerate() {
            let cursor = self.read(PAGE, "gzip", &phone.token)?.cursor;
            let path = path(&self.subject.school.stream, &cursor, PAGE);
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

    /// Sends the queues and looks at what the server burns meanwhile.
    fn flood(&self, queues: &[Queue]) -> anyhow::Result<Figures> {
        let server = &self.subject.server;
        server.forget_peak()?;
        let before = server.burnt()?;
        let Flooded { count, time, latencies } =
            flood(queues.iter().map(|queue| (server.address.as_str(), queue)))?;
        Ok(Figures::new(count, time, latencies, server.burnt()?.saturating_sub(before), server.peak()?))
    }

    /// Reads everything as a new phone of the principal's would; the time is what was spent waiting for pages.
    fn first_sync(&self, visits: usize) -> anyhow::Result<Figures> {
        let server = &self.subject.server;
        server.forget_peak()?;
        let before = server.burnt()?;
        let (mut records, mut took) = (0, Vec::new());
        for pass in 0..PASSES {
            // Pages of their own: those that somebody has just asked for would be there already.
            let read = self.read(PAGE - pass, "gzip", &self.subject.school.reader)?;
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
            let read = self.read(PAGE, encoding, token)?;
            let (bytes, records) = (u32::try_from(read.bytes)?, u32::try_from(read.records)?);
            Ok((read.encoded || encoding.is_empty()).then(|| f64::from(bytes) / f64::from(records)))
        };
        let (plain, gzip) = (each("")?.unwrap_or_default(), each("gzip")?.unwrap_or_default());
        Ok(Wire { plain, gzip, zstd: each("zstd")? })
    }

    fn read(&self, page: usize, encoding: &str, token: &str) -> anyhow::Result<Read> {
        read(&self.subject.server.address, &self.subject.school.stream, token, page, encoding)
    }
}
