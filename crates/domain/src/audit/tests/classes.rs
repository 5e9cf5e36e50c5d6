//! One class, one fact each.

use super::small_school::{ON, class_id, fill, put, school, version_id};
use crate::audit::class_report::{ClassAudit, FindingKind, Standing, SubjectRow, WhyUncounted};
use crate::audit::curriculum;
use crate::audit::report::WhyNotJudged;
use crate::book::{LessonWeeks, SchoolBook};
use crate::plan::bundled::plan;
use crate::plan::choice::PlanChoice;
use crate::sample::day;

fn judge(book: &SchoolBook) -> ClassAudit {
    curriculum(book, day(ON)).classes.remove(0)
}

fn row<'a>(class: &'a ClassAudit, subject: &str) -> Option<&'a SubjectRow> {
    class.subjects.iter().find(|row| row.subject == subject)
}

fn kinds(class: &ClassAudit) -> Vec<(FindingKind, &str)> {
    class.findings.iter().map(|finding| (finding.kind, finding.subject.as_deref().unwrap_or("周"))).collect()
}

/// Grade 3 by the national table.
const THIRD: [(&str, u32); 15] = [
    ("道德与法治", 2),
    ("语文", 6),
    ("书法", 1),
    ("数学", 4),
    ("英语", 2),
    ("科学", 2),
    ("信息科技", 1),
    ("体育与健康", 3),
    ("音乐", 2),
    ("美术", 2),
    ("劳动", 1),
    ("综合实践", 1),
    ("班队", 1),
    ("地方", 1),
    ("校本", 1),
];

fn third(change: impl Fn(&mut Vec<(&'static str, u32)>)) -> SchoolBook {
    let (mut book, mut hours) = (school(3), THIRD.to_vec());
    change(&mut hours);
    fill(&mut book, &hours);
    book
}

#[test]
fn a_week_by_the_plan_has_nothing_to_find() {
    let class = judge(&third(|_| ()));

    assert!(class.all_offered && class.all_enough);
    assert_eq!(kinds(&class), []);
}

#[test]
fn what_is_taken_for_chinese_is_missing_elsewhere_and_told_with_its_minutes() {
    // 劳动 is dropped and one lesson of 科学 given away, both to 语文.
    let class = judge(&third(|hours| {
        hours.retain(|(name, _)| *name != "劳动");
        hours[1].1 = 8;
        hours[4].1 = 2;
        hours[5].1 = 1;
    }));

    assert!(!class.all_offered && !class.all_enough);
    assert_eq!(
        kinds(&class),
        [(FindingKind::NotOffered, "劳动"), (FindingKind::Short, "科学"), (FindingKind::MainOver, "语文")]
    );
    let off: Vec<(f64, f64)> =
        class.findings.iter().map(|finding| (finding.off_hours, finding.off_minutes)).collect();
    assert_eq!(off, [(1.0, 40.0), (1.0, 40.0), (2.0, 80.0)]);
    assert_eq!(row(&class, "劳动").unwrap().lessons, []);
}

#[test]
fn minutes_count_and_not_cells() {
    // Two short lessons of 20 minutes make up for one of 40.
    let mut book = third(|hours| hours[5].1 = 1);
    assert_eq!(row(&judge(&book), "科学").unwrap().standing, Standing::Short);
    for weekday in [1, 2] {
        put(&mut book, weekday, "短课", "科学", LessonWeeks::All);
    }

    let class = judge(&book);

    let science = row(&class, "科学").unwrap();
    assert_eq!((science.standing, science.hours, science.minutes), (Standing::Enough, 2.0, 80.0));
    assert_eq!(science.lessons.len(), 3);
}

#[test]
fn the_bell_schedule_of_the_season_says_how_long_a_lesson_is() {
    let mut book = third(|_| ());
    let mut winter = book.bell_schedules[0].clone();
    winter.valid_from = day("2026-11-01");
    for period in &mut winter.periods {
        period.end = period.end.min(period.start + chrono::TimeDelta::minutes(36));
    }
    book.bell_schedules.push(winter);

    let autumn = &curriculum(&book, day("2026-10-12")).classes[0];
    let winter = judge(&book);

    assert_eq!((autumn.total.minutes, autumn.total.standing), (1200.0, Standing::Enough));
    assert_eq!((winter.total.minutes, winter.total.hours), (1080.0, 27.0));
    assert_eq!((winter.total.standing, winter.total.difference_minutes), (Standing::Short, -120.0));
    assert!(
        kinds(&winter).contains(&(FindingKind::BelowLeast, "体育与健康")),
        "3 × 36 minutes are less than 3 hours"
    );
}

#[test]
fn morning_reading_after_school_and_self_study_count_for_nothing() {
    let mut book = third(|hours| hours[1].1 = 5);
    put(&mut book, 1, "早读", "语文", LessonWeeks::All);
    put(&mut book, 1, "课后服务", "语文", LessonWeeks::All);
    put(&mut book, 5, "第7节", "自习", LessonWeeks::All);

    let class = judge(&book);

    assert_eq!(row(&class, "语文").unwrap().standing, Standing::Short);
    let why: Vec<WhyUncounted> = class.uncounted.iter().map(|lesson| lesson.why).collect();
    assert_eq!(why, [WhyUncounted::Period, WhyUncounted::Period, WhyUncounted::Subject]);
    assert_eq!(class.total.hours, 29.0);
}

#[test]
fn a_lesson_of_odd_weeks_is_half_an_hour() {
    let mut book = third(|hours| hours.retain(|(name, _)| *name != "信息科技"));
    put(&mut book, 5, "第6节", "信息科技", LessonWeeks::Odd);
    put(&mut book, 5, "第6节", "心理健康", LessonWeeks::Even);

    let class = judge(&book);

    let row = row(&class, "信息科技").unwrap();
    assert_eq!((row.standing, row.hours, row.shortfall_minutes), (Standing::Short, 0.5, 20.0));
    assert!(class.all_offered && !class.all_enough);
    assert_eq!(class.total.standing, Standing::Enough);
}

#[test]
fn one_art_alone_is_not_the_arts() {
    let class = judge(&third(|hours| {
        hours.retain(|(name, _)| *name != "音乐");
        hours.push(("美术", 2));
    }));

    assert_eq!(row(&class, "艺术").unwrap().standing, Standing::Enough, "its hours are there");
    assert_eq!(kinds(&class), [(FindingKind::PartNotOffered, "音乐")]);
    assert!(!class.all_offered);

    let named_as_a_whole = judge(&third(|hours| {
        hours.retain(|(name, _)| !["音乐", "美术"].contains(name));
        hours.push(("艺术", 4));
    }));
    assert_eq!(kinds(&named_as_a_whole), []);
}

#[test]
fn calligraphy_is_within_chinese_and_must_have_its_lesson() {
    let class = judge(&third(|hours| {
        hours.retain(|(name, _)| *name != "书法");
        hours[1].1 = 7;
    }));

    assert_eq!(row(&class, "语文").unwrap().standing, Standing::Enough);
    assert_eq!(kinds(&class), [(FindingKind::PartShort, "书法")]);
    assert!(class.all_offered && class.all_enough);
}

#[test]
fn activity_lessons_count_for_daily_exercise_only() {
    let mut book = third(|_| ());
    for weekday in [1, 2] {
        put(&mut book, weekday, "第8节", "体育活动", LessonWeeks::All);
    }

    let class = judge(&book);

    let exercise = class.exercise.as_ref().unwrap();
    assert_eq!((exercise.hours, exercise.daily_hours, exercise.daily_met), (3.0, 5.0, true));
    assert_eq!(class.others[0].subject, "体育活动");
    assert_eq!(kinds(&class), [(FindingKind::TotalOver, "周")]);
}

#[test]
fn junior_science_may_be_one_subject_or_three() {
    const SEVENTH: [(&str, u32); 15] = [
        ("道德与法治", 2),
        ("语文", 5),
        ("数学", 4),
        ("英语", 4),
        ("历史", 2),
        ("地理", 2),
        ("生物", 2),
        ("信息科技", 1),
        ("体育", 3),
        ("音乐", 1),
        ("美术", 1),
        ("劳动", 1),
        ("综合实践", 1),
        ("班会", 1),
        ("校本", 4),
    ];
    let seventh = |science: &'static str| {
        let mut book = school(7);
        let hours: Vec<_> = SEVENTH
            .iter()
            .map(|(name, n)| if *name == "生物" { (science, *n) } else { (*name, *n) })
            .collect();
        for period in &mut book.bell_schedules[0].periods {
            period.end = period.start + chrono::TimeDelta::minutes(45);
        }
        fill(&mut book, &hours);
        judge(&book)
    };

    let (apart, whole) = (seventh("生物"), seventh("科学"));

    assert!(
        apart.all_offered && apart.all_enough && whole.all_offered && whole.all_enough,
        "{:?}",
        whole.findings
    );
    assert_eq!(row(&apart, "科学"), None);
    assert_eq!(row(&apart, "生物学").unwrap().standing, Standing::Enough);
    assert_eq!(
        row(&whole, "科学").map(|row| (row.standing, row.planned_hours)),
        Some((Standing::Enough, Some(2.0)))
    );
    assert_eq!(row(&whole, "生物学"), None);
}

#[test]
fn under_the_other_system_what_the_plan_does_not_say_is_not_judged() {
    let mut book = third(|_| ());
    book.settings.plan = PlanChoice::Bundled(plan("national/2022/5-4").unwrap());

    let class = judge(&book);

    assert_eq!(
        row(&class, "语文").map(|row| (row.standing, row.planned_hours)),
        Some((Standing::Offered, None))
    );
    assert_eq!(row(&class, "体育与健康").unwrap().standing, Standing::Enough, "its least is said");
    assert!(class.all_offered);
}

#[test]
fn who_is_not_judged_is_told_with_the_reason() {
    let mut book = school(3);
    let mut senior = book.classes[&class_id(1)].clone();
    senior.entry_grade = 10;
    senior.cohort = 2026;
    book.classes.insert(class_id(2), senior);
    let filled = third(|_| ());
    book.subjects = filled.subjects;
    let lessons = filled.timetables[&version_id(1)].grid[&class_id(1)].clone();
    book.timetables.get_mut(&version_id(1)).unwrap().grid.insert(class_id(2), lessons);

    let audit = curriculum(&book, day(ON));

    let why: Vec<_> = audit.not_judged.iter().map(|one| (one.class, one.why)).collect();
    assert!(audit.classes.is_empty());
    assert!(why.contains(&(class_id(1), WhyNotJudged::NoLessons)));
    assert!(why.contains(&(class_id(2), WhyNotJudged::NotInPlan)));
    assert_eq!(curriculum(&book, day("2026-08-01")).timetable, None);
}

#[test]
fn periods_no_bell_schedule_has_are_a_standard_hour_and_that_is_said() {
    let mut book = third(|_| ());
    book.bell_schedules.clear();

    let audit = curriculum(&book, day(ON));

    assert_eq!(audit.classes[0].total.minutes, 1200.0);
    assert!(audit.classes[0].subjects[0].lessons[0].assumed);
    assert_eq!(audit.notes.len(), 1);
}
