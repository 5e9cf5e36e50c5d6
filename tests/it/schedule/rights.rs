//! Who may decide and veto, and what a schedule may say.

use serde_json::{Value, json};

use super::{editions, scheduled, timing, token, veto, wait_until};
use crate::support::TestApp;
use crate::support::app::on_both;

on_both!(
    only_the_principal_decides_and_vetoes,
    a_bad_schedule_names_the_member,
    an_ended_schedule_takes_its_notices_along,
);

async fn only_the_principal_decides_and_vetoes(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    let school = &staffed.school;
    let (schedule, why) = (school.path("publish-schedule"), json!({"why": "核实"}));
    let elsewhere = app.add_school(&school.admin, &school.district, "白鹭小学").await;
    let stranger =
        app.add_person(&school.admin, &school.district, "qiu", "principal", &[elsewhere.as_str()]).await;

    for (who, status) in
        [(&staffed.affairs, 403), (&staffed.inspector.person, 403), (&school.admin, 403), (&stranger, 404)]
    {
        let answers = [
            app.call("PUT", &veto(&staffed), &who.token, Some(&why)).await,
            app.call("DELETE", &veto(&staffed), &who.token, None).await,
            app.call("PUT", &schedule, &who.token, Some(&timing())).await,
            app.call("DELETE", &schedule, &who.token, None).await,
        ];
        for answer in answers {
            assert_eq!(answer.status.as_u16(), status, "{}", who.login);
        }
    }
    let around = json!({"settings": {"publish_schedule": null}});
    let around = app.patch(&format!("/api/v1/schools/{}", school.id), &staffed.affairs.token, &around).await;
    assert_eq!(
        (around.status.as_u16(), around.pointers()),
        (422, vec!["/settings/publish_schedule".to_owned()])
    );
    let new = json!({"name": "新校", "settings": {"publish_schedule": timing()}});
    let schools = format!("/api/v1/districts/{}/schools", school.district);
    assert_eq!(app.post(&schools, &school.admin.token, &new).await.status.as_u16(), 422);
    let empty = app.call("PUT", &veto(&staffed), &staffed.principal.token, Some(&json!({"why": " "}))).await;
    assert_eq!((empty.status.as_u16(), empty.pointers()), (422, vec!["/why".to_owned()]));
    app.call("PUT", &veto(&staffed), &staffed.principal.token, Some(&why)).await.expect(200);
}

async fn a_bad_schedule_names_the_member(app: TestApp) {
    let staffed = app.staffed().await;
    let put = async |body: Value| {
        let path = staffed.school.path("publish-schedule");
        let answer = app.call("PUT", &path, &staffed.principal.token, Some(&body)).await;
        (answer.status.as_u16(), answer.pointers())
    };
    for (body, pointer) in [
        (json!({"draft": {"weekday": 8, "time": "16:00"}}), "/draft/weekday"),
        (json!({"draft": {"weekday": 5, "time": "16点"}}), "/draft/time"),
        (json!({"remind": {"weekday": 1, "time": "08:00"}}), "/remind"),
        (json!({"publish": {"weekday": 5, "time": "18:00"}}), "/publish"),
        (json!({"publishes": true}), "/publishes"),
        (json!({"decided_by": staffed.affairs.id}), "/decided_by"),
    ] {
        assert_eq!(put(body).await, (422, vec![pointer.to_owned()]));
    }
    assert_eq!(put(json!({})).await.0, 200, "ready on Friday, and no more");
}

async fn an_ended_schedule_takes_its_notices_along(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    wait_until(&app, "2026-11-27T16:00");
    assert_eq!(super::done(&app).await, 1);
    assert_eq!(super::notices(&app, "zheng").await.len(), 1);

    let zheng = token(&app, "zheng").await;
    app.call("DELETE", &staffed.school.path("publish-schedule"), &zheng, None).await.expect(204);

    assert_eq!(super::notices(&app, "zheng").await.len(), 0);
    wait_until(&app, "2026-11-30T12:00");
    assert_eq!((super::done(&app).await, editions(&app, &staffed).await), (0, vec![]));
}
