//! The names of what the fields of a visit point at, for the pages that tell them.

use std::collections::BTreeMap;
use xunke_domain::told;
use xunke_domain::told::Told;

use chrono::NaiveDate;
use xunke_domain::book::SchoolBook;
use xunke_domain::class_name::display_name;
use xunke_domain::ids::{ClassId, SubjectId, TeacherId, UserId};
use xunke_domain::seed::DIMENSIONS;

/// Told for an id that nothing has: of another school, or not yet arrived.
const UNKNOWN: &str = "（名单中没有）";

/// Knows names by id.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The school's reference data.
    pub book: &'a SchoolBook,
    /// Names of accounts.
    pub people: &'a BTreeMap<UserId, String>,
    /// The school's names of the dimensions it rates; those of the seed need not be here.
    pub dimensions: &'a BTreeMap<String, String>,
}

impl Names<'_> {
    /// Such as `三年级(2)班` on that date.
    pub(super) fn class(&self, id: ClassId, on: NaiveDate) -> Told {
        let class = self.book.classes.get(&id);
        class.map_or_else(|| UNKNOWN.into(), |class| Told::data(display_name(class, on)))
    }

    pub(super) fn subject(&self, id: SubjectId) -> Told {
        let subject = self.book.subjects.get(&id);
        subject.map_or_else(|| UNKNOWN.into(), |subject| Told::from(subject.name.clone()))
    }

    pub(super) fn teacher(&self, id: TeacherId) -> Told {
        let teacher = self.book.teachers.get(&id);
        teacher.map_or_else(|| UNKNOWN.into(), |teacher| Told::data(&teacher.name))
    }

    pub(super) fn person(&self, id: UserId) -> Told {
        self.people.get(&id).map_or_else(|| UNKNOWN.into(), Told::data)
    }

    pub(super) fn dimension(&self, key: &str) -> Told {
        dimension(key, self.dimensions)
    }

    /// Such as `挤占`; the code itself where the school has no such category.
    pub(super) fn category(&self, code: &str) -> Told {
        self.book
            .problem_categories
            .get(code)
            .map_or_else(|| Told::data(code), |category| Told::from(category.name.clone()))
    }

    /// Such as `语文（王三三）`; none if neither is known.
    pub(super) fn lesson(&self, subject: Option<SubjectId>, teacher: Option<TeacherId>) -> Option<Told> {
        match (subject, teacher) {
            (Some(subject), Some(teacher)) => {
                Some(told!("{}（{}）", self.subject(subject), self.teacher(teacher)))
            }
            (Some(subject), None) => Some(self.subject(subject)),
            (None, Some(teacher)) => Some(self.teacher(teacher)),
            (None, None) => None,
        }
    }
}

/// A dimension as the school calls it, else as the seed does, else its key.
pub(super) fn dimension(key: &str, names: &BTreeMap<String, String>) -> Told {
    let seeded = || DIMENSIONS.iter().find(|seed| seed.key == key).map(|seed| seed.zh);
    Told::from(names.get(key).map(String::as_str).or_else(seeded).unwrap_or(key).to_owned())
}
