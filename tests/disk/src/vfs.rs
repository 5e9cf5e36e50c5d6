//! The VFS that SQLite knows as [`NAME`]: it finds, opens and deletes files. What it does with an open one is in
//! `io`.
#![expect(unsafe_code, reason = "SQLite calls these functions with plain pointers")]

use std::ffi::{CStr, c_char, c_int};
use std::mem::size_of;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use libsqlite3_sys::{
    SQLITE_CANTOPEN, SQLITE_IOERR_ACCESS, SQLITE_IOERR_DELETE, SQLITE_OK, SQLITE_OPEN_CREATE,
    SQLITE_OPEN_EXCLUSIVE, sqlite3_file, sqlite3_int64, sqlite3_vfs, sqlite3_vfs_register,
};

use crate::disk::Shared;
use crate::io::{Handle, OpenFile};
use crate::state::State;

/// What stands behind `?vfs=` in the address of a database.
pub(crate) const NAME: &str = "xunke-disk";
const C_NAME: &CStr = c"xunke-disk";
/// Longest path.
const PATH: usize = 512;
/// 2026-11-23 00:00 UTC in milliseconds of the Julian calendar, SQLite's own count. It stands still.
const NOW: sqlite3_int64 = 212_662_152_000_000;

/// Makes the VFS known to SQLite, once in a process.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let vfs = sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(size_of::<OpenFile>()).expect("two pointers"),
            mxPathname: c_int::try_from(PATH).expect("a small number"),
            pNext: std::ptr::null_mut(),
            zName: C_NAME.as_ptr(),
            pAppData: std::ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        };
        // SAFETY: the structure and its name live as long as the process.
        let code = unsafe { sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0) };
        assert_eq!(code, SQLITE_OK, "SQLite takes the VFS");
    });
}

/// A path that SQLite gave; none if it gave none, or one of other people's bytes.
unsafe fn path<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite's names end with NUL and live during the call.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives `szOsFile` bytes to fill in; without methods it never closes them.
    unsafe { OpenFile::clear(file) };
    let (disk, name) = if name.is_null() {
        // A temporary file: a disk of its own that goes with it.
        (Arc::new(Shared::new(State::new(0))), "temporary")
    } else {
        // SAFETY: see `path`.
        let Some(found) = unsafe { path(name) }.and_then(Shared::find) else {
            return SQLITE_CANTOPEN;
        };
        found
    };
    let create = flags & SQLITE_OPEN_CREATE != 0 || disk.state().names.is_empty() && name == "temporary";
    let opened = disk.state().open(name, create, flags & SQLITE_OPEN_EXCLUSIVE != 0);
    let inode = match opened {
        Ok(inode) => inode,
        Err(code) => return code,
    };
    let handle = Handle::new(disk, inode, name);
    // SAFETY: as above; `out_flags` is null or a place for one number.
    unsafe {
        OpenFile::fill(file, handle);
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: see `path`.
    let Some((disk, name)) = unsafe { path(name) }.and_then(Shared::find) else {
        return SQLITE_IOERR_DELETE;
    };
    disk.state().delete(name, sync_folder != 0).err().unwrap_or(SQLITE_OK)
}

unsafe extern "C" fn access(_: *mut sqlite3_vfs, name: *const c_char, _: c_int, out: *mut c_int) -> c_int {
    // SAFETY: see `path`.
    let Some((disk, name)) = unsafe { path(name) }.and_then(Shared::find) else {
        return SQLITE_IOERR_ACCESS;
    };
    match disk.state().exists(name) {
        Ok(exists) => {
            // SAFETY: SQLite gives a place for one number.
            unsafe { *out = c_int::from(exists) };
            SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn full_pathname(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's names end with NUL and live during the call.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if usize::try_from(room).is_ok_and(|room| bytes.len() <= room) {
        // SAFETY: `out` has `room` bytes, and SQLite does not let the two overlap.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
        SQLITE_OK
    } else {
        SQLITE_CANTOPEN
    }
}

/// The same numbers in every process. SQLite asks its default VFS for the seed of its own generator, so this is
/// seldom called.
unsafe extern "C" fn randomness(_: *mut sqlite3_vfs, amount: c_int, out: *mut c_char) -> c_int {
    static STATE: AtomicU64 = AtomicU64::new(0x7865_6e6b_6521);
    let Ok(length) = usize::try_from(amount) else {
        return 0;
    };
    // SAFETY: SQLite gives this many bytes to fill in.
    let bytes = unsafe { std::slice::from_raw_parts_mut(out.cast::<u8>(), length) };
    for chunk in bytes.chunks_mut(8) {
        let mut word = STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes()[..chunk.len()]);
    }
    amount
}

/// Really sleeps: SQLite waits so for a lock that another thread holds.
unsafe extern "C" fn sleep(_: *mut sqlite3_vfs, microseconds: c_int) -> c_int {
    std::thread::sleep(Duration::from_micros(u64::try_from(microseconds).unwrap_or(0)));
    microseconds
}

unsafe extern "C" fn current_time_int64(_: *mut sqlite3_vfs, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives a place for one number.
    unsafe { *out = NOW };
    SQLITE_OK
}

unsafe extern "C" fn current_time(_: *mut sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite gives a place for one number.
    unsafe { *out = 2_461_367.5 };
    SQLITE_OK
}

unsafe extern "C" fn last_error(_: *mut sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    0
}
