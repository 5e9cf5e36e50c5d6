//! Signing in, staying signed in, and what ends it; repeated requests under one key.

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::{PASSWORD, Person, text};
use crate::support::{Answer, TestApp};

on_both!(
    a_set_up_code_works_once_and_is_not_handed_out_again,
    an_access_token_ends_after_fifteen_minutes,
    an_access_token_ends_with_its_session_or_account,
    a_refresh_token_rotates_and_survives_a_lost_answer,
    a_refresh_token_used_after_its_successor_ends_the_session,
    a_session_ends_after_90_idle_days_and_after_400_in_any_case,
    a_session_is_bound_to_the_device_it_registered,
    a_revoked_device_may_hand_over_its_queue_and_read_nothing,
    a_new_password_ends_the_other_sessions,
    a_reset_code_works_once_and_three_days,
    a_place_counts_from_its_first_day_to_its_last,
    a_closed_account_is_shut_until_it_is_opened_again,
);

mod alone {
    use super::{Backend, TestApp};

    macro_rules! on_sqlite {
        ($($story:ident),+ $(,)?) => {$(
            #[tokio::test]
            async fn $story() {
                super::$story(TestApp::start(Backend::Sqlite).await).await;
            }
        )+};
    }
    on_sqlite!(
        a_wrong_password_is_answered_like_an_unknown_login,
        after_five_failures_an_account_has_to_wait,
        a_token_that_was_not_issued_here_is_refused,
        a_password_is_long_enough_and_not_guessed_first,
    );
}
use crate::support::app::Backend;

/// One school with an inspector.
pub(crate) struct Place {
    pub(crate) admin: Person,
    pub(crate) district: String,
    pub(crate) school: String,
    pub(crate) zheng: Person,
}

pub(crate) async fn place(app: &TestApp) -> Place {
    let (admin, district) = app.set_up().await;
    let school = app.add_school(&admin, &district, "青禾实验小学").await;
    let zheng = app.add_person(&admin, &district, "zheng", "inspector", &[&school]).await;
    Place { admin, district, school, zheng }
}

impl Place {
    pub(crate) fn user(&self, person: &Person) -> String {
        format!("/api/v1/districts/{}/users/{}", self.district, person.id)
    }

    pub(crate) fn visits(&self) -> String {
        format!("/api/v1/schools/{}/visits", self.school)
    }
}

async fn sign_in(app: &TestApp, login: &str, password: &str) -> Answer {
    app.post("/api/v1/sessions", "", &json!({"login": login, "password": password})).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.post("/api/v1/sessions/refresh", "", &json!({"refresh_token": token})).await
}

async fn me(app: &TestApp, token: &str) -> u16 {
    app.get("/api/v1/me", token).await.status.as_u16()
}

fn days(count: i64) -> TimeDelta {
    TimeDelta::days(count)
}

async fn a_set_up_code_works_once_and_is_not_handed_out_again(app: TestApp) {
    let body = |code: &str| json!({"code": code, "login": "admin", "name": "管理员", "password": PASSWORD, "district": "星湖县"});

    let wrong = app.post("/api/v1/setup", "", &body("AAAA-AAAA-AAAA")).await;
    let weak = {
        let mut weak = body(&app.setup_code);
        weak["password"] = json!("12345678");
        app.post("/api/v1/setup", "", &weak).await
    };
    let done = app.post("/api/v1/setup", "", &body(&app.setup_code)).await;
    let again = app.post("/api/v1/setup", "", &body(&app.setup_code)).await;
    let code = app.setup_code.clone();
    let app = app.restart().await;
    let later = app.post("/api/v1/setup", "", &body(&code)).await;

    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "wrong-credentials".to_owned()));
    assert_eq!((weak.status.as_u16(), weak.pointers()), (422, vec!["/password".to_owned()]));
    assert_eq!((done.status.as_u16(), again.status.as_u16(), later.status.as_u16()), (201, 401, 401));
    assert_eq!(app.setup_code, "");
}

async fn a_wrong_password_is_answered_like_an_unknown_login(app: TestApp) {
    let place = place(&app).await;
    let gone = app.add_person(&place.admin, &place.district, "gone", "inspector", &[&place.school]).await;
    app.patch(&place.user(&gone), &place.admin.token, &json!({"disabled": true})).await.expect(200);

    let wrong = sign_in(&app, "zheng", "not the password").await;
    let unknown = sign_in(&app, "nobody", "not the password").await;
    let closed = sign_in(&app, "gone", PASSWORD).await;

    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "wrong-credentials".to_owned()));
    for other in [unknown, closed] {
        assert_eq!(
            (other.status, other.headers, other.bytes),
            (wrong.status, wrong.headers.clone(), wrong.bytes.clone())
        );
    }
}

async fn after_five_failures_an_account_has_to_wait(app: TestApp) {
    place(&app).await;
    for _ in 0..5 {
        assert_eq!(sign_in(&app, "zheng", "wrong").await.status, 401);
    }

    let early = sign_in(&app, "zheng", PASSWORD).await;
    let other = sign_in(&app, "admin", PASSWORD).await;
    let reset = json!({"login": "ZHENG ", "code": "c2VjcmV0", "password": PASSWORD});
    let reset = app.post("/api/v1/password/reset", "", &reset).await;
    app.pass(TimeDelta::seconds(early.header("retry-after").parse().unwrap()));
    let wrong = sign_in(&app, "zheng", "wrong").await;
    let longer = sign_in(&app, "zheng", PASSWORD).await;
    app.pass(TimeDelta::seconds(longer.header("retry-after").parse().unwrap()));
    let right = sign_in(&app, "zheng", PASSWORD).await;
    let forgiven = sign_in(&app, "zheng", "wrong").await;
    let at_once = sign_in(&app, "zheng", PASSWORD).await;

    assert_eq!((early.status.as_u16(), early.code()), (429, "too-many-requests".to_owned()));
    assert_eq!((other.status.as_u16(), reset.status.as_u16(), wrong.status.as_u16()), (200, 429, 401));
    let seconds = |answer: &Answer| answer.header("retry-after").parse::<u32>().unwrap();
    assert!(seconds(&longer) > seconds(&early));
    assert_eq!((right.status.as_u16(), forgiven.status.as_u16(), at_once.status.as_u16()), (200, 401, 200));
}

async fn an_access_token_ends_after_fifteen_minutes(app: TestApp) {
    let (admin, _) = app.set_up().await;

    app.pass(TimeDelta::seconds(15 * 60 - 1));
    let before = me(&app, &admin.token).await;
    app.pass(TimeDelta::seconds(1));
    let after = app.get("/api/v1/me", &admin.token).await;

    assert_eq!(before, 200);
    assert_eq!((after.status.as_u16(), after.code()), (401, "unauthenticated".to_owned()));
    assert_eq!(after.header("www-authenticate"), "Bearer");
}

async fn an_access_token_ends_with_its_session_or_account(app: TestApp) {
    let place = place(&app).await;
    let other = app.sign_in("zheng").await;
    let sessions = app.get("/api/v1/sessions", &other.token).await.expect(200);
    let first =
        sessions["items"].as_array().unwrap().iter().find(|one| one["current"] == false).unwrap().clone();
    let revoke = |id: &str| format!("/api/v1/sessions/{id}");

    let foreign = app.call("DELETE", &revoke(&text(&first["session"])), &place.admin.token, None).await;
    let before = me(&app, &place.zheng.token).await;
    app.call("DELETE", &revoke(&text(&first["session"])), &other.token, None).await.expect(204);
    let after =
        (me(&app, &place.zheng.token).await, refresh(&app, &place.zheng.refresh).await.status.as_u16());
    let again = app.call("DELETE", &revoke(&text(&first["session"])), &other.token, None).await;
    app.call("DELETE", "/api/v1/sessions/current", &other.token, None).await.expect(204);
    let signed_out = me(&app, &other.token).await;
    let third = app.sign_in("zheng").await;
    app.patch(&place.user(&third), &place.admin.token, &json!({"disabled": true})).await.expect(200);
    let closed = me(&app, &third.token).await;

    assert_eq!((foreign.status.as_u16(), before), (404, 200));
    assert_eq!((after, again.status.as_u16()), ((401, 401), 404));
    assert_eq!((signed_out, closed), (401, 401));
}

async fn a_token_that_was_not_issued_here_is_refused(app: TestApp) {
    let (admin, _) = app.set_up().await;
    let keys = &app.app.keys;
    let key = keys.signing.first().unwrap();
    let sessions = app.get("/api/v1/sessions", &admin.token).await.expect(200);
    let now = app.app.clock.now().timestamp();
    let claims = json!({"aud": "xunke", "sub": admin.id, "sid": sessions["items"][0]["session"], "iat": now, "exp": now + 900});
    let header = |algorithm| Header {
        typ: Some("at+jwt".to_owned()),
        kid: Some(key.kid.clone()),
        ..Header::new(algorithm)
    };
    let signed = |header: &Header, claims: &Value| encode(header, claims, &key.encoding).unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let good = header(Algorithm::EdDSA);
    let other_keys = xunke_api::auth::keys::Keys::ephemeral(&app.app.chance).unwrap();
    let tampered = {
        let mut parts: Vec<String> = signed(&good, &claims).split('.').map(str::to_owned).collect();
        let other = signed(&good, &with("exp", json!(now + 90_000)));
        other.split('.').nth(1).unwrap().clone_into(&mut parts[1]);
        parts.join(".")
    };
    let unsigned = {
        let whole = signed(&good, &claims);
        let body = whole.split('.').nth(1).unwrap();
        // {"alg":"none","typ":"at+jwt"}
        format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{body}.")
    };

    let mine = me(&app, &signed(&good, &claims)).await;
    let forged = [
        (
            "another algorithm",
            encode(&header(Algorithm::HS256), &claims, &EncodingKey::from_secret(b"xunke")).unwrap(),
        ),
        ("another key", encode(&good, &claims, &other_keys.signing[0].encoding).unwrap()),
        ("an unknown kid", signed(&Header { kid: Some("00000000".to_owned()), ..good.clone() }, &claims)),
        ("no kid", signed(&Header { kid: None, ..good.clone() }, &claims)),
        ("another typ", signed(&Header { typ: Some("JWT".to_owned()), ..good.clone() }, &claims)),
        ("no typ", signed(&Header { typ: None, ..good.clone() }, &claims)),
        ("another audience", signed(&good, &with("aud", json!("someone-else")))),
        ("no audience", signed(&good, &with("aud", Value::Null))),
        ("not a word of an audience", signed(&good, &without("aud"))),
        ("an end in the past", signed(&good, &with("exp", json!(now)))),
        ("another person's session", signed(&good, &with("sub", json!(Uuid::from_u128(7))))),
        ("a session that is none", signed(&good, &with("sid", json!(Uuid::from_u128(7))))),
        ("a changed body", tampered),
        ("no signature", unsigned),
        ("a refresh token", admin.refresh.clone()),
        ("nothing to read", "x.y.z".to_owned()),
    ];

    assert_eq!(mine, 200);
    for (what, token) in forged {
        let answer = app.get("/api/v1/me", &token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "unauthenticated".to_owned()), "{what}");
    }
    let basic = app
        .call_with("GET", "/api/v1/me", "", None, &[("authorization", &format!("Basic {}", admin.token))])
        .await;
    assert_eq!(basic.status, 401);
}

async fn a_refresh_token_rotates_and_survives_a_lost_answer(app: TestApp) {
    let (admin, _) = app.set_up().await;

    let lost = refresh(&app, &admin.refresh).await.expect(200);
    let again = refresh(&app, &admin.refresh).await.expect(200);
    let onward = refresh(&app, &text(&again["refresh_token"])).await.expect(200);
    let access = me(&app, &text(&onward["access_token"])).await;

    let tokens = [&lost, &again, &onward].map(|tokens| text(&tokens["refresh_token"]));
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != admin.refresh);
    assert_eq!(access, 200);
    assert_eq!(lost["session"], onward["session"]);
    // The successor that nobody saw is worth nothing, to whoever finds it.
    let unseen = refresh(&app, &tokens[0]).await;
    assert_eq!((unseen.status.as_u16(), unseen.code()), (401, "refresh-reused".to_owned()));
}

async fn a_refresh_token_used_after_its_successor_ends_the_session(app: TestApp) {
    let (admin, _) = app.set_up().await;
    let second = refresh(&app, &admin.refresh).await.expect(200);
    let third = refresh(&app, &text(&second["refresh_token"])).await.expect(200);
    let access = text(&third["access_token"]);
    let before = me(&app, &access).await;

    let reused = refresh(&app, &admin.refresh).await;

    assert_eq!((before, reused.status.as_u16(), reused.code()), (200, 401, "refresh-reused".to_owned()));
    assert_eq!(me(&app, &access).await, 401);
    assert_eq!(refresh(&app, &text(&third["refresh_token"])).await.code(), "unauthenticated");
    assert_eq!(refresh(&app, "no token at all").await.code(), "unauthenticated");
}

async fn a_session_ends_after_90_idle_days_and_after_400_in_any_case(app: TestApp) {
    let (admin, _) = app.set_up().await;
    let idle = app.sign_in("admin").await;
    app.pass(days(90));
    let too_late = refresh(&app, &idle.refresh).await;
    let mut token = app.sign_in("admin").await.refresh;
    let mut ends = String::new();
    for _ in 0..4 {
        app.pass(days(89));
        let tokens = refresh(&app, &token).await.expect(200);
        (token, ends) = (text(&tokens["refresh_token"]), text(&tokens["session_ends"]));
    }

    app.pass(days(400 - 4 * 89) - TimeDelta::milliseconds(1));
    let last = refresh(&app, &token).await.expect(200);
    app.pass(TimeDelta::milliseconds(1));
    let ended = refresh(&app, &text(&last["refresh_token"])).await;

    assert_eq!((too_late.status.as_u16(), refresh(&app, &admin.refresh).await.status.as_u16()), (401, 401));
    assert_eq!((ended.status.as_u16(), ended.code()), (401, "unauthenticated".to_owned()));
    assert_eq!(me(&app, &text(&last["access_token"])).await, 401);
    let ends: chrono::DateTime<chrono::Utc> = ends.parse().unwrap();
    assert_eq!(ends, app.app.clock.now());
}

async fn a_session_is_bound_to_the_device_it_registered(app: TestApp) {
    let place = place(&app).await;
    let phone = app.phone("zheng").await;

    let sessions = app.get("/api/v1/sessions", &phone.token).await.expect(200);
    let devices = app.get("/api/v1/devices", &phone.token).await.expect(200);
    let foreign =
        app.call("DELETE", &format!("/api/v1/devices/{}", phone.device), &place.admin.token, None).await;
    let push = json!({"device": phone.device, "schema": 1, "unsent": 0, "writes": []});
    let borrowed = app.post("/api/v1/sync/push", &place.admin.token, &push).await;

    let current = sessions["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
    assert_eq!(current["device"], json!(phone.device));
    assert_eq!(
        sessions["items"].as_array().unwrap().iter().filter(|one| !one["device"].is_null()).count(),
        1
    );
    assert_eq!(devices["items"][0]["device"], json!(phone.device));
    assert_eq!((foreign.status.as_u16(), borrowed.status.as_u16()), (404, 403));
    assert_eq!(borrowed.code(), "device-unknown");
}

async fn a_revoked_device_may_hand_over_its_queue_and_read_nothing(app: TestApp) {
    let place = place(&app).await;
    let (lost, kept) = (app.phone("zheng").await, app.phone("zheng").await);
    app.call("DELETE", &format!("/api/v1/devices/{}", lost.device), &place.zheng.token, None)
        .await
        .expect(204);
    let push = |device: &str, n: i64| {
        json!({"device": device, "schema": 1, "unsent": 0, "pull": {place.school.as_str(): null}, "writes": [{"n": n,
            "stream": place.school, "type": "visit", "record": Uuid::from_u128(9), "set": {"ratings/engagement": "good"}}]})
    };

    let handed = app.post("/api/v1/sync/push", &lost.token, &push(&lost.device, 1)).await.expect(200);
    let in_disguise = app.post("/api/v1/sync/push", &lost.token, &push(&kept.device, 1)).await.expect(200);
    let new = json!({"name": "phone", "platform": "test", "app_version": "1"});
    let readings = [
        app.get(&format!("/api/v1/sync/changes?stream={}", place.school), &lost.token).await,
        app.get(&place.visits(), &lost.token).await,
        app.get("/api/v1/me", &lost.token).await,
        app.post("/api/v1/devices", &lost.token, &new).await,
        app.post("/api/v1/password", &lost.token, &json!({"current": PASSWORD, "password": PASSWORD})).await,
    ];
    let elsewhere = app.get(&place.visits(), &kept.token).await;

    for answer in [&handed, &in_disguise] {
        assert_eq!(
            (&answer["results"][0]["outcome"], &answer["results"][0]["reason"]),
            (&json!("held"), &json!("device_revoked"))
        );
        assert_eq!(answer["pull"][&place.school]["code"], "device-revoked");
    }
    for answer in &readings {
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "device-revoked".to_owned()));
        assert_eq!(answer.json()["wipe"], true);
    }
    assert_eq!(elsewhere.status, 200);
    app.call("DELETE", "/api/v1/sessions/current", &lost.token, None).await.expect(204);
}

async fn a_new_password_ends_the_other_sessions(app: TestApp) {
    let place = place(&app).await;
    let other = app.sign_in("zheng").await;
    let new = "桃李不言-下自成蹊-2026";

    let wrong = json!({"current": "not it", "password": new});
    let wrong = app.post("/api/v1/password", &place.zheng.token, &wrong).await;
    let both = (me(&app, &place.zheng.token).await, me(&app, &other.token).await);
    app.post("/api/v1/password", &place.zheng.token, &json!({"current": PASSWORD, "password": new}))
        .await
        .expect(204);

    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "wrong-credentials".to_owned()));
    assert_eq!(both, (200, 200));
    assert_eq!((me(&app, &place.zheng.token).await, me(&app, &other.token).await), (200, 401));
    assert_eq!(refresh(&app, &other.refresh).await.status, 401);
    assert_eq!(sign_in(&app, "zheng", PASSWORD).await.status, 401);
    assert_eq!(sign_in(&app, "zheng", new).await.status, 200);
}

async fn a_reset_code_works_once_and_three_days(app: TestApp) {
    let place = place(&app).await;
    let hand_out = async || {
        let admin = app.sign_in("admin").await;
        let path = format!("{}/reset", place.user(&place.zheng));
        text(&app.call("POST", &path, &admin.token, None).await.expect(200)["reset_code"])
    };
    let choose = async |code: &str| {
        let body = json!({"login": "zheng", "code": code, "password": "桃李不言-下自成蹊-2026"});
        app.post("/api/v1/password/reset", "", &body).await.status.as_u16()
    };
    let old = hand_out().await;
    app.pass(TimeDelta::hours(72));
    let expired = choose(&old).await;
    let (first, code) = (hand_out().await, hand_out().await);
    let session = app.sign_in("zheng").await;

    let overtaken = choose(&first).await;
    let chosen = choose(&code).await;
    let again = choose(&code).await;

    assert_eq!((expired, overtaken, chosen, again), (401, 401, 204, 401));
    assert_eq!(me(&app, &session.token).await, 401);
    let shown = app.get(&place.user(&place.zheng), &app.sign_in("admin").await.token).await.expect(200);
    assert!(shown["reset_code"].is_null());
}

async fn a_password_is_long_enough_and_not_guessed_first(app: TestApp) {
    let place = place(&app).await;
    let head =
        app.add_person(&place.admin, &place.district, "headmistress", "principal", &[&place.school]).await;
    let change = async |person: &Person, password: &str| {
        let body = json!({"current": PASSWORD, "password": password});
        let answer = app.post("/api/v1/password", &person.token, &body).await;
        assert!(answer.status == 204 || answer.pointers() == ["/password"], "{}", answer.json());
        answer.status.as_u16()
    };

    for refused in
        ["", "short7!", "password", "12345678", "qwertyuiop", "zhengzheng", "zheng123", &"长".repeat(129)]
    {
        assert_eq!(change(&place.zheng, refused).await, 422, "{refused}");
    }
    assert_eq!(change(&head, "梧桐更兼细雨-23").await, 422, "eleven characters are few for a principal");
    assert_eq!(change(&head, "梧桐更兼细雨-到黄昏-点点滴滴").await, 204);
    assert_eq!(change(&place.zheng, "梧桐更兼细雨-23").await, 204);
}

async fn a_place_counts_from_its_first_day_to_its_last(app: TestApp) {
    let place = place(&app).await;
    let memberships = format!("{}/memberships", place.user(&place.zheng));
    let second = app.add_school(&place.admin, &place.district, "石桥镇中心小学").await;
    let new = json!({"role": "principal", "schools": [second], "valid_from": "2026-11-24", "valid_to": "2026-11-25"});
    let given = app.post(&memberships, &place.admin.token, &new).await.expect(201);
    let path = format!("/api/v1/schools/{second}/visits");
    let look = async || {
        let zheng = app.sign_in("zheng").await;
        let schools = app.get("/api/v1/schools", &zheng.token).await.expect(200);
        let streams = app.get("/api/v1/sync/streams", &zheng.token).await.expect(200);
        let lists = (schools["items"].as_array().unwrap().len(), streams.as_array().unwrap().len());
        (app.get(&path, &zheng.token).await.status.as_u16(), lists)
    };

    // It is 08:00 in Shanghai on the 23rd.
    let before = look().await;
    app.pass(TimeDelta::hours(16));
    let first_day = look().await;
    app.pass(TimeDelta::hours(48) - TimeDelta::seconds(1));
    let last_day = look().await;
    app.pass(TimeDelta::seconds(1));
    let after = look().await;
    let zheng = app.sign_in("zheng").await;
    let longer = format!("{memberships}/{}", text(&given["id"]));
    let by_himself = app.call("PATCH", &longer, &zheng.token, Some(&json!({"valid_to": "2027-01-31"}))).await;
    let admin = app.sign_in("admin").await;
    app.call("PATCH", &longer, &admin.token, Some(&json!({"valid_to": "2027-01-31"}))).await.expect(204);
    let extended = app.get(&path, &zheng.token).await.status;
    app.call("PATCH", &longer, &admin.token, Some(&json!({"valid_to": "2026-11-25"}))).await.expect(204);
    let ended = app.get(&path, &zheng.token).await.status;

    assert_eq!(
        (before, first_day, last_day, after),
        ((404, (1, 1)), (200, (2, 2)), (200, (2, 2)), (404, (1, 1)))
    );
    assert_eq!((by_himself.status.as_u16(), extended.as_u16(), ended.as_u16()), (404, 200, 404));
    let odd = json!({"role": "principal", "schools": [second], "valid_from": "2026-11-24", "valid_to": "2026-11-23"});
    assert_eq!(app.post(&memberships, &admin.token, &odd).await.pointers(), ["/valid_to"]);
    let strange = json!({"role": "teacher", "valid_from": "2026-11-24",
        "schools": [second, "00000000-0000-7000-8000-000000000001", place.school]});
    assert_eq!(app.post(&memberships, &admin.token, &strange).await.pointers(), ["/schools/1"]);
}

async fn a_closed_account_is_shut_until_it_is_opened_again(app: TestApp) {
    let place = place(&app).await;
    let user = place.user(&place.zheng);
    let path = format!("{user}/reset");
    let code = app.call("POST", &path, &place.admin.token, None).await.expect(200)["reset_code"].clone();

    let closed = app.patch(&user, &place.admin.token, &json!({"disabled": true})).await.expect(200);
    let shut = [
        me(&app, &place.zheng.token).await,
        refresh(&app, &place.zheng.refresh).await.status.as_u16(),
        sign_in(&app, "zheng", PASSWORD).await.status.as_u16(),
        app.post(
            "/api/v1/password/reset",
            "",
            &json!({"login": "zheng", "code": code, "password": PASSWORD}),
        )
        .await
        .status
        .as_u16(),
    ];
    let opened = app.patch(&user, &place.admin.token, &json!({"disabled": false})).await.expect(200);

    assert!(closed["disabled_at"].is_string() && opened["disabled_at"].is_null());
    assert_eq!(shut, [401; 4]);
    assert_eq!(sign_in(&app, "zheng", PASSWORD).await.status, 200);
    assert_eq!(me(&app, &place.zheng.token).await, 401, "the old session stays ended");
}
