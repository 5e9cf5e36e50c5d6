//! The audit of a school's timetable as a page: 开齐开足, and 兼课过多 for those who may see names.

use askama::Template;
use xunke_domain::audit::class_report::{ClassAudit, Standing, SubjectRow};
use xunke_domain::audit::report::{Audit, NineYears};
use xunke_domain::audit::teacher_report::{OwnField, TeacherAudit, TeacherRow};
use xunke_domain::audit::words as told;
use xunke_domain::plan::CourseKind;

use crate::pages::{Frame, STYLESHEET_PATH, words};

/// What the page of an audit shows.
#[derive(Clone, Copy, Debug)]
pub struct AuditView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The audit.
    pub audit: &'a Audit,
    /// The loads of teachers, for those who may see names.
    pub teachers: Option<&'a TeacherAudit>,
    /// Where the page itself is; another date is chosen there by `on`.
    pub url: &'a str,
    /// Where the workbook is.
    pub workbook_url: &'a str,
}

/// The page of an audit.
pub fn audit_page(view: &AuditView<'_>) -> Result<String, askama::Error> {
    let AuditView { audit, teachers, .. } = *view;
    let classes: Vec<ClassPart> = audit.classes.iter().map(ClassPart::of).collect();
    let all = |holds: fn(&ClassAudit) -> bool| {
        format!("{}/{}", audit.classes.iter().filter(|class| holds(class)).count(), audit.classes.len())
    };
    let page = AuditPage {
        view,
        audit,
        day: words::day(audit.on),
        date: audit.on.to_string(),
        offered: all(|class| class.all_offered),
        enough: all(|class| class.all_enough),
        whole: all(|class| class.total.standing == Standing::Enough),
        national: all(|class| class.exercise.as_ref().is_some_and(|row| row.national_met)),
        daily: all(|class| class.exercise.as_ref().is_some_and(|row| row.daily_met)),
        clean: audit.classes.iter().all(|class| class.findings.is_empty()),
        subjects: audit.subjects.iter().map(across).collect(),
        shares: audit.nine_years.as_ref().map(shares).unwrap_or_default(),
        grades: audit.nine_years.as_ref().map(grades).unwrap_or_default(),
        left_out: audit
            .not_judged
            .iter()
            .map(|one| format!("{}：{}", one.name, told::why_not_judged(one.why)))
            .collect(),
        notes: audit.notes.iter().map(told::note).collect(),
        loads: teachers.map(|teachers| teachers.teachers.iter().map(Load::of).collect()).unwrap_or_default(),
        load_findings: teachers.map(load_findings).unwrap_or_default(),
        limits: teachers.map(limits).unwrap_or_default(),
        unnamed: teachers
            .filter(|teachers| teachers.unnamed_lessons > 0.0)
            .map(|teachers| told::number(teachers.unnamed_lessons)),
        classes,
    };
    page.render()
}

#[derive(Template)]
#[template(path = "audit/page.html")]
struct AuditPage<'a> {
    view: &'a AuditView<'a>,
    audit: &'a Audit,
    day: String,
    date: String,
    offered: String,
    enough: String,
    whole: String,
    national: String,
    daily: String,
    /// Whether nothing was found.
    clean: bool,
    classes: Vec<ClassPart>,
    subjects: Vec<Vec<String>>,
    shares: Vec<Vec<String>>,
    grades: String,
    left_out: Vec<String>,
    notes: Vec<String>,
    loads: Vec<Load>,
    load_findings: Vec<String>,
    limits: String,
    unnamed: Option<String>,
}

/// A class as the page tells it.
struct ClassPart {
    name: String,
    hours: String,
    planned: String,
    offered: bool,
    enough: bool,
    findings: Vec<String>,
    exercise: Option<ExercisePart>,
    subjects: Vec<SubjectPart>,
    uncounted: Vec<String>,
}

/// Exercise of a class.
struct ExercisePart {
    hours: String,
    national: String,
    national_met: bool,
    daily: String,
    without: String,
}

/// A subject of a class.
struct SubjectPart {
    name: String,
    hours: String,
    minutes: String,
    due: String,
    standing: &'static str,
    bad: bool,
    lessons: String,
}

impl ClassPart {
    fn of(class: &ClassAudit) -> Self {
        let standard = class.standard_minutes;
        let others = class.others.iter().map(|other| SubjectPart {
            name: other.subject.clone(),
            hours: told::number(other.hours),
            minutes: told::number(other.minutes),
            due: "—".to_owned(),
            standing: "方案外",
            bad: false,
            lessons: told::lessons(&other.lessons, standard),
        });
        let uncounted = class.uncounted.iter().map(|one| {
            let at = told::lessons(std::slice::from_ref(&one.lesson), standard);
            format!("{}（{at}）：{}", one.lesson.subject, told::why_uncounted(one.why))
        });
        Self {
            name: class.name.clone(),
            hours: told::number(class.total.hours),
            planned: class.total.planned_hours.map_or("—".to_owned(), told::number),
            offered: class.all_offered,
            enough: class.all_enough,
            findings: class.findings.iter().map(told::in_words).collect(),
            exercise: class.exercise.as_ref().map(|row| ExercisePart {
                hours: told::number(row.hours),
                national: row.national_hours.map_or("—".to_owned(), told::number),
                national_met: row.national_met,
                daily: if row.daily_met {
                    "达到".to_owned()
                } else {
                    let (hours, minutes) = (row.daily_shortfall_hours, row.daily_shortfall_minutes);
                    format!("差{}课时（{}分钟）", told::number(hours), told::number(minutes))
                },
                without: row
                    .days_without
                    .iter()
                    .map(|day| told::weekday(*day))
                    .collect::<Vec<_>>()
                    .join("、"),
            }),
            subjects: class.subjects.iter().map(|row| SubjectPart::of(row, standard)).chain(others).collect(),
            uncounted: uncounted.collect(),
        }
    }
}

impl SubjectPart {
    fn of(row: &SubjectRow, standard: f64) -> Self {
        let due = match (row.planned_hours, row.least_hours) {
            (Some(planned), _) => told::number(planned),
            (None, Some(least)) => format!("≥{}", told::number(least)),
            (None, None) => "—".to_owned(),
        };
        let lacking = matches!(row.standing, Standing::NotOffered | Standing::Short);
        Self {
            name: told::subject(row),
            hours: told::number(row.hours),
            minutes: told::number(row.minutes),
            due,
            standing: told::standing(row.standing),
            bad: row.required && lacking,
            lessons: told::lessons(&row.lessons, standard),
        }
    }
}

fn across(row: &xunke_domain::audit::report::SubjectAcross) -> Vec<String> {
    let name = match row.kind {
        CourseKind::National => row.subject.clone(),
        CourseKind::Local | CourseKind::School => format!("{}（不作要求）", row.subject),
    };
    let short = if row.shortfall_hours > 0.0 {
        format!("{}课时（{}分钟）", told::number(row.shortfall_hours), told::number(row.shortfall_minutes))
    } else {
        "—".to_owned()
    };
    vec![
        name,
        row.due.to_string(),
        row.offered.to_string(),
        row.enough.to_string(),
        short,
        row.classes.join("、"),
    ]
}

fn shares(shares: &NineYears) -> Vec<Vec<String>> {
    let percent = |percent: Option<f64>| percent.map_or("—".to_owned(), |one| format!("{one:.2}%"));
    let within = |within: Option<bool>| match within {
        Some(true) => "在比例内",
        Some(false) => "不在比例内",
        None => "不判定",
    };
    let rows = shares.groups.iter().map(|group| {
        vec![
            group.name.clone(),
            format!("{}—{}%", told::number(group.from), told::number(group.to)),
            group.plan_hours.map_or("—".to_owned(), told::number),
            percent(group.plan_percent),
            within(group.plan_within).to_owned(),
            told::number(group.taught_hours),
            percent(group.taught_percent),
            within(group.taught_within).to_owned(),
        ]
    });
    rows.collect()
}

fn grades(shares: &NineYears) -> String {
    shares.grades.iter().map(|grade| words::grade(Some(*grade))).collect::<Vec<_>>().join("、")
}

/// A teacher's load as the page tells it.
struct Load {
    name: String,
    lessons: String,
    minutes: String,
    classes: u32,
    /// With a mark where it is only the one with the most lessons.
    own: String,
    outside: String,
    subjects: Vec<(String, &'static str, String, String)>,
}

impl Load {
    fn of(row: &TeacherRow) -> Self {
        let share = row.out_of_field_percent.filter(|share| *share > 0.0);
        let outside = share.map_or("—".to_owned(), |share| {
            format!("{}节，{}%", told::number(row.out_of_field_lessons), told::number(share))
        });
        let mark = if row.own_from == OwnField::MostLessons { "*" } else { "" };
        let subjects = row.subjects.iter().map(|one| {
            let lessons = told::number(one.lessons);
            (one.subject.clone(), told::load_part(one.part), lessons, told::taught(&one.of))
        });
        Self {
            name: row.name.clone(),
            lessons: told::number(row.lessons),
            minutes: told::number(row.minutes),
            classes: row.classes,
            own: row.own.join("、") + mark,
            outside,
            subjects: subjects.collect(),
        }
    }
}

fn load_findings(audit: &TeacherAudit) -> Vec<String> {
    let found = audit.findings.iter().map(|found| {
        let unit = told::load_unit(found.kind);
        format!(
            "{}：{}，现为{}{unit}，上限{}{unit}（{}）；自课表“{}”（{}起）",
            found.name,
            told::load_finding(found.kind),
            told::number(found.value),
            told::number(found.limit),
            found.subjects.join("、"),
            found.since.name,
            words::date(found.since.valid_from),
        )
    });
    found.collect()
}

fn limits(audit: &TeacherAudit) -> String {
    let limits = audit.limits;
    format!(
        "上限由学校设定，没有统一规定：任教学科{}科，周课时{}节，兼课占比{}%。班队等班主任工作不计为兼课。",
        limits.subjects,
        told::number(limits.lessons),
        told::number(limits.out_of_field_percent)
    )
}
