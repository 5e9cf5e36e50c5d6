//! People who visit, what they see, and the sample week as its inspectors played it.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::school::{PASSWORD, Person, Phone, School, text};
use super::{Answer, TestApp};

/// The teaching week of the sample visits: Monday 2026-11-16 to Sunday 2026-11-22.
pub(crate) const WEEK: &str = "2026-W47";

/// Ids of a school's reference data by the names people use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) classes: BTreeMap<String, String>,
    pub(crate) subjects: BTreeMap<String, String>,
    pub(crate) teachers: BTreeMap<String, String>,
}

/// Somebody with a phone that numbers its writes.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) person: Person,
    pub(crate) phone: Phone,
    next: Cell<i64>,
}

/// The sample school with the people a weekly log needs.
#[derive(Debug)]
pub(crate) struct Staffed {
    pub(crate) school: School,
    pub(crate) names: Names,
    pub(crate) principal: Person,
    pub(crate) affairs: Person,
    pub(crate) inspector: Recorder,
}

/// What the sample timetable has in a cell in an odd or every week: subject and teacher.
pub(crate) fn planned(class: &str, weekday: u32, period: &str) -> (String, String) {
    let timetable: Value = serde_json::from_str(include_str!("../../data/qinghe-timetable.json")).unwrap();
    let lessons = timetable["lessons"].as_array().unwrap();
    let lesson = lessons
        .iter()
        .find(|lesson| {
            lesson["class_name"] == class && lesson["weekday"] == weekday && lesson["period"] == period
        })
        .unwrap_or_else(|| panic!("{class} has a lesson on {weekday} in {period}"));
    (text(&lesson["subject"]), text(&lesson["teacher"]))
}

impl Names {
    pub(crate) fn class(&self, name: &str) -> &str {
        self.classes.get(name).unwrap_or_else(|| panic!("there is a class {name}"))
    }

    pub(crate) fn subject(&self, name: &str) -> &str {
        self.subjects.get(name).unwrap_or_else(|| panic!("there is a subject {name}"))
    }

    pub(crate) fn teacher(&self, name: &str) -> &str {
        self.teachers.get(name).unwrap_or_else(|| panic!("there is a teacher {name}"))
    }

    /// A slot as a visit names it.
    pub(crate) fn slot(&self, class: &str, date: &str, period: &str) -> Value {
        json!({"class": self.class(class), "date": date, "period": period})
    }

    /// A submitted visit in which this subject was taught, by whom is not said.
    pub(crate) fn visit(&self, class: &str, date: &str, period: &str, subject: &str) -> Value {
        json!({
            "kind": "walkthrough",
            "slot": self.slot(class, date, period),
            "observed": {"situation": "lesson", "subject": self.subject(subject)},
            "submitted_at": format!("{date}T17:00:00+08:00"),
        })
    }
}

impl Recorder {
    /// Pushes one write; gives its result.
    pub(crate) async fn write(&self, app: &TestApp, school: &School, visit: Uuid, set: &Value) -> Value {
        self.write_all(app, school, &[(visit, set.clone())]).await.remove(0)
    }

    /// Pushes writes together; gives their results.
    pub(crate) async fn write_all(
        &self,
        app: &TestApp,
        school: &School,
        writes: &[(Uuid, Value)],
    ) -> Vec<Value> {
        self.push_with(app, school, writes, &json!({})).await
    }

    /// The same with further members of the envelope, such as `now` and `unsent`.
    pub(crate) async fn push_with(
        &self,
        app: &TestApp,
        school: &School,
        writes: &[(Uuid, Value)],
        more: &Value,
    ) -> Vec<Value> {
        let writes: Vec<Value> = writes
            .iter()
            .map(|(visit, set)| {
                self.next.set(self.next.get() + 1);
                school.write(self.next.get(), *visit, set)
            })
            .collect();
        let mut push = self.phone.push(&writes);
        for (name, value) in more.as_object().unwrap() {
            push[name] = value.clone();
        }
        let answer = app.post("/api/v1/sync/push", &self.phone.token, &push).await.expect(200);
        answer["results"].as_array().unwrap().clone()
    }
}

impl TestApp {
    /// The ids behind the names of a school's reference data.
    pub(crate) async fn names(&self, school: &School) -> Names {
        let mut names = Names::default();
        for (path, name, map) in [
            ("classes", "display_name", &mut names.classes),
            ("subjects", "name", &mut names.subjects),
            ("teachers", "name", &mut names.teachers),
        ] {
            let records = self.all(school, path).await;
            map.extend(records.iter().map(|record| (text(&record[name]), text(&record["id"]))));
        }
        names
    }

    /// Adds a person with a name of his own beside the login.
    pub(crate) async fn add_named(&self, school: &School, login: &str, name: &str, role: &str) -> Person {
        let users = format!("/api/v1/districts/{}/users", school.district);
        let new = json!({"login": login, "name": name});
        let user = self.post(&users, &school.admin.token, &new).await.expect(201);
        let reset = json!({"login": login, "code": user["reset_code"], "password": PASSWORD});
        self.post("/api/v1/password/reset", "", &reset).await.expect(204);
        let place = json!({"role": role, "valid_from": "2026-09-01", "schools": [school.id]});
        let memberships = format!("{users}/{}/memberships", text(&user["id"]));
        self.post(&memberships, &school.admin.token, &place).await.expect(201);
        self.sign_in(login).await
    }

    /// Adds an inspector, or whoever visits in another role, with a phone.
    pub(crate) async fn recorder(&self, school: &School, login: &str, name: &str, role: &str) -> Recorder {
        let person = self.add_named(school, login, name, role).await;
        let phone = self.phone(login).await;
        Recorder { person, phone, next: Cell::new(0) }
    }

    /// The sample school with a principal, an academic-affairs head and an inspector.
    pub(crate) async fn staffed(&self) -> Staffed {
        let school = self.qinghe().await;
        let names = self.names(&school).await;
        let principal = self.add_named(&school, "zheng", "郑校长", "principal").await;
        let affairs = self.add_named(&school, "lin", "教导处林主任", "academic_affairs").await;
        let inspector = self.recorder(&school, "meng", "值周孟老师", "inspector").await;
        Staffed { school, names, principal, affairs, inspector }
    }

    /// Publishes a week as somebody.
    pub(crate) async fn publish(&self, school: &School, who: &Person, week: &str, body: &Value) -> Answer {
        self.post(&school.path(&format!("weeks/{week}/publish")), &who.token, body).await
    }

    /// The draft of a week's next edition.
    pub(crate) async fn draft(&self, school: &School, who: &Person, week: &str) -> Value {
        self.get(&school.path(&format!("weeks/{week}/draft")), &who.token).await.expect(200)
    }

    /// The newest state of every record that syncs to somebody, by type and id.
    pub(crate) async fn pulled(&self, school: &School, token: &str) -> BTreeMap<(String, String), Value> {
        let (mut records, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let path = format!("/api/v1/sync/changes?stream={}&limit=1000{cursor}", school.id);
            let page = self.get(&path, token).await.expect(200);
            for change in page["changes"].as_array().unwrap() {
                records.insert((text(&change["type"]), text(&change["id"])), change["fields"].clone());
            }
            if page["more"] == false {
                return records;
            }
            cursor = format!("&cursor={}", text(&page["cursor"]));
        }
    }

    /// Plays the sample week: every inspector pushes the visits he made, in one push.
    /// Gives the recorders by name and the ids of the visits in the order of the file.
    pub(crate) async fn play_week(
        &self,
        school: &School,
        names: &Names,
    ) -> (BTreeMap<String, Recorder>, Vec<Uuid>) {
        let visits: Value =
            serde_json::from_str(include_str!("../../data/qinghe-week12-visits.json")).unwrap();
        let visits = visits.as_array().unwrap();
        let mut writes: BTreeMap<String, Vec<(Uuid, Value)>> = BTreeMap::new();
        let mut ids = Vec::new();
        for (visit, number) in visits.iter().zip(1..) {
            let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + number);
            ids.push(id);
            writes.entry(text(&visit["inspector"])).or_default().push((id, sample_visit(names, visit)));
        }
        let roles = [
            ("郑校长", "principal"),
            ("沈副校长", "inspector"),
            ("教导处林主任", "academic_affairs"),
            ("值周孟老师", "inspector"),
        ];
        let mut recorders = BTreeMap::new();
        for (number, (name, role)) in roles.into_iter().enumerate() {
            let recorder = self.recorder(school, &format!("sample{number}"), name, role).await;
            let own = writes.remove(name).unwrap_or_default();
            for result in recorder.write_all(self, school, &own).await {
                assert_eq!(result["outcome"], "applied", "{result}");
            }
            recorders.insert(name.to_owned(), recorder);
        }
        assert!(writes.is_empty(), "every inspector of the sample has an account");
        (recorders, ids)
    }
}

/// A visit of the sample file as a phone writes it.
fn sample_visit(names: &Names, visit: &Value) -> Value {
    let mut set = json!({
        "kind": visit["kind"],
        "slot": names.slot(&text(&visit["class_name"]), &text(&visit["date"]), &text(&visit["period"])),
        "observed": {"situation": "lesson", "subject": names.subject(&text(&visit["observed_subject"])),
            "teacher": names.teacher(&text(&visit["observed_teacher"]))},
    });
    if visit["submitted"] == true {
        set["submitted_at"] = json!(format!("{}T17:00:00+08:00", text(&visit["date"])));
    }
    for (dimension, level) in visit["ratings"].as_object().unwrap() {
        set[format!("ratings/{dimension}")] = level.clone();
    }
    for list in ["highlights", "improvements", "findings"] {
        for (element, value) in visit[list].as_array().unwrap().iter().enumerate() {
            set[format!("{list}/e{element}")] = value.clone();
        }
    }
    set
}
