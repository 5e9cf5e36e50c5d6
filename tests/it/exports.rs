//! Editions and visits as files: what is in them, and who may have them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use calamine::{Data, Reader as _, Xlsx};
use futures_util::StreamExt as _;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::audit::sheets;
use crate::support::TestApp;
use crate::support::app::{Backend, on_both};
use crate::support::school::{Person, School, text};
use crate::support::week::{Staffed, WEEK};
use crate::web::{page, signed_in};

on_both!(
    the_pdf_of_the_sample_week_tells_its_facts,
    the_public_pdf_names_nobody,
    what_a_print_cannot_show_is_told_and_no_text_is_markup,
    the_workbook_of_an_edition_has_numbers_as_numbers_and_charts,
    the_figures_of_an_edition_are_a_table,
    visits_are_exported_as_they_are_found,
    no_cell_of_an_export_is_a_formula,
    an_inspector_exports_own_visits_only,
    a_long_list_is_sent_in_small_pieces,
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
        "近八周走势",
        "重复问题与共性问题",
        "优良占比与中位等级",
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

/// Lines of CSV by their header, and that Excel can tell the encoding.
fn csv_rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text);
    let headers = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        headers.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

async fn the_figures_of_an_edition_are_a_table(app: TestApp) {
    let (_, principal, path) = published(&app).await;

    let answer = app.get(&format!("{path}/csv"), &principal.token).await;

    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let rows = csv_rows(&answer.bytes);
    let told = |key: &str| {
        let row = rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no {key}"));
        ["指标", "k", "n", "占比", "95%区间下限", "95%区间上限"].map(|column| row[column].clone())
    };
    assert_eq!(
        told("consistency.consistent"),
        ["课表一致", "40", "44", "0.9091", "0.7884", "0.9641"].map(str::to_owned)
    );
    assert_eq!(told("displacement.音乐"), ["挤占：音乐", "1", "2", "", "", ""].map(str::to_owned));
    assert_eq!(told("visits"), ["人次", "46", "", "", "", ""].map(str::to_owned));
}

async fn visits_are_exported_as_they_are_found(app: TestApp) {
    let school = app.qinghe().await;
    let names = app.names(&school).await;
    let (recorders, _) = app.play_week(&school, &names).await;
    let principal = &recorders["郑校长"].person;
    let export =
        async |query: &str| app.get(&school.path(&format!("visits/export{query}")), &principal.token).await;

    for (filter, count) in [("", 46), ("&verdict=subject_mismatch", 4), ("&week=2026-W01", 0)] {
        let list =
            app.get(&school.path(&format!("visits?limit=200{filter}")), &principal.token).await.expect(200);
        let ids: Vec<String> =
            list["items"].as_array().unwrap().iter().map(|visit| text(&visit["id"])).collect();
        assert_eq!(ids.len(), count, "{filter}");

        let json = export(&format!("?format=json{filter}")).await;
        assert_eq!(json.header("content-type"), "application/json");
        assert_eq!(json.expect(200)["items"], list["items"]);
        let rows = csv_rows(&export(&format!("?format=csv{filter}")).await.bytes);
        assert_eq!(rows.iter().map(|row| row["巡课编号"].clone()).collect::<Vec<_>>(), ids);
        let book = sheets(&export(&format!("?format=xlsx{filter}")).await.bytes);
        assert_eq!(book["巡课记录"][1..].iter().map(|row| row[0].clone()).collect::<Vec<_>>(), ids);
    }

    let rows = csv_rows(&export("?verdict=subject_mismatch").await.bytes);
    let taken = rows.iter().find(|row| row["课表学科"] == "音乐").unwrap();
    assert_eq!((taken["实上学科"].as_str(), taken["核查结论"].as_str()), ("数学", "挤占"));
    assert_eq!((taken["班级"].as_str(), taken["日期"].as_str()), ("二年级(3)班", "2026-11-19"));
    assert_eq!((taken["星期"].as_str(), taken["节次"].as_str()), ("周四", "第1节"));
    assert!(taken["评价"].contains('：') && !taken["巡课人"].is_empty(), "{taken:?}");
    let named = export("?week=2026-W47&format=xlsx").await.header("content-disposition");
    assert!(named.starts_with("attachment; filename=\"visits-2026-W47.xlsx\"; filename*=UTF-8''"), "{named}");
    for wrong in ["?format=pdf", "?week=2026-47", "?limit=5", "?colour=red"] {
        let refused = export(wrong).await;
        assert_eq!(refused.status.as_u16(), 422, "{wrong}");
        assert!(refused.pointers()[0].starts_with('?'), "{wrong}: {:?}", refused.pointers());
    }
}

async fn no_cell_of_an_export_is_a_formula(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let evil = "=HYPERLINK(\"http://elsewhere\",\"点\")";
    let mut visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "数学");
    visit["highlights/a"] = json!({"text": evil});
    visit["improvements/a"] = json!({"text": "@SUM(1)"});
    inspector.write(&app, &school, Uuid::from_u128(5), &visit).await;

    let csv = app.get(&school.path("visits/export"), &principal.token).await;
    let xlsx = app.get(&school.path("visits/export?format=xlsx"), &principal.token).await;

    let row = csv_rows(&csv.bytes).remove(0);
    assert_eq!(
        (row["课堂亮点"].as_str(), row["待改进之处"].as_str()),
        (format!("'{evil}").as_str(), "'@SUM(1)")
    );
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(xlsx.bytes)).unwrap();
    assert!(book.worksheet_formula("巡课记录").unwrap().is_empty());
    let cells = book.worksheet_range("巡课记录").unwrap();
    assert!(cells.cells().any(|(_, _, cell)| cell.to_string().starts_with("HYPERLINK")));
}

async fn an_inspector_exports_own_visits_only(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let teacher = app.add_named(&school, "chang", "常老师", "teacher").await;
    let visit = |period| names.visit("三年级(2)班", "2026-11-17", period, "数学");
    inspector.write(&app, &school, Uuid::from_u128(5), &visit("第3节")).await;
    second.write(&app, &school, Uuid::from_u128(6), &visit("第4节")).await;

    for (who, count) in [(&inspector.person, 1), (&second.person, 1), (&principal, 2)] {
        for format in ["csv", "json", "xlsx"] {
            let answer = app.get(&school.path(&format!("visits/export?format={format}")), &who.token).await;
            let found = match format {
                "csv" => csv_rows(&answer.bytes).len(),
                "json" => answer.json()["items"].as_array().unwrap().len(),
                _ => sheets(&answer.bytes)["巡课记录"].len() - 1,
            };
            assert_eq!(found, count, "{format} for {}", who.login);
        }
    }
    let refused = app.get(&school.path("visits/export"), &teacher.token).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let cookie = signed_in(&app, &inspector.person.login).await;
    let file = page(&app, &format!("/schools/{}/visits/export?format=csv", school.id), &cookie).await;
    assert_eq!(csv_rows(&file.bytes).len(), 1);
}

/// Makes the one visit there is into many, by the database itself.
async fn multiply_the_visit(app: &TestApp, count: u32) {
    let (series, id, date) = match app.backend {
        Backend::Sqlite => (
            format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"),
            "unhex(printf('0199ffff000070008000%012x', i))",
            "date('2026-01-01', '+' || (i / 70) || ' days')",
        ),
        Backend::Postgres => (
            format!("WITH n(i) AS (SELECT generate_series(1, {count}))"),
            "('0199ffff-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid",
            "(date '2026-01-01' + (i / 70))::text",
        ),
    };
    let many = |table: &str, which: &str, set: &str| {
        format!(
            "CREATE TEMPORARY TABLE many AS {series} SELECT t.*, n.i FROM {table} t, n WHERE {which}; \
             UPDATE many SET id = {id}, seq = -i{set}; ALTER TABLE many DROP COLUMN i; \
             INSERT INTO {table} SELECT * FROM many; DROP TABLE many;"
        )
    };
    let db = Database::connect(&app.url).await.unwrap();
    let sql = many("record", "t.kind = 'visit'", "") + &many("visit", "true", &format!(", date = {date}"));
    db.execute_unprepared(&sql).await.unwrap();
    if app.backend == Backend::Postgres {
        // As it does by itself a minute later; until then it takes the tables to be empty.
        db.execute_unprepared("ANALYZE record; ANALYZE visit;").await.unwrap();
    }
    db.close().await.unwrap();
}

async fn a_long_list_is_sent_in_small_pieces(app: TestApp) {
    const MANY: u32 = 20_000;
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let mut visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "数学");
    visit["highlights/a"] = json!({"text": "情境游戏，练习密度高"});
    inspector.write(&app, &school, Uuid::from_u128(5), &visit).await;
    multiply_the_visit(&app, MANY).await;

    for format in ["csv", "json", "xlsx"] {
        let request = Request::get(school.path(&format!("visits/export?format={format}")))
            .header("authorization", format!("Bearer {}", principal.token))
            .body(Body::empty())
            .unwrap();
        let answer = app.router().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let (mut bytes, mut pieces) = (Vec::new(), 0);
        let mut body = answer.into_body().into_data_stream();
        while let Some(piece) = body.next().await {
            let piece = piece.unwrap();
            assert!(piece.len() <= 64 * 1024, "{format}: a piece of {}", piece.len());
            bytes.extend(piece);
            pieces += 1;
        }
        let found = match format {
            "csv" => csv_rows(&bytes).len(),
            "json" => serde_json::from_slice::<Value>(&bytes).unwrap()["items"].as_array().unwrap().len(),
            _ => sheets(&bytes)["巡课记录"].len() - 1,
        };
        assert_eq!(found, 20_001, "{format}");
        assert!(pieces > 10, "{format} came in {pieces} pieces");
    }
}

async fn a_browser_finds_the_files_on_the_pages(app: TestApp) {
    let (school, principal, _) = published(&app).await;
    let inspector = app.add_named(&school, "lu", "陆老师", "inspector").await;
    let edition = format!("/schools/{}/weeks/{WEEK}/editions/1", school.id);

    for (login, shown, file) in [
        (&principal.login, edition.clone(), format!("{edition}/pdf")),
        (&principal.login, edition.clone(), format!("{edition}/xlsx")),
        (&principal.login, edition.clone(), format!("{edition}/csv")),
        (&inspector.login, format!("{edition}/public"), format!("{edition}/public/pdf")),
    ] {
        let cookie = signed_in(&app, login).await;
        let shown = String::from_utf8(page(&app, &shown, &cookie).await.bytes).unwrap();
        assert!(shown.contains(&format!("href=\"{file}\"")), "{shown}");
        let file = page(&app, &file, &cookie).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.header("content-disposition").starts_with("attachment; "));
    }

    let cookie = signed_in(&app, &principal.login).await;
    let draft = page(&app, &format!("/schools/{}/weeks/{WEEK}/draft", school.id), &cookie).await;
    let draft = String::from_utf8(draft.bytes).unwrap();
    let file = format!("/schools/{}/visits/export?format=csv&week={WEEK}&submitted=true", school.id);
    let linked = ["&amp;", "&#38;"].map(|sign| file.replace('&', sign));
    assert!(linked.iter().any(|file| draft.contains(&format!("href=\"{file}\""))), "{draft}");
    assert_eq!(csv_rows(&page(&app, &file, &cookie).await.bytes).len(), 46);

    let cookie = signed_in(&app, &inspector.login).await;
    assert_eq!(page(&app, &format!("{edition}/pdf"), &cookie).await.status, StatusCode::FORBIDDEN);
    assert_eq!(page(&app, &format!("{edition}/pdf"), "").await.header("location"), "/sign-in");
}
