//! A typed id per kind, so that a teacher's id cannot stand where a class's is due.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Declares ids: `Copy + Ord + Hash`, transparent in JSON, the UUID inside private.
macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID as this kind of id; for the edges, where rows and messages are read.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID inside; for the edges, where rows and messages are written.
            pub const fn into_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

typed_ids! {
    /// A district (县区教育局): the schools and people of one education bureau.
    DistrictId,
    /// A school; also the id of its stream (protocol, section 1).
    SchoolId,
    /// A person who can sign in.
    UserId,
    /// A class (班级).
    ClassId,
    /// A teacher (教师) as a record of a school; may be linked to a user.
    TeacherId,
    /// A subject (学科) of a school.
    SubjectId,
    /// A version of a school's timetable (课程表).
    TimetableId,
    /// An approved or filed change of lessons (调课/代课/停课).
    LessonChangeId,
    /// One visit, made by the device that recorded it, online or not.
    VisitId,
}
