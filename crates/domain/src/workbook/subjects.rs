//! Subjects as timetables write them (domain, section 9, rule 5).

use crate::book::SchoolBook;
use crate::seed;
use crate::text::{squeeze, tidy};

/// The names of subjects that a school has, and those of the common list.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubjectNames<'a> {
    book: &'a SchoolBook,
}

impl<'a> SubjectNames<'a> {
    pub(super) const fn of(book: &'a SchoolBook) -> Self {
        Self { book }
    }

    /// What the school calls the subject of a name or alias: 体 is 体育与健康, unless the school has another
    /// name for it. None for what neither the school nor the common list knows.
    pub(super) fn known(self, written: &str) -> Option<String> {
        let name = squeeze(written);
        if name.is_empty() {
            return None;
        }
        let of_school = |name: &str| {
            let id = self.book.subject_by_name(name)?;
            self.book.subjects.get(&id).map(|subject| tidy(&subject.name))
        };
        if let Some(own) = of_school(written).or_else(|| of_school(&name)) {
            return Some(own);
        }
        let seed = seed::subject_of(&name)?;
        let own = [seed.name].into_iter().chain(seed.aliases.iter().copied()).find_map(of_school);
        Some(own.unwrap_or_else(|| seed.name.to_owned()))
    }

    /// The subjects a school may mean by a name nobody knows.
    pub(super) fn all(self) -> Vec<String> {
        let own = self.book.subjects.values().filter(|subject| subject.retired.is_none());
        let own: Vec<String> = own.map(|subject| tidy(&subject.name)).collect();
        if own.is_empty() { seed::SUBJECTS.iter().map(|seed| seed.name.to_owned()).collect() } else { own }
    }

    /// Whether the school has this name itself, or as an alias.
    pub(super) fn of_school(self, name: &str) -> bool {
        self.book.subject_by_name(name).is_some()
    }
}

/// What stands in a lesson's place and is none; it counts for nothing and nobody is expected there.
pub(crate) fn is_no_lesson(subject: &str) -> bool {
    let subject = squeeze(subject);
    [
        "课后服务",
        "课后延时",
        "延时服务",
        "作业辅导",
        "午休",
        "午餐",
        "大课间",
        "课间操",
        "眼保健操",
        "放学",
        "早读",
        "晨读",
    ]
    .iter()
    .any(|word| subject.starts_with(word))
}

/// Lessons that count toward no plan (domain, section 3.3).
pub(crate) fn counts_for_nothing(subject: &str) -> bool {
    matches!(subject, "自习" | "自修" | "社团" | "晚自习" | "午读" | "早读" | "课后服务")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Subject;
    use crate::ids::SubjectId;

    #[test]
    fn short_names_are_what_the_school_calls_them() {
        let mut book = SchoolBook::default();
        assert_eq!(SubjectNames::of(&book).known("体"), Some("体育与健康".into()));
        assert_eq!(SubjectNames::of(&book).known("信息技术"), Some("信息科技".into()));
        assert_eq!(SubjectNames::of(&book).known("道 法"), Some("道德与法治".into()));
        assert_eq!(SubjectNames::of(&book).known("魔法"), None);

        let pe = Subject { name: "体育".into(), aliases: vec![], protected: true, retired: None };
        book.subjects.insert(SubjectId::from_uuid(uuid::Uuid::nil()), pe);
        assert_eq!(SubjectNames::of(&book).known("体"), Some("体育".into()));
    }
}
