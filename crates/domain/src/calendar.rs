//! What a date is for the school: which weekday's lessons are taught, or why none are
//! (domain, section 4).

use std::cmp::Reverse;

use chrono::{Datelike, Days, NaiveDate};

use crate::book::{CalendarDay, DayKind, Parity, SchoolBook, Semester};
use crate::week::Week;

/// What a date is for the school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchoolDay {
    /// The teaching week the date lies in.
    pub teaching_week: Option<u32>,
    /// The parity of that week.
    pub parity: Option<Parity>,
    /// Whether and which lessons are taught.
    pub kind: DayState,
}

/// Whether lessons are taught on a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayState {
    /// The lessons of a weekday.
    Lessons {
        /// The weekday followed, 1–7.
        weekday: u32,
        /// The parity followed, where it is known.
        parity: Option<Parity>,
        /// Parts of the day without lessons.
        closed: Vec<ClosedSpan>,
    },
    /// No lessons at all.
    NoLessons {
        /// Why.
        reason: NoLessonsReason,
    },
}

/// Why a date has no lessons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLessonsReason {
    /// A declared holiday.
    Holiday,
    /// Saturday or Sunday, and not a makeup day.
    Weekend,
    /// Before the first or after the last day of lessons.
    OutsideSemester,
}

/// A part of a day without lessons, by period labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClosedSpan {
    /// First period concerned; from the beginning if absent.
    pub from: Option<String>,
    /// Last period concerned; to the end if absent.
    pub to: Option<String>,
    /// Whether the periods from–to are closed, or all others.
    pub reason: CloseReason,
    /// The reason, for people.
    pub note: Option<String>,
}

/// Why a part of a day has no lessons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloseReason {
    /// An event takes place in the periods from–to.
    Event,
    /// Lessons are held in the periods from–to only.
    HalfDay,
}

impl SchoolBook {
    /// What a date is: calendar days first, then the weekend, then the semester.
    pub fn school_day(&self, date: NaiveDate) -> SchoolDay {
        let semester = self.semester_of(date);
        let teaching_week = semester.and_then(|semester| teaching_week(semester, date));
        let declared =
            semester.zip(teaching_week).and_then(|(semester, week)| semester.weeks.get(&week)?.parity);
        let parity = declared.or(teaching_week.map(Parity::of));
        SchoolDay { teaching_week, parity, kind: self.day_state(date, semester, parity) }
    }

    fn day_state(&self, date: NaiveDate, semester: Option<&Semester>, parity: Option<Parity>) -> DayState {
        let days: Vec<&CalendarDay> =
            self.calendar_days.iter().filter(|day| day.date == date && day.retired.is_none()).collect();
        if days.iter().any(|day| day.kind == DayKind::Holiday) {
            return DayState::NoLessons { reason: NoLessonsReason::Holiday };
        }
        let followed = days
            .iter()
            .filter(|day| matches!(day.kind, DayKind::Makeup | DayKind::Swap))
            .filter_map(|day| {
                let weekday = day.follows_weekday.filter(|weekday| (1..=7).contains(weekday))?;
                Some((weekday, day.follows_parity))
            })
            // Several declarations of one date cannot all hold; any fixed choice will do.
            .min_by_key(|(weekday, parity)| (*weekday, parity.map(|parity| parity == Parity::Even)));
        let own = date.weekday().number_from_monday();
        let (weekday, parity) = match followed {
            Some((weekday, set)) => (weekday, set.or(parity)),
            None if own > 5 => return DayState::NoLessons { reason: NoLessonsReason::Weekend },
            None if self.is_outside(semester, date) => {
                return DayState::NoLessons { reason: NoLessonsReason::OutsideSemester };
            }
            None => (own, parity),
        };
        let mut closed: Vec<ClosedSpan> = days.iter().filter_map(|day| closed_span(day)).collect();
        closed.sort();
        DayState::Lessons { weekday, parity, closed }
    }

    /// A school that has declared no semester yet teaches on every weekday.
    fn is_outside(&self, semester: Option<&Semester>, date: NaiveDate) -> bool {
        match semester {
            Some(semester) => date < semester.first_day || date > semester.last_day,
            None => !self.semesters.is_empty(),
        }
    }

    /// The semester whose teaching weeks a date lies in, the edges of its first and last week
    /// included.
    pub fn semester_of(&self, date: NaiveDate) -> Option<&Semester> {
        self.semesters
            .iter()
            .filter(|semester| semester.retired.is_none_or(|retired| retired > date))
            .filter(|semester| {
                let begin = semester.week_one.min(semester.first_day);
                (begin..=Week::of(semester.last_day).sunday()).contains(&date)
            })
            .min_by_key(|semester| {
                let covers = (semester.first_day..=semester.last_day).contains(&date);
                (!covers, Reverse(semester.week_one), &semester.school_year, semester.term)
            })
    }

    /// The teaching weeks of the term a date lies in, with their parities; none outside a term.
    pub(crate) fn weeks_of_term(&self, on: NaiveDate) -> Vec<(u32, Parity)> {
        let Some(semester) = self.semester_of(on) else { return Vec::new() };
        let declared = |week: u32| semester.weeks.get(&week).and_then(|week| week.parity);
        (1..=60)
            .take_while(|week| monday_of(semester, *week).is_some())
            .map(|week| (week, declared(week).unwrap_or(Parity::of(week))))
            .collect()
    }

    /// The teaching weeks before `week` in its semester, the newest first, at most `most`; none outside a semester.
    pub fn teaching_weeks_before(&self, week: Week, most: usize) -> Vec<Week> {
        let Some(semester) = self.semester_of(week.monday()) else { return Vec::new() };
        let first = Week::of(semester.week_one.min(semester.first_day));
        (1..)
            .map(|weeks| week.back(weeks))
            .take_while(|before| *before >= first)
            .filter(|before| teaching_week(semester, before.monday()).is_some())
            .take(most)
            .collect()
    }

    /// The days of a week (holidays, days with an event or a half day) that make it unlike others.
    pub fn days_unlike_others(&self, week: Week) -> (u32, u32) {
        week.days().fold((0, 0), |(holidays, events), date| match self.school_day(date).kind {
            DayState::NoLessons { reason: NoLessonsReason::Holiday } => (holidays + 1, events),
            DayState::Lessons { closed, .. } if !closed.is_empty() => (holidays, events + 1),
            DayState::NoLessons { .. } | DayState::Lessons { .. } => (holidays, events),
        })
    }

    /// Monday to Sunday of a teaching week, by the semester a date lies in.
    pub fn teaching_week_of(&self, date: NaiveDate) -> Option<u32> {
        self.semester_of(date).and_then(|semester| teaching_week(semester, date))
    }
}

/// Weeks are counted from the nearest earlier declared one (week 1 is declared by `week_one`); a
/// number that is declared to begin later is not reached by counting: those days lie in no week.
fn teaching_week(semester: &Semester, date: NaiveDate) -> Option<u32> {
    let monday = Week::of(date).monday();
    let first = (!semester.weeks.contains_key(&1)).then(|| (Week::of(semester.week_one).monday(), 1));
    let declared = semester.weeks.iter().map(|(number, week)| (Week::of(week.start).monday(), *number));
    let (start, number) = first.into_iter().chain(declared).filter(|(start, _)| *start <= monday).max()?;
    let weeks = u32::try_from((monday - start).num_weeks()).ok()?;
    let counted = number.checked_add(weeks)?;
    let next = semester.weeks.range(number.checked_add(1)?..).next().map(|(next, _)| *next);
    next.is_none_or(|next| counted < next).then_some(counted)
}

/// The Monday of a teaching week of a semester, if it has that week.
pub fn monday_of(semester: &Semester, number: u32) -> Option<NaiveDate> {
    let (known, start) = match semester.weeks.range(1..=number.max(1)).next_back() {
        Some((known, week)) => (*known, week.start),
        None => (1, semester.week_one),
    };
    let later = u64::from(number.checked_sub(known)?).checked_mul(7)?;
    Week::of(start).monday().checked_add_days(Days::new(later)).filter(|monday| *monday <= semester.last_day)
}

fn closed_span(day: &CalendarDay) -> Option<ClosedSpan> {
    let CalendarDay { from_period: from, to_period: to, note, .. } = day.clone();
    match day.kind {
        DayKind::Event => Some(ClosedSpan { from, to, reason: CloseReason::Event, note }),
        DayKind::HalfDay if from.is_some() || to.is_some() => {
            Some(ClosedSpan { from, to, reason: CloseReason::HalfDay, note })
        }
        DayKind::HalfDay | DayKind::Holiday | DayKind::Makeup | DayKind::Swap => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::book::TeachingWeek;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn autumn() -> Semester {
        Semester {
            school_year: "2026-2027".into(),
            term: 1,
            first_day: day("2026-09-01"),
            last_day: day("2027-01-22"),
            week_one: day("2026-08-31"),
            weeks: BTreeMap::new(),
            retired: None,
        }
    }

    fn calendar_day(date: &str, kind: DayKind) -> CalendarDay {
        CalendarDay {
            date: day(date),
            kind,
            follows_weekday: None,
            follows_parity: None,
            from_period: None,
            to_period: None,
            note: None,
            retired: None,
        }
    }

    fn book(days: Vec<CalendarDay>) -> SchoolBook {
        SchoolBook { semesters: vec![autumn()], calendar_days: days, ..SchoolBook::default() }
    }

    #[test]
    fn teaching_weeks_are_counted_from_monday_to_sunday() {
        let book = book(vec![]);

        for (date, week) in
            [("2026-08-31", 1), ("2026-09-06", 1), ("2026-09-07", 2), ("2026-11-17", 12), ("2026-11-23", 13)]
        {
            assert_eq!(book.school_day(day(date)).teaching_week, Some(week), "{date}");
        }
        assert_eq!(book.school_day(day("2026-08-30")).teaching_week, None);
    }

    #[test]
    fn a_declared_week_moves_those_after_it_and_leaves_a_gap_before_it() {
        let mut semester = autumn();
        semester.weeks.insert(6, TeachingWeek { start: day("2026-10-12"), parity: Some(Parity::Odd) });
        let book = SchoolBook { semesters: vec![semester.clone()], ..SchoolBook::default() };

        assert_eq!(book.school_day(day("2026-10-01")).teaching_week, Some(5));
        assert_eq!(book.school_day(day("2026-10-08")).teaching_week, None);
        assert_eq!(book.school_day(day("2026-10-14")).teaching_week, Some(6));
        assert_eq!(book.school_day(day("2026-10-14")).parity, Some(Parity::Odd));
        assert_eq!(book.school_day(day("2026-10-21")).teaching_week, Some(7));
        assert_eq!(monday_of(&semester, 7), Some(day("2026-10-19")));
        assert_eq!(monday_of(&semester, 99), None);
    }

    #[test]
    fn the_teaching_weeks_before_one_stay_in_its_semester() {
        let book = book(Vec::new());
        let week = |text: &str| -> Week { text.parse().unwrap() };

        let before = book.teaching_weeks_before(week("2026-W38"), 7);

        assert_eq!(before, [week("2026-W37"), week("2026-W36")]);
        assert_eq!(book.teaching_weeks_before(week("2026-W47"), 7).len(), 7);
        assert_eq!(book.teaching_weeks_before(week("2026-W30"), 7), []);
    }

    #[test]
    fn holidays_and_days_with_an_event_make_a_week_unlike_others() {
        let holidays = ["2026-10-05", "2026-10-06"].map(|date| calendar_day(date, DayKind::Holiday));
        let mut exam = calendar_day("2026-10-08", DayKind::Event);
        exam.from_period = Some("第1节".to_owned());
        let book = book(holidays.into_iter().chain([exam]).collect());

        assert_eq!(book.days_unlike_others("2026-W41".parse().unwrap()), (2, 1));
        assert_eq!(book.days_unlike_others("2026-W47".parse().unwrap()), (0, 0));
    }

    #[test]
    fn a_makeup_day_follows_another_weekday_and_the_parity_set_by_hand() {
        let makeup = CalendarDay { follows_weekday: Some(5), ..calendar_day("2026-09-20", DayKind::Makeup) };
        let odd = CalendarDay {
            follows_weekday: Some(4),
            follows_parity: Some(Parity::Odd),
            ..calendar_day("2026-10-10", DayKind::Makeup)
        };
        let book = book(vec![makeup, odd]);

        let sunday = book.school_day(day("2026-09-20"));
        let saturday = book.school_day(day("2026-10-10"));

        let lessons = |weekday| DayState::Lessons { weekday, parity: Some(Parity::Odd), closed: vec![] };
        assert_eq!(sunday.kind, lessons(5));
        assert_eq!(saturday.parity, Some(Parity::Even));
        assert_eq!(saturday.kind, lessons(4));
    }

    #[test]
    fn a_holiday_beats_whatever_else_is_declared() {
        let makeup = CalendarDay { follows_weekday: Some(5), ..calendar_day("2026-10-01", DayKind::Makeup) };
        let mut retired = calendar_day("2026-10-08", DayKind::Holiday);
        retired.retired = Some(day("2026-09-30"));
        let book = book(vec![makeup, calendar_day("2026-10-01", DayKind::Holiday), retired]);

        assert_eq!(
            book.school_day(day("2026-10-01")).kind,
            DayState::NoLessons { reason: NoLessonsReason::Holiday }
        );
        assert!(matches!(book.school_day(day("2026-10-08")).kind, DayState::Lessons { .. }));
    }

    #[test]
    fn weekends_and_days_outside_the_semester_have_no_lessons() {
        let book = book(vec![]);

        let reason = |date| match book.school_day(day(date)).kind {
            DayState::NoLessons { reason } => Some(reason),
            DayState::Lessons { .. } => None,
        };
        assert_eq!(reason("2026-11-21"), Some(NoLessonsReason::Weekend));
        assert_eq!(reason("2026-08-31"), Some(NoLessonsReason::OutsideSemester));
        assert_eq!(reason("2027-02-01"), Some(NoLessonsReason::OutsideSemester));
        assert_eq!(reason("2026-11-20"), None);
    }

    #[test]
    fn a_school_without_a_semester_teaches_on_weekdays_of_unknown_parity() {
        let day = SchoolBook::default().school_day(day("2026-11-20"));

        assert_eq!(day.kind, DayState::Lessons { weekday: 5, parity: None, closed: vec![] });
    }

    proptest! {
        #[test]
        fn the_monday_of_a_week_lies_in_that_week(number in 1_u32..21, declared in 2_u32..20, shift in 0_u64..3) {
            let mut semester = autumn();
            let plain = monday_of(&semester, declared).unwrap();
            let start = plain.checked_add_days(Days::new(shift * 7)).unwrap();
            semester.weeks.insert(declared, TeachingWeek { start, parity: None });

            if let Some(monday) = monday_of(&semester, number) {
                prop_assert_eq!(teaching_week(&semester, monday), Some(number));
            }
        }
    }
}
