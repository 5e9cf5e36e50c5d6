//! Whether a second node on the same PostgreSQL takes more: pushes of 100 from many schools to one node, then the same
//! to two. Whatever the machine has too little of shows in the processor time of each part.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::child::{Server, burnt_by};
use crate::flood::{Flooded, Queue, flood};
use crate::growth::psql;
use crate::http::Connection;
use crate::school::{School, set_up, today};
use crate::subject::{Home, Kind};
use crate::visits::{Dice, Visit};

/// Writes of a push.
const BATCH: usize = 100;
/// Pushes at a time, over all nodes.
const PUSHERS: usize = 8;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// This program, started again as the nodes.
    pub program: PathBuf,
    /// Schools, with a phone each.
    pub schools: usize,
    /// Visits of each run, over all schools.
    pub visits: usize,
    /// How often, one node and two in turn.
    pub repeats: usize,
}

/// What was taken in, and what it cost.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Taken {
    /// Visits a second.
    pub rate: f64,
    /// Cores that the nodes kept busy, of those there are.
    pub nodes: f64,
    /// Cores that PostgreSQL kept busy.
    pub postgres: f64,
    /// Cores that the load generator kept busy.
    pub load: f64,
}

/// One repeat.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Beside {
    /// All pushes to one node.
    pub one: Taken,
    /// Half of the schools to each of two.
    pub two: Taken,
}

impl Beside {
    /// Visits a second of two nodes, over those of one.
    pub fn ratio(&self) -> f64 {
        self.two.rate / self.one.rate
    }
}

/// Runs it; `tell` hears of each repeat as it comes.
pub fn run(options: &Options, mut tell: impl FnMut(&Beside)) -> anyhow::Result<Vec<Beside>> {
    let Options { program, schools, visits, repeats } = options;
    ensure!(*schools > 1 && visits % (schools * BATCH) == 0, "visits: a multiple of {BATCH} for each school");
    let home = Home::new(Kind::Postgres)?;
    let first = home.serve(program, "node-1")?;
    let schools = set_up(&mut Connection::open(&first.address)?, &first, *schools, 1)?;
    // Now, since each node that finds nobody makes a new set-up code.
    let nodes = [first, home.serve(program, "node-2")?];
    let mut load = Load { schools: &schools, dice: Dice::new(1), sent: 0 };
    // As a database is once it is in use. Until PostgreSQL looks at tables that were small, by itself within a minute, it
    // keeps to the plan that was good then, and reads a whole school for each push.
    taken(&home, &nodes, &load.queues(*visits), 2)?;
    psql(&home.url().context("PostgreSQL")?, "ANALYZE;")?;
    let mut all = Vec::new();
    for _ in 0..*repeats {
        let one = taken(&home, &nodes, &load.queues(*visits), 1)?;
        let two = taken(&home, &nodes, &load.queues(*visits), 2)?;
        let beside = Beside { one, two };
        tell(&beside);
        all.push(beside);
    }
    Ok(all)
}

struct Load<'a> {
    schools: &'a [School],
    dice: Dice,
    /// Visits of each phone so far.
    sent: usize,
}

impl Load<'_> {
    /// New visits of every school; a school keeps to its connection, and so to its node.
    fn queues(&mut self, visits: usize) -> Vec<Queue> {
        let each = visits / self.schools.len();
        let mut queues: Vec<Queue> =
            (0..PUSHERS.min(self.schools.len())).map(|_| Queue { requests: Vec::new(), times: 1 }).collect();
        let connections = queues.len();
        for round in 0..each / BATCH {
            for (number, school) in self.schools.iter().enumerate() {
                let first = self.sent + round * BATCH + 1;
                let made: Vec<Visit> =
                    (0..).take(BATCH).map(|place| self.dice.visit(&school.names, today(), place)).collect();
                let writes = made.iter().zip(first..).map(|(visit, n)| (n, visit.id, &visit.set));
                let requests =
                    school.phones.iter().map(|phone| phone.push(&school.stream, 0, writes.clone()));
                if let Some(queue) = queues.get_mut(number % connections) {
                    queue.requests.extend(requests.map(|request| (request, BATCH)));
                }
            }
        }
        self.sent += each;
        queues
    }
}

fn taken(home: &Home, nodes: &[Server], queues: &[Queue], many: usize) -> anyhow::Result<Taken> {
    let addresses = nodes.iter().take(many).map(|node| node.address.as_str()).cycle();
    let burnt = || -> anyhow::Result<[Duration; 3]> {
        let nodes = nodes.iter().map(Server::burnt).sum::<anyhow::Result<Duration>>()?;
        Ok([nodes, postgres(home)?, burnt_by(std::process::id())?.0])
    };
    let (before, began) = (burnt()?, Instant::now());
    let Flooded { count, .. } = flood(addresses.zip(queues))?;
    let (after, time) = (burnt()?, began.elapsed().as_secs_f64());
    let cores = |part: usize| {
        let part = after.get(part).zip(before.get(part));
        part.map_or(0.0, |(after, before)| after.saturating_sub(*before).as_secs_f64() / time)
    };
    let rate = f64::from(u32::try_from(count)?) / time;
    Ok(Taken { rate, nodes: cores(0), postgres: cores(1), load: cores(2) })
}

/// Processor time of PostgreSQL: its first process, those it has started, and those of them that have ended.
fn postgres(home: &Home) -> anyhow::Result<Duration> {
    let first = home.postgres.as_ref().and_then(e2e::postgres::Private::id).context("PostgreSQL runs")?;
    let (own, ended) = burnt_by(first)?;
    let mut all = own + ended;
    let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
    for child in children.split_whitespace() {
        // One may have ended since: then its time is in the next look at `ended`.
        all += burnt_by(child.parse()?).map_or(Duration::ZERO, |(own, _)| own);
    }
    Ok(all)
}
