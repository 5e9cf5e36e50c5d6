use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::book::{CalendarDay, DayKind, SchoolBook, Semester};
use crate::ids::SchoolId;
use crate::week::Week;

fn week(text: &str) -> Week {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Tuesday after W47 fell due.
fn now() -> DateTime<Utc> {
    instant("2026-11-24T00:00:00Z")
}

fn weeks() -> [Week; 2] {
    [week("2026-W46"), week("2026-W47")]
}

fn school(id: u128, name: &str, code: Option<&str>) -> DistrictSchool {
    DistrictSchool {
        id: SchoolId::from_uuid(Uuid::from_u128(id)),
        name: name.to_owned(),
        code: code.map(str::to_owned),
        taught: Arc::new(BTreeSet::from(weeks())),
    }
}

fn published(school: &DistrictSchool, week: Week, first: &str, consistency: (u32, u32)) -> PublishedWeek {
    let at = first.parse().unwrap();
    let (k, n) = consistency;
    PublishedWeek {
        school: school.id,
        week,
        edition: EditionOfWeek { number: 1, hash: "a".repeat(64), published_at: at },
        first_published_at: at,
        withdrawn: false,
        figures: WeekFigures { visits: n, slots: n, consistency: Counted { k, n }, ..WeekFigures::default() },
    }
}

const EARLY: &str = "2026-11-23T09:00:00+08:00";

#[test]
fn a_log_is_due_on_monday_evening_in_school_time_and_the_minute_itself_is_on_time() {
    let school = school(1, "甲", None);
    let standing = |first: &str| {
        let rows = [published(&school, week("2026-W47"), first, (1, 1))];
        overview(std::slice::from_ref(&school), &[week("2026-W47")], &rows, now()).schools[0].weeks[0]
            .standing
    };

    assert_eq!(due_at(week("2026-W47")), instant("2026-11-23T10:00:00Z"));
    assert_eq!(standing("2026-11-23T18:00:00+08:00"), Standing::OnTime);
    assert_eq!(standing("2026-11-23T18:00:01+08:00"), Standing::Late);
}

#[test]
fn what_is_not_published_is_missing_only_once_it_is_due_and_lessons_were_held() {
    let taught = school(1, "甲", None);
    let idle = DistrictSchool { taught: Arc::default(), ..school(2, "申", None) };
    let at = |now: &str| {
        let seen = overview(&[taught.clone(), idle.clone()], &[week("2026-W47")], &[], instant(now));
        (seen.schools[0].weeks[0].standing, seen.schools[1].weeks[0].standing)
    };

    assert_eq!(at("2026-11-23T10:00:00Z"), (Standing::Pending, Standing::NotDue));
    assert_eq!(at("2026-11-23T10:00:01Z"), (Standing::Missing, Standing::NotDue));
}

#[test]
fn a_school_that_published_nothing_has_its_line_and_no_figure() {
    let (one, other) = (school(1, "甲", None), school(2, "乙", None));
    let rows = [published(&one, week("2026-W47"), EARLY, (4, 5))];

    let seen = overview(&[one, other], &weeks(), &rows, now());

    assert_eq!((seen.whole.schools, seen.whole.schools_published), (2, 1));
    let silent = &seen.schools[0];
    assert_eq!((silent.name.as_str(), silent.publishing.missing, silent.visits), ("乙", 2, 0));
    assert_eq!((silent.rates.consistency.n, silent.rates.consistency.share), (0, None));
    assert_eq!(seen.schools[1].rates.consistency.share, Some(0.8));
}

#[test]
fn a_withdrawn_edition_is_told_and_its_figures_are_not_counted() {
    let school = school(1, "甲", None);
    let mut row = published(&school, week("2026-W47"), EARLY, (4, 5));
    row.withdrawn = true;

    let seen = overview(&[school], &[week("2026-W47")], &[row], now());

    assert_eq!(seen.schools[0].weeks[0].standing, Standing::Withdrawn);
    assert!(seen.schools[0].weeks[0].edition.is_some());
    assert_eq!((seen.whole.visits, seen.whole.publishing.published()), (0, 0));
}

#[test]
fn a_school_differs_only_where_its_whole_interval_lies_apart_from_the_rate_of_all() {
    let (low, usual, few) = (school(1, "甲", None), school(2, "乙", None), school(3, "丙", None));
    let w47 = week("2026-W47");
    let rows = [
        published(&low, w47, EARLY, (20, 40)),
        published(&usual, w47, EARLY, (190, 200)),
        published(&few, w47, EARLY, (0, 4)),
    ];

    let seen = overview(&[low, usual, few], &[w47], &rows, now());

    let of = |name: &str| seen.schools.iter().find(|line| line.name == name).unwrap().rates.consistency;
    assert_eq!((seen.whole.rates.consistency.k, seen.whole.rates.consistency.n), (210, 244));
    // 210 of 244 is 0.861: 20 of 40 reaches to 0.648, 190 of 200 begins at 0.910.
    assert_eq!(of("甲").differs, Some(Apart::Below));
    assert_eq!(of("乙").differs, Some(Apart::Above));
    assert_eq!((of("丙").share, of("丙").wilson95, of("丙").differs), (None, None, None));
}

#[test]
fn a_problem_is_common_from_three_schools_on_and_told_out_of_those_that_published() {
    let schools: Vec<DistrictSchool> = (1..=4).map(|id| school(id, &format!("校{id}"), None)).collect();
    let w47 = week("2026-W47");
    let found = |school: &DistrictSchool, codes: &[&str]| {
        let mut row = published(school, w47, EARLY, (5, 5));
        let problem = |code: &&str| {
            ((*code).to_owned(), ProblemCount { name: "挤占".to_owned(), severity: 3, count: 2 })
        };
        row.figures.problems = codes.iter().map(problem).collect();
        row
    };
    let rows = [
        found(&schools[0], &["TB01", "TT01"]),
        found(&schools[1], &["TB01", "TT01"]),
        found(&schools[2], &["TT01"]),
    ];

    let seen = overview(&schools, &[w47], &rows, now());

    let told: Vec<_> = (seen.problems.iter())
        .map(|one| (one.code.as_str(), one.schools, one.of_schools, one.findings, one.common))
        .collect();
    assert_eq!(told, [("TT01", 3, 3, 6, true), ("TB01", 2, 3, 4, false)]);
    assert_eq!(seen.schools[0].problems, BTreeMap::from([("TB01".to_owned(), 2), ("TT01".to_owned(), 2)]));
}

#[test]
fn the_reports_take_the_weeks_that_fell_due_in_their_days() {
    let span = |digest: Digest, on: &str| {
        let Span { from, to, weeks } = digest.span(on.parse().unwrap());
        (from.to_string(), to.to_string(), weeks.iter().map(Week::to_string).collect::<Vec<_>>())
    };
    let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();

    let (from, to, weeks) = span(Digest::WeeklyConsultation, "2026-11-24");
    assert_eq!((from.as_str(), to.as_str(), weeks), ("2026-11-18", "2026-11-24", own(&["2026-W47"])));
    let (_, _, weeks) = span(Digest::WeeklyConsultation, "2026-11-22");
    assert_eq!(weeks, own(&["2026-W46"]), "on Sunday the week is not due yet");
    let (from, _, weeks) = span(Digest::BiweeklyDispatch, "2026-11-23");
    assert_eq!((from.as_str(), weeks), ("2026-11-10", own(&["2026-W46", "2026-W47"])));
    let (from, _, weeks) = span(Digest::MonthlySupervision, "2026-11-30");
    let five = own(&["2026-W44", "2026-W45", "2026-W46", "2026-W47", "2026-W48"]);
    assert_eq!((from.as_str(), weeks), ("2026-11-01", five));
    assert_eq!("biweekly_dispatch".parse(), Ok(Digest::BiweeklyDispatch));
    assert_eq!("weekly".parse::<Digest>(), Err(UnknownDigest));
}

#[test]
fn a_week_of_holidays_and_the_weeks_outside_semesters_have_no_lessons() {
    let day = |text: &str| text.parse().unwrap();
    let semester = Semester {
        school_year: "2026-2027".to_owned(),
        term: 1,
        first_day: day("2026-09-21"),
        last_day: day("2026-10-16"),
        week_one: day("2026-09-21"),
        weeks: BTreeMap::new(),
        retired: None,
    };
    let holiday = |date: u32| CalendarDay {
        date: day(&format!("2026-10-{date:02}")),
        kind: DayKind::Holiday,
        follows_weekday: None,
        follows_parity: None,
        from_period: None,
        to_period: None,
        note: None,
        retired: None,
    };
    let book = SchoolBook {
        semesters: vec![semester],
        calendar_days: (5..=9).map(holiday).collect(),
        ..SchoolBook::default()
    };

    let weeks = weeks_with_lessons(&book);

    assert_eq!(weeks, ["2026-W39", "2026-W40", "2026-W42"].into_iter().map(week).collect());
    assert!(weeks_with_lessons(&SchoolBook::default()).is_empty());
}

proptest! {
    /// Whatever was seen, and in whatever order rows come: lines stand by code and name.
    #[test]
    fn the_order_of_schools_does_not_follow_from_what_was_seen(
        counts in prop::collection::vec((0_u32..50, 0_u32..50), 5),
        turned in 0_usize..5,
    ) {
        let schools: Vec<DistrictSchool> = [
            (1, "丙", Some("2136999003")), (2, "甲", Some("2136999001")), (3, "乙", None), (4, "丁", Some("2136999002")),
            (5, "一", None),
        ].map(|(id, name, code)| school(id, name, code)).to_vec();
        let mut rows: Vec<PublishedWeek> = schools.iter().zip(&counts)
            .map(|(school, (k, more))| published(school, week("2026-W47"), EARLY, (*k, k + more)))
            .collect();
        rows.rotate_left(turned);
        let mut given = schools.clone();
        given.rotate_right(turned);

        let seen = overview(&given, &weeks(), &rows, now());

        let names: Vec<&str> = seen.schools.iter().map(|line| line.name.as_str()).collect();
        prop_assert_eq!(names, ["甲", "丁", "丙", "一", "乙"]);
        let sum: u32 = counts.iter().map(|(k, _)| k).sum();
        prop_assert_eq!(seen.whole.rates.consistency.k, sum);
        for line in &seen.schools {
            prop_assert_eq!(line.rates.consistency.share.is_some(), line.rates.consistency.n >= 5);
            prop_assert_eq!(line.weeks.len(), 2);
        }
        prop_assert_eq!(&seen, &overview(&schools, &weeks(), &rows, now()));
    }
}
