//! The OpenAPI document: committed, whole, and true.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};
use xunke_domain::policy;

use crate::architecture::root;
use crate::support::TestApp;
use crate::support::app::Backend;
use crate::support::document::{document, example, operations, resolve};
use crate::support::school::{PASSWORD, text};
use crate::support::world::{Call, Whose, World};

/// Lists that are short by nature, or paged by their own protocol.
const UNPAGED: [&str; 0] = [];

/// What is said by calling it.
const BODILESS: [&str; 4] = ["user_reset", "held_admit", "feedback_seen", "timetable_undo"];

fn committed() -> PathBuf {
    root().join("openapi/xunke.v1.json")
}

/// `UPDATE_OPENAPI=1 cargo test -p e2e openapi` writes it; read the diff as a client would.
#[test]
fn the_committed_document_is_the_produced_one() {
    let produced = xunke_api::server::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::create_dir_all(committed().parent().unwrap()).unwrap();
        std::fs::write(committed(), &produced).unwrap();
    }

    let kept = std::fs::read_to_string(committed()).unwrap_or_default();

    assert!(
        kept == produced,
        "openapi/xunke.v1.json is not what the server produces; UPDATE_OPENAPI=1 rewrites it"
    );
}

/// What is wrong with a document.
fn flaws(document: &Value) -> Vec<String> {
    let mut flaws = Vec::new();
    if !text(&document["openapi"]).starts_with("3.1") {
        flaws.push(format!("it says it is OpenAPI {}", document["openapi"]));
    }
    let tags: BTreeSet<String> =
        document["tags"].as_array().into_iter().flatten().map(|tag| text(&tag["name"])).collect();
    let mut ids = BTreeSet::new();
    for operation in operations(document) {
        let id = operation.id.as_str();
        let mut flaw =
            |what: String| flaws.push(format!("{} {} ({id}): {what}", operation.method, operation.path));
        let snake = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        if id.is_empty() || !id.chars().all(snake) || !ids.insert(id.to_owned()) {
            flaw("its id is missing, taken or not snake_case".to_owned());
        }
        if text(&operation.spec["summary"]).trim().is_empty() {
            flaw("no summary".to_owned());
        }
        if !operation.spec["tags"]
            .as_array()
            .is_some_and(|used| used.len() == 1 && used.iter().all(|tag| tags.contains(&text(tag))))
        {
            flaw("not one known tag".to_owned());
        }
        if policy::access(id).is_none() {
            flaw("no row in the policy".to_owned());
        }
        for (status, response) in operation.spec["responses"].as_object().into_iter().flatten() {
            if text(&response["description"]).trim().is_empty() {
                flaw(format!("the answer {status} is not described"));
            }
            if status.parse::<u16>().is_ok_and(|status| status >= 400)
                && response["content"]["application/problem+json"].is_null()
            {
                flaw(format!("the answer {status} is no problem document"));
            }
        }
        if !operation.spec["responses"]
            .as_object()
            .is_some_and(|all| all.keys().any(|one| one.starts_with('2')))
        {
            flaw("no answer of success".to_owned());
        }
        for name in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            if !operation.takes("path", name) {
                flaw(format!("the parameter {name} is not described"));
            }
        }
        let list = id.ends_with("_list") && !UNPAGED.contains(&id);
        if list && !(operation.takes("query", "cursor") && operation.takes("query", "limit")) {
            flaw("a list without cursor and limit".to_owned());
        }
        let body = ["POST", "PATCH"].contains(&operation.method.as_str()) && !BODILESS.contains(&id);
        if body && operation.spec["requestBody"].is_null() {
            flaw("no body".to_owned());
        }
        if !operation.spec["requestBody"].is_null() && example(document, &operation).is_none() {
            flaw("a body without an example".to_owned());
        }
        if operation.method == "PATCH" && id != "membership_end" && !operation.takes("header", "If-Match") {
            flaw("a change without If-Match".to_owned());
        }
    }
    let missing = policy::rows().filter(|row| !ids.contains(row.operation));
    flaws.extend(missing.map(|row| format!("the policy's row {} has no operation", row.operation)));
    dangling(document, document, &mut flaws);
    flaws
}

fn dangling(document: &Value, at: &Value, flaws: &mut Vec<String>) {
    match at {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str)
                && resolve(document, reference).is_none()
            {
                flaws.push(format!("{reference} leads nowhere"));
            }
            members.values().for_each(|value| dangling(document, value, flaws));
        }
        Value::Array(items) => items.iter().for_each(|value| dangling(document, value, flaws)),
        _ => (),
    }
}

#[test]
fn the_document_is_whole() {
    let flaws = flaws(&document());

    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
}

#[test]
fn a_poor_document_is_found_out() {
    let problem = json!({"description": "No", "content": {"application/problem+json": {}}});
    let fine = json!({"operationId": "class_list", "summary": "List", "tags": ["x"],
        "parameters": [{"in": "query", "name": "cursor"}, {"in": "query", "name": "limit"}],
        "responses": {"200": {"description": "Yes"}, "404": problem}});
    let poor = json!({"operationId": "Poor-Id", "tags": ["unknown"], "requestBody": {"content": {"application/json":
        {"schema": {"$ref": "#/components/schemas/Absent"}}}}, "responses": {"404": {"description": ""}}});
    let whole = flaws(&json!({"openapi": "3.1.0", "tags": [{"name": "x"}], "paths": {"/a": {"get": fine}}}));
    let bad = flaws(
        &json!({"openapi": "3.0.0", "tags": [{"name": "x"}], "paths": {"/{a}": {"patch": poor, "post": {}}}}),
    );

    assert!(whole.iter().all(|flaw| flaw.starts_with("the policy's row")), "{whole:?}");
    for what in [
        "it says it is OpenAPI \"3.0.0\"",
        "its id is missing, taken or not snake_case",
        "no summary",
        "not one known tag",
        "no row in the policy",
        "the answer 404 is not described",
        "the answer 404 is no problem document",
        "no answer of success",
        "the parameter a is not described",
        "a body without an example",
        "no body",
        "a change without If-Match",
        "#/components/schemas/Absent leads nowhere",
        "the policy's row class_list has no operation",
    ] {
        assert!(bad.iter().any(|flaw| flaw.ends_with(what)), "{what}: {bad:#?}");
    }
}

/// Gives a call what only this server knows: codes, tokens, versions.
async fn fit(world: &World, id: &str, call: &mut Call, token: &str) {
    let app = &world.app;
    let mut body: Value =
        call.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    match id {
        "session_refresh" => {
            let person = app.sign_in("target-b").await;
            body["refresh_token"] = json!(person.refresh);
        }
        "password_reset" => {
            let site = &world.sites[0];
            let admin = app.sign_in("admin").await;
            let path = format!("/api/v1/districts/{}/users/{}/reset", site.district, site.target);
            let reset = app.call("POST", &path, &admin.token, None).await.expect(200);
            body["login"] = json!("target-a");
            body["code"] = reset["reset_code"].clone();
        }
        "password_change" => {
            app.add_person(
                &app.sign_in("admin").await,
                &world.sites[0].district,
                "changer",
                "teacher",
                &[&world.sites[0].school],
            )
            .await;
            body["current"] = json!(PASSWORD);
        }
        "sync_push" => body["writes"][0]["n"] = json!(1000),
        // The sample week is out.
        "publish_veto" => call.path = call.path.replace("2026-W47", "2026-W46"),
        "held_admit" | "timetable_import" | "timetable_preview" => (),
        _ => {
            let shown = call.path.trim_end_matches("/decision").trim_end_matches("/answer");
            let found = app.get(shown, token).await;
            if found.status == 200 {
                call.etag = found.header("etag");
            }
        }
    }
    if call.media == "application/json" {
        call.body = Some(body.to_string());
    }
}

#[tokio::test]
async fn the_server_takes_every_example_as_it_stands() {
    let world = World::build(TestApp::start(Backend::Sqlite).await).await;
    let site = &world.sites[0];
    let mut refused = Vec::new();
    let mut tried = 0;

    let mut operations = world.operations();
    // A second teacher of one name makes timetables ambiguous.
    operations.sort_by_key(|operation| operation.id.starts_with("teacher_"));
    for operation in operations {
        if operation.id == "setup_complete" || example(&world.document, &operation).is_none() {
            continue;
        }
        // A principal may most; what concerns the district is the administrator's, an answer is the teacher's.
        let name = match operation.id.as_str() {
            "feedback_answer" => "teacher",
            id if id.starts_with("user_") || id.starts_with("membership_") => "bureau",
            "district_create" | "school_create" => "bureau",
            _ => "principal",
        };
        let walker = world.walkers.iter().find(|walker| walker.name == name).unwrap();
        let whose = if name == "bureau" { Whose::Makers } else { Whose::Own };
        let mut call = world.call(&operation, site, walker, whose);
        let mut token = walker.person.token.clone();
        if operation.id == "objection_decide" {
            // The objection is the one that the teacher has just made.
            let teacher = world.walkers.iter().find(|walker| walker.name == "teacher").unwrap();
            call = world.call(&operation, site, teacher, Whose::Own);
        }
        fit(&world, &operation.id, &mut call, &token).await;
        if operation.id == "password_change" {
            token = world.app.sign_in("changer").await.token;
        }
        if operation.id == "weekly_log_publish" {
            // The first edition is out; a week without one needs a visit.
            let phone = json!({"device": walker.device, "schema": 1, "unsent": 0, "writes": [{"n": 500, "stream": site.school,
                "type": "visit", "record": walker.own.visit, "set": {"ratings/engagement": "fair"}}]});
            world.app.post("/api/v1/sync/push", &token, &phone).await.expect(200);
        }

        let answer = world.send(&call, &token).await;

        tried += 1;
        if !answer.status.is_success() {
            refused.push(format!("{}: {}", operation.id, String::from_utf8_lossy(&answer.bytes)));
        }
    }

    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(tried > 35, "{tried}");
}

#[tokio::test]
async fn the_example_of_the_set_up_works_with_the_code_that_was_printed() {
    let app = TestApp::start(Backend::Sqlite).await;
    let document = document();
    let operation =
        operations(&document).into_iter().find(|operation| operation.id == "setup_complete").unwrap();
    let (_, mut body) = example(&document, &operation).unwrap();
    body["code"] = json!(app.setup_code);

    app.post(&operation.path, "", &body).await.expect(201);
}
