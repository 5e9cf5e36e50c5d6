//! The audit of a school's timetable as a page: 开齐开足, and 兼课过多 for those who may see names.

use askama::Template;
use xunke_domain::audit::class_report::{ClassAudit, Standing, SubjectRow};
use xunke_domain::audit::report::{Audit, NineYears};
use xunke_domain::audit::teacher_report::{OwnField, TeacherAudit, TeacherRow};
use xunke_domain::audit::words as said;
use xunke_domain::plan::CourseKind;
use xunke_domain::told;
use xunke_domain::told::Told;

use crate::pages::{Frame, STYLESHEET_PATH, filters, words};

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
            .map(|one| told!("{}：{}", one.name, Told::from(said::why_not_judged(one.why))))
            .collect(),
        notes: audit.notes.iter().map(said::note).collect(),
        loads: teachers.map(|teachers| teachers.teachers.iter().map(Load::of).collect()).unwrap_or_default(),
        load_findings: teachers.map(load_findings).unwrap_or_default(),
        limits: teachers.map(limits).unwrap_or_default(),
        unnamed: teachers
            .filter(|teachers| teachers.unnamed_lessons > 0.0)
            .map(|teachers| said::number(teachers.unnamed_lessons)),
        classes,
    };
    page.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "audit/page.html")]
struct AuditPage<'a> {
    view: &'a AuditView<'a>,
    audit: &'a Audit,
    day: Told,
    date: String,
    offered: String,
    enough: String,
    whole: String,
    national: String,
    daily: String,
    /// Whether nothing was found.
    clean: bool,
    classes: Vec<ClassPart>,
    subjects: Vec<Vec<Told>>,
    shares: Vec<Vec<Told>>,
    grades: Told,
    left_out: Vec<Told>,
    notes: Vec<Told>,
    loads: Vec<Load>,
    load_findings: Vec<Told>,
    limits: Told,
    unnamed: Option<String>,
}

/// A class as the page tells it.
struct ClassPart {
    name: String,
    hours: String,
    planned: String,
    offered: bool,
    enough: bool,
    findings: Vec<Told>,
    exercise: Option<ExercisePart>,
    subjects: Vec<SubjectPart>,
    uncounted: Vec<Told>,
}

/// Exercise of a class.
struct ExercisePart {
    hours: String,
    national: String,
    national_met: bool,
    daily: Told,
    without: Told,
}

/// A subject of a class.
struct SubjectPart {
    name: Told,
    hours: String,
    minutes: String,
    due: String,
    standing: &'static str,
    bad: bool,
    lessons: Told,
}

impl ClassPart {
    fn of(class: &ClassAudit) -> Self {
        let standard = class.standard_minutes;
        let others = class.others.iter().map(|other| SubjectPart {
            name: Told::from(other.subject.clone()),
            hours: said::number(other.hours),
            minutes: said::number(other.minutes),
            due: "—".to_owned(),
            standing: "方案外",
            bad: false,
            lessons: said::lessons(&other.lessons, standard),
        });
        let uncounted = class.uncounted.iter().map(|one| {
            let at = said::lessons(std::slice::from_ref(&one.lesson), standard);
            told!(
                "{}（{}）：{}",
                Told::from(one.lesson.subject.clone()),
                at,
                Told::from(said::why_uncounted(one.why))
            )
        });
        Self {
            name: class.name.clone(),
            hours: said::number(class.total.hours),
            planned: class.total.planned_hours.map_or("—".to_owned(), said::number),
            offered: class.all_offered,
            enough: class.all_enough,
            findings: class.findings.iter().map(said::in_words).collect(),
            exercise: class.exercise.as_ref().map(|row| ExercisePart {
                hours: said::number(row.hours),
                national: row.national_hours.map_or("—".to_owned(), said::number),
                national_met: row.national_met,
                daily: if row.daily_met {
                    "达到".into()
                } else {
                    let (hours, minutes) = (row.daily_shortfall_hours, row.daily_shortfall_minutes);
                    told!("差{}课时（{}分钟）", said::number(hours), said::number(minutes))
                },
                without: Told::listed(row.days_without.iter().map(|day| Told::from(said::weekday(*day)))),
            }),
            subjects: class.subjects.iter().map(|row| SubjectPart::of(row, standard)).chain(others).collect(),
            uncounted: uncounted.collect(),
        }
    }
}

impl SubjectPart {
    fn of(row: &SubjectRow, standard: f64) -> Self {
        let due = match (row.planned_hours, row.least_hours) {
            (Some(planned), _) => said::number(planned),
            (None, Some(least)) => format!("≥{}", said::number(least)),
            (None, None) => "—".to_owned(),
        };
        let lacking = matches!(row.standing, Standing::NotOffered | Standing::Short);
        Self {
            name: said::subject(row),
            hours: said::number(row.hours),
            minutes: said::number(row.minutes),
            due,
            standing: said::standing(row.standing),
            bad: row.required && lacking,
            lessons: said::lessons(&row.lessons, standard),
        }
    }
}

fn across(row: &xunke_domain::audit::report::SubjectAcross) -> Vec<Told> {
    let subject = Told::from(row.subject.clone());
    let short =
        || told!("{}课时（{}分钟）", said::number(row.shortfall_hours), said::number(row.shortfall_minutes));
    vec![
        match row.kind {
            CourseKind::National => subject,
            CourseKind::Local | CourseKind::School => told!("{}（不作要求）", subject),
        },
        Told::data(row.due.to_string()),
        Told::data(row.offered.to_string()),
        Told::data(row.enough.to_string()),
        if row.shortfall_hours > 0.0 { short() } else { "—".into() },
        Told::listed(&row.classes),
    ]
}

fn shares(shares: &NineYears) -> Vec<Vec<Told>> {
    let percent = |percent: Option<f64>| percent.map_or("—".into(), |one| Told::data(format!("{one:.2}%")));
    let number = |number: f64| Told::data(said::number(number));
    let within = |within: Option<bool>| {
        Told::from(match within {
            Some(true) => "在比例内",
            Some(false) => "不在比例内",
            None => "不判定",
        })
    };
    let rows = shares.groups.iter().map(|group| {
        vec![
            Told::from(group.name.clone()),
            Told::data(format!("{}—{}%", said::number(group.from), said::number(group.to))),
            group.plan_hours.map_or("—".into(), number),
            percent(group.plan_percent),
            within(group.plan_within),
            number(group.taught_hours),
            percent(group.taught_percent),
            within(group.taught_within),
        ]
    });
    rows.collect()
}

fn grades(shares: &NineYears) -> Told {
    Told::listed(shares.grades.iter().map(|grade| words::grade(Some(*grade))))
}

/// A teacher's load as the page tells it.
struct Load {
    name: String,
    lessons: String,
    minutes: String,
    classes: u32,
    /// With a mark where it is only the one with the most lessons.
    own: Told,
    outside: Told,
    subjects: Vec<(String, &'static str, String, Told)>,
}

impl Load {
    fn of(row: &TeacherRow) -> Self {
        let share = row.out_of_field_percent.filter(|share| *share > 0.0);
        let outside = share.map_or("—".into(), |share| {
            told!("{}节，{}%", said::number(row.out_of_field_lessons), said::number(share))
        });
        let mark = if row.own_from == OwnField::MostLessons { "*" } else { "" };
        let subjects = row.subjects.iter().map(|one| {
            let lessons = said::number(one.lessons);
            (one.subject.clone(), said::load_part(one.part), lessons, said::taught(&one.of))
        });
        Self {
            name: row.name.clone(),
            lessons: said::number(row.lessons),
            minutes: said::number(row.minutes),
            classes: row.classes,
            own: told!("{}{}", Told::listed(row.own.iter().cloned().map(Told::from)), mark),
            outside,
            subjects: subjects.collect(),
        }
    }
}

fn load_findings(audit: &TeacherAudit) -> Vec<Told> {
    let found = audit.findings.iter().map(|found| {
        let unit = Told::from(said::load_unit(found.kind));
        let (value, limit) = (said::number(found.value), said::number(found.limit));
        let subjects = Told::listed(found.subjects.iter().cloned().map(Told::from));
        let since = told!("自课表“{}”（{}起）", found.since.name, words::date(found.since.valid_from));
        let kind = Told::from(said::load_finding(found.kind));
        told!(
            "{}：{}，现为{}{}，上限{}{}（{}）；{}",
            found.name,
            kind,
            value,
            unit,
            limit,
            unit,
            subjects,
            since
        )
    });
    found.collect()
}

fn limits(audit: &TeacherAudit) -> Told {
    let limits = audit.limits;
    told!(
        "上限由学校设定，没有统一规定：任教学科{}科，周课时{}节，兼课占比{}%。班队等班主任工作不计为兼课。",
        limits.subjects,
        said::number(limits.lessons),
        said::number(limits.out_of_field_percent)
    )
}
