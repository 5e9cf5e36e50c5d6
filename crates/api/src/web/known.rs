//! The names that pages tell instead of ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xunke_domain::book::SchoolBook;
use xunke_domain::ids::UserId;
use xunke_storage::schools::School;

use crate::app::App;
use crate::naming::dimensions;
use crate::pages::Names;
use crate::problem::ApiError;

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
            dimensions: dimensions(app, school).await?,
        })
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names { book: &self.book, people: &self.people, dimensions: &self.dimensions }
    }
}
