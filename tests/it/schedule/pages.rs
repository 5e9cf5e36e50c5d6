//! The schedule in a browser: the form, what waits, the veto.

use axum::http::StatusCode;

use super::{WEEK, done, scheduled, timing, wait_until};
use crate::support::TestApp;
use crate::support::app::on_both;
use crate::web::{form, hidden, html, page, signed_in};

on_both!(
    a_principal_decides_the_schedule_in_a_form,
    what_waits_is_on_the_home_page_and_a_veto_is_one_form_away,
);

const FIELDS: [(&str, &str); 8] = [
    ("draft_day", "5"),
    ("draft_time", "15:30"),
    ("remind", "true"),
    ("remind_day", "7"),
    ("remind_time", "18:00"),
    ("publish", "true"),
    ("publish_day", "8"),
    ("publish_time", "12:00"),
];

async fn a_principal_decides_the_schedule_in_a_form(app: TestApp) {
    let staffed = app.staffed().await;
    let path = format!("/schools/{}/schedule", staffed.school.id);
    let zheng = signed_in(&app, "zheng").await;
    let before = html(&page(&app, &path, &zheng).await);
    assert!(before.contains("未设定日程") && !before.contains("停用日程"), "{before}");
    let csrf = hidden(&before, "csrf");
    let post = async |fields: &[(&str, &str)]| {
        let fields: Vec<_> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        form(&app, &path, &zheng, &fields).await
    };

    assert_eq!(post(&FIELDS).await.header("location"), path);

    let after = html(&page(&app, &path, &zheng).await);
    for told in
        ["本周 周五 15:30，整理成待审阅稿", "次周 周一 12:00，仍未公示且未被否决", "由郑校长设定", "停用日程"]
    {
        assert!(after.contains(told), "{told}\n{after}");
    }
    let mut early = FIELDS;
    early[6] = ("publish_day", "5");
    let refused = post(&early).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html(&refused).contains("至少 12 小时"));
    let lin = signed_in(&app, "lin").await;
    let read = html(&page(&app, &path, &lin).await);
    assert!(read.contains("日程由校长设定") && !read.contains("保存日程"), "{read}");
    let meng = signed_in(&app, "meng").await;
    assert_eq!(page(&app, &path, &meng).await.status, StatusCode::FORBIDDEN);
    let ended = form(&app, &format!("{path}/end"), &zheng, &[("csrf", &csrf)]).await;
    assert_eq!(ended.header("location"), path);
    assert!(html(&page(&app, &path, &zheng).await).contains("未设定日程"));
}

async fn what_waits_is_on_the_home_page_and_a_veto_is_one_form_away(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    let school = format!("/schools/{}", staffed.school.id);
    wait_until(&app, "2026-11-27T16:00");
    assert_eq!(done(&app).await, 1);
    let zheng = signed_in(&app, "zheng").await;

    let home = html(&page(&app, &school, &zheng).await);
    let review = format!("{school}/weeks/{WEEK}/review");
    assert!(home.contains("周报待审阅") && home.contains("2026年11月30日 12:00 自动公示，可否决"), "{home}");
    assert!(home.contains(&review));
    let shown = html(&page(&app, &review, &zheng).await);
    assert!(shown.contains("将于 2026年11月30日 12:00 按规则自动公示"), "{shown}");
    let (csrf, veto) = (hidden(&shown, "csrf"), format!("{school}/weeks/{WEEK}/veto"));
    let lin = signed_in(&app, "lin").await;
    let read = html(&page(&app, &review, &lin).await);
    assert!(read.contains("按规则自动公示") && !read.contains("否决原因"), "{read}");

    form(&app, &veto, &zheng, &[("csrf", &csrf), ("why", "尚待<核实>")]).await;

    let vetoed = html(&page(&app, &review, &lin).await);
    assert!(vetoed.contains("郑校长已于 2026年11月27日 16:00 否决自动公示：尚待&#60;核实&#62;"), "{vetoed}");
    assert!(html(&page(&app, &school, &zheng).await).contains("自动公示已否决"));
    form(&app, &format!("{veto}/lift"), &zheng, &[("csrf", &csrf)]).await;
    assert!(html(&page(&app, &school, &zheng).await).contains("自动公示，可否决"));
}
