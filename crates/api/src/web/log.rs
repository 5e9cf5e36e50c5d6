//! The weekly log in a browser: draft and editions.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, FixedOffset};
use uuid::Uuid;
use xunke_domain::week::Week;
use xunke_storage::editions::{EditionHead, StoredEdition};
use xunke_storage::schools::School;

use super::bar::{Part, Place, bar};
use super::session::Visitor;
use super::{PageError, frame, here, page};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::ApiPath;
use crate::instant::at;
use crate::naming::Named;
use crate::pages::{self, DownloadLink, EditionLink, EditionState, EditionView, Frame, PublicView};
use crate::problem::ApiError;
use crate::routes::editions::{edition, read_edition, read_public};
use crate::routes::weeks::draft;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/weeks/{week}/draft", get(draft_page))
        .route("/schools/{school}/weeks/{week}/editions/{number}", get(edition_page))
        .route("/schools/{school}/weeks/{week}/editions/{number}/public", get(public_page))
}

/// What the pages of one week have in common.
pub(super) struct Shown {
    named: Named,
    editions: Vec<(u32, DateTime<FixedOffset>, String)>,
}

impl Shown {
    /// `url`: where the page of an edition is, if it is to be shown.
    pub(super) async fn read(
        app: &App,
        school: &School,
        week: Week,
        url: impl Fn(u32) -> Option<String>,
    ) -> Result<Self, PageError> {
        let heads = app.store.read().edition_heads_of(school.id, week).await?;
        let shown =
            |head: EditionHead| Some((head.number, at(head.published_at).fixed_offset(), url(head.number)?));
        let editions = heads.into_iter().filter_map(shown).collect();
        Ok(Self { named: Named::read(app, school, week).await?, editions })
    }

    /// The page of a public edition.
    pub(super) fn public_page(
        &self,
        frame: Frame<'_>,
        stored: &StoredEdition,
        downloads: &[DownloadLink<'_>],
    ) -> Result<String, PageError> {
        Ok(pages::public_page(&PublicView {
            frame,
            semester: self.named.semester(),
            log: &read_public(&stored.public_bytes)?,
            editions: &self.links(),
            dimensions: &self.named.dimensions,
            downloads,
        })?)
    }

    fn links(&self) -> Vec<EditionLink<'_>> {
        self.editions
            .iter()
            .map(|(number, published_at, url)| EditionLink {
                number: *number,
                published_at: *published_at,
                url,
            })
            .collect()
    }
}

/// Where the week's visits are, as a file.
fn visits_url(school: Uuid, week: Week, format: &str) -> String {
    format!("/schools/{school}/visits/export?format={format}&week={week}&submitted=true")
}

async fn draft_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "weekly_log_draft", id).await?;
    let draft = draft(&app, school.id, week).await?;
    let shown = Shown::read(&app, &school, week, |number| Some(url_of(&school, week, number))).await?;
    let bar = bar(&app, &visitor, &school, Some(week), Place::On(Part::Log)).await?;
    let view = EditionView {
        frame: frame!(visitor, Some(&bar)),
        semester: shown.named.semester(),
        log: &draft.log,
        state: EditionState::Draft {
            compiled_at: at(app.clock.millis()).fixed_offset(),
            review_url: &format!("/schools/{id}/weeks/{week}/review"),
        },
        changes: &draft.changes,
        editions: &shown.links(),
        visit_url_prefix: Some(&format!("/schools/{id}/visits/")),
        figures_url: Some(&format!("/schools/{id}/weeks/{week}/visits?")),
        compare_url: None,
        public_url: None,
        dimensions: &shown.named.dimensions,
        downloads: &[
            DownloadLink { label: "本周巡课记录 Excel", url: &visits_url(id, week, "xlsx") },
            DownloadLink { label: "本周巡课记录 CSV", url: &visits_url(id, week, "csv") },
        ],
    };
    Ok(page(pages::edition_page(&view)?))
}

async fn edition_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "edition_view", id).await?;
    let stored = edition(&app, school.id, week, number).await?;
    let edition = read_edition(&stored.bytes)?;
    let shown = Shown::read(&app, &school, week, |number| Some(url_of(&school, week, number))).await?;
    let compare_url =
        (number > 1).then(|| format!("/schools/{id}/weeks/{week}/compare?a={}&b={number}", number - 1));
    let url = url_of(&school, week, number);
    let public_url = format!("{url}/public");
    let bar = bar(&app, &visitor, &school, Some(week), Place::On(Part::Log)).await?;
    let view = EditionView {
        frame: frame!(visitor, Some(&bar)),
        semester: shown.named.semester(),
        log: &edition.log,
        state: EditionState::Published {
            number,
            at: edition.published_at,
            by: &edition.approved_by(),
            hash: &stored.hash.parse().map_err(|_| ApiError::Internal)?,
            remarks: edition.remarks.as_deref(),
        },
        changes: &edition.changes,
        editions: &shown.links(),
        visit_url_prefix: Some(&format!("/schools/{id}/visits/")),
        figures_url: Some(&format!("/schools/{id}/weeks/{week}/visits?edition={number}&")),
        compare_url: compare_url.as_deref(),
        public_url: Some(&public_url),
        dimensions: &shown.named.dimensions,
        downloads: &[
            DownloadLink { label: "PDF（内部版）", url: &format!("{url}/pdf") },
            DownloadLink { label: "Excel（内部版）", url: &format!("{url}/xlsx") },
            DownloadLink { label: "CSV（各项指标）", url: &format!("{url}/csv") },
            DownloadLink { label: "本周巡课记录 Excel", url: &visits_url(id, week, "xlsx") },
            DownloadLink { label: "本周巡课记录 CSV", url: &visits_url(id, week, "csv") },
        ],
    };
    Ok(page(pages::edition_page(&view)?))
}

async fn public_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "edition_public", id).await?;
    let stored = edition(&app, school.id, week, number).await?;
    let url = |number| Some(format!("{}/public", url_of(&school, week, number)));
    let shown = Shown::read(&app, &school, week, url).await?;
    let bar = bar(&app, &visitor, &school, Some(week), Place::Below(Part::Log)).await?;
    let pdf = format!("{}/public/pdf", url_of(&school, week, number));
    let downloads = [DownloadLink { label: "PDF", url: &pdf }];
    Ok(page(shown.public_page(frame!(visitor, Some(&bar)), &stored, &downloads)?))
}

/// Where the page of an edition is.
fn url_of(school: &School, week: Week, number: u32) -> String {
    format!("/schools/{}/weeks/{week}/editions/{number}", school.id)
}
