//! What a run counted.

use std::fmt;
use std::ops::AddAssign;

macro_rules! figures {
    ($($(#[doc = $what:literal])+ $name:ident,)+) => {
        /// Counts of one run, or of many together.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Figures {
            $($(#[doc = $what])+ pub $name: i64,)+
        }

        impl AddAssign for Figures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }
        }

        impl fmt::Display for Figures {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let all = [$((stringify!($name), self.$name),)+];
                let texts: Vec<String> = all.iter().map(|(name, count)| format!("{name} {count}")).collect();
                f.write_str(&texts.join(" "))
            }
        }
    };
}

figures! {
    /// Days that phones lived through.
    phone_days,
    /// Requests that the server answered.
    requests,
    /// Writes captured.
    saved,
    /// Writes answered as taken in.
    acknowledged,
    /// Writes answered as held.
    held,
    /// Answers that a write was known already.
    duplicates,
    /// Pages read.
    pages,
    /// Editions published.
    editions,
    /// Conflicts named in answers.
    conflicts,
    /// The server's power failed.
    power_cuts,
    /// The server was restarted in good order.
    restarts,
    /// The server was put back to a backup.
    restores,
    /// Acknowledged writes that the restores took away, and that phones had to bring back.
    healed,
    /// Times that the disk was full.
    disks_full,
    /// Answers that got lost.
    lost_answers,
    /// Requests that got lost.
    lost_requests,
    /// Requests that arrived twice.
    repeated,
    /// Bodies that were cut.
    truncated,
    /// Times without a network.
    partitions,
    /// Clocks that jumped.
    clock_jumps,
    /// Apps that were killed.
    app_kills,
    /// Phones put back to a copy of their storage.
    phones_restored,
    /// Phones lost for good, or wiped.
    phones_lost,
    /// Devices registered anew after a fork.
    forks,
    /// Cursors that were refused.
    cursors_refused,
    /// Places given and ended.
    role_changes,
    /// Devices revoked.
    revocations,
    /// Things tried that nobody may.
    malice,
}
