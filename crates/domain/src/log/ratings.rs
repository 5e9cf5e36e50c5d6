//! Ratings: counts per level, the share of 优良 and the middle level; never averaged and never converted (domain,
//! section 7, formula 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::gathered::{Gathered, Seen};
use crate::log::labels::level_code;
use crate::log::shares::{share, wilson95};
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

/// Of fewer levels no middle is told.
const MIN_MIDDLE: u32 = 10;

/// What the counts come to, over all dimensions and by dimension.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RatingShares {
    /// Over all dimensions.
    pub all: RatingShare,
    /// By dimension of the rubric.
    pub by_dimension: BTreeMap<String, RatingShare>,
    /// By rubric (its id, or `none`), where several are in use: levels of different rubrics do not compare.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_rubric: BTreeMap<String, RatingShare>,
}

/// 优良 of all levels given. The levels of one visit go together, so the interval is rather too narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RatingShare {
    /// 优 and 良.
    pub good: u32,
    /// All levels given.
    pub rated: u32,
    /// good / rated, 4 decimals; none below 5.
    pub share: Option<f64>,
    /// 95 % Wilson interval of good / rated, `[low, high]`, 4 decimals; none below 5.
    pub wilson95: Option<[f64; 2]>,
    /// The middle level; two that differ, the better first, where the middle lies between them. None below 10.
    pub median: Option<[Level; 2]>,
}

impl From<LevelCounts> for RatingShare {
    fn from(counts: LevelCounts) -> Self {
        let (good, rated) = (counts.excellent + counts.good, counts.total());
        let middle = |place| counts.at(place);
        let median = (rated >= MIN_MIDDLE).then(|| [middle((rated - 1) / 2), middle(rated / 2)]);
        Self { good, rated, share: share(good, rated), wilson95: wilson95(good, rated), median }
    }
}

impl LevelCounts {
    /// How many levels were given.
    pub const fn total(&self) -> u32 {
        self.excellent + self.good + self.fair + self.poor
    }

    /// The level at a place, from 0, when all are put in order, the best first.
    const fn at(&self, place: u32) -> Level {
        let (excellent, good) = (self.excellent, self.excellent + self.good);
        match place {
            _ if place < excellent => Level::Excellent,
            _ if place < good => Level::Good,
            _ if place < good + self.fair => Level::Fair,
            _ => Level::Poor,
        }
    }

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
    pub(super) shares: RatingShares,
}

pub(super) fn ratings(week: &Gathered<'_>, trace: &mut Trace) -> Ratings {
    let mut ratings = Ratings::default();
    let mut by_rubric: BTreeMap<String, LevelCounts> = BTreeMap::new();
    let given = week.visits.iter().filter(|seen| !seen.logged.visit.bulk);
    let rated = given.filter(|seen| !seen.logged.visit.ratings.is_empty());
    for seen in rated.clone() {
        ratings.visits += 1;
        trace.visit("ratings", seen.id());
        let of_rubric = by_rubric.entry(rubric(seen)).or_default();
        for (dimension, level) in &seen.logged.visit.ratings {
            of_rubric.add(*level);
            ratings.all.add(*level);
            ratings.by_dimension.entry(dimension.clone()).or_default().add(*level);
            trace.visit(format_args!("ratings.{}", level_code(*level)), seen.id());
            trace.visit(format_args!("ratings.{dimension}.{}", level_code(*level)), seen.id());
            if is_good(*level) {
                trace.visit("good.all", seen.id());
                trace.visit(format_args!("good.dimension.{dimension}"), seen.id());
            }
        }
    }
    if by_rubric.len() < 2 {
        by_rubric.clear();
    }
    for (name, place) in by_rubric.keys().zip(1_u32..) {
        let good = |seen: &&Seen<'_>| seen.logged.visit.ratings.values().any(|level| is_good(*level));
        for seen in rated.clone().filter(|seen| rubric(seen) == *name).filter(good) {
            trace.visit(format_args!("good.rubric.{place}"), seen.id());
        }
    }
    ratings.shares = RatingShares {
        all: ratings.all.into(),
        by_dimension: (ratings.by_dimension.iter())
            .map(|(dimension, counts)| (dimension.clone(), (*counts).into()))
            .collect(),
        by_rubric: by_rubric.into_iter().map(|(rubric, counts)| (rubric, counts.into())).collect(),
    };
    ratings
}

/// The rubric a visit was rated by; `none` where it does not say.
fn rubric(seen: &Seen<'_>) -> String {
    seen.logged.visit.rubric.map_or_else(|| "none".to_owned(), |id| id.to_string())
}

/// Whether a level is 优 or 良.
fn is_good(level: Level) -> bool {
    level <= Level::Good
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn counts(excellent: u32, good: u32, fair: u32, poor: u32) -> LevelCounts {
        LevelCounts { excellent, good, fair, poor }
    }

    /// 146 of 184: p = 0.79348, Wilson 0.7293–0.8457.
    #[test]
    fn the_share_of_good_is_told_with_its_interval_and_the_middle_level() {
        let share = RatingShare::from(counts(47, 99, 32, 6));

        assert_eq!((share.good, share.rated, share.share), (146, 184, Some(0.7935)));
        assert_eq!(share.wilson95, Some([0.7293, 0.8457]));
        assert_eq!(share.median, Some([Level::Good, Level::Good]));
    }

    #[test]
    fn the_middle_may_lie_between_two_levels() {
        assert_eq!(
            RatingShare::from(counts(0, 5, 4, 1)).median,
            Some([Level::Good, Level::Fair]),
            "the fifth is good, the sixth fair"
        );
        assert_eq!(RatingShare::from(counts(6, 0, 0, 5)).median, Some([Level::Excellent; 2]));
        assert_eq!(RatingShare::from(counts(0, 0, 0, 10)).median, Some([Level::Poor; 2]));
    }

    #[test]
    fn few_levels_have_no_middle_and_fewer_no_share() {
        let (nine, four) = (RatingShare::from(counts(9, 0, 0, 0)), RatingShare::from(counts(2, 2, 0, 0)));

        assert_eq!((nine.median, nine.share), (None, Some(1.0)));
        assert_eq!((four.median, four.share, four.wilson95), (None, None, None));
    }
}
