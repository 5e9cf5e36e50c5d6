//! How SQLite finds what the hot paths ask for: every statement is caught on its way to the database and explained.
//! Nothing is measured; a table that is read from end to end is slow at a million rows however fast it is today.

use std::sync::{Arc, Mutex};

use sea_orm::{ConnectOptions, Database, DatabaseConnection, Statement, TransactionTrait as _};
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::ids::{ClassId, DistrictId, SchoolId, SubjectId, TeacherId, UserId, VisitId};
use xunke_domain::people::{Membership, Role, Scope};
use xunke_domain::record_type::RecordType;
use xunke_domain::verdict::Verdict;
use xunke_domain::week::Week;
use xunke_sync::limits::Limits;
use xunke_sync::stamp::DeviceId;
use xunke_sync::wire::push::read;
use xunke_sync::wire::result::Outcome;

use crate::intake::examined::Examined;
use crate::intake::push::{PushJob, Pushed, Sender, Slice};
use crate::pages::{PageQuery, Visibility};
use crate::schools::School;
use crate::sessions::Device;
use crate::visits::{VisitFilter, VisitRow};
use crate::{Queries, Settings, Store, Tx};

const PHONE: &str = "00000000000000a1";
const OTHER: &str = "00000000000000b2";

/// A database of its own, and a connection whose statements are kept.
struct Spied {
    store: Store,
    queries: Queries<DatabaseConnection>,
    said: Arc<Mutex<Vec<Statement>>>,
    _folder: tempfile::TempDir,
}

/// A statement and how SQLite goes about it, a line a step.
#[derive(Debug)]
struct Plan {
    sql: String,
    steps: Vec<String>,
}

impl Plan {
    /// The steps that read a table from end to end. What was put together on the way (`SCAN (…)`, constant rows) is
    /// as small as the question.
    fn scans(&self) -> Vec<&str> {
        let scans = |step: &&str| {
            step.strip_prefix("SCAN ")
                .is_some_and(|what| !what.starts_with('(') && !what.starts_with("CONSTANT"))
        };
        self.steps.iter().map(String::as_str).filter(scans).collect()
    }

    fn says(&self, step: &str) -> bool {
        self.steps.iter().any(|said| said.contains(step))
    }
}

impl Spied {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("plans.db").display());
        let settings = Settings { url: url.clone(), connections: 1, process: Uuid::from_u128(1) };
        let store = Store::open(&settings).await.unwrap();
        let mut db = Database::connect(ConnectOptions::new(url).max_connections(1).to_owned()).await.unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&said);
        db.set_metric_callback(move |info| keep.lock().unwrap().push(info.statement.clone()));
        Self { store, queries: Queries { db, notice: None }, said, _folder: folder }
    }

    async fn begin(&self) -> Tx {
        Queries { db: self.queries.db.begin().await.unwrap(), notice: None }
    }

    /// The plans of what was asked since the last time.
    async fn plans(&self) -> Vec<Plan> {
        let said = std::mem::take(&mut *self.said.lock().unwrap());
        let mut plans = Vec::new();
        for mut statement in said {
            let sql = statement.sql.clone();
            statement.sql = format!("EXPLAIN QUERY PLAN {sql}");
            let rows = sea_orm::ConnectionTrait::query_all_raw(&self.queries.db, statement).await.unwrap();
            let steps = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect();
            plans.push(Plan { sql, steps });
        }
        self.said.lock().unwrap().clear();
        plans
    }

    /// The plans, none of which may read a table from end to end.
    async fn searched(&self) -> Vec<Plan> {
        let plans = self.plans().await;
        let scanned: Vec<&Plan> = plans.iter().filter(|plan| !plan.scans().is_empty()).collect();
        assert!(scanned.is_empty(), "a table is read from end to end: {scanned:#?}");
        assert!(plans.iter().any(|plan| !plan.steps.is_empty()), "nothing was asked");
        plans
    }

    /// The same of one question, which must find its rows by this index.
    async fn by(&self, index: &str) {
        let plans = self.searched().await;
        assert!(plans.iter().any(|plan| plan.says(index)), "`{index}` is not used: {plans:#?}");
    }

    async fn push(&self, device: &str, writes: Value) -> Vec<Outcome> {
        let body = json!({"device": device, "schema": 1, "writes": writes}).to_string();
        let push = read(body.as_bytes(), &Limits::default()).unwrap();
        let membership = Membership {
            id: Uuid::from_u128(4),
            role: Role::Principal,
            district: district(),
            scope: Scope::Schools([school()].into()),
            valid_from: "2020-01-01".parse().unwrap(),
            valid_to: None,
        };
        let sender =
            Sender { account: person(), memberships: vec![membership], revoked: false, admitted: false };
        let device: DeviceId = device.parse().unwrap();
        let (writes, now) = (push.writes.into_iter().map(Examined::of).collect(), 1_790_000_000_000);
        let job = PushJob { device, sender, writes, unsent: 0, clock_offset: None, now };
        let tx = self.begin().await;
        let pushed = self.store.push_in(&tx, &[Slice::new(&job, 0, job.writes.len())]).await.unwrap();
        tx.commit().await.unwrap();
        let Some(Pushed::Results(results)) = pushed.into_iter().next() else {
            panic!("the push was refused")
        };
        results.into_iter().map(|result| result.outcome).collect()
    }

    async fn school_with_phones(&self) {
        let tx = self.begin().await;
        let name = "青禾实验小学".to_owned();
        let new = School { id: school(), district: district(), name, code: None, head: 0, book_seq: 0 };
        tx.school_add(&new, 0).await.unwrap();
        for id in [PHONE, OTHER] {
            tx.device_add(&device(id)).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.said.lock().unwrap().clear();
    }
}

fn school() -> SchoolId {
    SchoolId::from_uuid(Uuid::from_u128(0x5C))
}

fn district() -> DistrictId {
    DistrictId::from_uuid(Uuid::from_u128(0xD1))
}

fn person() -> UserId {
    UserId::from_uuid(Uuid::from_u128(0xA0))
}

fn week() -> Week {
    "2026-W47".parse().unwrap()
}

fn device(id: &str) -> Device {
    let [name, platform, version] = ["phone", "test", "1"].map(str::to_owned);
    Device { latest_n: 9, ..Device::registered(id.parse().unwrap(), person(), name, platform, version, 0) }
}

fn write(n: i64, base: i64, set: &Value) -> Value {
    json!({"n": n, "stream": school(), "type": "visit", "record": Uuid::from_u128(0x71), "base": base, "set": set})
}

#[tokio::test]
async fn a_table_read_from_end_to_end_is_noticed() {
    let spied = Spied::new().await;

    for sql in ["SELECT id FROM visit WHERE text = 'a'", "DELETE FROM write WHERE body = 'a'"] {
        let statement = Statement::from_string(sea_orm::DatabaseBackend::Sqlite, sql);
        sea_orm::ConnectionTrait::execute_raw(&spied.queries.db, statement).await.unwrap();
    }

    let plans = spied.plans().await;
    assert_eq!(plans.iter().filter(|plan| plan.scans().len() == 1).count(), 2, "{plans:#?}");
}

#[tokio::test]
async fn a_push_finds_everything_by_an_index() {
    let spied = Spied::new().await;
    spied.school_with_phones().await;
    let new = json!({"kind": "walkthrough", "ratings/effect": "good",
        "slot": {"date": "2026-11-17", "period": "第3节", "class": Uuid::from_u128(3)}});

    // A new visit, which comes again; an edit; one that had not seen that edit; one that is held.
    assert_eq!(spied.push(PHONE, json!([write(1, 0, &new)])).await, [Outcome::Applied]);
    assert_eq!(spied.push(PHONE, json!([write(1, 0, &new)])).await, [Outcome::Duplicate]);
    let edit = json!([write(2, 1, &json!({"ratings/effect": "poor"}))]);
    assert_eq!(spied.push(PHONE, edit).await, [Outcome::Applied]);
    let stale = json!([write(1, 1, &json!({"ratings/effect": "fair"}))]);
    assert_ne!(spied.push(OTHER, stale).await, [Outcome::Held]);
    assert_eq!(spied.push(OTHER, json!([write(2, 1, &json!({"nothing": 1}))])).await, [Outcome::Held]);

    let plans = spied.searched().await;
    assert!(
        plans.iter().any(|plan| plan.says("(device=? AND n=?)")),
        "no duplicate was looked for: {plans:#?}"
    );
    assert!(plans.iter().any(|plan| plan.says("write_record (stream=? AND record=?")), "{plans:#?}");
    assert!(
        plans.iter().any(
            |plan| plan.sql.starts_with("INSERT INTO conflict") || plan.sql.contains("INTO \"conflict\"")
        )
    );
}

#[tokio::test]
async fn a_page_is_read_in_the_order_of_its_index() {
    let spied = Spied::new().await;
    let from = Some("2026-09-01".parse().unwrap());

    for visibility in [Visibility::All, Visibility::Own(person())] {
        for from in [None, from] {
            let page = PageQuery { visibility, after: 7, began: Some(3), from, records: 500, bytes: 1 << 20 };
            spied.queries.page(school(), &page).await.unwrap();

            let plans = spied.searched().await;
            let page = plans.iter().find(|plan| plan.sql.contains("seq")).unwrap();
            let search = "SEARCH record USING INDEX record_seq (stream=? AND seq>?)";
            assert!(plans.iter().any(|plan| plan.steps == [search]), "{page:#?}");
        }
    }
}

#[tokio::test]
async fn the_ledger_is_asked_by_device_and_by_record() {
    let spied = Spied::new().await;
    let Spied { queries, .. } = &spied;

    queries.ledger_find(PHONE.parse().unwrap(), 7).await.unwrap();
    spied.by("(device=? AND n=?)").await;
    queries.ledger_known(PHONE.parse().unwrap(), vec![7, 8, 9]).await.unwrap();
    spied.by("(device=? AND n=?)").await;
    queries.ledger_numbers(&device(PHONE)).await.unwrap();
    spied.by("COVERING INDEX sqlite_autoindex_write_1 (device=?)").await;
    queries.ledger_of(school(), RecordType::Visit, Uuid::from_u128(1)).await.unwrap();
    spied.by("write_record (stream=? AND record=? AND seq>?)").await;
}

#[tokio::test]
async fn a_list_of_visits_searches_an_index_whatever_it_is_asked() {
    let spied = Spied::new().await;
    let (id, any) = (Uuid::from_u128(3), VisitFilter::default());
    let filters = [
        any.clone(),
        VisitFilter { own: Some(person()), ..any.clone() },
        VisitFilter { week: Some(week()), submitted: Some(true), ..any.clone() },
        VisitFilter { week: Some(week()), own: Some(person()), ..any.clone() },
        VisitFilter { class: Some(ClassId::from_uuid(id)), ..any.clone() },
        VisitFilter { teacher: Some(TeacherId::from_uuid(id)), ..any.clone() },
        VisitFilter { subject: Some(SubjectId::from_uuid(id)), ..any.clone() },
        VisitFilter { inspector: Some(person()), ..any.clone() },
        VisitFilter { verdict: Some(Verdict::SelfStudy), ..any.clone() },
        VisitFilter { among: Some(vec![VisitId::from_uuid(id)]), ..any.clone() },
        VisitFilter { text: Some("板书".to_owned()), ..any },
    ];

    for filter in &filters {
        for after in [None, Some(id)] {
            spied.queries.visit_list(school(), filter, after, 50).await.unwrap();
            spied
                .by(if filter.week.is_some() { "visit_week (stream=? AND week=?" } else { "(stream=?" })
                .await;
        }
    }
    spied.queries.visit_find(school(), VisitId::from_uuid(id)).await.unwrap();
    spied.by("(stream=? AND id=?)").await;
    let row = VisitRow {
        id: VisitId::from_uuid(id),
        seq: 1,
        inspector: person(),
        date: "2026-11-17".parse().ok(),
        class: Some(ClassId::from_uuid(id)),
        period: Some("第3节".to_owned()),
        verdict: None,
        planned_subject: None,
        planned_teacher: None,
        observed_teacher: None,
        received_at: 0,
        clock_offset: None,
        off_minutes: None,
    };
    for own in [None, Some(person())] {
        spied.queries.visits_by_slot(school(), own, std::slice::from_ref(&row)).await.unwrap();
        spied.by("visit_date (stream=? AND date=?)").await;
    }
}

#[tokio::test]
async fn a_week_is_gathered_by_indexes() {
    let spied = Spied::new().await;
    let Spied { queries, .. } = &spied;

    queries
        .records_by_id(school(), RecordType::Visit, vec![Uuid::from_u128(1), Uuid::from_u128(2)])
        .await
        .unwrap();
    spied.by("(stream=? AND kind=? AND id=?)").await;
    queries.classes_last_seen(school(), "2026-09-01".parse().unwrap(), week().monday()).await.unwrap();
    spied.by("visit_date (stream=? AND date>? AND date<?)").await;
    queries.subjects_last_seen(school(), "2026-09-01".parse().unwrap(), week().monday()).await.unwrap();
    spied.by("visit_date (stream=? AND date>? AND date<?)").await;
    queries.teachers_last_seen(school(), "2026-09-01".parse().unwrap(), week().monday()).await.unwrap();
    spied.by("visit_date (stream=? AND date>? AND date<?)").await;
    queries.visits_of(school(), &[week(), week().back(1)]).await.unwrap();
    spied.by("visit_week (stream=? AND week=?)").await;
    queries.visit_weeks(school()).await.unwrap();
    spied.by("COVERING INDEX visit_week (stream=? AND week>?)").await;
    queries.edition_list(school(), week()).await.unwrap();
    spied.by("(stream=? AND week=?)").await;
    queries.edition_heads(school()).await.unwrap();
    spied.by("(stream=?)").await;
    queries.held_open(school()).await.unwrap();
    spied.by("held_stream (stream=? AND state=?)").await;
    queries.members_of(school(), district()).await.unwrap();
    spied.by("membership_district (district=? AND whole_district=?)").await;
}

#[tokio::test]
async fn who_asks_is_found_by_an_index() {
    let spied = Spied::new().await;
    let Spied { queries, .. } = &spied;

    queries.session_find(Uuid::from_u128(1)).await.unwrap();
    spied.by("(id=?)").await;
    queries.session_list(person()).await.unwrap();
    spied.by("session_account (account=?)").await;
    queries.device_find(PHONE.parse().unwrap()).await.unwrap();
    spied.by("(id=?)").await;
    queries.device_list(&[person()]).await.unwrap();
    spied.by("device_account (account=?)").await;
    queries.account_by_login("principal").await.unwrap();
    spied.by("(login=?)").await;
    queries.memberships(person()).await.unwrap();
    spied.searched().await;
}

#[tokio::test]
async fn what_people_must_look_at_is_found_by_an_index() {
    let spied = Spied::new().await;
    let Spied { queries, .. } = &spied;

    for all in [true, false] {
        for after in [None, Some(Uuid::from_u128(1))] {
            queries.held_list(school(), person(), all, false, after, 50).await.unwrap();
            spied.by("held_").await;
        }
    }
    for author in [None, Some(person())] {
        queries.conflict_list(school(), author, None, 50).await.unwrap();
        spied.by("conflict_").await;
    }
}
