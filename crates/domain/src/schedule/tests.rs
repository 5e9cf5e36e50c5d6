//! What is due when: one week from Friday to the Monday after, and the ways it may go otherwise.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::json;

use super::{Hindrance, Progress, PublishSchedule, Standing, Step, Timing, standing, weeks};
use crate::book::{CalendarDay, DayKind, SchoolBook};
use crate::ids::UserId;
use crate::week::Week;

/// Monday 2026-11-16 to Sunday 2026-11-22.
fn week() -> Week {
    "2026-W47".parse().unwrap()
}

fn at(local: &str) -> DateTime<Utc> {
    format!("{local}:00+08:00").parse().unwrap()
}

/// Ready on Friday at 16:00, a reminder on Sunday at 18:00, published on Monday at 12:00; decided on the Wednesday.
fn schedule() -> PublishSchedule {
    let timing = json!({"remind": {"weekday": 7, "time": "18:00"},
        "publish": {"weekday": 1, "next_week": true, "time": "12:00"}});
    PublishSchedule {
        timing: Timing::read(&timing).unwrap(),
        decided_by: UserId::from_uuid(uuid::Uuid::from_u128(1)),
        decided_at: at("2026-11-18T09:00"),
    }
}

fn visited() -> Progress {
    Progress { visited: true, authorised: true, ..Progress::default() }
}

fn drafted() -> Progress {
    Progress { drafted_at: Some(at("2026-11-20T16:00")), ..visited() }
}

fn look(progress: &Progress, now: &str) -> Standing {
    standing(&schedule(), &SchoolBook::default(), week(), progress, at(now))
}

#[test]
fn each_step_is_due_from_its_moment_on_and_in_order() {
    let reminded = Progress { reminded: true, ..drafted() };

    assert_eq!(look(&visited(), "2026-11-20T15:59").next, Some((Step::Draft, at("2026-11-20T16:00"))));
    assert_eq!(look(&visited(), "2026-11-20T16:00").due, Some(Step::Draft));
    assert_eq!(look(&drafted(), "2026-11-22T17:59").next, Some((Step::Remind, at("2026-11-22T18:00"))));
    assert_eq!(look(&drafted(), "2026-11-22T18:00").due, Some(Step::Remind));
    assert_eq!(look(&reminded, "2026-11-23T11:59").next, Some((Step::Publish, at("2026-11-23T12:00"))));
    assert_eq!(look(&reminded, "2026-11-23T12:00").due, Some(Step::Publish));
    assert_eq!(look(&Progress { published: true, ..reminded }, "2026-11-23T12:00"), Standing::default());
}

#[test]
fn a_week_that_was_to_be_ready_before_it_was_decided_is_left_alone() {
    let late = PublishSchedule { decided_at: at("2026-11-21T09:00"), ..schedule() };

    let standing = standing(&late, &SchoolBook::default(), week(), &visited(), at("2026-11-23T12:00"));

    assert_eq!(standing, Standing::default());
}

#[test]
fn a_server_that_was_away_makes_up_for_what_is_due_and_leaves_time_to_object() {
    let away = Progress { drafted_at: Some(at("2026-11-23T20:00")), reminded: true, ..visited() };

    assert_eq!(look(&visited(), "2026-11-23T20:00").due, Some(Step::Draft), "three days late");
    assert_eq!(look(&away, "2026-11-23T20:01").next, Some((Step::Publish, at("2026-11-24T08:00"))));
    assert_eq!(look(&away, "2026-11-24T08:00").due, Some(Step::Publish));
}

#[test]
fn what_is_long_over_is_left_to_people() {
    let reminded = Progress { reminded: true, ..drafted() };

    assert_eq!(look(&visited(), "2026-11-27T15:59").due, Some(Step::Draft));
    assert_eq!(look(&visited(), "2026-11-27T16:00"), Standing::default());
    assert_eq!(look(&reminded, "2026-11-30T11:59").due, Some(Step::Publish));
    assert_eq!(look(&reminded, "2026-11-30T12:00"), Standing::default());
}

#[test]
fn what_hinders_a_publication_is_told_and_goes_when_it_is_gone() {
    let reminded = Progress { reminded: true, ..drafted() };
    for (progress, hindrance) in [
        (Progress { vetoed: true, ..reminded }, Hindrance::Vetoed),
        (Progress { visited: false, ..reminded }, Hindrance::NoVisit),
        (Progress { authorised: false, ..reminded }, Hindrance::Unauthorised),
    ] {
        let found = look(&progress, "2026-11-23T12:00");
        assert_eq!((found.due, found.hindrance), (None, Some(hindrance)));
        assert_eq!(found.publication, Some(at("2026-11-23T12:00")));
    }
    assert_eq!(look(&reminded, "2026-11-23T12:00").due, Some(Step::Publish));
}

#[test]
fn a_schedule_that_is_changed_on_the_way_leaves_time_to_object() {
    let earlier = PublishSchedule { decided_at: at("2026-11-23T15:00"), ..schedule() };
    let progress = Progress { reminded: true, ..drafted() };

    let standing = standing(&earlier, &SchoolBook::default(), week(), &progress, at("2026-11-23T15:01"));

    assert_eq!(standing.next, Some((Step::Publish, at("2026-11-24T03:00"))));
}

#[test]
fn a_week_of_holidays_has_nothing_due() {
    let holiday = |date| CalendarDay {
        date,
        kind: DayKind::Holiday,
        follows_weekday: None,
        follows_parity: None,
        from_period: None,
        to_period: None,
        note: None,
        retired: None,
    };
    let book = SchoolBook { calendar_days: week().days().map(holiday).collect(), ..SchoolBook::default() };

    let found = standing(&schedule(), &book, week(), &visited(), at("2026-11-20T16:00"));

    assert_eq!(found, Standing::default());
}

#[test]
fn of_each_step_no_more_than_one_week_is_ever_due() {
    let long_ago = PublishSchedule { decided_at: at("2026-09-01T00:00"), ..schedule() };
    let fresh = |_: Week| visited();
    let ready = |week: Week| Progress {
        drafted_at: Some(long_ago.timing.draft.of(week, Tz::Asia__Shanghai)),
        reminded: true,
        ..visited()
    };
    let mut now = at("2026-11-16T00:00");
    while now < at("2026-11-30T00:00") {
        let today = now.date_naive();
        let due = |progress: &dyn Fn(Week) -> Progress| {
            let all = (0..20).map(|back| Week::of(today).back(back));
            let due = |week: &Week| {
                standing(&long_ago, &SchoolBook::default(), *week, &progress(*week), now).due.is_some()
            };
            all.filter(due).collect::<Vec<_>>()
        };

        for due in [due(&fresh), due(&ready)] {
            assert_eq!(due.len(), 1, "{now}");
            assert!(weeks(today).contains(&due[0]), "{now}");
        }
        now += TimeDelta::minutes(97);
    }
}
