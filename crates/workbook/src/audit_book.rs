//! An audit as a workbook, to be filed or sent to the bureau.

use xunke_domain::audit::class_report::{ClassAudit, SubjectRow};
use xunke_domain::audit::report::{Audit, NineYears};
use xunke_domain::audit::teacher_report::TeacherAudit;
use xunke_domain::audit::words;
use xunke_domain::practice::Practice;

use crate::practice_tables;
use crate::xlsx_write::{Column, Entry, Table, WriteFailed, write};

/// Writes an audit with what the term's visits say; the teachers' part only where it is given: it has names.
pub fn audit_book(
    audit: &Audit,
    practice: &Practice,
    teachers: Option<&TeacherAudit>,
) -> Result<Vec<u8>, WriteFailed> {
    let mut tables = vec![overview(audit), classes(audit), subjects(audit), hours(audit)];
    tables.extend(audit.nine_years.as_ref().map(shares));
    tables.extend(practice_tables::tables(practice));
    if let Some(teachers) = teachers {
        tables.extend([loads(teachers), taught(teachers), load_findings(teachers)]);
    }
    write(&tables, audit.on)
}

pub(crate) fn columns<const N: usize>(columns: [(&'static str, f64); N]) -> Vec<Column> {
    columns.map(|(title, width)| Column { title, width }).to_vec()
}

pub(crate) fn table(name: &str, columns: Vec<Column>, rows: Vec<Vec<Entry>>) -> Table {
    Table { name: name.to_owned(), columns, rows, charts: Vec::new() }
}

const fn yes(holds: bool) -> &'static str {
    if holds { "是" } else { "否" }
}

fn of_all(classes: &[ClassAudit], holds: impl Fn(&ClassAudit) -> bool) -> String {
    format!("{}/{}", classes.iter().filter(|class| holds(class)).count(), classes.len())
}

fn overview(audit: &Audit) -> Table {
    let Audit { school, on, timetable, plan, classes, not_judged, notes, .. } = audit;
    let version = timetable.as_ref();
    let exercise = |holds: fn(&ClassAudit) -> bool| of_all(classes, holds);
    let mut rows: Vec<Vec<Entry>> = vec![
        vec!["学校".into(), school.as_str().into()],
        vec!["核查日期".into(), on.to_string().into()],
        vec!["课表版本".into(), version.map_or("当日没有生效的课表", |version| version.name.as_str()).into()],
        vec!["课表生效日期".into(), version.map(|version| version.valid_from.to_string()).into()],
        vec!["课程方案".into(), plan.name.as_str().into()],
        vec!["方案依据".into(), plan.source.as_str().into()],
        vec!["分科课时为官方课时表".into(), yes(plan.official_table).into()],
        vec!["方案说明".into(), plan.note.clone().into()],
        vec!["开齐的班级".into(), of_all(classes, |class| class.all_offered).into()],
        vec!["开足的班级".into(), of_all(classes, |class| class.all_enough).into()],
        vec![
            "体育达到国家课时的班级".into(),
            exercise(|class| class.exercise.as_ref().is_some_and(|row| row.national_met)).into(),
        ],
        vec![
            "每天一节体育的班级".into(),
            exercise(|class| class.exercise.as_ref().is_some_and(|row| row.daily_met)).into(),
        ],
    ];
    for one in not_judged {
        let why = format!("{}：{}", one.name, words::why_not_judged(one.why));
        rows.push(vec!["未核查的班级".into(), why.into()]);
    }
    rows.extend(notes.iter().map(|note| vec!["数据说明".into(), words::note(note).into()]));
    table("概况", columns([("项目", 28.0), ("内容", 80.0)]), rows)
}

fn classes(audit: &Audit) -> Table {
    let row = |class: &ClassAudit| -> Vec<Entry> {
        let exercise = class.exercise.as_ref();
        let found: Vec<String> = class.findings.iter().map(words::in_words).collect();
        vec![
            class.name.as_str().into(),
            class.grade.into(),
            class.total.hours.into(),
            class.total.planned_hours.into(),
            class.total.difference_hours.into(),
            class.total.difference_minutes.into(),
            yes(class.all_offered).into(),
            yes(class.all_enough).into(),
            exercise.map(|row| row.hours).into(),
            exercise.and_then(|row| row.national_hours).into(),
            exercise.map(|row| yes(row.national_met)).into(),
            exercise.map(|row| yes(row.daily_met)).into(),
            exercise.map(|row| row.daily_shortfall_hours).into(),
            exercise.map(|row| row.daily_shortfall_minutes).into(),
            found.join("；").into(),
        ]
    };
    let columns = columns([
        ("班级", 16.0),
        ("年级", 6.0),
        ("周课时", 8.0),
        ("应有", 8.0),
        ("相差课时", 10.0),
        ("相差分钟", 10.0),
        ("开齐", 6.0),
        ("开足", 6.0),
        ("体育课时", 10.0),
        ("国家要求", 10.0),
        ("达到", 6.0),
        ("每天一节", 10.0),
        ("每天一节差课时", 16.0),
        ("每天一节差分钟", 16.0),
        ("问题", 60.0),
    ]);
    table("班级", columns, audit.classes.iter().map(row).collect())
}

fn subjects(audit: &Audit) -> Table {
    let rows = audit.subjects.iter().map(|row| {
        vec![
            row.subject.as_str().into(),
            words::course(row.kind).into(),
            row.due.into(),
            row.offered.into(),
            row.enough.into(),
            row.shortfall_hours.into(),
            row.shortfall_minutes.into(),
            row.classes.join("、").into(),
        ]
    });
    let columns = columns([
        ("学科", 18.0),
        ("性质", 10.0),
        ("应开班级", 10.0),
        ("已开班级", 10.0),
        ("足额班级", 10.0),
        ("共缺课时", 10.0),
        ("共缺分钟", 10.0),
        ("未开或不足的班级", 60.0),
    ]);
    table("学科", columns, rows.collect())
}

fn hours(audit: &Audit) -> Table {
    let row = |class: &ClassAudit, row: &SubjectRow| -> Vec<Entry> {
        vec![
            class.name.as_str().into(),
            words::subject(row).into(),
            words::course(row.kind).into(),
            yes(row.required).into(),
            row.hours.into(),
            row.minutes.into(),
            row.planned_hours.into(),
            row.least_hours.into(),
            words::standing(row.standing).into(),
            row.shortfall_hours.into(),
            row.shortfall_minutes.into(),
            words::lessons(&row.lessons, class.standard_minutes).into(),
        ]
    };
    let rest = |class: &ClassAudit| -> Vec<Vec<Entry>> {
        let nothing = || Entry::Nothing;
        let others = class.others.iter().map(|other| {
            let of = words::lessons(&other.lessons, class.standard_minutes);
            vec![
                class.name.as_str().into(),
                other.subject.as_str().into(),
                "方案外".into(),
                yes(false).into(),
                other.hours.into(),
                other.minutes.into(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
                of.into(),
            ]
        });
        let uncounted = class.uncounted.iter().map(|one| {
            let of = words::lessons(std::slice::from_ref(&one.lesson), class.standard_minutes);
            let mut row = vec![
                class.name.as_str().into(),
                one.lesson.subject.as_str().into(),
                "不计课时".into(),
                yes(false).into(),
            ];
            row.extend([0.0.into(), 0.0.into(), nothing(), nothing()]);
            row.extend([words::why_uncounted(one.why).into(), nothing(), nothing(), of.into()]);
            row
        });
        others.chain(uncounted).collect()
    };
    let rows = audit.classes.iter().flat_map(|class| {
        class.subjects.iter().map(|subject| row(class, subject)).chain(rest(class)).collect::<Vec<_>>()
    });
    let columns = columns([
        ("班级", 16.0),
        ("学科", 18.0),
        ("性质", 10.0),
        ("必开", 6.0),
        ("周课时", 8.0),
        ("周分钟", 8.0),
        ("方案课时", 10.0),
        ("最低课时", 10.0),
        ("结论", 12.0),
        ("缺课时", 8.0),
        ("缺分钟", 8.0),
        ("课时构成", 80.0),
    ]);
    table("班级学科", columns, rows.collect())
}

fn shares(shares: &NineYears) -> Table {
    let within = |within: Option<bool>| within.map(yes);
    let rows = shares.groups.iter().map(|group| {
        vec![
            group.name.as_str().into(),
            format!("{}%—{}%", words::number(group.from), words::number(group.to)).into(),
            group.plan_hours.into(),
            group.plan_percent.into(),
            within(group.plan_within).into(),
            group.taught_hours.into(),
            group.taught_percent.into(),
            within(group.taught_within).map_or("未满九个年级，不判定", |yes| yes).into(),
        ]
    });
    let columns = columns([
        ("科目", 28.0),
        ("国家比例", 12.0),
        ("方案九年课时", 14.0),
        ("方案占比%", 12.0),
        ("方案在比例内", 14.0),
        ("本校现有年级年课时", 20.0),
        ("本校占比%", 12.0),
        ("本校在比例内", 24.0),
    ]);
    table("九年占比", columns, rows.collect())
}

fn loads(audit: &TeacherAudit) -> Table {
    let rows = audit.teachers.iter().map(|row| {
        vec![
            row.name.as_str().into(),
            row.lessons.into(),
            row.minutes.into(),
            row.classes.into(),
            row.fields.join("、").into(),
            row.own.join("、").into(),
            words::own_from(row.own_from).into(),
            row.out_of_field_lessons.into(),
            row.out_of_field_percent.into(),
        ]
    });
    let columns = columns([
        ("教师", 14.0),
        ("周课时", 8.0),
        ("周分钟", 8.0),
        ("班级数", 8.0),
        ("任教学科", 30.0),
        ("本学科", 18.0),
        ("本学科依据", 24.0),
        ("兼课课时", 10.0),
        ("兼课占比%", 12.0),
    ]);
    table("教师", columns, rows.collect())
}

fn taught(audit: &TeacherAudit) -> Table {
    let rows = audit.teachers.iter().flat_map(|row| {
        row.subjects.iter().map(|subject| {
            vec![
                row.name.as_str().into(),
                subject.subject.as_str().into(),
                words::load_part(subject.part).into(),
                subject.lessons.into(),
                subject.minutes.into(),
                words::taught(&subject.of).into(),
            ]
        })
    });
    let columns = columns([
        ("教师", 14.0),
        ("学科", 18.0),
        ("类别", 12.0),
        ("周课时", 8.0),
        ("周分钟", 8.0),
        ("课时构成", 100.0),
    ]);
    table("教师课时", columns, rows.collect())
}

fn load_findings(audit: &TeacherAudit) -> Table {
    let rows = audit.findings.iter().map(|found| {
        vec![
            found.name.as_str().into(),
            words::load_finding(found.kind).into(),
            found.value.into(),
            found.limit.into(),
            words::load_unit(found.kind).into(),
            found.subjects.join("、").into(),
            found.since.name.as_str().into(),
            found.since.valid_from.to_string().into(),
        ]
    });
    let columns = columns([
        ("教师", 14.0),
        ("问题", 24.0),
        ("现为", 8.0),
        ("上限", 8.0),
        ("单位", 6.0),
        ("涉及学科", 30.0),
        ("自课表版本", 18.0),
        ("该版生效日期", 14.0),
    ]);
    table("兼课过多", columns, rows.collect())
}
