//! SQLite over the disk behaves, and the disk fails as it should.

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, DbErr, Statement,
};

use crate::{Disk, Image, Kind};

/// A connection as the server makes it; `synchronous` as said.
async fn connect(disk: &Disk, synchronous: &'static str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(disk.url());
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite.create_if_missing(true).pragma("journal_mode", "WAL").pragma("synchronous", synchronous)
    });
    Database::connect(options).await
}

async fn safe(disk: &Disk) -> DatabaseConnection {
    connect(disk, "FULL").await.unwrap()
}

async fn run(db: &DatabaseConnection, sql: &str) -> Result<(), DbErr> {
    db.execute_unprepared(sql).await.map(|_| ())
}

async fn ask<T: sea_orm::TryGetable>(db: &DatabaseConnection, sql: &str) -> Result<T, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Sqlite, sql.to_owned())).await?;
    row.unwrap().try_get_by_index(0)
}

async fn count(db: &DatabaseConnection) -> i64 {
    ask(db, "SELECT count(*) FROM t").await.unwrap()
}

/// A table with some rows.
async fn filled(disk: &Disk, rows: u32) -> DatabaseConnection {
    let db = safe(disk).await;
    run(&db, "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").await.unwrap();
    add(&db, rows).await.unwrap();
    db
}

async fn add(db: &DatabaseConnection, rows: u32) -> Result<(), DbErr> {
    for _ in 0..rows {
        run(db, "INSERT INTO t (text) VALUES (hex(randomblob(1500)))").await?;
    }
    Ok(())
}

/// Rows found on an image that must be whole.
async fn rows_of(image: &Image) -> i64 {
    let disk = Disk::from_image(image, 1);
    let db = safe(&disk).await;
    assert_eq!(ask::<String>(&db, "PRAGMA integrity_check").await.unwrap(), "ok");
    count(&db).await
}

#[tokio::test]
async fn sqlite_over_the_disk_behaves() {
    let disk = Disk::new(1);
    let (writer, reader) = (filled(&disk, 10).await, safe(&disk).await);
    assert_eq!(ask::<String>(&writer, "PRAGMA journal_mode").await.unwrap(), "wal");

    run(&writer, "BEGIN IMMEDIATE").await.unwrap();
    add(&writer, 5).await.unwrap();
    assert_eq!(count(&reader).await, 10, "a reader sees what was committed");
    assert_eq!(count(&writer).await, 15);
    let busy = run(&safe(&disk).await, "PRAGMA busy_timeout = 0; BEGIN IMMEDIATE").await.unwrap_err();
    assert!(busy.to_string().contains("locked"), "{busy}");
    run(&writer, "COMMIT").await.unwrap();
    assert_eq!(count(&reader).await, 15);

    add(&writer, 700).await.unwrap();
    assert_eq!(ask::<i32>(&reader, "PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap(), 0);
    let lengths: Vec<_> = disk.image().files().map(|(name, len)| (name.to_owned(), len)).collect();
    assert_eq!(lengths[1], ("disk.db-wal".to_owned(), 0));
    assert!(lengths[0].1 > 700 * 3000);
    assert_eq!(ask::<String>(&reader, "PRAGMA integrity_check").await.unwrap(), "ok");
    assert_eq!(count(&reader).await, 715);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_and_a_writer_at_once_see_whole_commits() {
    let disk = Disk::new(2);
    let writer = filled(&disk, 2).await;
    run(&writer, "PRAGMA wal_autocheckpoint = 20").await.unwrap();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let reader = safe(&disk).await;
        readers.spawn(async move {
            let mut latest = 0;
            while latest < 202 {
                let seen = count(&reader).await;
                assert!(seen >= latest && seen % 2 == 0, "{seen} rows after {latest}");
                latest = seen;
            }
        });
    }

    for _ in 0..100 {
        run(&writer, "BEGIN IMMEDIATE").await.unwrap();
        add(&writer, 2).await.unwrap();
        run(&writer, "COMMIT").await.unwrap();
    }

    readers.join_all().await;
    assert_eq!(ask::<String>(&writer, "PRAGMA integrity_check").await.unwrap(), "ok");
}

#[tokio::test]
async fn an_image_is_a_copy_that_later_writes_do_not_change() {
    let disk = Disk::new(3);
    let db = filled(&disk, 10).await;

    let image = disk.image();
    add(&db, 10).await.unwrap();
    let copy = Disk::from_image(&image, 4);
    let other = safe(&copy).await;
    add(&other, 1).await.unwrap();

    assert_eq!((count(&db).await, count(&other).await, rows_of(&image).await), (20, 11, 10));
    drop(disk);
    assert_eq!(count(&db).await, 20, "an open file outlives the handle");
}

#[tokio::test]
async fn a_power_cut_takes_what_was_not_synced_and_nothing_else() {
    let disk = Disk::new(5);
    drop(filled(&disk, 10).await);
    let db = connect(&disk, "NORMAL").await.unwrap();
    add(&db, 10).await.unwrap();

    assert_eq!(rows_of(&disk.image()).await, 20);
    assert_eq!(rows_of(&disk.durable()).await, 10);
    disk.cut_power();
    let error = add(&db, 1).await.unwrap_err().to_string();
    assert!(error.contains("disk I/O error"), "{error}");
    let error = connect(&disk, "FULL").await.unwrap_err().to_string();
    assert!(error.contains("disk I/O error"), "{error}");

    let mut found = Vec::new();
    for seed in 0..40 {
        found.push(rows_of(&disk.after_power_cut(seed)).await);
    }
    assert!(found.iter().all(|rows| (10..=20).contains(rows)), "{found:?}");
    assert!(found.iter().any(|rows| *rows < 20), "{found:?}");
    assert!(found.iter().any(|rows| *rows > 10), "{found:?}");
}

#[tokio::test]
async fn with_full_synchronous_a_cut_at_any_event_loses_no_commit() {
    let start = Disk::new(6);
    drop(filled(&start, 5).await);
    let image = start.image();
    let (mut torn, mut kinds) = (0, std::collections::BTreeSet::new());
    for event in 1..90 {
        let disk = Disk::from_image(&image, event);
        disk.set_sector_size(if event % 2 == 0 { 512 } else { 4096 });
        let db = safe(&disk).await;
        run(&db, "PRAGMA wal_autocheckpoint = 8").await.unwrap();
        disk.cut_power_at(event);
        let mut answered = 5;
        while add(&db, 1).await.is_ok() {
            answered += 1;
        }

        assert!(disk.is_cut());
        kinds.insert(disk.cut_by().unwrap());
        let after = disk.after_power_cut(event);
        torn += after.torn_sectors();
        let found = rows_of(&after).await;
        assert!(found == answered || found == answered + 1, "{found} rows, {answered} answered");
    }
    assert!(torn > 20, "{torn} sectors were torn");
    let of = |kind, file: &str| kinds.iter().any(|event| event.kind == kind && event.file == file);
    assert!(of(Kind::Write, "disk.db") && of(Kind::Sync, "disk.db"), "{kinds:?}");
    assert!(of(Kind::Write, "disk.db-wal") && of(Kind::Sync, "disk.db-wal"), "{kinds:?}");
}

#[test]
fn a_sector_is_found_old_new_or_torn() {
    let disk = crate::disk::Shared::new(crate::state::State::new(1));
    let mut state = disk.state();
    let file = state.open("file", true, false).unwrap();
    state.write(file, "file", 0, &[1; 4096]).unwrap();
    state.sync(file, "file").unwrap();
    state.write(file, "file", 0, &[2; 4096]).unwrap();
    let [mut old, mut new, mut torn] = [0; 3];

    for seed in 0..200 {
        let image = Image::after_power_cut(&mut state, seed);
        let bytes = image.bytes("file").unwrap();
        let found = if bytes == [1; 4096] {
            &mut old
        } else if bytes == [2; 4096] {
            &mut new
        } else {
            assert_eq!(image.torn_sectors(), 1);
            &mut torn
        };
        *found += 1;
    }

    assert!(old > 20 && new > 20 && torn > 5, "{old} {new} {torn}");
}

#[tokio::test]
async fn a_file_never_synced_may_vanish_and_a_deletion_not_synced_may_be_undone() {
    let disk = Disk::new(8);
    drop(filled(&disk, 3).await);
    let with_wal = Disk::from_image(&disk.image(), 9);
    let db = connect(&with_wal, "OFF").await.unwrap();
    add(&db, 3).await.unwrap();
    let wal = |image: &Image| image.files().any(|(name, _)| name == "disk.db-wal");

    let found: Vec<bool> = (0..20).map(|seed| wal(&with_wal.after_power_cut(seed))).collect();

    assert!(found.contains(&true) && found.contains(&false) || wal(&with_wal.durable()), "{found:?}");
    let names = crate::state::State::new(1);
    let disk = crate::disk::Shared::new(names);
    let mut state = disk.state();
    let made = state.open("made", true, false).unwrap();
    state.write(made, "made", 0, b"x").unwrap();
    let both = |state: &mut crate::state::State| -> Vec<bool> {
        let images = (0..20).map(|seed| Image::after_power_cut(state, seed));
        images.map(|image| image.files().count() == 1).collect()
    };
    let never_synced = both(&mut state);
    state.sync(made, "made").unwrap();
    let synced = both(&mut state);
    state.delete("made", false).unwrap();
    let deleted = both(&mut state);
    assert!(never_synced.contains(&true) && never_synced.contains(&false), "{never_synced:?}");
    assert!(!synced.contains(&false), "{synced:?}");
    assert!(deleted.contains(&true) && deleted.contains(&false), "{deleted:?}");
    let again = state.open("made", true, false).unwrap();
    state.sync(again, "made").unwrap();
    state.delete("made", true).unwrap();
    assert!(!both(&mut state).contains(&true));
}

#[tokio::test]
async fn a_full_disk_refuses_to_grow_and_recovers() {
    let disk = Disk::new(10);
    let db = filled(&disk, 10).await;

    disk.fill_up(true);
    let error = add(&db, 1).await.unwrap_err().to_string();
    assert!(error.contains("full"), "{error}");
    assert_eq!(count(&db).await, 10);
    disk.fill_up(false);
    add(&db, 1).await.unwrap();

    assert_eq!(count(&db).await, 11);
    assert_eq!(rows_of(&disk.durable()).await, 11);
}

#[tokio::test]
async fn a_failing_disk_says_so_and_recovers() {
    let disk = Disk::new(11);
    let db = filled(&disk, 200).await;

    disk.fail_writes(true);
    let error = add(&db, 1).await.unwrap_err().to_string();
    assert!(error.contains("disk I/O error"), "{error}");
    assert_eq!(count(&db).await, 200, "reads go on");
    disk.fail_writes(false);
    add(&db, 1).await.unwrap();
    disk.fail_reads(true);
    let fresh = connect(&disk, "FULL").await;
    assert!(fresh.is_err());
    disk.fail_reads(false);

    assert_eq!(count(&safe(&disk).await).await, 201);
    assert_eq!(rows_of(&disk.durable()).await, 201);
}

#[test]
fn what_a_failed_sync_gave_up_no_later_one_makes_safe() {
    let disk = crate::disk::Shared::new(crate::state::State::new(1));
    let mut state = disk.state();
    let file = state.open("file", true, false).unwrap();
    state.sync(file, "file").unwrap();
    state.write(file, "file", 0, &[1; 4096]).unwrap();
    state.failing_writes = true;
    state.sync(file, "file").unwrap_err();
    state.failing_writes = false;
    state.write(file, "file", 4096, &[2; 4096]).unwrap();
    state.sync(file, "file").unwrap();

    let safe = Image::safe(&mut state).bytes("file").unwrap();

    assert_eq!((safe[0], safe[4096]), (0, 2));
    let seen = Image::seen(&mut state).bytes("file").unwrap();
    assert_eq!((seen[0], seen[4096]), (1, 2));
}

#[tokio::test]
async fn disks_do_not_know_of_each_other() {
    let run = async |seed: u64| {
        let disk = Disk::new(seed);
        let db = filled(&disk, u32::try_from(seed).unwrap()).await;
        if seed == 3 {
            disk.cut_power();
        }
        (count(&db).await, disk)
    };
    let (a, b) = (run(1).await, run(2).await);
    assert_eq!((a.0, b.0), (1, 2));
    a.1.cut_power();
    assert_eq!(count(&safe(&b.1).await).await, 2);
    assert_ne!(a.1.url(), b.1.url());
}
