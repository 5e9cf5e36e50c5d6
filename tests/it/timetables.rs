//! Timetables: made from names, as JSON or as the long CSV in whatever encoding an office has.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::{School, text};
use crate::support::week::Staffed;
use crate::support::{Answer, TestApp};

on_both!(
    a_csv_makes_the_same_grid_in_every_encoding,
    unknown_names_are_told_all_at_once_and_nothing_is_stored,
    missing_names_are_created_as_the_field_knows_them,
    an_import_repeated_under_its_key_is_one_import,
    a_file_that_is_no_timetable_is_refused_and_never_breaks_the_server,
    a_cell_holds_a_subject_once_and_parallel_groups,
    a_school_of_a_hundred_classes_has_its_timetable,
);

const CSV: &[u8] = include_bytes!("../data/qinghe-timetable-gb18030.csv");

async fn import(
    app: &TestApp,
    school: &School,
    query: &str,
    bytes: &[u8],
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::post(school.path(&format!("timetables/import?{query}")))
        .header("authorization", format!("Bearer {}", school.admin.token))
        .header("content-type", "text/csv");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(bytes.to_vec())).expect("a request")).await
}

/// A grid without the order of its lessons.
fn lessons(timetable: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let grid = timetable["grid"].as_object().unwrap();
    let of = |lessons: &Value| lessons.as_array().unwrap().iter().map(ToString::to_string).collect();
    grid.iter().map(|(class, lessons)| (class.clone(), of(lessons))).collect()
}

fn utf8() -> String {
    let lines = include_str!("../data/qinghe-timetable.json");
    let timetable: Value = serde_json::from_str(lines).unwrap();
    let weekdays = ["", "星期一", "周二", "三", "星期四", "5"];
    let mut csv = String::from("周次,教师,学科,节次,星期,班级\r\n");
    for lesson in timetable["lessons"].as_array().unwrap() {
        let weekday = weekdays[usize::try_from(lesson["weekday"].as_u64().unwrap()).unwrap()];
        let weeks = match lesson["weeks"].as_str().unwrap() {
            "odd" => "单周",
            "even" => "双周",
            _ => "",
        };
        let cells = [
            weeks.to_owned(),
            text(&lesson["teacher"]),
            text(&lesson["subject"]),
            text(&lesson["period"]),
            weekday.to_owned(),
            text(&lesson["class_name"]),
        ];
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    csv
}

async fn a_csv_makes_the_same_grid_in_every_encoding(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let by_json = app.all(&school, "timetables").await.remove(0);
    let expected = lessons(&by_json);
    let counted: usize = expected.values().map(BTreeSet::len).sum();
    assert_eq!(
        (expected.len(), counted),
        (24, 690),
        "two cells have a lesson for odd and one for even weeks"
    );
    let visit = Uuid::from_u128(9);
    inspector.write(&app, &school, visit, &names.visit("三年级(2)班", "2026-11-17", "第3节", "科学")).await;

    let plain = utf8();
    let marked = format!("\u{feff}{plain}");
    let semicolons = plain.replace(',', ";");
    for (n, (what, bytes)) in [
        ("gb18030", CSV),
        ("utf-8", plain.as_bytes()),
        ("bom", marked.as_bytes()),
        ("semicolons", semicolons.as_bytes()),
    ]
    .into_iter()
    .enumerate()
    {
        // In force from a later date each time, the future included: a week as planned now stays as it is.
        let query = format!("name={what}&valid_from=2026-1{}-0{}", n.min(2), 1 + n / 3);
        let made = import(&app, &school, &query, bytes, &[]).await.expect(201);
        assert_eq!(lessons(&made), expected, "{what}");
        let draft = app.draft(&school, &principal, "2026-W47").await;
        assert_eq!(draft["log"]["planned_slots"], 688, "{what}");
    }
    let seen = app.get(&school.path(&format!("visits/{visit}")), &principal.token).await.expect(200);
    assert_eq!(seen["verdict_now"], "as_timetabled");
    // One of the future changes nothing of today.
    let other = "班级,星期,节次,学科\n三年级(2)班,星期二,第3节,音乐\n";
    import(&app, &school, "name=v9&valid_from=2026-12-07", other.as_bytes(), &[]).await.expect(201);
    let seen = app.get(&school.path(&format!("visits/{visit}")), &principal.token).await.expect(200);
    assert_eq!(seen["verdict_now"], "as_timetabled");
    assert_eq!(app.draft(&school, &principal, "2026-W47").await["log"]["planned_slots"], 688);
    assert_eq!(app.draft(&school, &principal, "2026-W50").await["log"]["planned_slots"], 1);
}

async fn unknown_names_are_told_all_at_once_and_nothing_is_stored(app: TestApp) {
    let Staffed { school, affairs, .. } = app.staffed().await;
    let before = [
        app.all(&school, "classes").await.len(),
        app.all(&school, "subjects").await.len(),
        app.all(&school, "teachers").await.len(),
    ];

    let csv = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,科学,蔡立新\n三年级(9)班,星期二,第3节,科学,蔡立新\n三年级(2)班,星期三,第3节,魔法,邓布利多\n";
    let refused = import(&app, &school, "name=x&valid_from=2026-12-01", csv.as_bytes(), &[]).await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["line 3, 班级".to_owned(), "line 4, 学科".to_owned(), "line 4, 教师".to_owned()])
    );
    let rows = "班级,星期,节次,学科\n三年级(2)班,星期八,第3节,科学\n三年级(2)班,星期二,,科学\n火箭,星期二,第1节,科学\n三年级(2)班,星期五,第1节,\n";
    let refused = import(&app, &school, "name=x&valid_from=2026-12-01", rows.as_bytes(), &[]).await;
    assert_eq!(refused.status.as_u16(), 422);
    for place in ["line 2, 星期", "line 3, 节次", "line 4, 班级"] {
        assert!(refused.pointers().contains(&place.to_owned()), "{place}: {:?}", refused.pointers());
    }
    assert_eq!(refused.pointers().len(), 3, "a cell without a subject is an empty one");
    let body = json!({"name": "x", "valid_from": "2026-12-01", "lessons": [
        {"class_name": "三年级(2)班", "weekday": 2, "period": "第3节", "subject": "科学"},
        {"class_name": "三年级(9)班", "weekday": 2, "period": "第3节", "subject": "魔法", "teacher": "邓布利多"}]});
    let refused = app.post(&school.path("timetables"), &affairs.token, &body).await;
    let mut pointers = refused.pointers();
    pointers.sort();
    assert_eq!(
        (refused.status.as_u16(), pointers),
        (
            422,
            ["/lessons/1/class_name", "/lessons/1/subject", "/lessons/1/teacher"].map(str::to_owned).to_vec()
        )
    );
    // Values the names cannot help: refused by the place in the body, with create_missing too, and nothing is left.
    for (lesson, pointer) in [
        (
            json!({"class_name": "三年级(2)班", "weekday": 8, "period": "第3节", "subject": "科学"}),
            "/lessons/0/weekday",
        ),
        (
            json!({"class_name": "三年级(2)班", "weekday": 1, "period": " ", "subject": "新学科"}),
            "/lessons/0/period",
        ),
        (
            json!({"class_name": "三年级(2)班", "weekday": 1, "period": "第1节", "subject": " "}),
            "/lessons/0/subject",
        ),
        (
            json!({"class_name": "三年级(2)班", "weekday": 1, "period": "第1节", "subject": "科".repeat(200)}),
            "/lessons/0/subject",
        ),
        (
            json!({"class_name": "三年级(2)班", "weekday": 1, "period": "第1节", "subject": "科学", "teacher": "长".repeat(200)}),
            "/lessons/0/teacher",
        ),
        (
            json!({"class_name": "火箭班", "weekday": 1, "period": "第1节", "subject": "新学科"}),
            "/lessons/0/class_name",
        ),
        (
            json!({"class_name": "三年级(2)班", "weekday": 1, "period": "第1节", "subject": "科学", "weeks": {"range": [9, 1]}}),
            "/lessons/0/weeks",
        ),
        (
            json!({"class_name": "三年级(2)班", "weekday": 1, "period": "第1节", "subject": "科学", "weeks": "sometimes"}),
            "/lessons/0/weeks",
        ),
    ] {
        let body =
            json!({"name": "x", "valid_from": "2026-12-01", "create_missing": true, "lessons": [lesson]});
        let refused = app.post(&school.path("timetables"), &affairs.token, &body).await;
        assert_eq!(refused.status.as_u16(), 422, "{body}");
        assert!(
            refused.pointers().iter().any(|place| place.starts_with(pointer)),
            "{body}: {:?}",
            refused.pointers()
        );
    }
    let after = [
        app.all(&school, "classes").await.len(),
        app.all(&school, "subjects").await.len(),
        app.all(&school, "teachers").await.len(),
    ];
    assert_eq!((before, app.all(&school, "timetables").await.len()), (after, 1));

    // Two of one name: somebody must choose.
    app.post(&school.path("teachers"), &affairs.token, &json!({"name": "蔡立新"})).await.expect(201);
    let csv = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,科学,蔡立新\n";
    for create in ["", "&create_missing=true"] {
        let refused =
            import(&app, &school, &format!("name=x&valid_from=2026-12-01{create}"), csv.as_bytes(), &[])
                .await;
        assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec!["line 2, 教师".to_owned()]));
    }
}

async fn missing_names_are_created_as_the_field_knows_them(app: TestApp) {
    let (admin, district) = app.set_up().await;
    let id = app.add_school(&admin, &district, "石桥镇中心小学").await;
    let school = School { district, id, admin };
    let csv = "班级,星期,节次,学科,教师\n一年级(1)班,星期一,第1节,语文,张一\n三(2)班,周二,3,音乐,王三老师\n六年级1班,三,第1节,体育,赵四\n六年级1班,四,第1节,体育与健康,赵四\n七年级(1)班,四,第1节,剪纸,\n";

    import(&app, &school, "name=v1&valid_from=2026-09-01&create_missing=true", csv.as_bytes(), &[])
        .await
        .expect(201);

    let classes: BTreeMap<String, (Value, Value)> = app
        .all(&school, "classes")
        .await
        .iter()
        .map(|class| (text(&class["display_name"]), (class["cohort"].clone(), class["entry_grade"].clone())))
        .collect();
    assert_eq!(classes["一年级(1)班"], (json!(2026), json!(1)));
    assert_eq!(classes["三年级(2)班"], (json!(2024), json!(1)));
    assert_eq!(classes["六年级(1)班"], (json!(2021), json!(1)));
    assert_eq!(classes["七年级(1)班"], (json!(2026), json!(7)));
    assert_eq!(classes.len(), 4);
    let subjects: BTreeMap<String, Value> = app
        .all(&school, "subjects")
        .await
        .into_iter()
        .map(|subject| (text(&subject["name"]), subject))
        .collect();
    assert_eq!(subjects["音乐"]["protected"], true);
    assert_eq!(subjects["语文"]["protected"], false);
    assert!(subjects["剪纸"].get("protected").is_none_or(|protected| *protected == false));
    // 体育 and 体育与健康 are one subject, written in two ways.
    assert_eq!(subjects.keys().collect::<Vec<_>>(), ["体育与健康", "剪纸", "语文", "音乐"]);
    assert!(subjects["体育与健康"]["aliases"].as_array().unwrap().contains(&json!("体育")));
    let teachers: BTreeSet<String> =
        app.all(&school, "teachers").await.iter().map(|teacher| text(&teacher["name"])).collect();
    assert_eq!(teachers, ["张一", "王三", "赵四"].map(str::to_owned).into());

    // The same names again make nothing new.
    import(&app, &school, "name=v2&valid_from=2026-10-01&create_missing=true", csv.as_bytes(), &[])
        .await
        .expect(201);
    assert_eq!(
        (
            app.all(&school, "classes").await.len(),
            app.all(&school, "subjects").await.len(),
            app.all(&school, "teachers").await.len()
        ),
        (4, 4, 3)
    );
}

async fn an_import_repeated_under_its_key_is_one_import(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let csv = "班级,星期,节次,学科\n三年级(2)班,星期二,第3节,音乐\n";
    let query = "name=v2&valid_from=2026-12-01";
    let key = [("idempotency-key", "import-1")];

    let first = import(&app, &school, query, csv.as_bytes(), &key).await;
    let again = import(&app, &school, query, csv.as_bytes(), &key).await;

    assert_eq!((first.status.as_u16(), &first.bytes), (201, &again.bytes));
    assert_eq!(
        (first.header("etag"), first.header("location")),
        (again.header("etag"), again.header("location"))
    );
    assert_eq!(app.all(&school, "timetables").await.len(), 2);
    for (query, csv) in [
        (query, "班级,星期,节次,学科\n三年级(2)班,星期二,第4节,音乐\n"),
        ("name=v3&valid_from=2026-12-01", csv),
        ("name=v2&valid_from=2026-12-01&create_missing=true", csv),
    ] {
        let other = import(&app, &school, query, csv.as_bytes(), &key).await;
        assert_eq!(
            (other.status.is_client_error(), other.code().as_str()),
            (true, "idempotency-mismatch"),
            "{query}"
        );
    }
}

async fn a_file_that_is_no_timetable_is_refused_and_never_breaks_the_server(app: TestApp) {
    let Staffed { school, inspector, .. } = app.staffed().await;
    let query = "name=v2&valid_from=2026-12-01&create_missing=true";
    let header = "班级,星期,节次,学科,教师\n";
    let repeated = format!("{header}{}", "三年级(2)班,星期二,第3节,音乐,\n".repeat(300));
    let wide = format!("{header}三年级(2)班,星期二,第3节,音乐,{}\n", ",".repeat(5000));
    let long = format!("{header}三年级(2)班,星期二,第3节,{},\n", "乐".repeat(50_000));
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("header only", header.into()),
        ("no header", "三年级(2)班,星期二,第3节,音乐\n".into()),
        ("prose", "今天天气很好。\n".into()),
        ("a picture", vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0xff, 0xfe]),
        ("half a character", vec![0xb0, 0xe0, 0xbc]),
        ("utf-16", "班级,星期".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a zip", b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec()),
        ("open quote", format!("{header}\"三年级(2)班,星期二,第3节,音乐,\n").into_bytes()),
        ("short row", format!("{header}三年级(2)班\n").into_bytes()),
        ("one cell 300 times", repeated.into_bytes()),
        ("long name", long.into_bytes()),
        ("nul", format!("{header}三年级(2)班,星期二,第3节,音\0乐,\n").into_bytes()),
    ];
    for (what, bytes) in files {
        let refused = import(&app, &school, query, &bytes, &[]).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers().is_empty()),
            (422, false),
            "{what}: {}",
            String::from_utf8_lossy(&refused.bytes)
        );
    }
    // Empty cells beyond the columns are what spreadsheets write.
    let taken = import(&app, &school, query, wide.as_bytes(), &[]).await;
    assert!(taken.status.as_u16() < 500, "{}", String::from_utf8_lossy(&taken.bytes));

    let huge = vec![b'a'; 8 * 1024 * 1024 + 1];
    let refused = import(&app, &school, query, &huge, &[]).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (413, "too-large"));
    let cut = import(&app, &school, query, b"not gzip", &[("content-encoding", "gzip")]).await;
    assert_eq!(cut.status.as_u16(), 400);
    for wrong in [
        "name=v2",
        "name=v2&valid_from=soon",
        "valid_from=2026-12-01",
        "name=&valid_from=2026-12-01",
        "name=v2&valid_from=2026-12-01&mood=1",
    ] {
        let csv = format!("{header}三年级(2)班,星期二,第3节,音乐,\n");
        let refused = import(&app, &school, wrong, csv.as_bytes(), &[]).await;
        assert_eq!(refused.status.as_u16(), 422, "{wrong}");
    }
    let request = Request::post(school.path(&format!("timetables/import?{query}")))
        .header("authorization", format!("Bearer {}", inspector.person.token))
        .header("content-type", "text/csv");
    assert_eq!(app.send(request.body(Body::from(CSV)).unwrap()).await.status.as_u16(), 403);
}

async fn a_cell_holds_a_subject_once_and_parallel_groups(app: TestApp) {
    let Staffed { school, affairs, .. } = app.staffed().await;
    let lesson = |subject: &str, period: &str, teacher: &str, weeks: &str| json!({"class_name": "三年级(2)班", "weekday": 2, "period": period, "subject": subject, "teacher": teacher, "weeks": weeks});
    let post = async |lessons: Vec<Value>| {
        let body = json!({"name": "x", "valid_from": "2026-12-01", "lessons": lessons});
        app.post(&school.path("timetables"), &affairs.token, &body).await
    };
    let twice = post(vec![
        lesson("科学", "第3节", "蔡立新", "all"),
        lesson("美术", "第4节", "姜振宇", "all"),
        lesson("科学", "3", "姜振宇", "odd"),
    ])
    .await;
    assert_eq!((twice.status.as_u16(), twice.pointers()), (422, vec!["/lessons/2/subject".to_owned()]));
    let csv =
        "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,科学,蔡立新\n三年级(2)班,星期二,3,科学,姜振宇\n";
    let twice = import(&app, &school, "name=x&valid_from=2026-12-01", csv.as_bytes(), &[]).await;
    assert_eq!((twice.status.as_u16(), twice.pointers()), (422, vec!["line 3, 学科".to_owned()]));
    // Odd and even weeks, and groups taught beside each other, share a cell.
    post(vec![
        lesson("科学", "第3节", "蔡立新", "odd"),
        lesson("科学", "第3节", "姜振宇", "even"),
        lesson("美术", "第3节", "姜振宇", "all"),
    ])
    .await
    .expect(201);
}

async fn a_school_of_a_hundred_classes_has_its_timetable(app: TestApp) {
    let (admin, district) = app.set_up().await;
    let id = app.add_school(&admin, &district, "白鹭中心小学").await;
    let lessons: Vec<Value> = (1..=6)
        .flat_map(|grade| (1..=17).map(move |number| (grade, number)))
        .flat_map(|(grade, number)| {
            (0..30).map(move |cell| {
                json!({"class_name": format!("{grade}年级({number})班"), "weekday": cell % 5 + 1,
                    "period": format!("第{}节", cell / 5 + 1), "subject": "语文", "teacher": format!("教师{grade}之{number}"), "weeks": "all"})
            })
        })
        .collect();
    let body =
        json!({"name": "2026A", "valid_from": "2026-09-01", "create_missing": true, "lessons": lessons});
    assert!(body.to_string().len() > 256 * 1024);

    let made = app.post(&format!("/api/v1/schools/{id}/timetables"), &admin.token, &body).await.expect(201);

    assert_eq!(made["grid"].as_object().unwrap().len(), 102);
}
