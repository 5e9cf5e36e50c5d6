//! What a school calls its semesters and the dimensions it rates, as pages and papers need it.

use std::collections::BTreeMap;

use serde_json::Value;
use xunke_domain::book::Semester;
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_storage::schools::School;

use crate::app::App;
use crate::pages::SemesterName;
use crate::problem::ApiError;

/// Names of now: editions do not keep them.
#[derive(Debug)]
pub struct Named {
    /// The semester of the week, if it lies in one.
    semester: Option<Semester>,
    /// Key of a dimension → its name.
    pub dimensions: BTreeMap<String, String>,
}

impl Named {
    /// Reads what the school calls things in this week.
    pub async fn read(app: &App, school: &School, week: Week) -> Result<Self, ApiError> {
        let book = app.store.book(school).await?;
        let semester = book.semester_of(week.monday()).cloned();
        Ok(Self { semester, dimensions: dimensions(app, school).await? })
    }

    /// The semester.
    pub fn semester(&self) -> Option<SemesterName<'_>> {
        self.semester.as_ref().map(|term| SemesterName { school_year: &term.school_year, term: term.term })
    }
}

/// Most versions of a rubric whose dimensions are read.
const RUBRICS: u64 = 200;

/// Key of a dimension → the school's name of it.
pub async fn dimensions(app: &App, school: &School) -> Result<BTreeMap<String, String>, ApiError> {
    let rubrics = app.store.read().record_list(school.id, RecordType::Rubric, None, RUBRICS).await?;
    let entries = rubrics
        .iter()
        .filter_map(|rubric| rubric.state.registers.get("dimensions")?.value.as_array())
        .flatten();
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(entries.filter_map(|entry| text(entry, "key").zip(text(entry, "name"))).collect())
}
