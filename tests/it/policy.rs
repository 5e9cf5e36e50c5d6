//! The walk: every operation of the document, asked by every role at every kind of place, answers what the
//! policy's table says.

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;
use xunke_domain::people::Place;
use xunke_domain::policy::{self, Access, Decision};

use crate::support::TestApp;
use crate::support::app::{Answer, Backend};
use crate::support::document::Operation;
use crate::support::school::{PASSWORD, text};
use crate::support::world::{Call, Site, Walker, Whose, World};

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Whatever the operation itself says.
    Open,
    Unauthenticated,
    Forbidden,
    /// Byte for byte as if it were absent.
    Absent,
    Works,
}

/// Why an answer is not what is due.
fn wrong(due: Due, answer: &Answer, absent: Option<&Answer>) -> Option<String> {
    let (status, code) = (answer.status.as_u16(), answer.code());
    let fits = match due {
        Due::Open => status < 500 && code != "unauthenticated" && !matches!(status, 403 | 404),
        Due::Unauthenticated => (status, code.as_str()) == (401, "unauthenticated"),
        Due::Forbidden => (status, code.as_str()) == (403, "forbidden"),
        Due::Absent => status == 404 && absent.is_some_and(|absent| same(answer, absent)),
        Due::Works => status < 500 && !matches!(status, 401 | 403 | 404),
    };
    (!fits).then(|| format!("{due:?} was due, {status} {} came", String::from_utf8_lossy(&answer.bytes)))
}

/// Whether two answers cannot be told apart.
fn same(one: &Answer, other: &Answer) -> bool {
    (one.status, &one.headers, &one.bytes) == (other.status, &other.headers, &other.bytes)
}

/// Whether an operation is about an object that belongs to somebody.
fn about_belongings(operation: &Operation) -> bool {
    ["{visit}", "{held}", "{feedback}", "{conflict}"].iter().any(|name| operation.path.contains(name))
}

fn decide(world: &World, operation: &Operation, walker: &Walker, place: Option<Place>) -> Decision {
    let day = world.app.app.clock.today();
    match (policy::access(&operation.id), place) {
        (None, _) => Decision::Unknown,
        (Some(Access::Public | Access::SignedIn), _) => Decision::All,
        (Some(_), Some(place)) => policy::decide(&operation.id, &walker.memberships, place, day),
        // Only administrators make districts, and everybody may know that.
        (Some(access), None) => {
            let reaches = |role| policy::reach(access, role) == policy::Reach::Everywhere;
            let reached = walker.memberships.iter().any(|membership| reaches(membership.role));
            if reached { Decision::All } else { Decision::Forbidden }
        }
    }
}

/// The same request about something that is nowhere.
fn elsewhere(call: &Call, ids: &[&str]) -> Call {
    let nowhere = Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_dead_beef).to_string();
    let path =
        ids.iter().filter(|id| !id.is_empty()).fold(call.path.clone(), |path, id| path.replace(id, &nowhere));
    Call { path, ..call.clone() }
}

/// A request that ends a session or a device has one of its own to end.
async fn spare(world: &World, operation: &Operation, walker: &Walker, call: &mut Call) -> Option<String> {
    let app = &world.app;
    let sign_in = json!({"login": walker.person.login, "password": PASSWORD});
    let spare = [
        "session_end",
        "session_refresh",
        "session_revoke",
        "device_revoke",
        "device_register",
        "password_change",
    ];
    if !spare.contains(&operation.id.as_str()) {
        return None;
    }
    let tokens = app.post("/api/v1/sessions", "", &sign_in).await.expect(200);
    let token = text(&tokens["access_token"]);
    if operation.id == "session_refresh" {
        call.body = Some(json!({"refresh_token": tokens["refresh_token"]}).to_string());
    }
    if operation.id == "session_revoke" {
        let other = app.post("/api/v1/sessions", "", &sign_in).await.expect(200);
        call.path = call.path.replace("{session}", &text(&other["session"]));
    }
    if operation.id == "device_revoke" {
        let phone = json!({"name": "spare", "platform": "test", "app_version": "1"});
        let device = app.post("/api/v1/devices", &token, &phone).await.expect(201);
        call.path = call.path.replace(&walker.device, &text(&device["device"]));
    }
    Some(token)
}

/// One request of a walker about a site; what is wrong with the answers.
async fn step(
    world: &World,
    operation: &Operation,
    site: &Site,
    walker: &Walker,
    whose: Whose,
) -> Vec<String> {
    let mut call = world.call(operation, site, walker, whose);
    let spare = spare(world, operation, walker, &mut call).await;
    let token = spare.unwrap_or_else(|| walker.person.token.clone());
    let decision = decide(world, operation, walker, World::place(operation, site));
    let (due, ids) = match (decision, whose) {
        // The address does not name the school: a 403 would tell that there is such a thing.
        (Decision::Forbidden, Whose::Makers) if operation.path.contains("{held}") => {
            (Due::Absent, vec![site.makers.held.as_str()])
        }
        (Decision::Forbidden, _) => (Due::Forbidden, Vec::new()),
        (Decision::Unknown, _) => {
            let held = if operation.path.contains("{held}") { site.makers.held.as_str() } else { "" };
            (Due::Absent, vec![site.school.as_str(), site.district.as_str(), held])
        }
        (Decision::Own, Whose::Makers) if about_belongings(operation) => {
            let makers = &site.makers;
            let ids = [&makers.visit, &makers.held, &makers.feedback, &makers.conflict];
            (Due::Absent, ids.map(String::as_str).to_vec())
        }
        (Decision::Own | Decision::All, _) => (Due::Works, Vec::new()),
    };
    let due = if policy::access(&operation.id) == Some(Access::Public) { Due::Open } else { due };
    let answer = world.send(&call, &token).await;
    let absent = match due {
        Due::Absent => Some(world.send(&elsewhere(&call, &ids), &token).await),
        _ => None,
    };
    let said =
        |why| format!("{} {} {} by {} ({whose:?}): {why}", operation.id, call.method, call.path, walker.name);
    wrong(due, &answer, absent.as_ref()).map(said).into_iter().collect()
}

/// Those that end every other session come last.
fn order(operation: &Operation) -> (bool, bool) {
    (operation.id == "password_change", operation.method != "GET")
}

#[tokio::test]
async fn every_operation_answers_every_role_everywhere_as_the_table_says() {
    let world = World::build(TestApp::start(Backend::Sqlite).await).await;
    let mut operations = world.operations();
    operations.sort_by_key(order);
    let (mut asked, mut flaws) = (0_u32, Vec::new());

    for operation in &operations {
        if policy::access(&operation.id).is_none() {
            flaws.push(format!("{} has no row", operation.id));
            continue;
        }
        let public = policy::access(&operation.id) == Some(Access::Public);
        let mut stranger = world.call(operation, &world.sites[0], &world.walkers[0], Whose::Makers);
        if public {
            spare(&world, operation, &world.walkers[0], &mut stranger).await;
        }
        let answer = world.send(&stranger, "").await;
        let due = if public { Due::Open } else { Due::Unauthenticated };
        flaws.extend(wrong(due, &answer, None).map(|why| format!("{} by a stranger: {why}", operation.id)));
        for walker in &world.walkers {
            let anywhere = World::place(operation, &world.sites[0]).is_none();
            let sites = if anywhere { &world.sites[..1] } else { &world.sites[..] };
            for (index, site) in sites.iter().enumerate() {
                asked += 1;
                flaws.extend(step(&world, operation, site, walker, Whose::Makers).await);

                if index == 0 && about_belongings(operation) && belongs(operation, walker) {
                    asked += 1;
                    flaws.extend(step(&world, operation, site, walker, Whose::Own).await);
                }
            }
        }
    }

    assert!(flaws.is_empty(), "{} of {asked} answers are wrong:\n{}", flaws.len(), flaws.join("\n"));
    assert!(asked > 1500, "the walk asked only {asked} times");
}

/// Whether the walker has a thing of the kind that the operation names.
fn belongs(operation: &Operation, walker: &Walker) -> bool {
    let own = &walker.own;
    let own = [
        ("{visit}", &own.visit),
        ("{held}", &own.held),
        ("{feedback}", &own.feedback),
        ("{conflict}", &own.conflict),
    ];
    own.into_iter().all(|(name, id)| !operation.path.contains(name) || !id.is_empty())
}

#[test]
fn the_walk_notices_a_wrong_answer() {
    let answer = |status: u16, body: &str| Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: axum::http::HeaderMap::new(),
        bytes: body.as_bytes().to_vec(),
    };
    let (absent, other) =
        (answer(404, r#"{"code":"not-found"}"#), answer(404, r#"{"code":"not-found","x":1}"#));

    assert_eq!(wrong(Due::Absent, &absent, Some(&absent)), None);
    assert!(wrong(Due::Absent, &absent, Some(&other)).is_some());
    assert!(wrong(Due::Absent, &answer(403, "{}"), Some(&absent)).is_some());
    assert_eq!(wrong(Due::Forbidden, &answer(403, r#"{"code":"forbidden"}"#), None), None);
    assert!(wrong(Due::Forbidden, &answer(403, r#"{"code":"device-revoked"}"#), None).is_some());
    assert!(wrong(Due::Unauthenticated, &answer(200, "{}"), None).is_some());
    assert_eq!(wrong(Due::Works, &answer(409, "{}"), None), None);
    for status in [401, 403, 404, 500] {
        assert!(wrong(Due::Works, &answer(status, "{}"), None).is_some());
    }
}
