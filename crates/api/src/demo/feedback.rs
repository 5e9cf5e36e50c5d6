//! Feedback on a lesson: to the teacher who gave it, and back.

use anyhow::Context as _;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;

use super::http::{Body, Http, Session, items, text};
use super::narrate::Narrator;

/// The teacher whose account is linked to the timetable.
pub(super) const TEACHER: &str = "谭景行";

/// Academic affairs write to the teacher, who reads and answers.
pub(super) async fn exchange(
    http: &Http,
    school: SchoolId,
    visit: Uuid,
    tell: &Narrator,
) -> anyhow::Result<()> {
    let school = format!("/api/v1/schools/{school}");
    let mut lin = Session::sign_in(http, "lin", "demo").await?;
    let said = json!({"text": "示范清楚，学生动手时间足；工具摆放请再规范。"});
    lin.post(&format!("{school}/visits/{visit}/feedback"), &said, 201).await?;
    let mut teacher = Session::sign_in(http, "tan", "demo").await?;
    let received = items(&teacher.get(&format!("{school}/feedback")).await?, "items");
    let id = text(received.first().context("the feedback reaches the teacher")?, "id");
    let path = format!("{school}/feedback/{id}");
    let version = teacher.send(Method::GET, &path, Body::None, "").await?.etag;
    let answer = Body::Json(json!({"text": "谢谢，下周起工具分组收放。"}).to_string());
    let answered =
        teacher.send(Method::POST, &format!("{path}/answer"), answer, &version).await?.expect(200)?;
    tell.done(
        format_args!(
            "课后反馈：林主任 →“{}” → {TEACHER} →“{}”",
            text(&answered, "text"),
            text(&answered, "answer")
        ),
        "feedback on a lesson reaches its teacher, who answers; a teacher sees no visits",
    );
    Ok(())
}
