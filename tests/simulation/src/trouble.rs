//! What befalls the server: power cuts, restarts, full disks, clocks that jump, backups that are put back.

use disk::{Disk, Image};

use crate::ledger::{self, Row};
use crate::oracle::Answered;
use crate::server::{Ask, Server};
use crate::world::{Backup, Event, World};
use xunke_sync::wire::result::{Outcome, WriteResult};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Backups that are kept.
const BACKUPS: usize = 3;

impl World {
    /// Something may befall the server.
    pub(crate) fn trouble(&mut self) -> anyhow::Result<()> {
        let next = self.dice.between(self.plan.span / 60, self.plan.span / 12);
        self.after(next, Event::Trouble);
        if !self.server.is_up() {
            return Ok(());
        }
        let rates = self.plan.rates;
        if self.disk_full || self.dice.permille(rates.disk_full) {
            self.disk_full = !self.disk_full;
            self.figures.disks_full += i64::from(self.disk_full);
            self.server.disk().fill_up(self.disk_full);
            self.trace(("disk full", self.disk_full));
            return Ok(());
        }
        if rates.restore > 0 && self.dice.permille(500) {
            self.back_up();
        }
        if self.dice.permille(rates.server_clock) {
            self.figures.clock_jumps += 1;
            self.server_skew = if self.dice.permille(500) { 0 } else { self.wrong_clock() };
            self.trace(("the server's clock is off by", self.server_skew));
        }
        if self.dice.permille(rates.restart) {
            self.figures.restarts += 1;
            let image = self.server.stop()?;
            self.stay_down(image);
            return Ok(());
        }
        if self.dice.permille(rates.restore) {
            return self.restore();
        }
        Ok(())
    }

    fn back_up(&mut self) {
        if self.backups.len() == BACKUPS {
            let oldest = self.dice.index(BACKUPS);
            self.backups.remove(oldest);
        }
        let image = self.server.disk().image();
        let (truth, answered) = (self.truth.clone(), self.oracle.answered.clone());
        self.backups.push(Backup { image, truth, answered });
        self.trace(("backup", self.oracle.answered.len()));
    }

    /// The server is put back to a backup: what it has answered since is gone, and phones must bring it back.
    fn restore(&mut self) -> anyhow::Result<()> {
        let index = self.dice.index(self.backups.len());
        let Some(Backup { image, truth, answered }) = self.backups.get(index).cloned() else { return Ok(()) };
        // Backups of the lost future are not put back later: nobody has them any more.
        self.backups.truncate(index + 1);
        self.figures.restores += 1;
        self.restored = true;
        self.server.stop()?;
        self.truth = truth;
        self.oracle.restored_to(answered);
        self.trace(("restore", self.oracle.answered.len(), self.oracle.lost.len()));
        self.stay_down(image);
        Ok(())
    }

    fn stay_down(&mut self, image: Image) {
        self.stopped = Some(image);
        let minutes = self.dice.between(1, 90);
        self.after(minutes * MINUTE, Event::Start);
    }

    /// The power fails while the server is at a request, whose outcome nobody knows.
    pub(crate) fn lose_power(&mut self, at: &Ask) {
        self.figures.power_cuts += 1;
        self.in_doubt = (at.path == "/api/v1/sync/push").then(|| at.clone());
        let seed = self.dice.next();
        let image = self.server.lose_power(seed);
        self.trace(("power cut", &at.path));
        self.stay_down(image);
    }

    /// The server is started again, on what its disk holds.
    pub(crate) fn start_again(&mut self) -> anyhow::Result<()> {
        let Some(image) = self.stopped.take() else { return Ok(()) };
        let disk = Disk::from_image(&image, self.dice.next());
        let clock = self.server.clock().clone();
        clock.set(self.now + self.server_skew);
        let runtime = std::rc::Rc::clone(self.server.runtime());
        self.server = Server::start(&runtime, disk, clock, self.dice.next())?;
        self.disk_full = false;
        self.trace("the server is started");
        self.audit()
    }

    /// I2: everything that was answered is in the ledger, as it was answered; and nothing else is, but what was in
    /// doubt when the power failed.
    pub(crate) fn audit(&mut self) -> anyhow::Result<()> {
        let rows = ledger::read(&self.server)?;
        for (number, answered) in &self.oracle.answered {
            let Some(row) = rows.get(number) else {
                anyhow::bail!("I2: write {number:?} was answered {answered:?}, and the server has lost it");
            };
            anyhow::ensure!(row.seq == answered.seq, "I2: write {number:?} was {answered:?} and is {row:?}");
            anyhow::ensure!(
                row.held.is_some() == answered.is_held(),
                "I2: write {number:?} was answered {answered:?}, and the held list says {:?}",
                row.held
            );
        }
        let doubtful = self.in_doubt.take();
        for (number, row) in rows {
            if self.oracle.answered.contains_key(&number) {
                continue;
            }
            let named =
                doubtful.as_ref().is_some_and(|ask| ask.body.contains(&format!("\"n\":{}", number.1)));
            anyhow::ensure!(named, "write {number:?} is in the ledger, and nobody was told: {row:?}");
            let result: WriteResult = serde_json::from_str(&row.answer)?;
            let now = self.as_answered(&row, &result)?;
            self.take_note(number, now, &result);
        }
        Ok(())
    }

    fn as_answered(&self, row: &Row, result: &WriteResult) -> anyhow::Result<Answered> {
        let said = row.record.and_then(|record| self.oracle.of_content(record, &row.set));
        let Some(said) = said else { anyhow::bail!("nobody ever captured {row:?}") };
        let held = result.outcome == Outcome::Held;
        Ok(Answered {
            said,
            outcome: if held {
                "held"
            } else if result.lost.is_empty() {
                "applied"
            } else {
                "merged"
            }
            .to_owned(),
            seq: row.seq,
            stamp: if held { String::new() } else { row.canonical.clone().unwrap_or_default() },
            reason: result.reason.map(|reason| reason.as_str().to_owned()),
        })
    }

    /// Faults stop: the power is on, clocks are right, the disk has room, networks work.
    pub(crate) fn calm_down(&mut self) -> anyhow::Result<()> {
        self.server_skew = 0;
        self.server.disk().fill_up(false);
        self.disk_full = false;
        if !self.server.is_up() {
            self.now += HOUR;
            self.start_again()?;
        }
        for phone in &mut self.phones {
            phone.offline_until = 0;
        }
        Ok(())
    }
}
