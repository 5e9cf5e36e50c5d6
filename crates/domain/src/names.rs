//! Subjects and teachers by the names people write (domain, section 9, rules 5 and 6).

use crate::book::SchoolBook;
use crate::ids::{SubjectId, TeacherId};
use crate::text::tidy;

/// Who a name may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameMatch {
    /// Nobody of the school.
    None,
    /// One person.
    One(TeacherId),
    /// Several (同名): people must choose.
    Many(Vec<TeacherId>),
}

impl SchoolBook {
    /// The subject of a name or alias. Subjects still taught come first, names before aliases.
    pub fn subject_by_name(&self, text: &str) -> Option<SubjectId> {
        let wanted = tidy(text);
        if wanted.is_empty() {
            return None;
        }
        self.subjects
            .iter()
            .filter_map(|(id, subject)| {
                let by_name = tidy(&subject.name) == wanted;
                let named = by_name || subject.aliases.iter().any(|alias| tidy(alias) == wanted);
                named.then_some((subject.retired.is_some(), !by_name, *id))
            })
            .min()
            .map(|(_, _, id)| id)
    }

    /// The teachers of a name; those who left count only if nobody else has it.
    pub fn teacher_by_name(&self, text: &str) -> NameMatch {
        let wanted = tidy(text);
        let named = |retired: bool| -> Vec<TeacherId> {
            self.teachers
                .iter()
                .filter(|(_, teacher)| teacher.retired.is_some() == retired && tidy(&teacher.name) == wanted)
                .map(|(id, _)| *id)
                .collect()
        };
        let mut found = named(false);
        if found.is_empty() {
            found = named(true);
        }
        match found.as_slice() {
            [] => NameMatch::None,
            [one] => NameMatch::One(*one),
            _ => NameMatch::Many(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::book::{Subject, Teacher};

    fn subject(name: &str, aliases: &[&str], retired: bool) -> Subject {
        Subject {
            name: name.to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            protected: false,
            retired: retired.then_some(chrono::NaiveDate::MIN),
        }
    }

    #[test]
    fn a_subject_is_found_by_name_then_alias_and_active_ones_first() {
        let id = |n| SubjectId::from_uuid(Uuid::from_u128(n));
        let mut book = SchoolBook::default();
        book.subjects.insert(id(1), subject("音乐", &["音"], true));
        book.subjects.insert(id(2), subject("唱游", &["音乐"], false));
        book.subjects.insert(id(3), subject("数学", &["数"], false));

        assert_eq!(book.subject_by_name("音乐"), Some(id(2)));
        assert_eq!(book.subject_by_name("音"), Some(id(1)));
        assert_eq!(book.subject_by_name("　数 学"), Some(id(3)));
        assert_eq!(book.subject_by_name("天文"), None);
        assert_eq!(book.subject_by_name(" "), None);
    }

    #[test]
    fn teachers_of_one_name_are_for_people_to_choose() {
        let id = |n| TeacherId::from_uuid(Uuid::from_u128(n));
        let teacher = |name: &str, retired: bool| Teacher {
            name: name.to_owned(),
            user: None,
            retired: retired.then_some(chrono::NaiveDate::MIN),
        };
        let mut book = SchoolBook::default();
        book.teachers.insert(id(1), teacher("张伟", false));
        book.teachers.insert(id(2), teacher("张伟", false));
        book.teachers.insert(id(3), teacher("李娜", true));
        book.teachers.insert(id(4), teacher("李娜", false));

        assert_eq!(book.teacher_by_name("张伟"), NameMatch::Many(vec![id(1), id(2)]));
        assert_eq!(book.teacher_by_name("李娜"), NameMatch::One(id(4)));
        assert_eq!(book.teacher_by_name("王芳"), NameMatch::None);
    }
}
