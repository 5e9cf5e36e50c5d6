//! The school's office: the administrator makes the school and its people, over HTTP as anybody would.

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};
use xunke_domain::ids::SchoolId;

use super::http::{Body, Http, PASSWORD, Session, items, text};
use super::narrate::Narrator;

/// A person of the story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) login: &'static str,
    pub(super) name: &'static str,
    pub(super) role: &'static str,
    /// What it is called, for people.
    pub(super) title: &'static str,
}

const fn person(login: &'static str, name: &'static str, role: &'static str, title: &'static str) -> Person {
    Person { login, name, role, title }
}

/// Everybody but the administrator. The names are those of the visits.
pub(super) const PEOPLE: [Person; 6] = [
    person("zheng", "郑校长", "principal", "校长，也巡课 principal, visits too"),
    person("lin", "教导处林主任", "academic_affairs", "教导处主任 academic affairs"),
    person("shen", "沈副校长", "inspector", "巡课人 inspector"),
    person("meng", "值周孟老师", "inspector", "值周巡课人 inspector of the week"),
    person("tan", "谭景行", "teacher", "任课教师 teacher"),
    person("lei", "雷督学", "supervisor", "县督学，看各校并列 supervisor of the district"),
];

/// The school as it is made.
#[derive(Debug)]
pub(super) struct Office {
    http: Http,
    admin: Session,
    district: String,
    pub(super) school: SchoolId,
}

impl Office {
    /// Uses the set-up code, then adds the school, its calendar, its timetable and its people.
    pub(super) async fn open(http: &Http, code: &str, tell: &Narrator) -> anyhow::Result<Self> {
        let body = json!({"code": code, "login": "admin", "name": "管理员", "password": PASSWORD,
            "district": "星湖县教育体育局"});
        let district = text(&http.post("/api/v1/setup", &body).await?.expect(201)?, "district");
        let mut admin = Session::sign_in(http, "admin", "demo").await?;
        tell.done(
            "用一次性初始码建立管理员和 星湖县教育体育局",
            "the one-time set-up code made the administrator and a district",
        );
        let schools = format!("/api/v1/districts/{district}/schools");
        let name = json!({"name": "青禾实验小学", "stage": "primary"});
        let school = text(&admin.post(&schools, &name, 201).await?, "id").parse()?;
        let mut office = Self { http: http.clone(), admin, district, school };
        office.calendar(tell).await?;
        office.timetable(tell).await?;
        office.people(tell).await?;
        Ok(office)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/schools/{}/{rest}", self.school)
    }

    /// Semester, bell schedule and the days that differ from their weekday.
    async fn calendar(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let calendar: Value = serde_json::from_str(include_str!("../../demo/calendar-2026-2027-1.json"))?;
        let semester = json!({"school_year": calendar["school_year"], "term": calendar["semester"],
            "first_day": calendar["first_lesson_day"], "last_day": calendar["last_day"],
            "week_one": calendar["week_one_monday"]});
        self.admin.post(&self.path("semesters"), &semester, 201).await?;
        let periods = items(&calendar["bell_schedule"], "primary");
        let bells = json!({"name": "作息", "valid_from": "2026-09-01", "periods": periods});
        self.admin.post(&self.path("bell-schedules"), &bells, 201).await?;
        let days = items(&calendar, "days");
        for day in &days {
            self.admin.post(&self.path("calendar-days"), day, 201).await?;
        }
        let (periods, days) = (periods.len(), days.len());
        tell.done(
            format_args!("青禾实验小学：2026—2027 第一学期，作息 {periods} 段，特殊日 {days} 天（调休、节假日、运动会）"),
            format_args!("the school: semester, {periods} bell periods, {days} days that differ from their weekday"),
        );
        Ok(())
    }

    /// The long CSV as a school has it: GB18030, with names for ids.
    async fn timetable(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let csv = include_bytes!("../../demo/qinghe-timetable-gb18030.csv");
        let path = self.path("timetables/import?name=2026A&valid_from=2026-09-01&create_missing=true");
        let made = self.admin.send(Method::POST, &path, Body::Csv(csv), "").await?.expect(201)?;
        let grid = made.get("grid").and_then(Value::as_object).context("the timetable has a grid")?;
        let lessons: usize = grid.values().filter_map(Value::as_array).map(Vec::len).sum();
        let (classes, bytes) = (grid.len(), csv.len());
        tell.done(
            format_args!("导入课程表 CSV（GB18030，{bytes} 字节）：{classes} 个班，{lessons} 条课（单双周各计）"),
            format_args!("timetable imported from a GB18030 CSV: {classes} classes, {lessons} rows, odd and even weeks apart"),
        );
        Ok(())
    }

    /// People get a reset code each and choose their own password; then a place in the school.
    async fn people(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let users = format!("/api/v1/districts/{}/users", self.district);
        for Person { login, name, role, title: _ } in PEOPLE {
            let user = self.admin.post(&users, &json!({"login": login, "name": name}), 201).await?;
            let id = text(&user, "id");
            let mut place = json!({"role": role, "valid_from": "2026-09-01"});
            // 督学 see every school of the district.
            if role != "supervisor" {
                place["schools"] = json!([self.school]);
            }
            self.admin.post(&format!("{users}/{id}/memberships"), &place, 201).await?;
            let reset = json!({"login": login, "code": text(&user, "reset_code"), "password": PASSWORD});
            self.http.post("/api/v1/password/reset", &reset).await?.expect(204)?;
            if role == "teacher" {
                let teacher = self.teacher(name).await?;
                let path = self.path(&format!("teachers/{teacher}"));
                self.admin.patch(&path, &json!({"user": id})).await?;
            }
        }
        let people = PEOPLE.len();
        tell.done(
            format_args!("{people} 个账号：校长、教导处、两位巡课人、一位教师（与课表上的“谭景行”关联）、一位县督学"),
            format_args!("{people} accounts; the teacher's is linked to 谭景行 of the timetable, the supervisor sees the district"),
        );
        Ok(())
    }

    /// The record of the teacher of this name.
    async fn teacher(&mut self, name: &str) -> anyhow::Result<String> {
        let mut next = String::new();
        loop {
            let page = self.admin.get(&self.path(&format!("teachers?limit=200{next}"))).await?;
            let teachers = items(&page, "items");
            if let Some(found) = teachers.iter().find(|teacher| text(teacher, "name") == name) {
                return Ok(text(found, "id"));
            }
            let cursor = text(&page, "next");
            anyhow::ensure!(!cursor.is_empty(), "the timetable has a teacher {name}");
            next = format!("&cursor={cursor}");
        }
    }
}
