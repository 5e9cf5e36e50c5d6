//! Repeat and common problems as tables.

use std::collections::BTreeMap;
use xunke_domain::told;
use xunke_domain::told::Told;

use xunke_domain::log::{Repeat, Repeats, Trend};
use xunke_domain::week::Week;

use crate::pages::visit_links::VisitLinks;
use crate::pages::words;

/// Problems that came back, under three headings.
#[derive(Clone, Debug)]
pub(super) struct RepeatTables<'a> {
    /// How many weeks were looked at.
    pub(super) weeks: usize,
    /// Those with a row, each with its caption.
    pub(super) tables: Vec<(&'static str, Vec<RepeatRow<'a>>)>,
}

/// A problem that came back.
#[derive(Clone, Debug)]
pub(super) struct RepeatRow<'a> {
    pub(super) code: &'a str,
    pub(super) name: &'a str,
    pub(super) red_line: bool,
    /// Such as `三年级：三年级(1)班、三年级(2)班`.
    pub(super) whose: String,
    pub(super) subjects: Told,
    /// Such as `第10周 1、第12周 2`.
    pub(super) weeks: Told,
    /// How many findings.
    pub(super) findings: u32,
    /// The list of its visits, whatever their week.
    pub(super) url: Option<String>,
}

impl<'a> RepeatTables<'a> {
    /// The trend knows the numbers of the weeks.
    pub(super) fn new(repeats: &'a Repeats, trend: Option<&Trend>, links: VisitLinks<'_>) -> Self {
        let weeks = trend.into_iter().flat_map(|trend| &trend.weeks);
        let numbers = weeks.map(|week| (week.week, week.teaching_week)).collect();
        let rows = |list: &str, repeats: &'a [Repeat]| {
            let url = |place: u32| links.figure(format_args!("repeats.{list}.{place}"));
            repeats.iter().zip(1..).map(|(repeat, place)| row(repeat, &numbers, url(place))).collect()
        };
        let tables = [
            ("同一班级重复出现的问题", rows("class", &repeats.by_class)),
            ("同一教师在不同班级重复出现的问题（不列姓名）", rows("teacher", &repeats.by_teacher)),
            ("同年级三个以上班级的共性问题", rows("common", &repeats.common)),
        ];
        Self {
            weeks: repeats.weeks.len(),
            tables: tables.into_iter().filter(|(_, rows): &(_, Vec<_>)| !rows.is_empty()).collect(),
        }
    }
}

fn row<'a>(repeat: &'a Repeat, numbers: &BTreeMap<Week, Option<u32>>, url: Option<String>) -> RepeatRow<'a> {
    let Repeat { code, name, red_line, grade: _, classes, subjects, weeks } = repeat;
    let week = |week: Week| {
        let number = numbers.get(&week).copied().flatten();
        number.map_or_else(|| words::week_span(week), |number| words::teaching_week(Some(number)))
    };
    RepeatRow {
        code,
        name,
        red_line: *red_line,
        whose: classes.join("、"),
        subjects: Told::listed(subjects.iter().cloned().map(Told::from)),
        weeks: Told::listed(weeks.iter().map(|row| told!("{} {}", week(row.week), row.findings))),
        findings: weeks.iter().map(|row| row.findings).sum(),
        url,
    }
}
