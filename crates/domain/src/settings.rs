//! What a school sets for itself: `settings/<name>` of its record. Only those that the domain reads are known here;
//! others belong to whoever keeps them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::flaw::Flaw;
use crate::plan::CurriculumPlan;
use crate::plan::choice::PlanChoice;
use crate::practice::dual::DualLimits;
use crate::schedule::PublishSchedule;

/// The name of the setting that chooses the plan: a key, or a whole plan.
pub const CURRICULUM_PLAN: &str = "curriculum_plan";
/// The name of the setting with the limits of a teacher's load.
pub const TEACHER_LOAD: &str = "teacher_load";

/// The name of the setting of what chance swaps explain.
pub const DUAL_TIMETABLE: &str = "dual_timetable";

/// The name of the setting that lets anybody read the public editions.
pub const POSTED: &str = "posted";

/// The name of the setting that says for how many days facts may be contested.
pub const OBJECTION_DAYS: &str = "objection_days";

/// For how many days a teacher may contest what is written of a lesson, unless the school sets another number: the 10
/// days that Zhejiang gives for a defence (domain, section 6).
const OBJECTION_DAYS_DEFAULT: u32 = 10;

/// The name of the setting that says what happens to a week's log by itself.
pub const PUBLISH_SCHEDULE: &str = "publish_schedule";

/// The settings that only the principal decides, each by an operation of its own.
pub const OF_THE_PRINCIPAL: [&str; 2] = [POSTED, PUBLISH_SCHEDULE];

/// The settings the domain reads.
#[derive(Clone, Debug, PartialEq)]
pub struct SchoolSettings {
    /// The plan chosen; the national one unless set.
    pub plan: PlanChoice,
    /// When a teacher has too much.
    pub load: LoadLimits,
    /// When another timetable is taken to be in use.
    pub dual: DualLimits,
    /// Whether anybody may read the public editions; not unless the school decides so (domain, section 6).
    pub posted: bool,
    /// For how many days a teacher may contest the facts, 1 to 60.
    pub objection_days: u32,
    /// What happens to a week's log by itself; nothing unless the school decides so.
    pub schedule: Option<PublishSchedule>,
    /// Settings that do not read: what holds without them holds.
    pub unreadable: Vec<String>,
}

impl Default for SchoolSettings {
    fn default() -> Self {
        Self {
            plan: PlanChoice::default(),
            load: LoadLimits::default(),
            dual: DualLimits::default(),
            posted: false,
            schedule: None,
            objection_days: OBJECTION_DAYS_DEFAULT,
            unreadable: Vec::new(),
        }
    }
}

/// When a teacher has too much (兼课过多). Nobody prescribes these; the defaults are ours (domain, section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoadLimits {
    /// Most subjects (fields), duties of a class's teacher not counted.
    pub subjects: u32,
    /// Most lessons a week.
    pub lessons: f64,
    /// Most of them outside the teacher's own field, percent of all but duties.
    pub out_of_field_percent: f64,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { subjects: 2, lessons: 20.0, out_of_field_percent: 30.0 }
    }
}

impl LoadLimits {
    fn read(value: &Value) -> Result<Self, String> {
        let limits = Self::deserialize(value).map_err(|error| error.to_string())?;
        let Self { subjects, lessons, out_of_field_percent } = limits;
        if !(1..=20).contains(&subjects) {
            return Err("subjects must be 1 to 20".to_owned());
        }
        if !(1.0..=60.0).contains(&lessons) {
            return Err("lessons must be 1 to 60 a week".to_owned());
        }
        if !(0.0..=100.0).contains(&out_of_field_percent) {
            return Err("out_of_field_percent must be 0 to 100".to_owned());
        }
        Ok(limits)
    }
}

impl SchoolSettings {
    /// Takes one setting; the error says, for people, why it does not read. Unknown ones are passed by.
    pub fn take(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match name {
            CURRICULUM_PLAN => self.plan = PlanChoice::read(value)?,
            TEACHER_LOAD => self.load = LoadLimits::read(value)?,
            OBJECTION_DAYS => {
                let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
                let days = days.filter(|days| (1..=60).contains(days));
                self.objection_days = days.ok_or("objection_days must be a whole number from 1 to 60")?;
            }
            DUAL_TIMETABLE => self.dual = DualLimits::read(value)?,
            POSTED => self.posted = value.as_bool().ok_or("posted must be true or false")?,
            PUBLISH_SCHEDULE => {
                let named = |flaw: Flaw| format!("{}: {}", flaw.pointer, flaw.detail);
                self.schedule = Some(PublishSchedule::read(value).map_err(named)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// The plan the school goes by.
    pub fn plan(&self) -> &CurriculumPlan {
        self.plan.plan()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_that_are_not_set_keep_their_defaults() {
        let mut settings = SchoolSettings::default();

        settings.take(TEACHER_LOAD, &json!({"lessons": 16})).unwrap();
        settings.take("target", &json!({"per_day": 2})).unwrap();

        assert_eq!(settings.load, LoadLimits { lessons: 16.0, ..LoadLimits::default() });
    }

    #[test]
    fn facts_may_be_contested_for_ten_days_unless_the_school_says_otherwise() {
        let mut settings = SchoolSettings::default();
        assert_eq!(settings.objection_days, 10);

        settings.take(OBJECTION_DAYS, &json!(15)).unwrap();

        assert_eq!(settings.objection_days, 15);
        assert!(settings.take(OBJECTION_DAYS, &json!(0)).unwrap_err().contains("objection_days"));
        assert!(settings.take(OBJECTION_DAYS, &json!("15")).unwrap_err().contains("objection_days"));
    }

    #[test]
    fn limits_out_of_range_are_refused() {
        let refused = |value: Value| SchoolSettings::default().take(TEACHER_LOAD, &value).unwrap_err();

        assert!(refused(json!({"subjects": 0})).contains("subjects"));
        assert!(refused(json!({"lessons": 100})).contains("lessons"));
        assert!(refused(json!({"out_of_field_percent": -1})).contains("percent"));
        assert!(refused(json!({"hours": 3})).contains("hours"));
    }
}
