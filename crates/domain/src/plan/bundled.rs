//! The plans that come with the program: `crates/domain/plans/`.

use std::sync::LazyLock;

use super::CurriculumPlan;

/// The national plan of 2022 for 六三学制 and for 五四学制; the first is what holds unless a school chooses.
static PLANS: LazyLock<[CurriculumPlan; 2]> = LazyLock::new(|| {
    [include_str!("../../plans/national-2022-63.json"), include_str!("../../plans/national-2022-54.json")]
        .map(|text| serde_json::from_str(text).expect("the bundled plans are read by a test"))
});

/// All of them.
pub fn plans() -> &'static [CurriculumPlan] {
    &*PLANS
}

/// The one of a key such as `national/2022/5-4`.
pub fn plan(key: &str) -> Option<&'static CurriculumPlan> {
    PLANS.iter().find(|plan| plan.key() == key)
}

/// The national plan for 六三学制.
pub fn national() -> &'static CurriculumPlan {
    let [national, _] = &*PLANS;
    national
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_national_plan_has_the_table_of_the_sample_data() {
        let sample: Value =
            serde_json::from_str(include_str!("../../../../tests/data/curriculum-plan-2022-63.json"))
                .unwrap();

        for subject in sample["subjects"].as_array().unwrap() {
            let name = subject["subject"].as_str().unwrap();
            let planned = national().subjects.iter().find(|planned| planned.subject == name).unwrap();
            for (place, hours) in subject["weekly"].as_array().unwrap().iter().enumerate() {
                let grade = u32::try_from(place).unwrap() + 1;
                assert_eq!(planned.hours(grade), hours.as_f64(), "{name} {grade}");
            }
        }
        assert_eq!(national().subjects.len(), sample["subjects"].as_array().unwrap().len());
        for grade in 1..=9 {
            assert_eq!(national().weekly_total.at(grade), sample["weekly_total"][grade.to_string()].as_f64());
            let pe = national().subjects.iter().find(|planned| planned.subject == "体育与健康").unwrap();
            let place = usize::try_from(grade).unwrap() - 1;
            assert_eq!(pe.least(grade), sample["pe"]["national"][place].as_f64());
        }
        assert_eq!(
            national().exercise.as_ref().map(|exercise| exercise.daily),
            sample["pe"]["daily"].as_f64()
        );
    }

    #[test]
    fn the_subjects_of_a_grade_add_up_to_its_week() {
        for grade in 1..=9 {
            let sum: f64 = national().subjects.iter().filter_map(|subject| subject.hours(grade)).sum();
            assert_eq!(Some(sum), national().weekly_total.at(grade), "{grade}");
        }
    }

    #[test]
    fn a_bundled_plan_that_is_no_official_table_says_so() {
        for plan in plans() {
            assert!(!plan.official_table && plan.note.is_some(), "{}", plan.key());
            assert_eq!(super::plan(&plan.key()), Some(plan));
        }
        assert!(super::plan("national/2022/5-4").unwrap().subjects.iter().all(|one| one.weekly.is_empty()));
    }
}
