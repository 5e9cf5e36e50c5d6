//! The locks of files and the memory that the connections of a WAL database share.

use std::ffi::c_void;
use std::sync::atomic::AtomicU64;

use libsqlite3_sys::{
    SQLITE_LOCK_EXCLUSIVE, SQLITE_LOCK_NONE, SQLITE_LOCK_PENDING, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED,
};

/// Locks of SQLite's WAL index.
const SLOTS: usize = 8;

/// Who holds a file; the levels are SQLite's.
#[derive(Debug, Default)]
pub(crate) struct FileLocks {
    shared: u32,
    reserved: bool,
    pending: bool,
    exclusive: bool,
}

/// What one connection holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    level: i32,
    reserved: bool,
    shm_shared: [bool; SLOTS],
    shm_exclusive: [bool; SLOTS],
}

impl FileLocks {
    /// Raises a connection's lock; `false`: another is in the way.
    pub(crate) fn lock(&mut self, held: &mut Held, to: i32) -> bool {
        if held.level >= to {
            return true;
        }
        if held.level == SQLITE_LOCK_NONE {
            if self.pending || self.exclusive {
                return false;
            }
            self.shared += 1;
            held.level = SQLITE_LOCK_SHARED;
        }
        if to == SQLITE_LOCK_RESERVED {
            if self.reserved || self.pending {
                return false;
            }
            self.reserved = true;
            held.reserved = true;
            held.level = SQLITE_LOCK_RESERVED;
        }
        if to >= SQLITE_LOCK_PENDING {
            if held.level < SQLITE_LOCK_PENDING {
                if self.pending {
                    return false;
                }
                self.pending = true;
                held.level = SQLITE_LOCK_PENDING;
            }
            if to == SQLITE_LOCK_EXCLUSIVE {
                if self.shared > 1 {
                    return false;
                }
                self.exclusive = true;
                held.level = SQLITE_LOCK_EXCLUSIVE;
            }
        }
        true
    }

    pub(crate) fn unlock(&mut self, held: &mut Held, to: i32) {
        if held.level <= to {
            return;
        }
        if held.level >= SQLITE_LOCK_EXCLUSIVE {
            self.exclusive = false;
        }
        if held.level >= SQLITE_LOCK_PENDING {
            self.pending = false;
        }
        if std::mem::take(&mut held.reserved) {
            self.reserved = false;
        }
        if to == SQLITE_LOCK_NONE {
            self.shared -= 1;
        }
        held.level = to;
    }

    /// Whether somebody is about to write.
    pub(crate) const fn is_reserved(&self) -> bool {
        self.reserved || self.pending
    }
}

/// The shared memory of one database: regions that stay where they are, and its locks.
#[derive(Debug, Default)]
pub(crate) struct Shm {
    regions: Vec<Box<[AtomicU64]>>,
    /// Connections that use it.
    pub(crate) users: u32,
    shared: [u32; SLOTS],
    exclusive: [bool; SLOTS],
}

impl Shm {
    /// The address of a region; none if it is not there and not to be made.
    pub(crate) fn map(&mut self, region: usize, size: usize, make: bool) -> Option<*mut c_void> {
        while make && self.regions.len() <= region {
            self.regions.push((0..size.div_ceil(8)).map(|_| AtomicU64::new(0)).collect());
        }
        // The cells may be written through a shared reference, so the address may be handed out.
        self.regions.get(region).map(|region| region.as_ptr().cast_mut().cast())
    }

    pub(crate) fn lock_shared(&mut self, held: &mut Held, slots: std::ops::Range<usize>) -> bool {
        for slot in slots {
            if held.shm_shared[slot] {
                continue;
            }
            if self.exclusive[slot] {
                return false;
            }
            self.shared[slot] += 1;
            held.shm_shared[slot] = true;
        }
        true
    }

    pub(crate) fn lock_exclusive(&mut self, held: &mut Held, slots: std::ops::Range<usize>) -> bool {
        let others = |slot: usize| {
            self.shared[slot] > u32::from(held.shm_shared[slot])
                || (self.exclusive[slot] && !held.shm_exclusive[slot])
        };
        if slots.clone().any(others) {
            return false;
        }
        for slot in slots {
            self.exclusive[slot] = true;
            held.shm_exclusive[slot] = true;
        }
        true
    }

    pub(crate) fn unlock(&mut self, held: &mut Held, slots: std::ops::Range<usize>) {
        for slot in slots {
            if std::mem::take(&mut held.shm_shared[slot]) {
                self.shared[slot] -= 1;
            }
            if std::mem::take(&mut held.shm_exclusive[slot]) {
                self.exclusive[slot] = false;
            }
        }
    }

    /// Lets go of everything that a connection holds.
    pub(crate) fn leave(&mut self, held: &mut Held) {
        self.unlock(held, 0..SLOTS);
        self.users -= 1;
    }
}
