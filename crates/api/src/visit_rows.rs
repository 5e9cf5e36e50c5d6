//! Visits as rows of a table: what people call things instead of ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Datelike as _;
use xunke_domain::audit::words::weekday;
use xunke_domain::book::SchoolBook;
use xunke_domain::class_name::display_name;
use xunke_domain::ids::{ClassId, SubjectId, TeacherId, UserId};
use xunke_domain::log::labels::{level_zh, severity_zh, situation_zh, verdict_zh};
use xunke_domain::seed::DIMENSIONS;
use xunke_domain::visit::Visit;
use xunke_storage::records::StoredRecord;
use xunke_storage::visits::VisitRow;
use xunke_workbook::list_book::{ListCell, ListColumn};

use crate::app::App;
use crate::instant::at;
use crate::problem::ApiError;

/// The columns.
pub const COLUMNS: [ListColumn; 21] = [
    column("巡课编号", 38.0),
    column("日期", 12.0),
    column("星期", 7.0),
    column("节次", 9.0),
    column("班级", 14.0),
    column("巡课人", 12.0),
    column("同行人", 14.0),
    column("课表学科", 12.0),
    column("课表教师", 12.0),
    column("实上情形", 10.0),
    column("实上学科", 12.0),
    column("实上教师", 12.0),
    column("核查结论", 14.0),
    column("评价", 30.0),
    column("课堂亮点", 40.0),
    column("待改进之处", 40.0),
    column("存在问题", 40.0),
    column("批量标记", 9.0),
    column("状态", 16.0),
    column("收到时间", 18.0),
    column("记录时间偏差（分钟）", 12.0),
];

const fn column(title: &'static str, width: f64) -> ListColumn {
    ListColumn { title, width }
}

/// What a school calls things; people are asked for as they turn up.
#[derive(Debug)]
pub struct Names {
    book: Arc<SchoolBook>,
    dimensions: BTreeMap<String, String>,
    people: BTreeMap<UserId, String>,
}

impl Names {
    /// Nobody is known by name yet. `dimensions`: the school's names of the dimensions it rates.
    pub const fn new(book: Arc<SchoolBook>, dimensions: BTreeMap<String, String>) -> Self {
        Self { book, dimensions, people: BTreeMap::new() }
    }

    /// The rows of a page of visits.
    pub async fn rows(
        &mut self,
        app: &App,
        page: &[(VisitRow, StoredRecord)],
    ) -> Result<Vec<Vec<ListCell>>, ApiError> {
        let visits: Vec<(&VisitRow, Visit)> = page
            .iter()
            .map(|(row, record)| (row, Visit::from_fields(row.id, record.author, &record.state)))
            .collect();
        let people = visits.iter().flat_map(|(row, visit)| visit.companions.iter().chain([&row.inspector]));
        let unknown: BTreeSet<UserId> =
            people.filter(|person| !self.people.contains_key(*person)).copied().collect();
        if !unknown.is_empty() {
            self.people.extend(app.store.read().account_names(&unknown).await?);
        }
        Ok(visits.iter().map(|(row, visit)| self.row(row, visit)).collect())
    }

    fn row(&self, row: &VisitRow, visit: &Visit) -> Vec<ListCell> {
        let observed = visit.observed.as_ref();
        let companions: Vec<String> = visit.companions.iter().map(|person| self.person(*person)).collect();
        let state = match (&visit.withdrawn, visit.submitted_at) {
            (Some(reason), _) => format!("已撤回：{reason}"),
            (None, Some(_)) => "已提交".to_owned(),
            (None, None) => "草稿".to_owned(),
        };
        let texts = [
            row.id.to_string(),
            row.date.map_or_else(String::new, |date| date.to_string()),
            row.date.map_or("", |date| weekday(date.weekday().number_from_monday())).to_owned(),
            row.period.clone().unwrap_or_default(),
            self.class(row),
            self.person(row.inspector),
            companions.join("、"),
            self.subject(row.planned_subject),
            self.teacher(row.planned_teacher),
            observed.map_or("", |observed| situation_zh(observed.situation)).to_owned(),
            self.subject(observed.and_then(|observed| observed.subject)),
            self.teacher(observed.and_then(|observed| observed.teacher)),
            row.verdict.map_or("", verdict_zh).to_owned(),
            self.ratings(visit),
            joined(visit.highlights.values().map(|highlight| highlight.text.clone())),
            joined(visit.improvements.values().map(|improvement| improvement.text.clone())),
            self.findings(visit),
            if visit.bulk { "是" } else { "" }.to_owned(),
            state,
            at(row.received_at).format("%Y-%m-%d %H:%M").to_string(),
        ];
        let off = row.off_minutes.and_then(|minutes| i32::try_from(minutes).ok());
        let off = off.map_or_else(|| ListCell::Text(String::new()), ListCell::Number);
        texts.into_iter().map(ListCell::Text).chain([off]).collect()
    }

    fn person(&self, person: UserId) -> String {
        self.people.get(&person).cloned().unwrap_or_default()
    }

    fn class(&self, row: &VisitRow) -> String {
        let class = row.class.and_then(|class: ClassId| self.book.classes.get(&class));
        class.zip(row.date).map_or_else(String::new, |(class, date)| display_name(class, date))
    }

    fn subject(&self, subject: Option<SubjectId>) -> String {
        let subject = subject.and_then(|subject| self.book.subjects.get(&subject));
        subject.map_or_else(String::new, |subject| subject.name.clone())
    }

    fn teacher(&self, teacher: Option<TeacherId>) -> String {
        let teacher = teacher.and_then(|teacher| self.book.teachers.get(&teacher));
        teacher.map_or_else(String::new, |teacher| teacher.name.clone())
    }

    fn ratings(&self, visit: &Visit) -> String {
        let name = |key: &str| {
            let seeded = || DIMENSIONS.iter().find(|seed| seed.key == key).map(|seed| seed.zh.to_owned());
            self.dimensions.get(key).cloned().or_else(seeded).unwrap_or_else(|| key.to_owned())
        };
        joined(visit.ratings.iter().map(|(key, level)| format!("{}：{}", name(key), level_zh(*level))))
    }

    fn findings(&self, visit: &Visit) -> String {
        joined(visit.findings.values().map(|finding| {
            let name = self.book.problem_categories.get(&finding.category);
            let name = name.map_or("", |category| category.name.as_str());
            let note = finding.note.as_ref().map_or_else(String::new, |note| format!("：{note}"));
            format!("{} {name}（{}）{note}", finding.category, severity_zh(finding.severity))
        }))
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("；")
}
