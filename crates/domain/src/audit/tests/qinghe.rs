//! What the audit of 青禾实验小学 says: the facts were worked out by hand from its timetable of 688 lessons.

use crate::audit::class_report::{ClassAudit, Standing, SubjectRow};
use crate::audit::report::Audit;
use crate::audit::{curriculum, teachers};
use crate::sample::{day, sample_book};

fn audit() -> Audit {
    curriculum(&sample_book(), day("2026-11-23"))
}

fn class<'a>(audit: &'a Audit, name: &str) -> &'a ClassAudit {
    audit.classes.iter().find(|class| class.name == name).unwrap()
}

fn row<'a>(class: &'a ClassAudit, subject: &str) -> &'a SubjectRow {
    class.subjects.iter().find(|row| row.subject == subject).unwrap()
}

#[test]
fn all_24_classes_have_every_subject_and_their_26_or_30_hours() {
    let audit = audit();

    assert_eq!((audit.classes.len(), audit.not_judged.len(), audit.notes.len()), (24, 0, 0));
    for class in &audit.classes {
        let total = if class.grade <= 2 { 26.0 } else { 30.0 };
        assert_eq!((class.total.hours, class.total.minutes), (total, total * 40.0), "{}", class.name);
        assert_eq!(class.total.standing, Standing::Enough);
        assert!(class.all_offered && class.all_enough, "{}", class.name);
        assert_eq!(class.findings, [], "{}", class.name);
        assert!(class.others.is_empty() && class.uncounted.is_empty(), "{}", class.name);
    }
}

#[test]
fn only_the_school_based_course_of_two_classes_is_short_and_it_is_not_required() {
    let audit = audit();

    let off: Vec<(String, String, f64, f64)> = audit
        .classes
        .iter()
        .flat_map(|class| class.subjects.iter().map(move |row| (class, row)))
        .filter(|(_, row)| row.standing != Standing::Enough)
        .map(|(class, row)| (class.name.clone(), row.subject.clone(), row.hours, row.shortfall_minutes))
        .collect();

    // 三(1) and 四(1) have 心理健康 in odd or even weeks in the place of 校本: half an hour goes from one to the other.
    let expected = [
        ("三年级(1)班", "地方课程", 1.5, 0.0),
        ("三年级(1)班", "校本课程", 0.5, 20.0),
        ("四年级(1)班", "地方课程", 1.5, 0.0),
        ("四年级(1)班", "校本课程", 0.5, 20.0),
    ];
    assert_eq!(
        off,
        expected.map(|(class, subject, hours, off)| (class.to_owned(), subject.to_owned(), hours, off))
    );
    assert!(!row(class(&audit, "三年级(1)班"), "校本课程").required);
}

#[test]
fn a_figure_says_which_lessons_it_is_made_of() {
    let audit = audit();
    let third = class(&audit, "三年级(1)班");

    let chinese = row(third, "语文");
    assert_eq!((chinese.hours, chinese.minutes, chinese.planned_hours), (7.0, 280.0, Some(7.0)));
    let named = |name: &str| chinese.lessons.iter().filter(|lesson| lesson.subject == name).count();
    assert_eq!((named("语文"), named("书法"), chinese.lessons.len()), (6, 1, 7));
    assert!(chinese.parts.iter().all(|part| part.met && part.subject == "书法"));

    let arts = row(third, "艺术");
    let named = |name: &str| arts.lessons.iter().filter(|lesson| lesson.subject == name).count();
    assert_eq!((arts.hours, named("音乐"), named("美术")), (4.0, 2, 2));

    let halves: Vec<f64> = row(third, "校本课程").lessons.iter().map(|lesson| lesson.weekly).collect();
    assert_eq!(halves, [0.5]);
    let sum: usize =
        audit.classes.iter().flat_map(|class| &class.subjects).map(|row| row.lessons.len()).sum();
    assert_eq!(sum, 690, "688 lessons, two of which are two subjects by turns");
}

#[test]
fn every_class_keeps_the_national_hours_of_exercise_and_none_has_it_daily() {
    let audit = audit();

    for class in &audit.classes {
        let exercise = class.exercise.as_ref().unwrap();
        let national = if class.grade <= 2 { 4.0 } else { 3.0 };
        assert_eq!((exercise.hours, exercise.national_hours), (national, Some(national)), "{}", class.name);
        assert!(exercise.national_met && !exercise.daily_met);
        assert_eq!(exercise.daily_shortfall_hours, 5.0 - national);
        assert_eq!(exercise.daily_shortfall_minutes, (5.0 - national) * 40.0);
        let days = usize::try_from(5).unwrap() - exercise.days_without.len();
        assert!(days <= exercise.lessons.len());
    }
}

#[test]
fn the_shares_of_six_grades_are_told_and_not_judged() {
    let shares = audit().nine_years.unwrap();

    assert_eq!((shares.plan_hours, shares.complete), (Some(9522.0), false));
    assert_eq!(shares.grades, [1, 2, 3, 4, 5, 6]);
    // (26 + 26 + 4 × 30) × 35 weeks.
    assert_eq!(shares.taught_hours, 6020.0);
    let chinese = shares.groups.iter().find(|group| group.name == "语文").unwrap();
    assert_eq!(
        (chinese.plan_hours, chinese.plan_percent, chinese.plan_within),
        (Some(1985.0), Some(20.85), Some(true))
    );
    assert_eq!((chinese.taught_hours, chinese.taught_within), (42.0 * 35.0, None));
    assert!(shares.groups.iter().all(|group| group.plan_within == Some(true)));
}

#[test]
fn no_teacher_has_too_much_and_the_largest_load_is_sixteen_lessons() {
    let audit = teachers(&sample_book(), day("2026-11-23"));

    assert_eq!((audit.findings.len(), audit.unnamed_lessons), (0, 0.0));
    let sum: f64 = audit.teachers.iter().map(|row| row.lessons).sum();
    assert_eq!(sum, 688.0);
    let most: Vec<&str> =
        audit.teachers.iter().filter(|row| row.lessons >= 16.0).map(|row| row.name.as_str()).collect();
    assert_eq!(most.len(), 4, "{most:?}");
    let row = |name: &str| audit.teachers.iter().find(|row| row.name == name).unwrap();
    let homeroom = row("侯嘉禾");
    // 语文 5, 道德与法治 2, 班队 1: the last is a duty, so 2 of 7 are outside the field.
    assert_eq!((homeroom.lessons, homeroom.minutes, homeroom.classes), (8.0, 320.0, 1));
    assert_eq!(homeroom.fields, ["语文", "道德与法治"]);
    assert_eq!(
        (homeroom.own.as_slice(), homeroom.out_of_field_percent),
        (&["语文".to_owned()][..], Some(28.57))
    );
    assert_eq!(row("赖立新").out_of_field_lessons, 0.5);
}

#[test]
fn with_a_quarter_as_the_limit_the_homeroom_teachers_of_the_upper_grades_have_too_much() {
    let mut book = sample_book();
    book.settings.load.out_of_field_percent = 25.0;

    let audit = teachers(&book, day("2026-11-23"));

    // Grades 5 and 6: 道德与法治 is 2 of 7 beside 语文; in 3 and 4 it is 2 of 8, no more than a quarter.
    assert_eq!(audit.findings.len(), 8);
    assert!(
        audit.findings.iter().all(|finding| finding.value == 28.57 && finding.subjects == ["道德与法治"])
    );
    assert!(audit.findings.iter().all(|finding| finding.since.name == "2026A-v3"));
}
