//! The verdict of a visit: was the lesson on the timetable really taught?

use serde::{Deserialize, Serialize};

/// What holding an observation against the timetable says (architecture, "A visit's fields").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Subject and teacher as planned.
    AsTimetabled,
    /// As an approved 调课 or 代课 says.
    ApprovedChange,
    /// The lesson gave way to a declared event, exam or approved cancellation.
    OfficialEvent,
    /// Another subject was taught (挤占).
    SubjectMismatch,
    /// The planned subject, by somebody else, without approval.
    TeacherMismatch,
    /// Self-study instead of the lesson.
    SelfStudy,
    /// Nobody taught (空堂).
    NoTeacher,
    /// The timetable has no lesson there.
    NoLessonPlanned,
    /// No timetable, or not enough seen to say.
    NotVerifiable,
}
