//! What an audit says, in the words of schools; for pages and workbooks.

use super::class_report::{ClassFinding, CountedLesson, FindingKind, Standing, SubjectRow, WhyUncounted};
use super::report::{AuditNote, WhyNotJudged};
use super::teacher_report::{LoadFindingKind, LoadPart, OwnField, TaughtLesson};
use crate::book::LessonWeeks;
use crate::plan::CourseKind;

/// A number with at most two decimals, without needless ones.
pub fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Where a subject stands.
pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::NotOffered => "未开设",
        Standing::Short => "不足",
        Standing::Enough => "足额",
        Standing::Over => "超出",
        Standing::Offered => "已开设",
        Standing::Unplanned => "方案外",
    }
}

/// Whose decision a subject is.
pub const fn course(kind: CourseKind) -> &'static str {
    match kind {
        CourseKind::National => "国家课程",
        CourseKind::Local => "地方课程",
        CourseKind::School => "校本课程",
    }
}

/// What is found in a class.
pub const fn finding(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::NotOffered | FindingKind::PartNotOffered => "未开齐",
        FindingKind::BelowLeast => "低于最低课时",
        FindingKind::Short => "未开足",
        FindingKind::PartShort => "须单列课时不足",
        FindingKind::TotalOver => "超课时",
        FindingKind::TotalShort => "周总课时不足",
        FindingKind::MainOver => "语数外超课时",
    }
}

/// How a teacher has too much.
pub const fn load_finding(kind: LoadFindingKind) -> &'static str {
    match kind {
        LoadFindingKind::Subjects => "任教学科过多",
        LoadFindingKind::Lessons => "周课时过多",
        LoadFindingKind::OutOfField => "非本学科课时占比过高",
    }
}

/// The unit of a load finding's figures.
pub const fn load_unit(kind: LoadFindingKind) -> &'static str {
    match kind {
        LoadFindingKind::Subjects => "科",
        LoadFindingKind::Lessons => "节",
        LoadFindingKind::OutOfField => "%",
    }
}

/// How a subject enters the share outside the field.
pub const fn load_part(part: LoadPart) -> &'static str {
    match part {
        LoadPart::Own => "本学科",
        LoadPart::OutOfField => "兼课",
        LoadPart::Duty => "班主任工作",
    }
}

/// Where a teacher's own field is known from.
pub const fn own_from(from: OwnField) -> &'static str {
    match from {
        OwnField::Record => "学校登记",
        OwnField::MostLessons => "按课时最多的学科推定",
        OwnField::Unknown => "无法推定",
    }
}

/// Why a class is not judged.
pub const fn why_not_judged(why: WhyNotJudged) -> &'static str {
    match why {
        WhyNotJudged::NoLessons => "生效课表中没有该班的课",
        WhyNotJudged::NoGrade => "该班当日不在任何年级",
        WhyNotJudged::NotInPlan => "课程方案没有该年级",
    }
}

/// Why a lesson counts for nothing.
pub const fn why_uncounted(why: WhyUncounted) -> &'static str {
    match why {
        WhyUncounted::Period => "非上课节次",
        WhyUncounted::Subject => "自习等不计课时",
    }
}

/// What readers should know.
pub fn note(note: &AuditNote) -> String {
    match note {
        AuditNote::UnreadableSetting { name } => format!("学校设置 {name} 无法读取，已按默认值计算。"),
        AuditNote::MinutesAssumed => "部分节次不在作息表中，每节按一个标准课时计。".to_owned(),
    }
}

/// `周一` for 1 to `周日` for 7.
pub fn weekday(number: u32) -> &'static str {
    let place = usize::try_from(number.wrapping_sub(1)).unwrap_or(usize::MAX);
    ["周一", "周二", "周三", "周四", "周五", "周六", "周日"].get(place).copied().unwrap_or("")
}

/// The weeks of a lesson; nothing for every week.
pub fn weeks(weeks: LessonWeeks) -> String {
    match weeks {
        LessonWeeks::All => String::new(),
        LessonWeeks::Odd => "（单周）".to_owned(),
        LessonWeeks::Even => "（双周）".to_owned(),
        LessonWeeks::Range(from, to) => format!("（{from}—{to}周）"),
    }
}

/// The lessons a figure is made of: `周一第2节、周三第3节（单周）`. Minutes are told where they are not the standard, and
/// subjects where there are several: `周一第1节美术、周一第6节音乐`.
pub fn lessons(lessons: &[CountedLesson], standard: f64) -> String {
    let several =
        lessons.iter().any(|lesson| Some(&lesson.subject) != lessons.first().map(|one| &one.subject));
    let told = lessons.iter().map(|lesson| {
        let CountedLesson { weekday: day, period, subject, weeks: on, minutes, .. } = lesson;
        let subject = if several { subject.as_str() } else { "" };
        let length = if (minutes - standard).abs() < 0.5 {
            String::new()
        } else {
            format!(" {}分钟", number(*minutes))
        };
        format!("{}{period}{subject}{}{length}", weekday(*day), weeks(*on))
    });
    told.collect::<Vec<_>>().join("、")
}

/// The lessons a teacher's figure is made of: `三年级(1)班周一第2节`.
pub fn taught(lessons: &[TaughtLesson]) -> String {
    let told = lessons.iter().map(|lesson| {
        let TaughtLesson { class_name, weekday: day, period, weeks: on, .. } = lesson;
        format!("{class_name}{}{period}{}", weekday(*day), weeks(*on))
    });
    told.collect::<Vec<_>>().join("、")
}

/// `科学（生物学、物理）` where those are taught in its place.
pub fn subject(row: &SubjectRow) -> String {
    if row.taught_as.is_empty() {
        row.subject.clone()
    } else {
        format!("{}（{}）", row.subject, row.taught_as.join("、"))
    }
}

/// A finding as a sentence: `科学每周1课时，应有2课时，少1课时（40分钟）`.
pub fn in_words(found: &ClassFinding) -> String {
    let ClassFinding { kind, subject, hours, due, off_hours, off_minutes } = found;
    let name = subject.as_deref().unwrap_or("周总课时");
    let off = format!("{}课时（{}分钟）", number(*off_hours), number(*off_minutes));
    let due = due.map_or(String::new(), |due| format!("应有{}课时", number(due)));
    let (now, by) = (number(*hours), off);
    match kind {
        FindingKind::NotOffered | FindingKind::PartNotOffered if due.is_empty() => format!("{name}未开设"),
        FindingKind::NotOffered | FindingKind::PartNotOffered => format!("{name}未开设，{due}，少{by}"),
        FindingKind::BelowLeast => format!("{name}每周{now}课时，最低{due}，少{by}"),
        FindingKind::PartShort => format!("{name}单列{now}课时，{due}，少{by}"),
        FindingKind::Short => format!("{name}每周{now}课时，{due}，少{by}"),
        FindingKind::TotalShort => format!("{name}{now}，{due}，少{by}"),
        FindingKind::TotalOver => format!("{name}{now}，{due}，多{by}"),
        FindingKind::MainOver => format!("{name}每周{now}课时，{due}，多{by}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_needless_decimals() {
        assert_eq!([26.0, 0.5, 28.57, 0.0, 100.0].map(number), ["26", "0.5", "28.57", "0", "100"]);
    }

    #[test]
    fn a_finding_is_a_sentence_with_hours_and_minutes() {
        let found = |kind, due: Option<f64>, hours, off_hours| {
            let subject = Some("科学".to_owned());
            in_words(&ClassFinding { kind, subject, hours, due, off_hours, off_minutes: off_hours * 40.0 })
        };

        assert_eq!(
            found(FindingKind::Short, Some(2.0), 1.5, 0.5),
            "科学每周1.5课时，应有2课时，少0.5课时（20分钟）"
        );
        assert_eq!(found(FindingKind::NotOffered, None, 0.0, 0.0), "科学未开设");
        assert_eq!(
            found(FindingKind::NotOffered, Some(2.0), 0.0, 2.0),
            "科学未开设，应有2课时，少2课时（80分钟）"
        );
    }

    #[test]
    fn a_lesson_says_its_weeks_and_an_unusual_length() {
        let lesson = |period: &str, weeks, minutes| CountedLesson {
            weekday: 3,
            period: period.into(),
            subject: "科学".into(),
            weeks,
            weekly: 1.0,
            minutes,
            assumed: false,
        };
        let two = [lesson("第1节", LessonWeeks::Odd, 40.0), lesson("短课", LessonWeeks::All, 20.0)];

        assert_eq!(lessons(&two, 40.0), "周三第1节（单周）、周三短课 20分钟");

        let mut arts = [lesson("第1节", LessonWeeks::All, 40.0), lesson("第6节", LessonWeeks::All, 40.0)];
        arts[1].subject = "音乐".into();
        assert_eq!(lessons(&arts, 40.0), "周三第1节科学、周三第6节音乐");
    }
}
