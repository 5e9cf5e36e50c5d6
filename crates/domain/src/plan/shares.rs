//! Hours of the nine years, and their shares (domain, section 3.1).

use super::{CurriculumPlan, PlannedSubject, ShareBand};

impl CurriculumPlan {
    /// Hours of a school year that so many hours a week make in a grade.
    pub fn yearly(&self, grade: u32, weekly: f64) -> f64 {
        self.weeks.at(grade).unwrap_or(0.0) * weekly
    }

    /// Hours of nine years in the plan's table: 9522 for the national one. None without a table or without weeks.
    pub fn nine_year_hours(&self) -> Option<f64> {
        let table = self.subjects.iter().any(|subject| !subject.weekly.is_empty());
        (table && !self.weeks.is_empty())
            .then(|| self.weekly_total.each().map(|(grade, weekly)| self.yearly(grade, weekly)).sum())
    }

    /// Hours of nine years of a band's subjects; none without a table.
    pub fn band_hours(&self, band: &ShareBand) -> Option<f64> {
        self.nine_year_hours()?;
        let own = self.subjects.iter().filter(|subject| band.subjects.contains(&subject.subject));
        Some(own.map(|subject| self.subject_hours(subject)).sum())
    }

    fn subject_hours(&self, subject: &PlannedSubject) -> f64 {
        subject.weekly.each().map(|(grade, weekly)| self.yearly(grade, weekly)).sum()
    }
}

impl ShareBand {
    /// Whether a share, in percent, is within the band.
    pub fn holds(&self, percent: f64) -> bool {
        (self.from..=self.to).contains(&percent)
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::bundled::{national, plan};

    #[test]
    fn the_national_table_has_9522_hours_and_every_share_is_within_its_band() {
        assert_eq!(national().nine_year_hours(), Some(9522.0));
        let hours: Vec<f64> =
            national().shares.iter().filter_map(|band| national().band_hours(band)).collect();

        // The column 课时 of domain, section 3.2; the last group is 313 + 556 + 210 + 346.
        assert_eq!(hours, [626.0, 1985.0, 1355.0, 692.0, 346.0, 828.0, 210.0, 1009.0, 1046.0, 1425.0, 210.0]);
        for (band, hours) in national().shares.iter().zip(hours) {
            assert!(band.holds(hours * 100.0 / 9522.0), "{}", band.name);
        }
    }

    #[test]
    fn a_plan_without_a_table_tells_no_shares() {
        let plan = plan("national/2022/5-4").unwrap();

        assert_eq!(plan.nine_year_hours(), None);
        assert_eq!(plan.shares.iter().find_map(|band| plan.band_hours(band)), None);
    }

    #[test]
    fn a_share_beside_its_band_is_found() {
        let band = &national().shares[0];

        assert!(band.holds(6.0) && band.holds(8.0));
        assert!(!band.holds(5.99) && !band.holds(8.01));
    }
}
