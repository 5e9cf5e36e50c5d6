//! Editions and visits as files: what is in them, and who may have them.

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};
use std::process::{Command, Stdio};

use axum::http::StatusCode;
use calamine::{Data, Reader as _, Xlsx};
use serde_json::json;
use uuid::Uuid;

use crate::audit::sheets;
use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Person, School};
use crate::support::week::{Staffed, WEEK};
use crate::web::{page, signed_in};

on_both!(
    the_pdf_of_the_sample_week_tells_its_facts,
    the_public_pdf_names_nobody,
    what_a_print_cannot_show_is_told_and_no_text_is_markup,
    the_workbook_of_an_edition_has_numbers_as_numbers_and_charts,
    a_browser_finds_the_files_on_the_pages,
);

/// The text of a PDF, as Debian's poppler reads it.
fn pdf_text(bytes: &[u8]) -> String {
    let mut reader = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext of poppler-utils (./test installs it)");
    reader.stdin.take().unwrap().write_all(bytes).unwrap();
    let read = reader.wait_with_output().unwrap();
    assert!(read.status.success(), "no PDF");
    String::from_utf8(read.stdout).unwrap()
}

/// Without white space: lines are broken where the paper ends.
fn squeezed(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace() && *sign != '\u{200b}').collect()
}

/// Plays the sample week and publishes it.
async fn published(app: &TestApp) -> (School, Person, String) {
    let school = app.qinghe().await;
    let names = app.names(&school).await;
    let (recorders, _) = app.play_week(&school, &names).await;
    let principal = recorders["郑校长"].person.clone();
    app.publish(&school, &principal, WEEK, &json!({"remarks": "下周重点：候课。"})).await.expect(201);
    let path = school.path(&format!("weeks/{WEEK}/editions/1"));
    (school, principal, path)
}

async fn the_pdf_of_the_sample_week_tells_its_facts(app: TestApp) {
    let (school, principal, path) = published(&app).await;

    let first = app.get(&format!("{path}/pdf"), &principal.token).await;
    let again = app.get(&format!("{path}/pdf"), &principal.token).await;

    assert_eq!((first.status, first.header("content-type").as_str()), (StatusCode::OK, "application/pdf"));
    let named = first.header("content-disposition");
    assert!(
        named.starts_with("attachment; filename=\"xunke-2026-W47-1.pdf\"; filename*=UTF-8''%E9%9D%92"),
        "{named}"
    );
    assert_eq!(first.bytes, again.bytes, "the same edition is the same file");
    let hash = app.get(&path, &principal.token).await.header("etag");
    let text = squeezed(&pdf_text(&first.bytes));
    for told in [
        "青禾实验小学行政巡课周报",
        "2026—2027学年第一学期第12周，11月16日—11月22日",
        "第1版签发：郑校长",
        "签发意见：下周重点：候课。",
        "44节次（46人次），覆盖21个班（共24个班）",
        "课表内44/688，6.4%",
        "40/44",
        "90.9%（95%区间78.8%—96.4%）",
        "一、基本情况",
        "二、课堂亮点",
        "三、待改进之处与存在问题",
        "四、课表执行",
        "五、评价",
        "六、未巡到",
        "七、数据说明",
        "八、版本与更正",
        "附表",
        "→数学",
        "TT01",
        "第1页，共",
        hash.trim_matches('"'),
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.contains("不能显示"), "the font has all of the sample week");

    let missing = app.get(&school.path(&format!("weeks/{WEEK}/editions/2/pdf")), &principal.token).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

async fn the_public_pdf_names_nobody(app: TestApp) {
    let (school, principal, path) = published(&app).await;
    let teacher = app.add_named(&school, "chang", "常老师", "teacher").await;

    let public = app.get(&format!("{path}/public/pdf"), &teacher.token).await;
    let inside = app.get(&format!("{path}/pdf"), &teacher.token).await;

    assert_eq!((public.status, inside.status), (StatusCode::OK, StatusCode::FORBIDDEN));
    let text = squeezed(&pdf_text(&public.bytes));
    assert!(text.contains("公示版第1版") && text.contains("44节次（46人次）"), "{text}");
    let names = app.all(&school, "teachers").await;
    let names = names.iter().filter_map(|teacher| teacher["name"].as_str());
    for name in names.chain(["郑校长", "沈副校长", "教导处林主任", "候课"]) {
        assert!(!text.contains(&squeezed(name)), "{name} is named");
    }
    assert!(!String::from_utf8_lossy(&public.bytes).contains(&principal.login));
}

async fn what_a_print_cannot_show_is_told_and_no_text_is_markup(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let markup = "#panic(\"x\") $a$ *b* _c_ @d <e> 赵堃👍";
    let mut visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "数学");
    visit["highlights/a"] = json!({"text": markup});
    inspector.write(&app, &school, Uuid::from_u128(5), &visit).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);

    let path = school.path(&format!("weeks/{WEEK}/editions/1/pdf"));
    let text = pdf_text(&app.get(&path, &principal.token).await.bytes);

    let text = squeezed(&text);
    assert!(text.contains("#panic(\"x\")$a$*b*_c_@d<e>赵堃〓"), "{text}");
    assert!(text.contains("本文件有1个字不能显示，以“〓”代替：U+1F44D"), "{text}");
}

async fn the_workbook_of_an_edition_has_numbers_as_numbers_and_charts(app: TestApp) {
    let (_, principal, path) = published(&app).await;

    let answer = app.get(&format!("{path}/xlsx"), &principal.token).await;

    assert!(
        answer.header("content-disposition").starts_with("attachment; filename=\"xunke-2026-W47-1.xlsx\";")
    );
    let log = app.get(&path, &principal.token).await.expect(200)["log"].clone();
    let told = sheets(&answer.bytes);
    let names: BTreeSet<&str> = told.keys().map(String::as_str).collect();
    let expected = ["概况", "课表执行", "覆盖", "评价", "亮点与建议", "问题", "访次说明"];
    assert_eq!(names, BTreeSet::from(expected));
    let row = |sheet: &str, column: usize, name: &str| {
        told[sheet]
            .iter()
            .find(|row| row[column] == name)
            .unwrap_or_else(|| panic!("{name} in {sheet}"))
            .clone()
    };
    assert_eq!(row("概况", 0, "课表一致率")[1..], ["40", "44", "0.9091", "0.7884", "0.9641"]);
    assert_eq!(row("概况", 0, "课表内节次覆盖")[1..4], ["44", "688", "0.064"]);
    let music = row("课表执行", 0, "音乐");
    assert_eq!((music[1].as_str(), music[2].as_str(), music[3].as_str()), ("2", "1", ""), "no share of two");
    assert_eq!(music[6], "数学 1");
    assert_eq!(row("覆盖", 1, "三年级")[2..], ["8", "120", "0.0667", "4", "4"]);
    assert_eq!(row("评价", 0, "合计")[1..], ["47", "99", "32", "6", "146", "184", "0.7935"]);
    let remarks = told["亮点与建议"].iter().filter(|row| row[0] == "亮点").count();
    assert_eq!(json!(remarks), log["highlights"]);
    let found: u32 = told["问题"][1..].iter().map(|row| row[7].parse::<u32>().unwrap()).sum();
    assert_eq!(found, 9);

    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(answer.bytes.clone())).unwrap();
    let overview = book.worksheet_range("概况").unwrap();
    let rate = overview.rows().find(|row| row[0] == "课表一致率").unwrap();
    assert!(rate[1..].iter().all(|cell| matches!(cell, Data::Float(_) | Data::Int(_))), "{rate:?}");
    let parts = String::from_utf8_lossy(&answer.bytes).matches("xl/charts/chart").count();
    assert!(parts >= 4, "charts of displacement, of coverage by grade and subject, of ratings: {parts}");
    assert_eq!(answer.bytes, app.get(&format!("{path}/xlsx"), &principal.token).await.bytes);
}

async fn a_browser_finds_the_files_on_the_pages(app: TestApp) {
    let (school, principal, _) = published(&app).await;
    let inspector = app.add_named(&school, "lu", "陆老师", "inspector").await;
    let edition = format!("/schools/{}/weeks/{WEEK}/editions/1", school.id);

    for (login, shown, file) in [
        (&principal.login, edition.clone(), format!("{edition}/pdf")),
        (&principal.login, edition.clone(), format!("{edition}/xlsx")),
        (&inspector.login, format!("{edition}/public"), format!("{edition}/public/pdf")),
    ] {
        let cookie = signed_in(&app, login).await;
        let shown = String::from_utf8(page(&app, &shown, &cookie).await.bytes).unwrap();
        assert!(shown.contains(&format!("href=\"{file}\"")), "{shown}");
        let file = page(&app, &file, &cookie).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.header("content-disposition").starts_with("attachment; "));
    }

    let cookie = signed_in(&app, &inspector.login).await;
    assert_eq!(page(&app, &format!("{edition}/pdf"), &cookie).await.status, StatusCode::FORBIDDEN);
    assert_eq!(page(&app, &format!("{edition}/pdf"), "").await.header("location"), "/sign-in");
}
