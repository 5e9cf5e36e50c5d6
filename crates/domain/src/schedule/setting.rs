//! The setting `publish_schedule` of a school: off unless the principal sets it.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use crate::flaw::{Flaw, pointer_join};
use crate::ids::UserId;
use crate::week::Week;

/// Least time between the notice that a log is ready and its publication by rule: a veto needs a chance. Ours, 12 hours:
/// from the afternoon to the next morning.
pub const TIME_TO_OBJECT: TimeDelta = TimeDelta::hours(12);

/// Minutes of a week.
const WEEK: u32 = 7 * 24 * 60;

/// A moment of every week, by the school's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// 1 for Monday to 7 for Sunday.
    pub weekday: u32,
    /// Whether the day lies in the week after the log's.
    pub next_week: bool,
    /// To the minute.
    pub time: NaiveTime,
}

/// When the principal is reminded of a log that nobody has published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// When.
    pub at: Moment,
    /// Only if something is missing from the week then.
    pub only_with_gaps: bool,
}

/// When things happen to a week's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// When it is made ready for review; Friday at 16:00 unless set.
    pub draft: Moment,
    /// When the principal is reminded; never unless set.
    pub remind: Option<Reminder>,
    /// When it is published by rule; never unless set.
    pub publish: Option<Moment>,
}

/// The whole setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishSchedule {
    /// When.
    pub timing: Timing,
    /// The principal who decided so, and in whose name the rule publishes.
    pub decided_by: UserId,
    /// When it was decided: what lies before is left as it is.
    pub decided_at: DateTime<Utc>,
}

impl Moment {
    /// Minutes from the beginning of the log's week.
    fn minutes(self) -> u32 {
        use chrono::Timelike as _;
        let days = self.weekday.saturating_sub(1) * 24 * 60;
        days + self.time.hour() * 60 + self.time.minute() + if self.next_week { WEEK } else { 0 }
    }

    /// The moment of a week. A local time that a change of the clocks leaves out is that of an hour later; one that comes
    /// twice is the first.
    pub fn of(self, week: Week, zone: Tz) -> DateTime<Utc> {
        let days = u64::from(self.weekday.saturating_sub(1)) + if self.next_week { 7 } else { 0 };
        let date = week.monday().checked_add_days(Days::new(days)).unwrap_or(week.monday());
        let local: NaiveDateTime = date.and_time(self.time);
        let at = |local: NaiveDateTime| zone.from_local_datetime(&local).earliest();
        at(local)
            .or_else(|| at(local + TimeDelta::hours(1)))
            .map_or_else(|| local.and_utc(), |found| found.to_utc())
    }

    fn read(value: &Value, pointer: &str, more: &[&str]) -> Result<Self, Flaw> {
        let members = object(value, pointer, &["weekday", "next_week", "time"], more)?;
        let at = |name: &str| pointer_join(pointer, name);
        let weekday = members.get("weekday").and_then(Value::as_u64).filter(|day| (1..=7).contains(day));
        let weekday = weekday.and_then(|day| u32::try_from(day).ok());
        let weekday = weekday.ok_or_else(|| Flaw::invalid(at("weekday"), "1 (Monday) to 7 (Sunday)"))?;
        let next_week = flag(members, pointer, "next_week")?;
        let time = members.get("time").and_then(Value::as_str).filter(|text| text.len() == 5);
        let time = time.and_then(|text| NaiveTime::parse_from_str(text, "%H:%M").ok());
        let time = time.ok_or_else(|| Flaw::invalid(at("time"), "a time of day such as 16:00"))?;
        Ok(Self { weekday, next_week, time })
    }

    fn json(self) -> Value {
        json!({"weekday": self.weekday, "next_week": self.next_week, "time": self.time.format("%H:%M").to_string()})
    }
}

impl Default for Timing {
    fn default() -> Self {
        let time = NaiveTime::from_hms_opt(16, 0, 0).unwrap_or_default();
        Self { draft: Moment { weekday: 5, next_week: false, time }, remind: None, publish: None }
    }
}

impl Timing {
    /// Reads it; a flaw points to the member at fault.
    pub fn read(value: &Value) -> Result<Self, Flaw> {
        Self::read_with(value, &[])
    }

    fn read_with(value: &Value, more: &[&str]) -> Result<Self, Flaw> {
        let members = object(value, "", &["draft", "remind", "publish"], more)?;
        let set = |name: &str| members.get(name).filter(|value| !value.is_null());
        let draft = set("draft").map(|value| Moment::read(value, "/draft", &[])).transpose()?;
        let remind = set("remind").map(|value| -> Result<Reminder, Flaw> {
            let at = Moment::read(value, "/remind", &["only_with_gaps"])?;
            let only_with_gaps = flag(object(value, "/remind", &[], &[])?, "/remind", "only_with_gaps")?;
            Ok(Reminder { at, only_with_gaps })
        });
        let publish = set("publish").map(|value| Moment::read(value, "/publish", &[])).transpose()?;
        let timing =
            Self { draft: draft.unwrap_or(Self::default().draft), remind: remind.transpose()?, publish };
        timing.in_order()?;
        Ok(timing)
    }

    fn in_order(self) -> Result<(), Flaw> {
        let Self { draft, remind, publish } = self;
        let remind = remind.map(|remind| remind.at.minutes());
        if remind.is_some_and(|remind| remind < draft.minutes()) {
            return Err(Flaw::invalid("/remind", "must not be before draft"));
        }
        let Some(publish) = publish.map(Moment::minutes) else { return Ok(()) };
        if i64::from(publish) < i64::from(draft.minutes()) + TIME_TO_OBJECT.num_minutes() {
            let hours = TIME_TO_OBJECT.num_hours();
            return Err(Flaw::invalid("/publish", format!("must be at least {hours} hours after draft")));
        }
        if remind.is_some_and(|remind| remind >= publish) {
            return Err(Flaw::invalid("/remind", "must be before publish"));
        }
        Ok(())
    }

    /// As it is sent and shown.
    pub fn json(self) -> Value {
        let Self { draft, remind, publish } = self;
        let mut shown = json!({"draft": draft.json()});
        if let Some(Reminder { at, only_with_gaps }) = remind {
            shown["remind"] = at.json();
            shown["remind"]["only_with_gaps"] = json!(only_with_gaps);
        }
        if let Some(publish) = publish {
            shown["publish"] = publish.json();
        }
        shown
    }
}

impl PublishSchedule {
    /// Reads the setting as it is kept.
    pub fn read(value: &Value) -> Result<Self, Flaw> {
        let timing = Timing::read_with(value, &["decided_by", "decided_at"])?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let decided_by = text("decided_by").and_then(|text| text.parse().ok());
        let decided_by = decided_by.ok_or_else(|| Flaw::invalid("/decided_by", "the id of a person"))?;
        let decided_at = text("decided_at").and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let decided_at = decided_at.ok_or_else(|| Flaw::invalid("/decided_at", "an instant (RFC 3339)"))?;
        Ok(Self { timing, decided_by, decided_at: decided_at.to_utc() })
    }

    /// As it is kept.
    pub fn json(self) -> Value {
        let Self { timing, decided_by, decided_at } = self;
        let mut kept = timing.json();
        kept["decided_by"] = json!(decided_by);
        kept["decided_at"] = json!(decided_at);
        kept
    }
}

/// An object with members of these names only; with none named, any.
fn object<'v>(
    value: &'v Value,
    pointer: &str,
    known: &[&str],
    more: &[&str],
) -> Result<&'v Map<String, Value>, Flaw> {
    let members = value.as_object().ok_or_else(|| Flaw::invalid(pointer, "expected an object"))?;
    let stranger =
        members.keys().find(|name| !known.is_empty() && !known.iter().chain(more).any(|one| one == name));
    match stranger {
        Some(name) => Err(Flaw::unknown(pointer_join(pointer, name), "no such member")),
        None => Ok(members),
    }
}

/// True or false; false if absent.
fn flag(members: &Map<String, Value>, pointer: &str, name: &str) -> Result<bool, Flaw> {
    match members.get(name) {
        None => Ok(false),
        Some(value) => {
            value.as_bool().ok_or_else(|| Flaw::invalid(pointer_join(pointer, name), "true or false"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back() {
        let timing = Timing::read(&json!({"remind": {"weekday": 7, "time": "18:00", "only_with_gaps": true},
            "publish": {"weekday": 1, "next_week": true, "time": "12:00"}}))
        .unwrap();
        let schedule = PublishSchedule {
            timing,
            decided_by: UserId::from_uuid(uuid::Uuid::from_u128(7)),
            decided_at: "2026-11-18T02:00:00Z".parse().unwrap(),
        };

        assert_eq!(PublishSchedule::read(&schedule.json()), Ok(schedule));
        assert_eq!(Timing::read(&timing.json()), Ok(timing));
        assert_eq!(timing.draft, Timing::default().draft);
    }

    #[test]
    fn a_flaw_names_the_member() {
        let pointer = |value: Value| Timing::read(&value).unwrap_err().pointer;

        assert_eq!(pointer(json!([])), "");
        assert_eq!(pointer(json!({"drafts": {}})), "/drafts");
        assert_eq!(pointer(json!({"draft": {"weekday": 0, "time": "16:00"}})), "/draft/weekday");
        assert_eq!(pointer(json!({"draft": {"weekday": 5, "time": "24:00"}})), "/draft/time");
        assert_eq!(pointer(json!({"draft": {"weekday": 5, "time": "9:00"}})), "/draft/time");
        assert_eq!(
            pointer(json!({"publish": {"weekday": 1, "time": "12:00", "next_week": 1}})),
            "/publish/next_week"
        );
        assert_eq!(
            pointer(json!({"remind": {"weekday": 7, "time": "18:00", "only_with_gaps": "yes"}})),
            "/remind/only_with_gaps"
        );
        assert_eq!(
            pointer(json!({"publish": {"weekday": 1, "time": "12:00"}})),
            "/publish",
            "before the draft"
        );
        assert_eq!(
            pointer(json!({"publish": {"weekday": 5, "time": "20:00"}})),
            "/publish",
            "too soon to object"
        );
        assert_eq!(pointer(json!({"remind": {"weekday": 5, "time": "15:00"}})), "/remind");
        assert_eq!(
            pointer(
                json!({"remind": {"weekday": 7, "time": "18:00"}, "publish": {"weekday": 7, "time": "12:00"}})
            ),
            "/remind"
        );
    }

    #[test]
    fn a_moment_is_of_the_schools_clock_even_where_clocks_change() {
        let week: Week = "2026-W13".parse().unwrap();
        let sunday = |time: &str| Moment {
            weekday: 7,
            next_week: false,
            time: NaiveTime::parse_from_str(time, "%H:%M").unwrap(),
        };

        assert_eq!(sunday("02:30").of(week, Tz::Asia__Shanghai).to_rfc3339(), "2026-03-28T18:30:00+00:00");
        // 02:00 to 03:00 is left out in Berlin on 2026-03-29.
        assert_eq!(sunday("02:30").of(week, Tz::Europe__Berlin).to_rfc3339(), "2026-03-29T01:30:00+00:00");
    }
}
