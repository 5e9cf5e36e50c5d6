//! What a seed's world is like, and which faults visit it.

use crate::dice::Dice;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A world: how many, how long, and how often each fault, in thousandths.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Schools.
    pub schools: usize,
    /// Phones.
    pub phones: usize,
    /// How long it goes on before faults stop, milliseconds.
    pub span: i64,
    /// How long a phone rests between two times that it is used, at most, milliseconds.
    pub rest: i64,
    /// Most records of a page.
    pub page: usize,
    /// How often, in thousandths of the occasions.
    pub rates: Rates,
}

/// Faults, in thousandths of the occasions. Half of the seeds have a given fault not at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// A request does not arrive.
    pub request_lost: u64,
    /// An answer does not come back.
    pub answer_lost: u64,
    /// A request arrives twice, the second time up to 45 days later.
    pub duplicated: u64,
    /// A message takes hours, so that others overtake it.
    pub delayed: u64,
    /// A body is cut somewhere.
    pub truncated: u64,
    /// Something on the way answers 200 with a text of its own.
    pub portal: u64,
    /// A phone has no network for days.
    pub partition: u64,
    /// The power of the server fails while it answers.
    pub power_cut: u64,
    /// The server is restarted in good order.
    pub restart: u64,
    /// The server's disk is full for a while.
    pub disk_full: u64,
    /// The server is put back to an earlier backup.
    pub restore: u64,
    /// The server's clock jumps.
    pub server_clock: u64,
    /// A phone's clock jumps.
    pub phone_clock: u64,
    /// The app is killed between two of its steps.
    pub app_killed: u64,
    /// A phone is put back to an earlier copy of its storage.
    pub phone_restored: u64,
    /// A phone is lost for good.
    pub phone_lost: u64,
    /// A person's place begins or ends.
    pub role_change: u64,
    /// A device is revoked.
    pub revoked: u64,
    /// A write that cannot be taken in.
    pub poison: u64,
    /// Somebody tries what he may not.
    pub malice: u64,
}

impl Plan {
    /// Draws a world.
    pub fn draw(dice: &mut Dice) -> Self {
        let mut rate = |often: u64| if dice.permille(500) { often } else { 0 };
        let rates = Rates {
            request_lost: rate(80),
            answer_lost: rate(80),
            duplicated: rate(50),
            delayed: rate(50),
            truncated: rate(20),
            portal: rate(20),
            partition: rate(100),
            power_cut: rate(40),
            restart: rate(100),
            disk_full: rate(60),
            restore: rate(120),
            server_clock: rate(60),
            phone_clock: rate(60),
            app_killed: rate(40),
            phone_restored: rate(30),
            phone_lost: rate(10),
            role_change: rate(120),
            revoked: rate(40),
            poison: rate(60),
            malice: rate(100),
        };
        let (crowded, narrow) = (dice.permille(200), dice.permille(300));
        let phones = 1 + dice.index(if crowded { 12 } else { 6 });
        let span = dice.between(30, 120) * DAY;
        // About as many uses in a long time of many phones as in a short time of few.
        let uses = 36 / i64::try_from(phones).unwrap_or(1) + 4;
        Self {
            schools: 1 + dice.index(3),
            phones,
            span,
            rest: 2 * span / uses,
            page: 1 + dice.index(if narrow { 3 } else { 200 }),
            rates,
        }
    }

    /// The same world without any fault: how it ends.
    #[must_use]
    pub fn calm(&self) -> Self {
        Self { rates: Rates::default(), ..self.clone() }
    }
}
