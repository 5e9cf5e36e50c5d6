//! The three reports that counties meet about (domain, section 1.14): 一周一会商, 两周一调度, 一月一督导.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::week::Week;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// 一周一会商: 7 days, for the bureau's task force.
    WeeklyConsultation,
    /// 两周一调度: 14 days, for the county leader in charge.
    BiweeklyDispatch,
    /// 一月一督导: 30 days, for the head of the county.
    MonthlySupervision,
}

/// The days of a report and the weeks it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// The weeks whose logs fell due on these days, the oldest first.
    pub weeks: Vec<Week>,
}

impl Digest {
    /// All three, the shortest first.
    pub const ALL: [Self; 3] = [Self::WeeklyConsultation, Self::BiweeklyDispatch, Self::MonthlySupervision];

    /// The name on the wire (domain, section 8).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WeeklyConsultation => "weekly_consultation",
            Self::BiweeklyDispatch => "biweekly_dispatch",
            Self::MonthlySupervision => "monthly_supervision",
        }
    }

    /// What counties call it.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::WeeklyConsultation => "一周一会商",
            Self::BiweeklyDispatch => "两周一调度",
            Self::MonthlySupervision => "一月一督导",
        }
    }

    /// How many days it reaches back, the last one included.
    pub const fn days(self) -> u32 {
        match self {
            Self::WeeklyConsultation => 7,
            Self::BiweeklyDispatch => 14,
            Self::MonthlySupervision => 30,
        }
    }

    /// The days that end on a date. A week belongs to the report during whose days its log fell due (the Monday after
    /// the week): then its figures are out. So every week is in one weekly report, and in one only.
    pub fn span(self, to: NaiveDate) -> Span {
        let from = to.checked_sub_days(Days::new(u64::from(self.days() - 1))).unwrap_or(to);
        let mut weeks: Vec<Week> = (1..=self.days() / 7 + 2)
            .map(|back| Week::of(to).back(back))
            .filter(|week| {
                let due = week.monday().checked_add_days(Days::new(7));
                due.is_some_and(|due| (from..=to).contains(&due))
            })
            .collect();
        weeks.reverse();
        Span { from, to, weeks }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text names no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no report of this name")]
pub struct UnknownDigest;

impl FromStr for Digest {
    type Err = UnknownDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|digest| digest.as_str() == text).ok_or(UnknownDigest)
    }
}
