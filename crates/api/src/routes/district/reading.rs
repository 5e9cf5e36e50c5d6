//! The schools of a district that somebody may see, and what they have published.

use xunke_domain::district::{DistrictSchool, Overview, PublishedWeek, Whole, overview, whole};
use xunke_domain::ids::DistrictId;
use xunke_domain::week::Week;
use xunke_storage::people::District;
use xunke_storage::schools::{School, SchoolFilter};

use crate::app::App;
use crate::auth::guard::{Caller, Reach};
use crate::beside::beside;
use crate::problem::ApiError;

/// More schools than any district has.
const SCHOOLS: u64 = 10_000;

/// What the rows of schools are held to: whoever reads a school's editions may see their figures in a sum.
const OF_A_SCHOOL: &str = "edition_view";

/// The schools of a district whose editions the caller may read.
async fn schools(app: &App, caller: &Caller, district: DistrictId) -> Result<Vec<DistrictSchool>, ApiError> {
    let filter = [SchoolFilter::Districts(vec![district])];
    let mut schools = app.store.read().school_list(&filter, None, SCHOOLS).await?;
    schools.retain(|school| matches!(caller.reach(app, OF_A_SCHOOL, school), Ok(Reach::All)));
    let mut taught = app.store.taught_weeks(&schools).await?;
    let shown = |School { id, name, code, .. }: School| {
        let taught = taught.remove(&id).unwrap_or_default();
        DistrictSchool { id, name, code, taught }
    };
    Ok(schools.into_iter().map(shown).collect())
}

/// The name of a district.
pub async fn name(app: &App, district: DistrictId) -> Result<String, ApiError> {
    let found = app.store.read().district_find(district).await?;
    found.map(|District { name, .. }| name).ok_or(ApiError::NotFound)
}

/// The overview of these weeks, the oldest first, for somebody; and all of his schools together over as many weeks
/// `before`.
pub async fn overview_of(
    app: &App,
    caller: &Caller,
    district: DistrictId,
    weeks: Vec<Week>,
    before: Vec<Week>,
) -> Result<(Overview, Whole), ApiError> {
    let schools = schools(app, caller, district).await?;
    let (first, last) = (before.first().or(weeks.first()), weeks.last().or(before.last()));
    let published: Vec<PublishedWeek> = match first.zip(last) {
        Some((first, last)) => app.store.read().published_weeks(district, *first, *last).await?,
        None => Vec::new(),
    };
    let now = app.clock.now();
    let put_together = move || {
        // Rows of schools that the caller may not see are not even in the sums: they are passed over.
        let whole = whole(&schools, &before, &published, now);
        (overview(&schools, &weeks, &published, now), whole)
    };
    beside("a district's overview", put_together).await
}
