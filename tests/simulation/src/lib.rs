//! The simulator: phones, a server, a network and a disk in one thread, from one seed.
//!
//! The server's router, storage, SQL and migrations are the real ones, and so is the replica on the phones; simulated
//! are clocks, chance, the network, the phones' storage, the disk and the life of processes (`docs/reliability.md`,
//! "Deterministic simulation"). Start with [`world`]; [`oracle`] is what is known to be true.

pub mod clock;
pub mod dice;
mod exchange;
pub mod figures;
pub mod ledger;
mod life;
mod malice;
mod observe;
mod office;
pub mod oracle;
pub mod phone;
pub mod plan;
pub mod run;
pub mod server;
pub mod town;
mod trouble;
mod verdict;
pub mod world;
