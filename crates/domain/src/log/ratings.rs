//! Ratings: counts per level, never averaged and never converted (domain, section 7, formula 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::gathered::Gathered;
use crate::log::labels::level_code;
use crate::log::trace::Trace;
use crate::visit::Level;

/// How often each level was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelCounts {
    /// 优.
    pub excellent: u32,
    /// 良.
    pub good: u32,
    /// 中.
    pub fair: u32,
    /// 差.
    pub poor: u32,
}

impl LevelCounts {
    fn add(&mut self, level: Level) {
        let count = match level {
            Level::Excellent => &mut self.excellent,
            Level::Good => &mut self.good,
            Level::Fair => &mut self.fair,
            Level::Poor => &mut self.poor,
        };
        *count += 1;
    }
}

/// Counts over all dimensions, per dimension, and the visits they come from. Bulk visits give none.
#[derive(Debug, Default)]
pub(super) struct Ratings {
    pub(super) all: LevelCounts,
    pub(super) by_dimension: BTreeMap<String, LevelCounts>,
    pub(super) visits: u32,
}

pub(super) fn ratings(week: &Gathered<'_>, trace: &mut Trace) -> Ratings {
    let mut ratings = Ratings::default();
    let rated = week.visits.iter().filter(|seen| !seen.logged.visit.bulk);
    for seen in rated.filter(|seen| !seen.logged.visit.ratings.is_empty()) {
        ratings.visits += 1;
        trace.visit("ratings", seen.id());
        for (dimension, level) in &seen.logged.visit.ratings {
            ratings.all.add(*level);
            ratings.by_dimension.entry(dimension.clone()).or_default().add(*level);
            trace.visit(format_args!("ratings.{}", level_code(*level)), seen.id());
            trace.visit(format_args!("ratings.{dimension}.{}", level_code(*level)), seen.id());
        }
    }
    ratings
}
