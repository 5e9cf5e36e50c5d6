//! A small school beside the sample one: one class, six lessons on a Tuesday.

use serde_json::{Value, json};
use uuid::Uuid;

use super::TestApp;
use super::school::{Person, School};
use super::week::{Names, Recorder};

/// A school with a principal who visits.
pub(crate) struct Small {
    pub(crate) school: School,
    pub(crate) names: Names,
    pub(crate) principal: Recorder,
}

/// The class of a small school.
pub(crate) const CLASS: &str = "一年级(1)班";

impl TestApp {
    /// Adds a small school to the district of another, with the same semester.
    pub(crate) async fn small(&self, beside: &School, name: &str, login: &str) -> Small {
        let admin = beside.admin.clone();
        let id = self.add_school(&admin, &beside.district, name).await;
        let school = School { district: beside.district.clone(), id, admin };
        let semester = json!({"school_year": "2026-2027", "term": 1, "first_day": "2026-09-01",
            "last_day": "2027-01-22", "week_one": "2026-08-31"});
        self.post(&school.path("semesters"), &school.admin.token, &semester).await.expect(201);
        let period = |n: u32| {
            json!({"label": format!("第{n}节"), "kind": "lesson", "start": format!("{:02}:00", 7 + n),
                "end": format!("{:02}:40", 7 + n)})
        };
        let periods: Vec<Value> = (1..=6).map(period).collect();
        let bells = json!({"name": "作息", "valid_from": "2026-09-01", "periods": periods});
        self.post(&school.path("bell-schedules"), &school.admin.token, &bells).await.expect(201);
        let subject = |n: u32| if n == 6 { "数学" } else { "音乐" };
        let lesson = |n: u32| {
            json!({"class_name": CLASS, "weekday": 2, "period": format!("第{n}节"), "subject": subject(n),
                "teacher": "陈一"})
        };
        let lessons: Vec<Value> = (1..=6).map(lesson).collect();
        let timetable =
            json!({"name": "A", "valid_from": "2026-09-01", "create_missing": true, "lessons": lessons});
        self.post(&school.path("timetables"), &school.admin.token, &timetable).await.expect(201);
        let names = self.names(&school).await;
        let principal = self.recorder(&school, login, login, "principal").await;
        Small { school, names, principal }
    }
}

impl Small {
    /// Visits the first lessons of a Tuesday, in so many of which mathematics took the place of music; gives the ids.
    pub(crate) async fn visit(
        &self,
        app: &TestApp,
        tuesday: &str,
        lessons: u32,
        displaced: u32,
    ) -> Vec<Uuid> {
        let visit = |n: u32| {
            let subject = if n <= displaced { "数学" } else { "音乐" };
            let mut set = self.names.visit(CLASS, tuesday, &format!("第{n}节"), subject);
            if n <= displaced {
                set["findings/f"] = json!({"category": "TT01", "severity": 3, "note": "无调课单"});
            }
            (Uuid::from_bytes(app.app.chance.bytes()), set)
        };
        let writes: Vec<(Uuid, Value)> = (1..=lessons).map(visit).collect();
        for result in self.principal.write_all(app, &self.school, &writes).await {
            assert_eq!(result["outcome"], "applied", "{result}");
        }
        writes.into_iter().map(|(id, _)| id).collect()
    }

    /// Publishes a week; gives the edition.
    pub(crate) async fn publish(&self, app: &TestApp, week: &str) -> Value {
        let principal: Person = app.sign_in(&self.principal.person.login).await;
        app.publish(&self.school, &principal, week, &json!({})).await.expect(201)
    }
}
