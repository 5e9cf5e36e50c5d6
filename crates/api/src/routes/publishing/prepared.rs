//! A log that is compiled and waits to be frozen.

use xunke_domain::ids::{SchoolId, VisitId};
use xunke_domain::week::Week;
use xunke_storage::Tx;
use xunke_storage::editions::StoredEdition;
use xunke_storage::weeks::WeekMaterial;
use xunke_sync::record::Seq;

use crate::app::App;
use crate::beside::beside;
use crate::problem::ApiError;
use crate::routes::weeks::{Draft, next};

/// The draft of the next edition with what it was compiled from.
pub(super) struct Prepared {
    pub(super) material: WeekMaterial,
    /// The edition before it.
    pub(super) newest: Option<StoredEdition>,
    pub(super) draft: Draft,
}

impl Prepared {
    /// As committed now; it holds while the stream's head stays where it is, since an edition moves it, too.
    pub(super) async fn compile(app: &App, school: SchoolId, week: Week) -> Result<Self, ApiError> {
        let material = app.store.week_material(school, week).await?.ok_or(ApiError::NotFound)?;
        let newest = app.store.read().edition_newest(school, week).await?;
        Self::of(material, newest, week).await
    }

    /// With the stream locked for it.
    pub(super) async fn compile_in(
        app: &App,
        tx: &Tx,
        school: SchoolId,
        week: Week,
    ) -> Result<Self, ApiError> {
        let material = app.store.week_material_in(tx, school, week).await?.ok_or(ApiError::NotFound)?;
        let newest = tx.edition_newest(school, week).await?;
        Self::of(material, newest, week).await
    }

    async fn of(material: WeekMaterial, newest: Option<StoredEdition>, week: Week) -> Result<Self, ApiError> {
        beside("compiling a log", move || {
            let draft = next(&material, week, newest.as_ref())?;
            Ok(Self { material, newest, draft })
        })
        .await?
    }

    /// Whether teachers have said no more than when it was compiled.
    pub(super) async fn has_all_feedback(&self, tx: &Tx) -> Result<bool, ApiError> {
        let WeekMaterial { school, visits, feedback, .. } = &self.material;
        let visits: Vec<VisitId> = visits.iter().map(|arrived| arrived.visit.id).collect();
        Ok(tx.feedback_on(school.id, &visits).await? == *feedback)
    }

    /// The stream's head it was compiled from.
    pub(super) const fn head(&self) -> Seq {
        self.material.school.head
    }
}
