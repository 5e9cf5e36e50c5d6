//! What is missing from a week before its log is published.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::{ClassId, SchoolId, TeacherId, UserId, VisitId};
use xunke_domain::week::Week;
use xunke_storage::feedback::Feedback;
use xunke_storage::gaps::{UnmetTask, UnsentDevice};

use crate::app::App;
use crate::auth::guard::Here;
use crate::body::ApiPath;
use crate::instant::instant;
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(weekly_log_preflight))
}

/// What is missing. Publishing anyway prints each kind in the log's data notes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preflight {
    /// The stream's seq it was read as of; publish with it to publish just this.
    pub as_of: i64,
    /// Whether nothing is missing.
    pub complete: bool,
    /// Submitted visits of the week.
    pub visits: usize,
    /// Devices that said they still hold entries.
    pub unsent: Vec<UnsentView>,
    /// Visits of the week with open conflicts.
    #[schema(value_type = Vec<Uuid>)]
    pub conflicts: Vec<VisitId>,
    /// Held writes of the school that nobody has decided.
    pub held: u64,
    /// Feedback on visits of the week that the teacher has not answered.
    pub feedback: Vec<UnansweredView>,
    /// Patrol tasks due in the week without a visit for each of their classes.
    pub tasks: Vec<UnmetView>,
}

/// A device that still holds entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnsentView {
    /// Its id.
    pub device: String,
    /// Whose it is.
    pub person: String,
    /// What the person calls it.
    pub name: String,
    /// Entries it said it still held.
    pub unsent: i64,
    /// Last push, RFC 3339.
    pub seen_at: Option<String>,
}

/// Feedback without a reply.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnansweredView {
    /// Its id.
    pub id: Uuid,
    /// The visit.
    #[schema(value_type = Uuid)]
    pub visit: VisitId,
    /// The teacher.
    #[schema(value_type = Uuid)]
    pub teacher: TeacherId,
    /// `sent` or `seen`.
    pub state: String,
    /// When it was sent, RFC 3339.
    pub sent_at: String,
}

/// A patrol task without a result.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmetView {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    #[schema(value_type = Uuid)]
    pub inspector: UserId,
    /// By name.
    pub person: String,
    /// What it is called.
    pub title: Option<String>,
    /// Its last day.
    pub to: chrono::NaiveDate,
    /// The classes left; empty: it names none, and there is no visit at all.
    #[schema(value_type = Vec<Uuid>)]
    pub classes: Vec<ClassId>,
}

impl From<UnsentDevice> for UnsentView {
    fn from(UnsentDevice { person, device }: UnsentDevice) -> Self {
        Self {
            device: device.id.to_string(),
            person,
            name: device.name,
            unsent: device.unsent,
            seen_at: device.seen_at.map(instant),
        }
    }
}

impl From<&Feedback> for UnansweredView {
    fn from(feedback: &Feedback) -> Self {
        let Feedback { id, visit, teacher, state, sent_at, .. } = feedback;
        Self { id: *id, visit: *visit, teacher: *teacher, state: state.clone(), sent_at: instant(*sent_at) }
    }
}

impl From<UnmetTask> for UnmetView {
    fn from(UnmetTask { id, task, person, classes }: UnmetTask) -> Self {
        Self {
            id,
            inspector: task.inspector,
            person,
            title: task.title,
            to: task.to,
            classes: classes.into_iter().collect(),
        }
    }
}

/// What is missing from a week; shared with the pages.
pub async fn preflight(app: &App, school: SchoolId, week: Week) -> Result<Preflight, ApiError> {
    let material = app.store.week_material(school, week).await?.ok_or(ApiError::NotFound)?;
    let found = Preflight {
        as_of: material.school.head,
        complete: false,
        visits: material.visits.len(),
        feedback: material.unanswered().map(UnansweredView::from).collect(),
        unsent: material.unsent.into_iter().map(UnsentView::from).collect(),
        conflicts: material.conflicted.into_iter().collect(),
        held: material.held,
        tasks: material.unmet.into_iter().map(UnmetView::from).collect(),
    };
    let lists = found.unsent.len() + found.conflicts.len() + found.feedback.len() + found.tasks.len();
    Ok(Preflight { complete: lists == 0 && found.held == 0, ..found })
}

/// What is missing from a week before its log is published
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/preflight", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")), responses(
    (status = 200, body = Preflight, description = "Nothing of it stops a publication; it is told in the log"),
))]
async fn weekly_log_preflight(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
) -> Result<axum::Json<Preflight>, ApiError> {
    Ok(axum::Json(preflight(&app, here.school.id, week).await?))
}
