//! What happens to a week's log by itself: it is made ready for review, the principal is reminded, and, where the school
//! wants it so, it is published by rule unless somebody objects (domain, sections 2.7 and 6).
//!
//! [`setting`] is what a school decides, [`steps`] what follows from that for a week at a moment. Both are pure: the server
//! asks once a minute what is due, and does it.

pub mod setting;
pub mod steps;
#[cfg(test)]
mod tests;

pub use setting::{Moment, PublishSchedule, Reminder, Timing};
pub use steps::{Hindrance, Progress, Standing, Step, standing, weeks};
