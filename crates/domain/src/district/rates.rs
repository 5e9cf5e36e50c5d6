//! Rates beside each other: with intervals, and whether one lies apart from the whole.

use serde::Serialize;

use crate::district::figures::{Counted, WeekFigures};
use crate::log::{share, wilson95};

/// On which side of the rate of the whole an interval lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// Wholly above it.
    Above,
    /// Wholly below it.
    Below,
}

/// `k` of `n` as a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    /// How many.
    pub k: u32,
    /// Of how many.
    pub n: u32,
    /// k / n, 4 decimals; none below 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// 95 % Wilson interval of k / n, `[low, high]`, 4 decimals; none below 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wilson95: Option<[f64; 2]>,
    /// On which side of the rate of the whole the interval lies, wholly; none if it holds that rate. Where nothing but
    /// chance is at work, one school of twenty is told so all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<Apart>,
}

/// The rates of a school, or of all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Planned slots visited, of all planned: how much was looked at. It says nothing of lessons, and is no sample: without
    /// interval.
    pub coverage: Rate,
    /// Slots taught as planned, of those checked.
    pub consistency: Rate,
    /// Slots in which another subject was taught without approval, of those checked.
    pub displacement: Rate,
    /// Levels 优 and 良, of all levels given. Schools rate by rubrics of their own, so none is held against the whole.
    pub good: Rate,
}

impl Rate {
    fn of(Counted { k, n }: Counted) -> Self {
        Self { k, n, share: share(k, n), wilson95: wilson95(k, n), differs: None }
    }

    fn beside(self, whole: Counted) -> Self {
        let middle = share(whole.k, whole.n).map(|_| f64::from(whole.k) / f64::from(whole.n));
        let differs = self.wilson95.zip(middle).and_then(|([low, high], middle)| match middle {
            middle if low > middle => Some(Apart::Above),
            middle if high < middle => Some(Apart::Below),
            _ => None,
        });
        Self { differs, ..self }
    }
}

impl Rates {
    /// The rates of these counts alone.
    pub(super) fn of(figures: &WeekFigures) -> Self {
        Self {
            coverage: Rate { wilson95: None, ..Rate::of(figures.coverage) },
            consistency: Rate::of(figures.consistency),
            displacement: Rate::of(figures.displacement),
            good: Rate::of(figures.good),
        }
    }

    /// The rates of a school, held against those of all together.
    pub(super) fn beside(figures: &WeekFigures, whole: &WeekFigures) -> Self {
        let alone = Self::of(figures);
        Self {
            consistency: alone.consistency.beside(whole.consistency),
            displacement: alone.displacement.beside(whole.displacement),
            ..alone
        }
    }
}
