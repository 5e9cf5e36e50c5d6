//! What a disk holds and how it fails: every operation of every connection goes through here.

use std::collections::BTreeMap;

use libsqlite3_sys::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_ACCESS, SQLITE_IOERR_DELETE,
    SQLITE_IOERR_DELETE_NOENT, SQLITE_IOERR_FSTAT, SQLITE_IOERR_FSYNC, SQLITE_IOERR_LOCK, SQLITE_IOERR_READ,
    SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_TRUNCATE,
    SQLITE_IOERR_WRITE,
};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::content::Content;
use crate::file::{File, Overwrite};
use crate::locks::{Held, Shm};

/// An SQLite result code that is not `SQLITE_OK`.
pub(crate) type Code = i32;

/// What an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bytes were written.
    Write,
    /// A file was cut off.
    Truncate,
    /// A file was made safe.
    Sync,
    /// A file was deleted.
    Delete,
}

/// One of the things that change a disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// What it did.
    pub kind: Kind,
    /// To which file.
    pub file: String,
}

/// The event at which power is to fail: one of a kind, or of a file, or any.
#[derive(Clone, Debug)]
pub struct Aim {
    /// This kind only.
    pub kind: Option<Kind>,
    /// Files whose names end so only.
    pub file: &'static str,
    /// The n-th of these; 1 is the next one.
    pub nth: u64,
}

impl Aim {
    fn is_hit(&mut self, kind: Kind, name: &str) -> bool {
        if self.kind.is_some_and(|wanted| wanted != kind) || !name.ends_with(self.file) {
            return false;
        }
        self.nth = self.nth.saturating_sub(1);
        self.nth == 0
    }
}

/// A number that names a file, however it is called now.
pub(crate) type Inode = usize;

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub(crate) struct State {
    files: Vec<Option<File>>,
    /// The names that readers see.
    pub(crate) names: BTreeMap<String, Inode>,
    /// The names on the platter.
    pub(crate) durable_names: BTreeMap<String, Inode>,
    pub(crate) events: u64,
    pub(crate) aim: Option<Aim>,
    /// The event at which power failed, if it was at one.
    pub(crate) cut_by: Option<Event>,
    pub(crate) cut: bool,
    pub(crate) full: bool,
    pub(crate) failing_writes: bool,
    pub(crate) failing_reads: bool,
    pub(crate) sector: usize,
    pub(crate) overwrite: Overwrite,
    draw: StdRng,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            events: 0,
            aim: None,
            cut_by: None,
            cut: false,
            full: false,
            failing_writes: false,
            failing_reads: false,
            sector: 4096,
            overwrite: Overwrite::default(),
            draw: StdRng::seed_from_u64(seed),
        }
    }

    /// A file of an image: its name and content are safe.
    pub(crate) fn add(&mut self, name: &str, content: &Content) {
        let inode = self.insert(File::durable(content));
        self.names.insert(name.to_owned(), inode);
        self.durable_names.insert(name.to_owned(), inode);
    }

    fn insert(&mut self, file: File) -> Inode {
        if let Some(free) = self.files.iter().position(Option::is_none) {
            self.files[free] = Some(file);
            return free;
        }
        self.files.push(Some(file));
        self.files.len() - 1
    }

    /// A file that has a name or is open.
    pub(crate) fn file(&mut self, inode: Inode) -> &mut File {
        self.files[inode].as_mut().expect("a file is kept while it has a name or is open")
    }

    /// Lets go of files that nobody can reach any more.
    fn sweep(&mut self) {
        let Self { files, names, durable_names, .. } = self;
        for (inode, slot) in files.iter_mut().enumerate() {
            let named = names.values().chain(durable_names.values()).any(|named| *named == inode);
            if !named && slot.as_ref().is_some_and(|file| file.open == 0) {
                *slot = None;
            }
        }
    }

    const fn powered(&self, code: Code) -> Result<(), Code> {
        if self.cut { Err(code) } else { Ok(()) }
    }

    /// Counts an event; whether power fails at it.
    fn event(&mut self, kind: Kind, name: &str) -> bool {
        self.events += 1;
        if self.aim.as_mut().is_some_and(|aim| aim.is_hit(kind, name)) {
            self.cut = true;
            self.cut_by = Some(Event { kind, file: name.to_owned() });
        }
        self.cut
    }

    pub(crate) fn open(&mut self, name: &str, create: bool, exclusive: bool) -> Result<Inode, Code> {
        self.powered(SQLITE_IOERR)?;
        let inode = match self.names.get(name) {
            Some(_) if create && exclusive => return Err(SQLITE_CANTOPEN),
            Some(inode) => *inode,
            None if !create || self.full || self.failing_writes => return Err(SQLITE_CANTOPEN),
            None => {
                let inode = self.insert(File::default());
                self.names.insert(name.to_owned(), inode);
                inode
            }
        };
        self.file(inode).open += 1;
        Ok(inode)
    }

    pub(crate) fn close(&mut self, inode: Inode, held: &mut Held, mapped: bool) {
        let file = self.file(inode);
        file.locks.unlock(held, 0);
        file.open -= 1;
        if mapped {
            self.shm_leave(inode, held);
        }
        self.sweep();
    }

    /// `Err(SQLITE_IOERR_SHORT_READ)`: the file ends before, and zeroes were given.
    pub(crate) fn read(&mut self, inode: Inode, offset: usize, into: &mut [u8]) -> Result<(), Code> {
        self.powered(SQLITE_IOERR_READ)?;
        if self.failing_reads {
            return Err(SQLITE_IOERR_READ);
        }
        let there = self.file(inode).seen().read(offset, into);
        if there == into.len() { Ok(()) } else { Err(SQLITE_IOERR_SHORT_READ) }
    }

    pub(crate) fn write(&mut self, inode: Inode, name: &str, offset: usize, data: &[u8]) -> Result<(), Code> {
        self.powered(SQLITE_IOERR_WRITE)?;
        if self.failing_writes {
            return Err(SQLITE_IOERR_WRITE);
        }
        let room = if self.full { self.file(inode).len().saturating_sub(offset) } else { data.len() };
        let fits = &data[..room.min(data.len())];
        if !fits.is_empty() {
            let cut = self.event(Kind::Write, name);
            // At a power cut too: it may still have reached the platter, or half of it.
            self.file(inode).write(offset, fits);
            if cut {
                return Err(SQLITE_IOERR_WRITE);
            }
        }
        if fits.len() == data.len() { Ok(()) } else { Err(SQLITE_FULL) }
    }

    pub(crate) fn truncate(&mut self, inode: Inode, name: &str, len: usize) -> Result<(), Code> {
        self.powered(SQLITE_IOERR_TRUNCATE)?;
        if self.failing_writes {
            return Err(SQLITE_IOERR_TRUNCATE);
        }
        let cut = self.event(Kind::Truncate, name);
        self.file(inode).truncate(len);
        if cut { Err(SQLITE_IOERR_TRUNCATE) } else { Ok(()) }
    }

    pub(crate) fn sync(&mut self, inode: Inode, name: &str) -> Result<(), Code> {
        self.powered(SQLITE_IOERR_FSYNC)?;
        if self.failing_writes {
            self.file(inode).sync_fails();
            return Err(SQLITE_IOERR_FSYNC);
        }
        let cut = self.event(Kind::Sync, name);
        if !cut || self.draw.random_bool(0.5) {
            self.file(inode).sync();
            if self.names.get(name) == Some(&inode) && self.durable_names.get(name) != Some(&inode) {
                // As SQLite does on Unix: the first sync of a new file syncs the folder, and all names in it.
                self.durable_names = self.names.clone();
            }
        }
        if cut { Err(SQLITE_IOERR_FSYNC) } else { Ok(()) }
    }

    pub(crate) fn delete(&mut self, name: &str, sync_folder: bool) -> Result<(), Code> {
        self.powered(SQLITE_IOERR_DELETE)?;
        if !self.names.contains_key(name) {
            return Err(SQLITE_IOERR_DELETE_NOENT);
        }
        if self.failing_writes {
            return Err(SQLITE_IOERR_DELETE);
        }
        let cut = self.event(Kind::Delete, name);
        self.names.remove(name);
        if cut {
            return Err(SQLITE_IOERR_DELETE);
        }
        if sync_folder {
            self.durable_names = self.names.clone();
        }
        self.sweep();
        Ok(())
    }

    /// Whether a file is there; an empty one does not count, as on Unix.
    pub(crate) fn exists(&mut self, name: &str) -> Result<bool, Code> {
        self.powered(SQLITE_IOERR_ACCESS)?;
        let inode = self.names.get(name).copied();
        Ok(inode.is_some_and(|inode| self.file(inode).len() > 0))
    }

    pub(crate) fn size(&mut self, inode: Inode) -> Result<usize, Code> {
        self.powered(SQLITE_IOERR_FSTAT)?;
        Ok(self.file(inode).len())
    }

    pub(crate) fn lock(&mut self, inode: Inode, held: &mut Held, level: i32) -> Result<bool, Code> {
        self.powered(SQLITE_IOERR_LOCK)?;
        Ok(self.file(inode).locks.lock(held, level))
    }

    /// The shared memory of a file, for a connection that has joined it.
    pub(crate) fn shm(&mut self, inode: Inode) -> Result<&mut Shm, Code> {
        self.powered(SQLITE_IOERR_SHMLOCK)?;
        self.file(inode).shm.as_mut().ok_or(SQLITE_IOERR_SHMLOCK)
    }

    pub(crate) fn shm_join(&mut self, inode: Inode) -> Result<(), Code> {
        self.powered(SQLITE_IOERR_SHMMAP)?;
        self.file(inode).shm.get_or_insert_default().users += 1;
        Ok(())
    }

    /// The last one to leave takes the memory along.
    pub(crate) fn shm_leave(&mut self, inode: Inode, held: &mut Held) {
        let file = self.file(inode);
        if let Some(shm) = &mut file.shm {
            shm.leave(held);
            if shm.users == 0 {
                file.shm = None;
            }
        }
    }
}
