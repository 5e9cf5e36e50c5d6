//! Who people are to a school: memberships with a role, a scope and dates.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{DistrictId, SchoolId};

/// What a person is (domain, section 2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 巡课人: records visits.
    Inspector,
    /// 校长: reads everything of the school, approves and publishes.
    Principal,
    /// 教导处主任: keeps the reference data, drafts the log.
    AcademicAffairs,
    /// 任课教师: sees feedback on own lessons.
    Teacher,
    /// 责任督学: visits and reads assigned schools.
    Supervisor,
    /// Keeps people and schools of a district; sees no visits.
    Administrator,
}

impl Role {
    /// Every role, in the order of the policy's columns.
    pub const ALL: [Self; 6] = [
        Self::Inspector,
        Self::Principal,
        Self::AcademicAffairs,
        Self::Teacher,
        Self::Supervisor,
        Self::Administrator,
    ];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inspector => "inspector",
            Self::Principal => "principal",
            Self::AcademicAffairs => "academic_affairs",
            Self::Teacher => "teacher",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
        }
    }

    /// Whether people of this role record visits.
    pub const fn visits(self) -> bool {
        matches!(self, Self::Inspector | Self::Principal | Self::AcademicAffairs | Self::Supervisor)
    }

    /// Whether people of this role see every visit of a school, not just their own.
    pub const fn sees_whole_school(self) -> bool {
        matches!(self, Self::Principal | Self::AcademicAffairs | Self::Supervisor)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no role of this name")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// Where a membership holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// These schools.
    Schools(BTreeSet<SchoolId>),
    /// Every school of the district, those to come included.
    District,
}

/// A person's place: role, scope, dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: Uuid,
    /// The role.
    pub role: Role,
    /// The district it lies in.
    pub district: DistrictId,
    /// Where it holds.
    pub scope: Scope,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; open if absent.
    pub valid_to: Option<NaiveDate>,
}

/// What something lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A school of a district.
    School(SchoolId, DistrictId),
    /// A district itself.
    District(DistrictId),
}

/// How a place lies to a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Inside its scope.
    Covered,
    /// In its district, outside its scope.
    SameDistrict,
    /// In another district.
    Elsewhere,
}

impl Membership {
    /// Whether it holds on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// How a place lies to it.
    pub fn relation(&self, place: Place) -> Relation {
        let (district, covered) = match (place, &self.scope) {
            (Place::School(school, district), Scope::Schools(schools)) => {
                (district, schools.contains(&school))
            }
            (Place::School(_, district) | Place::District(district), Scope::District) => (district, true),
            (Place::District(district), Scope::Schools(_)) => (district, false),
        };
        match (self.district == district, covered) {
            (true, true) => Relation::Covered,
            (true, false) => Relation::SameDistrict,
            (false, _) => Relation::Elsewhere,
        }
    }
}
