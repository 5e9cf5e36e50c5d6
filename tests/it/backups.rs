//! `xunke backup` and `xunke restore`: what they make, what they refuse, what they leave alone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_storage::backup::{BackupError, BackupJob, RestoreJob, Restored, back_up, drill, restore};
use xunke_storage::{Claim, StoreError};

use crate::support::TestApp;
use crate::support::app::Backend;
use crate::support::school::{Phone, School};

fn visit(number: i64) -> Uuid {
    Uuid::from_u128(number.unsigned_abs().into())
}

/// A server with a phone that has sent two visits.
async fn two_visits() -> (TestApp, School, Phone) {
    let app = TestApp::start(Backend::Sqlite).await;
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    push(&app, &school, &phone, 1).await;
    push(&app, &school, &phone, 2).await;
    (app, school, phone)
}

async fn push(app: &TestApp, school: &School, phone: &Phone, n: i64) {
    app.push(phone, &[school.write(n, visit(n), &json!({"ratings/a": "good"}))]).await;
}

/// The first number that a query gives.
async fn number(database: &Path, sql: &str) -> i64 {
    let db = Database::connect(format!("sqlite://{}", database.display())).await.unwrap();
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql.to_owned())).await;
    db.close().await.unwrap();
    row.unwrap().unwrap().try_get_by_index(0).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A place where a server was killed: its database, its log not folded in, its keys.
fn place_of_a_killed_server(app: &TestApp) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for name in ["test.db", "test.db-wal", "keys.json"] {
        std::fs::copy(app.folder().join(name), place.path().join(name)).unwrap();
    }
    place
}

async fn put_back(app: &TestApp, from: &Path, place: &Path) -> Result<Restored, BackupError> {
    let url = format!("sqlite://{}", place.join("test.db").display());
    let (keys, at) = (place.join("keys.json"), "2026-11-25T10:15:00Z".parse().unwrap());
    let audit = app.app.chance.id(at);
    restore(RestoreJob { from, url: &url, keys: &keys, at, audit }).await
}

#[tokio::test]
async fn a_backup_is_named_after_its_time_and_only_its_owner_reads_it() {
    let (app, ..) = two_visits().await;

    let made = app.back_up_beside().await.unwrap();

    assert!(made.path.ends_with("backups/xunke-20261123T000000Z.backup"), "{}", made.path.display());
    assert_eq!(names(&made.path), ["keys.json", "manifest.json", "xunke.db"]);
    let files = names(&made.path).iter().map(|name| mode(&made.path.join(name))).collect::<Vec<_>>();
    assert_eq!((mode(&made.path), files), (0o700, vec![0o600; 3]));
    assert_eq!(
        made.manifest.rows["write"],
        number(&app.folder().join("test.db"), "SELECT count(*) FROM write").await
    );
    let text = std::fs::read_to_string(made.path.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&manifest["created_at"], &manifest["rows"]["visit"]),
        (&json!("2026-11-23T00:00:00Z"), &json!(2))
    );
    assert!(matches!(app.back_up_beside().await, Err(BackupError::Exists(_))), "never one over another");
}

#[tokio::test]
async fn a_backup_made_while_writes_go_on_is_of_one_moment() {
    let (app, school, phone) = two_visits().await;
    let (app, done, answered) =
        (Arc::new(app), Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(2)));
    let writer = tokio::spawn({
        let (app, done, answered) = (Arc::clone(&app), Arc::clone(&done), Arc::clone(&answered));
        async move {
            let mut n = 2;
            while !done.load(Ordering::SeqCst) {
                n += 1;
                push(&app, &school, &phone, n).await;
                answered.store(n, Ordering::SeqCst);
            }
        }
    });

    for _ in 0..5 {
        let before = answered.load(Ordering::SeqCst);
        while answered.load(Ordering::SeqCst) < before + 3 {
            tokio::task::yield_now().await;
        }
        app.pass(TimeDelta::seconds(1));
        let before = answered.load(Ordering::SeqCst);
        let made = app.back_up_beside().await.unwrap();

        let copy = made.path.join("xunke.db");
        assert!(made.manifest.rows["visit"] >= before, "what was answered is in it");
        let behind = "SELECT (SELECT max(seq) FROM write) - head FROM school";
        assert_eq!(number(&copy, behind).await, 0, "no commit is in it by half");
        drill_of(&made.path).await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    writer.await.unwrap();
}

async fn drill_of(backup: &Path) -> Result<i64, BackupError> {
    let into = tempfile::tempdir().unwrap();
    let manifest = drill(backup, into.path(), "2026-11-25T10:15:00Z".parse().unwrap(), visit(7)).await?;
    assert_eq!(names(into.path()), ["keys.json", "xunke.db"]);
    Ok(manifest.all_rows())
}

#[tokio::test]
async fn a_backup_that_fails_or_is_interrupted_leaves_none_behind() {
    let (app, ..) = two_visits().await;
    let to = app.folder().join("backups");
    let missing = app.folder().join("nowhere.json");
    let at = "2026-11-23T00:00:00Z".parse().unwrap();
    let without_keys = BackupJob { url: &app.url, keys: &missing, to: &to, at, version: "1" };

    let failed = back_up(without_keys).await;
    assert!(matches!(failed, Err(BackupError::File { path, .. }) if path == missing));
    assert_eq!(names(&to), [".xunke-backup.lock"]);

    let interrupted = to.join("xunke-20261122T000000Z.backup.part");
    std::fs::create_dir(&interrupted).unwrap();
    std::fs::write(interrupted.join("xunke.db"), "half").unwrap();
    assert!(matches!(drill_of(&interrupted).await, Err(BackupError::NoBackup { .. })));
    app.back_up_beside().await.unwrap();
    assert_eq!(names(&to), [".xunke-backup.lock", "xunke-20261123T000000Z.backup"]);
}

#[tokio::test]
async fn a_damaged_backup_is_refused_by_name_and_nothing_is_touched() {
    let (app, ..) = two_visits().await;
    let made = app.back_up_beside().await.unwrap();
    let place = place_of_a_killed_server(&app);
    let before = names(place.path());
    let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    let empty = |bytes: &mut Vec<u8>| bytes.clear();

    for (name, harm) in [
        ("xunke.db", &flip as &dyn Fn(&mut Vec<u8>)),
        ("xunke.db", &cut),
        ("keys.json", &flip),
        ("manifest.json", &empty),
    ] {
        let path = made.path.join(name);
        let whole = std::fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        harm(&mut bytes);
        std::fs::write(&path, bytes).unwrap();

        let refused = put_back(&app, &made.path, place.path()).await;

        assert!(
            matches!(&refused, Err(BackupError::Damaged { path: named, .. }) if *named == path),
            "{refused:?}"
        );
        assert!(drill_of(&made.path).await.is_err());
        std::fs::write(&path, whole).unwrap();
    }
    let mut after = names(place.path());
    after.retain(|name| name != "test.db.in-use");
    assert_eq!(after, before);
    std::fs::remove_file(made.path.join("keys.json")).unwrap();
    assert!(matches!(put_back(&app, &made.path, place.path()).await, Err(BackupError::File { .. })));
    assert!(matches!(drill_of(place.path()).await, Err(BackupError::NoBackup { .. })));
}

/// Makes a backup say something else of itself.
fn retell(backup: &Path, tell: impl Fn(&mut Value)) {
    let path = backup.join("manifest.json");
    let mut manifest: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    tell(&mut manifest);
    std::fs::write(path, manifest.to_string()).unwrap();
}

#[tokio::test]
async fn a_backup_of_a_newer_version_or_with_other_rows_is_refused() {
    let (app, ..) = two_visits().await;
    let made = app.back_up_beside().await.unwrap();
    let place = place_of_a_killed_server(&app);
    let manifest = std::fs::read(made.path.join("manifest.json")).unwrap();
    let again = || std::fs::write(made.path.join("manifest.json"), &manifest).unwrap();

    retell(&made.path, |manifest| manifest["schema"] = json!("m9999_tomorrow"));
    let newer = put_back(&app, &made.path, place.path()).await;
    again();
    retell(&made.path, |manifest| {
        let files = manifest["files"].as_array_mut().unwrap();
        files.push(json!({"name": "photos.tar", "size": 1, "sha256": ""}));
    });
    let more = put_back(&app, &made.path, place.path()).await;
    again();
    retell(&made.path, |manifest| manifest["rows"]["visit"] = json!(3));
    let fewer = put_back(&app, &made.path, place.path()).await;

    assert!(matches!(newer, Err(BackupError::Newer { schema, .. }) if schema == "m9999_tomorrow"));
    assert!(matches!(more, Err(BackupError::Newer { .. })), "what it does not know it would leave out");
    assert!(matches!(fewer, Err(BackupError::Damaged { .. })));
}

#[tokio::test]
async fn a_database_that_is_served_is_backed_up_but_not_replaced() {
    let (app, ..) = two_visits().await;
    let place = place_of_a_killed_server(&app);
    let url = format!("sqlite://{}", place.path().join("test.db").display());
    let serving = Claim::to_serve(&url).unwrap();

    let made = app.back_up_beside().await.unwrap();
    let refused = put_back(&app, &made.path, place.path()).await;
    let second = Claim::to_serve(&url);
    drop(serving);
    let stopped = put_back(&app, &made.path, place.path()).await;

    let process = std::process::id().to_string();
    assert!(
        matches!(refused, Err(BackupError::Store(StoreError::InUse { process: named, .. })) if named == process)
    );
    assert!(matches!(second, Err(StoreError::InUse { .. })), "nor served twice");
    assert!(stopped.is_ok());
    assert!(Claim::to_serve("postgres://localhost/xunke").unwrap().is_none(), "nodes share a PostgreSQL");
}

#[tokio::test]
async fn what_was_there_is_kept_with_what_stood_in_its_log_alone() {
    let (app, school, phone) = two_visits().await;
    let made = app.back_up_beside().await.unwrap();
    push(&app, &school, &phone, 3).await;
    let place = place_of_a_killed_server(&app);
    std::fs::write(place.path().join("test.db-shm"), "of a dead process").unwrap();
    std::fs::write(place.path().join("keys.json"), "other keys").unwrap();

    let first = put_back(&app, &made.path, place.path()).await.unwrap();
    let second = put_back(&app, &made.path, place.path()).await.unwrap();

    let visits = "SELECT count(*) FROM visit";
    let [before, keys] = first.kept.as_slice() else { panic!("{:?}", first.kept) };
    assert_eq!(names(place.path()).len(), 7, "{:?}", names(place.path()));
    assert_eq!(number(before, visits).await, 3, "the last one stood in the log");
    assert_eq!(std::fs::read_to_string(keys).unwrap(), "other keys");
    let at = |end: &str| place.path().join(format!("test.db.before-restore-20261125T101500Z{end}"));
    assert_eq!((before, second.kept), (&at(""), vec![at("-2")]), "one restore keeps what another kept");
    let restored = place.path().join("test.db");
    assert_eq!(number(&restored, visits).await, 2);
    assert_eq!(number(&restored, "SELECT count(*) FROM audit WHERE action = 'restore'").await, 1);
    assert_eq!(
        std::fs::read(place.path().join("keys.json")).unwrap(),
        std::fs::read(made.path.join("keys.json")).unwrap()
    );
    assert_eq!((mode(&restored), mode(&place.path().join("keys.json"))), (0o600, 0o600));
}

#[tokio::test]
async fn a_restore_that_was_interrupted_stops_the_start_until_it_is_done_again() {
    let (app, ..) = two_visits().await;
    let made = app.back_up_beside().await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str| -> PathBuf { place.path().join(name) };
    let url = format!("sqlite://{}", file("test.db").display());
    std::fs::copy(made.path.join("xunke.db"), file("test.db.restoring")).unwrap();

    let refused = Claim::to_serve(&url);
    put_back(&app, &made.path, place.path()).await.unwrap();

    assert!(matches!(refused, Err(StoreError::Unsafe(why)) if why.contains("run `xunke restore` again")));
    assert!(Claim::to_serve(&url).is_ok());
    assert_eq!(names(place.path()), ["keys.json", "test.db", "test.db.in-use"]);
}

#[tokio::test]
async fn only_a_sqlite_database_that_is_there_is_backed_up() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    let job = |url| BackupJob {
        url,
        keys: &keys,
        to: folder.path(),
        at: chrono::DateTime::UNIX_EPOCH,
        version: "1",
    };
    let nowhere = format!("sqlite://{}", folder.path().join("x.db").display());

    assert!(matches!(back_up(job("postgres://localhost/xunke")).await, Err(BackupError::Postgres)));
    assert!(matches!(back_up(job(&nowhere)).await, Err(BackupError::NoDatabase(_))));
    assert_eq!(names(folder.path()), Vec::<String>::new(), "and none is made");
}
