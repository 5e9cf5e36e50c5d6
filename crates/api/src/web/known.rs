//! The names that pages tell instead of ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use xunke_domain::book::SchoolBook;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_storage::schools::School;

use crate::app::App;
use crate::pages::Names;
use crate::problem::ApiError;

/// Most versions of a rubric whose dimensions are read.
const RUBRICS: u64 = 200;

/// The names of a school, as far as they have been asked for.
pub(super) struct Known {
    pub(super) book: Arc<SchoolBook>,
    people: BTreeMap<UserId, String>,
    dimensions: BTreeMap<String, String>,
}

impl Known {
    /// Reads the names of a school, and those of these people.
    pub(super) async fn read(
        app: &App,
        school: &School,
        people: &BTreeSet<UserId>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            book: app.store.book(school).await?,
            people: app.store.read().account_names(people).await?,
            dimensions: dimensions(app, school.id).await?,
        })
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names { book: &self.book, people: &self.people, dimensions: &self.dimensions }
    }
}

/// What the school calls the dimensions it rates, by key.
pub(super) async fn dimensions(app: &App, school: SchoolId) -> Result<BTreeMap<String, String>, ApiError> {
    let rubrics = app.store.read().record_list(school, RecordType::Rubric, None, RUBRICS).await?;
    let entries = rubrics
        .iter()
        .filter_map(|rubric| rubric.state.registers.get("dimensions")?.value.as_array())
        .flatten();
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(entries.filter_map(|entry| text(entry, "key").zip(text(entry, "name"))).collect())
}
