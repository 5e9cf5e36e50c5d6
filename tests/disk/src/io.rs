//! What SQLite does with an open file of a [`Disk`](crate::Disk).
#![expect(unsafe_code, reason = "SQLite calls these functions with plain pointers")]

use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use libsqlite3_sys::{
    SQLITE_BUSY, SQLITE_IOCAP_POWERSAFE_OVERWRITE, SQLITE_NOTFOUND, SQLITE_OK, SQLITE_SHM_EXCLUSIVE,
    SQLITE_SHM_LOCK, sqlite3_file, sqlite3_int64, sqlite3_io_methods,
};

use crate::disk::Shared;
use crate::file::Overwrite;
use crate::locks::Held;
use crate::state::{Code, Inode};

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// SQLite's file, as this VFS lays it out.
#[repr(C)]
pub(crate) struct OpenFile {
    base: sqlite3_file,
    handle: *mut Handle,
}

/// One connection's view of a file.
#[derive(Debug)]
pub(crate) struct Handle {
    disk: Arc<Shared>,
    inode: Inode,
    name: String,
    held: Held,
    mapped: bool,
}

impl Handle {
    pub(crate) fn new(disk: Arc<Shared>, inode: Inode, name: &str) -> Self {
        Self { disk, inode, name: name.to_owned(), held: Held::default(), mapped: false }
    }
}

impl OpenFile {
    /// A file that is not open.
    ///
    /// # Safety
    ///
    /// `file` points to the bytes that SQLite set aside for one.
    pub(crate) unsafe fn clear(file: *mut sqlite3_file) {
        // SAFETY: the caller says so.
        unsafe { (*file).pMethods = std::ptr::null() };
    }

    /// A file that is open.
    ///
    /// # Safety
    ///
    /// As for [`OpenFile::clear`].
    pub(crate) unsafe fn fill(file: *mut sqlite3_file, handle: Handle) {
        let open = Self {
            base: sqlite3_file { pMethods: &raw const METHODS },
            handle: Box::into_raw(Box::new(handle)),
        };
        // SAFETY: the caller says so; SQLite's bytes are aligned for any pointer.
        unsafe { file.cast::<Self>().write(open) };
    }
}

/// The handle of an open file. SQLite uses a file from one thread at a time.
unsafe fn handle<'a>(file: *mut sqlite3_file) -> &'a mut Handle {
    // SAFETY: SQLite calls methods only with files that `fill` has made and `close` has not yet taken.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

fn code(result: Result<(), Code>) -> c_int {
    result.err().unwrap_or(SQLITE_OK)
}

/// A place in a file; SQLite's are never negative.
fn place(offset: sqlite3_int64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX / 2)
}

fn amount(bytes: c_int) -> usize {
    usize::try_from(bytes).unwrap_or(0)
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see `handle`; the box came from `fill`, and the file is never used again.
    let mut open = unsafe { Box::from_raw((*file.cast::<OpenFile>()).handle) };
    let Handle { disk, inode, held, mapped, .. } = &mut *open;
    disk.state().close(*inode, held, *mapped);
    SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    bytes: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: see `handle`; SQLite gives this many bytes to fill in.
    let (file, into) = unsafe { (handle(file), std::slice::from_raw_parts_mut(into.cast(), amount(bytes))) };
    code(file.disk.state().read(file.inode, place(at), into))
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: see `handle`; SQLite gives this many bytes to read.
    let (file, from) = unsafe { (handle(file), std::slice::from_raw_parts(from.cast(), amount(bytes))) };
    code(file.disk.state().write(file.inode, &file.name, place(at), from))
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: sqlite3_int64) -> c_int {
    // SAFETY: see `handle`.
    let file = unsafe { handle(file) };
    code(file.disk.state().truncate(file.inode, &file.name, place(len)))
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: see `handle`.
    let file = unsafe { handle(file) };
    code(file.disk.state().sync(file.inode, &file.name))
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: see `handle`.
    let file = unsafe { handle(file) };
    match file.disk.state().size(file.inode) {
        Ok(size) => {
            // SAFETY: SQLite gives a place for one number.
            unsafe { *out = sqlite3_int64::try_from(size).unwrap_or(sqlite3_int64::MAX) };
            SQLITE_OK
        }
        Err(code) => code,
    }
}

fn busy_unless(taken: Result<bool, Code>) -> c_int {
    match taken {
        Ok(true) => SQLITE_OK,
        Ok(false) => SQLITE_BUSY,
        Err(code) => code,
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see `handle`.
    let Handle { disk, inode, held, .. } = unsafe { handle(file) };
    busy_unless(disk.state().lock(*inode, held, level))
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see `handle`.
    let Handle { disk, inode, held, .. } = unsafe { handle(file) };
    disk.state().file(*inode).locks.unlock(held, level);
    SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: see `handle`; SQLite gives a place for one number.
    unsafe {
        let file = handle(file);
        *out = c_int::from(file.disk.state().file(file.inode).locks.is_reserved());
    }
    SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see `handle`.
    let file = unsafe { handle(file) };
    c_int::try_from(file.disk.state().sector).unwrap_or(4096)
}

/// No write is promised to be atomic; one may be promised not to harm what lies beside it.
unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see `handle`.
    let file = unsafe { handle(file) };
    if file.disk.state().overwrite == Overwrite::Safe { SQLITE_IOCAP_POWERSAFE_OVERWRITE } else { 0 }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    size: c_int,
    make: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: see `handle`.
    let Handle { disk, inode, mapped, .. } = unsafe { handle(file) };
    let mut state = disk.state();
    if !*mapped {
        if let Err(code) = state.shm_join(*inode) {
            return code;
        }
        *mapped = true;
    }
    match state.shm(*inode) {
        Ok(shm) => {
            let address = shm.map(amount(region), amount(size), make != 0);
            // SAFETY: SQLite gives a place for one pointer.
            unsafe { *out = address.unwrap_or(std::ptr::null_mut()) };
            SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, slot: c_int, slots: c_int, flags: c_int) -> c_int {
    // SAFETY: see `handle`.
    let Handle { disk, inode, held, .. } = unsafe { handle(file) };
    let slots = amount(slot)..amount(slot) + amount(slots);
    let mut state = disk.state();
    if flags & SQLITE_SHM_LOCK == 0 {
        // Letting go works without power too.
        if let Some(shm) = &mut state.file(*inode).shm {
            shm.unlock(held, slots);
        }
        return SQLITE_OK;
    }
    let taken = state.shm(*inode).map(|shm| {
        if flags & SQLITE_SHM_EXCLUSIVE == 0 {
            shm.lock_shared(held, slots)
        } else {
            shm.lock_exclusive(held, slots)
        }
    });
    busy_unless(taken)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    fence(Ordering::SeqCst);
    // SAFETY: see `handle`.
    drop(unsafe { handle(file) }.disk.state());
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: see `handle`.
    let Handle { disk, inode, held, mapped, .. } = unsafe { handle(file) };
    if std::mem::take(mapped) {
        disk.state().shm_leave(*inode, held);
    }
    SQLITE_OK
}
