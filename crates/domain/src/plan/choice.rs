//! Which plan a school goes by: one that comes with the program, or one of its own.

use serde::Deserialize;
use serde_json::Value;

use super::bundled;
use super::{CurriculumPlan, PerGrade};

/// Hours a week, and shares of an hour in a year, that nobody means.
const MOST_HOURS: f64 = 60.0;
/// Minutes of an hour.
const MINUTES: [f64; 2] = [10.0, 120.0];
/// Grades a plan may speak of.
const MOST_GRADES: usize = 12;
/// Subjects a plan may have.
const MOST_SUBJECTS: usize = 60;

/// A school's choice.
#[derive(Clone, Debug, PartialEq)]
pub enum PlanChoice {
    /// One that comes with the program.
    Bundled(&'static CurriculumPlan),
    /// Such as the province's.
    Own(Box<CurriculumPlan>),
}

impl Default for PlanChoice {
    fn default() -> Self {
        Self::Bundled(bundled::national())
    }
}

impl PlanChoice {
    /// Reads the setting: the key of a bundled plan, or a whole plan. The error is for people.
    pub fn read(value: &Value) -> Result<Self, String> {
        if let Value::String(key) = value {
            let known = || bundled::plans().iter().map(CurriculumPlan::key).collect::<Vec<_>>().join(", ");
            return bundled::plan(key)
                .map(Self::Bundled)
                .ok_or_else(|| format!("must be one of {}, or a plan", known()));
        }
        let plan = CurriculumPlan::deserialize(value).map_err(|error| error.to_string())?;
        plan.flaw().map_or_else(|| Ok(Self::Own(Box::new(plan))), Err)
    }

    /// The plan.
    pub fn plan(&self) -> &CurriculumPlan {
        match self {
            Self::Bundled(plan) => plan,
            Self::Own(plan) => plan,
        }
    }
}

impl CurriculumPlan {
    /// What is wrong with a plan that somebody wrote.
    fn flaw(&self) -> Option<String> {
        let within = |list: &PerGrade, [least, most]: [f64; 2]| {
            list.each().count() <= MOST_GRADES && list.each().all(|(_, one)| (least..=most).contains(&one))
        };
        if [&self.authority, &self.version, &self.system, &self.name]
            .iter()
            .any(|text| text.trim().is_empty())
        {
            return Some("authority, version, system and name must say something".to_owned());
        }
        if !within(&self.lesson_minutes, MINUTES) || self.lesson_minutes.is_empty() {
            return Some("lesson_minutes must be 10 to 120 for each grade".to_owned());
        }
        if !within(&self.weekly_total, [0.0, MOST_HOURS]) || !within(&self.weeks, [0.0, MOST_HOURS]) {
            return Some("weekly_total and weeks must be 0 to 60 for each grade".to_owned());
        }
        if self.subjects.is_empty() || self.subjects.len() > MOST_SUBJECTS {
            return Some(format!("subjects must be 1 to {MOST_SUBJECTS}"));
        }
        for (place, subject) in self.subjects.iter().enumerate() {
            let name = &subject.subject;
            let minima =
                subject.parts.iter().map(|part| &part.minimum).chain([&subject.minimum, &subject.weekly]);
            if minima.into_iter().any(|list| !within(list, [0.0, MOST_HOURS])) {
                return Some(format!("hours of {name} must be 0 to 60 for each grade"));
            }
            if self.subjects.iter().take(place).any(|other| other.subject == *name) {
                return Some(format!("{name} stands twice"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_school_chooses_by_key_or_brings_its_own() {
        let own = json!({
            "authority": "某省", "version": "2024", "system": "6-3", "name": "某省课程计划",
            "official_table": true, "weekly_total": [26, 26], "lesson_minutes": [40, 40],
            "subjects": [{"subject": "语文", "weekly": [9, 9]}],
        });

        assert_eq!(PlanChoice::read(&json!("national/2022/5-4")).unwrap().plan().system, "5-4");
        assert_eq!(PlanChoice::read(&own).unwrap().plan().key(), "某省/2024/6-3");
        assert_eq!(PlanChoice::default().plan().key(), "national/2022/6-3");
    }

    #[test]
    fn what_is_no_plan_is_refused_with_a_reason() {
        let own = |change: fn(&mut Value)| {
            let mut plan = json!({
                "authority": "某省", "version": "2024", "system": "6-3", "name": "某省课程计划",
                "weekly_total": [26], "lesson_minutes": [40], "subjects": [{"subject": "语文", "weekly": [9]}],
            });
            change(&mut plan);
            PlanChoice::read(&plan).err().unwrap_or_default()
        };

        assert_eq!(own(|_| ()), "");
        assert!(own(|plan| plan["lesson_minutes"] = json!([0])).contains("lesson_minutes"));
        assert!(own(|plan| plan["weekly_total"] = json!([-1])).contains("weekly_total"));
        assert!(own(|plan| plan["subjects"][0]["weekly"] = json!([90])).contains("语文"));
        assert!(
            own(|plan| plan["subjects"] = json!([{"subject": "语文"}, {"subject": "语文"}]))
                .contains("twice")
        );
        assert!(own(|plan| plan["subjects"] = json!([])).contains("subjects"));
        assert!(own(|plan| plan["name"] = json!(" ")).contains("name"));
        assert!(own(|plan| plan["colour"] = json!("red")).contains("colour"));
        assert!(PlanChoice::read(&json!("national/1999/6-3")).unwrap_err().contains("national/2022/6-3"));
        assert!(PlanChoice::read(&json!(7)).is_err());
    }
}
