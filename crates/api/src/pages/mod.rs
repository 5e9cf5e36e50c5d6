//! The pages people read and print, in Chinese: pure functions from data to HTML.
//!
//! Start with [`edition_page`] (the weekly log inside the school) and [`public_page`] (what anybody
//! may read); [`visit_list_page`] and [`visit_page`] show what is behind the figures; [`sign_in_page`], [`home_page`] and [`error_page`] lead there. Templates are in
//! `templates/`, the one stylesheet is [`STYLESHEET`].
//!
//! The pages hold no script, no style of their own and nothing from elsewhere, so they can be served
//! under [`CONTENT_SECURITY_POLICY`]. Every text is escaped by the templates.

mod audit_page;
mod bar;
mod compare_page;
mod compared;
mod coverage;
mod coverage_map;
mod devices_page;
mod displacement_map;
mod district_page;
mod district_rows;
mod field_words;
mod figures;
mod frame;
mod grid;
mod heading;
mod highlight_rates;
mod home;
mod inspectors;
mod log_page;
mod names;
mod paper;
mod posting;
mod practice_page;
mod public_page;
mod ratings;
mod remarks;
mod repeats;
mod review_page;
mod schedule_page;
mod schedule_words;
mod school_page;
mod settle_page;
mod share;
#[cfg(test)]
mod tests;
mod timetable;
mod trend;
mod versions;
mod visit_links;
mod visit_list_page;
mod visit_page;
mod words;

pub use audit_page::{AuditView, audit_page};
pub use compare_page::{CompareView, compare_page};
pub use devices_page::{DeviceItem, DevicesView, devices_page};
pub use district_page::{DigestHead, DistrictView, district_page};
pub use frame::{BarEntry, DownloadLink, Form, Frame, Person, SchoolBar};
pub use heading::{EditionLink, SemesterName};
pub use home::{
    ErrorView, FirstStepsView, HomeDistrict, HomeSchool, HomeView, HomeWeek, SignInView, WeekState,
    error_page, home_page, password_page, setup_page, sign_in_page,
};
pub use log_page::{EditionState, EditionView, edition_page};
pub use names::Names;
pub use paper::{edition_paper, public_paper};
pub use posting::{
    EditionPosted, FeedView, PostedView, PostedWeekView, PostingView, feed, posted_page, posting_page,
};
pub use practice_page::{PracticeView, VersionChoice, practice_page};
pub use public_page::{PublicView, public_page};
pub use review_page::{ReviewForm, ReviewView, UnansweredItem, UnmetItem, UnsentItem, review_page};
pub use schedule_page::{ScheduleView, schedule_page};
pub use schedule_words::{NoticeLine, WeekSchedule};
pub use school_page::{SchoolView, WeekGlance, school_page};
pub use settle_page::{ConflictItem, HeldItem, SettleView, Settled, SideItem, settle_page};
pub use visit_list_page::{Choices, Chosen, ListedVisit, VisitListView, visit_list_page};
pub use visit_page::{ChangeItem, FeedbackItem, VisitView, WriteItem, visit_page};
pub(crate) use words::encoded;

/// The stylesheet of all pages, to be served at [`STYLESHEET_PATH`].
pub const STYLESHEET: &str = include_str!("../../assets/xunke.css");

/// Where the pages look for [`STYLESHEET`].
pub const STYLESHEET_PATH: &str = "/assets/xunke.css";

/// What the pages need, and no more.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
