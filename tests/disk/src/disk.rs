//! The handle of a disk, and how SQLite finds it: by the folder that the database lies in.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use tempfile::TempDir;

use crate::file::Overwrite;
use crate::image::Image;
use crate::state::{Aim, Event, State};
use crate::vfs;

/// The database on every disk.
const DATABASE: &str = "disk.db";

static DISKS: LazyLock<RwLock<HashMap<String, Weak<Shared>>>> = LazyLock::new(RwLock::default);

/// Where the folders are made: in memory where Linux has it, since on a real disk that alone takes milliseconds.
static FOLDERS: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
});

/// A disk, shared by its handles and the files open on it.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<State>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk of a path, and the name of the file there.
    pub(crate) fn find(path: &str) -> Option<(Arc<Self>, &str)> {
        let (folder, name) = path.rsplit_once('/')?;
        let disks = DISKS.read().unwrap_or_else(PoisonError::into_inner);
        Some((disks.get(folder)?.upgrade()?, name))
    }
}

/// A disk in memory that SQLite writes to and that can fail. A cheap handle: with the last one, and the last
/// connection, the files are gone.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    /// Where the files seem to lie; the server puts its lock file there, which is a real one.
    folder: TempDir,
    path: String,
}

impl Drop for Inner {
    fn drop(&mut self) {
        DISKS.write().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

impl Disk {
    /// An empty disk.
    ///
    /// # Panics
    ///
    /// If there is no room for an empty folder in the machine's temporary one.
    pub fn new(seed: u64) -> Self {
        Self::from_image(&Image::default(), seed)
    }

    /// A disk with the files of an image, all of them safe.
    ///
    /// # Panics
    ///
    /// See [`Disk::new`].
    pub fn from_image(image: &Image, seed: u64) -> Self {
        vfs::register();
        let folder = tempfile::Builder::new().prefix("xunke-disk-").tempdir_in(&*FOLDERS);
        let folder = folder.expect("a temporary folder");
        let path = folder.path().to_str().expect("the temporary folder has a plain name").to_owned();
        let mut state = State::new(seed);
        image.put_on(&mut state);
        let shared = Arc::new(Shared::new(state));
        DISKS.write().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), Arc::downgrade(&shared));
        Self(Arc::new(Inner { shared, folder, path }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.shared.state()
    }

    /// The database on this disk, for whoever opens SQLite by URL.
    pub fn url(&self) -> String {
        format!("sqlite://{}?vfs={}", self.0.folder.path().join(DATABASE).display(), vfs::NAME)
    }

    /// Everything as a clean shutdown would leave it: what readers see now.
    pub fn image(&self) -> Image {
        Image::seen(&mut self.state())
    }

    /// Only what was synced.
    pub fn durable(&self) -> Image {
        Image::safe(&mut self.state())
    }

    /// Lets power fail at the n-th event from now on (write, truncate, sync, delete); 1 is the next one. From then
    /// on every operation of every connection answers `SQLITE_IOERR`. If it is a sync, the disk's seed decides
    /// whether its data made it.
    pub fn cut_power_at(&self, event: u64) {
        self.cut_power_when(Aim { kind: None, file: "", nth: event });
    }

    /// The same at an event of a kind, or of a file.
    pub fn cut_power_when(&self, aim: Aim) {
        self.state().aim = Some(aim);
    }

    /// Events since the disk was made.
    pub fn events(&self) -> u64 {
        self.state().events
    }

    /// Whether power is gone.
    pub fn is_cut(&self) -> bool {
        self.state().cut
    }

    /// Lets power fail now.
    pub fn cut_power(&self) {
        self.state().cut = true;
    }

    /// The event at which power failed; none if it did not, or between two.
    pub fn cut_by(&self) -> Option<Event> {
        self.state().cut_by.clone()
    }

    /// What is found when power is back: all that was synced and, drawn from the seed, any of the sectors written
    /// since, each old, new or torn; lengths and deletions that were not synced may or may not have happened.
    pub fn after_power_cut(&self, seed: u64) -> Image {
        Image::after_power_cut(&mut self.state(), seed)
    }

    /// While full, whatever would let a file grow answers `SQLITE_FULL`.
    pub fn fill_up(&self, full: bool) {
        self.state().full = full;
    }

    /// While failing, writes and syncs answer EIO. What a failed sync gave up, no later sync makes safe.
    pub fn fail_writes(&self, failing: bool) {
        self.state().failing_writes = failing;
    }

    /// While failing, reads answer EIO.
    pub fn fail_reads(&self, failing: bool) {
        self.state().failing_reads = failing;
    }

    /// Sets how much the hardware writes at once: 512 or 4096 bytes (the default).
    ///
    /// # Panics
    ///
    /// For any other number.
    pub fn set_sector_size(&self, bytes: usize) {
        assert!([512, 4096].contains(&bytes), "sectors have 512 or 4096 bytes");
        self.state().sector = bytes;
    }

    /// Sets what a torn write does to its neighbours, and what SQLite is told about it.
    pub fn set_overwrite(&self, overwrite: Overwrite) {
        self.state().overwrite = overwrite;
    }
}
