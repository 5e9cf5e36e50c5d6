//! The words of a log, in Chinese and in English, for pages and exports.

use crate::log::{ChangeKind, ChangedField, ContentPart, NoteKind};
use crate::verdict::Verdict;
use crate::visit::{Level, Situation};

/// The verdict's name on the wire.
pub const fn verdict_code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsTimetabled => "as_timetabled",
        Verdict::ApprovedChange => "approved_change",
        Verdict::OfficialEvent => "official_event",
        Verdict::SubjectMismatch => "subject_mismatch",
        Verdict::TeacherMismatch => "teacher_mismatch",
        Verdict::SelfStudy => "self_study",
        Verdict::NoTeacher => "no_teacher",
        Verdict::NoLessonPlanned => "no_lesson_planned",
        Verdict::NotVerifiable => "not_verifiable",
    }
}

/// The verdict in Chinese.
pub const fn verdict_zh(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsTimetabled => "按课表上课",
        Verdict::ApprovedChange => "已批准调代课",
        Verdict::OfficialEvent => "统一活动",
        Verdict::SubjectMismatch => "挤占",
        Verdict::TeacherMismatch => "教师不符",
        Verdict::SelfStudy => "改上自习",
        Verdict::NoTeacher => "空堂",
        Verdict::NoLessonPlanned => "课表无课",
        Verdict::NotVerifiable => "无法核实",
    }
}

/// The verdict in English.
pub const fn verdict_en(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsTimetabled => "as timetabled",
        Verdict::ApprovedChange => "approved change",
        Verdict::OfficialEvent => "official event",
        Verdict::SubjectMismatch => "another subject taught",
        Verdict::TeacherMismatch => "another teacher",
        Verdict::SelfStudy => "self-study",
        Verdict::NoTeacher => "no teacher",
        Verdict::NoLessonPlanned => "no lesson planned",
        Verdict::NotVerifiable => "not verifiable",
    }
}

/// What was going on, in Chinese.
pub const fn situation_zh(situation: Situation) -> &'static str {
    match situation {
        Situation::Lesson => "上课",
        Situation::SelfStudy => "自习",
        Situation::NoTeacher => "无教师",
        Situation::NoClass => "教室无人",
        Situation::Assembly => "集会",
        Situation::Exam => "考试",
        Situation::Activity => "活动",
    }
}

/// The level's name on the wire.
pub const fn level_code(level: Level) -> &'static str {
    match level {
        Level::Excellent => "excellent",
        Level::Good => "good",
        Level::Fair => "fair",
        Level::Poor => "poor",
    }
}

/// The level in Chinese.
pub const fn level_zh(level: Level) -> &'static str {
    match level {
        Level::Excellent => "优",
        Level::Good => "良",
        Level::Fair => "中",
        Level::Poor => "差",
    }
}

/// The group of a category code, by its first two letters (domain, section 2.2), in Chinese.
pub fn finding_group_zh(code: &str) -> &'static str {
    match code.get(..2) {
        Some("TT") => "课表执行",
        Some("TB") => "教师行为",
        Some("TP") => "准备与实施",
        Some("ST") => "学生",
        Some("HW") => "作业",
        Some("EN") => "环境安全",
        Some("SF") => "师资",
        _ => "其他",
    }
}

/// A severity, 1–4, in Chinese.
pub const fn severity_zh(severity: u8) -> &'static str {
    match severity {
        1 => "提醒",
        2 => "一般",
        3 => "较重",
        4 => "红线",
        _ => "未定级",
    }
}

/// A grade in Chinese, such as `三年级` or `高一`.
pub fn grade_zh(grade: Option<u32>) -> String {
    const GRADES: [&str; 12] = [
        "一年级",
        "二年级",
        "三年级",
        "四年级",
        "五年级",
        "六年级",
        "七年级",
        "八年级",
        "九年级",
        "高一",
        "高二",
        "高三",
    ];
    let Some(grade) = grade else { return "未分年级".to_owned() };
    let place = grade.checked_sub(1).and_then(|place| usize::try_from(place).ok());
    place
        .and_then(|place| GRADES.get(place))
        .map_or_else(|| format!("{grade}年级"), |word| (*word).to_owned())
}

/// A kind of data note in Chinese; the count comes after it.
pub const fn note_zh(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::UnsentEntries => "尚有未上传记录的设备",
        NoteKind::OpenConflicts => "待裁定的冲突",
        NoteKind::HeldWrites => "被暂存的写入",
        NoteKind::UnansweredFeedback => "教师尚未回复的反馈",
        NoteKind::UnmetTasks => "尚无结果的巡课任务",
        NoteKind::BulkVisits => "批量标记的巡课（不计入评价与一致率）",
        NoteKind::DisputedSlots => "巡课人意见不一的节次（不计入比率）",
        NoteKind::NotVerifiable => "无法核实课表的巡课",
        NoteKind::TimeOff => "记录时间与所选节次相差超过20分钟的巡课",
        NoteKind::ReceivedLate => "公示后补录的巡课",
        NoteKind::Contested => "教师有异议、尚未裁定的巡课（按记录计入）",
        NoteKind::ObjectionUpheld => "异议成立、尚未更正的巡课（按记录计入）",
        NoteKind::UnknownClass => "班级不在本周名册的巡课",
        NoteKind::OutsidePlan => "课表外的节次",
        NoteKind::SeveralRubrics => "同时使用的评价量表版本",
        NoteKind::SmallNumbers => "核查不足5节、不计比率的学科",
    }
}

/// A kind of change in Chinese.
pub const fn change_zh(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "补录",
        ChangeKind::Changed => "更正",
        ChangeKind::Withdrawn => "撤回",
    }
}

/// A changed field in Chinese.
pub const fn changed_field_zh(field: ChangedField) -> &'static str {
    match field {
        ChangedField::Slot => "班级或节次",
        ChangedField::Inspector => "巡课人",
        ChangedField::Verdict => "一致性结论",
        ChangedField::Content(ContentPart::Planned) => "课表安排",
        ChangedField::Content(ContentPart::Observed) => "实上情况",
        ChangedField::Content(ContentPart::Ratings) => "评价",
        ChangedField::Content(ContentPart::Highlights) => "亮点",
        ChangedField::Content(ContentPart::Improvements) => "待改进之处",
        ChangedField::Content(ContentPart::Findings) => "存在问题",
        ChangedField::Content(ContentPart::Bulk) => "批量标记",
        ChangedField::Content(ContentPart::Objection) => "教师异议",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{finding_group_zh, level_code, verdict_code};
    use crate::verdict::Verdict;
    use crate::visit::Level;

    #[test]
    fn codes_are_the_names_on_the_wire() {
        let verdicts = [
            Verdict::AsTimetabled,
            Verdict::ApprovedChange,
            Verdict::OfficialEvent,
            Verdict::SubjectMismatch,
            Verdict::TeacherMismatch,
            Verdict::SelfStudy,
            Verdict::NoTeacher,
            Verdict::NoLessonPlanned,
            Verdict::NotVerifiable,
        ];

        for verdict in verdicts {
            assert_eq!(json!(verdict), verdict_code(verdict));
        }
        for level in [Level::Excellent, Level::Good, Level::Fair, Level::Poor] {
            assert_eq!(json!(level), level_code(level));
        }
    }

    #[test]
    fn a_code_of_no_group_is_told_as_other() {
        assert_eq!(finding_group_zh("TT01"), "课表执行");
        assert_eq!(finding_group_zh("安"), "其他");
        assert_eq!(finding_group_zh(""), "其他");
    }
}
