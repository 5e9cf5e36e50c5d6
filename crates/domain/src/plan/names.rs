//! Which subject of a plan a school's subject is.

use std::collections::BTreeSet;

use super::{CurriculumPlan, PlannedSubject};
use crate::book::{SchoolBook, Subject};
use crate::seed;
use crate::text::squeeze;

/// The name a subject goes by in the common list: 体育 is 体育与健康, 外语 is 英语; else as written.
pub(crate) fn common_name(name: &str) -> String {
    let name = squeeze(name);
    let seed = seed::subject_of(&name);
    seed.map_or(name, |seed| seed.name.to_owned())
}

/// The names a school's subject may go by: its own first, then its aliases.
fn names_of(subject: &Subject) -> impl Iterator<Item = String> + '_ {
    [&subject.name].into_iter().chain(&subject.aliases).map(|name| common_name(name))
}

impl CurriculumPlan {
    /// The subject of the plan for which lessons of a school's subject count.
    pub(crate) fn subject_for(&self, subject: &Subject) -> Option<&PlannedSubject> {
        names_of(subject).find_map(|name| self.subjects.iter().find(|planned| planned.bears(&name)))
    }

    /// The same for a name that may or may not be a subject of the school.
    pub(crate) fn subject_named(&self, book: &SchoolBook, name: &str) -> Option<&PlannedSubject> {
        let own = book.subject_by_name(name).and_then(|id| book.subjects.get(&id));
        own.map_or_else(
            || {
                let name = common_name(name);
                self.subjects.iter().find(|planned| planned.bears(&name))
            },
            |subject| self.subject_for(subject),
        )
    }

    /// The field of a teacher that a school's subject belongs to: 书法 to 语文, but neither 音乐 nor 美术 to 艺术.
    pub(crate) fn field_of(&self, subject: &Subject) -> String {
        let known: Vec<String> = names_of(subject).collect();
        let wider = self.fields.iter().find(|field| is_among(&known, &field.subjects));
        wider.map_or_else(|| common_name(&subject.name), |field| common_name(&field.field))
    }

    /// Whether lessons of a school's subject go with being a class's teacher.
    pub(crate) fn is_duty(&self, subject: &Subject) -> bool {
        is_among(&names_of(subject).collect::<Vec<_>>(), &self.duties)
    }
}

impl PlannedSubject {
    /// Whether a common name is the subject's, or that of one it includes.
    fn bears(&self, name: &str) -> bool {
        [&self.subject].into_iter().chain(&self.includes).any(|own| common_name(own) == name)
    }

    /// Whether a school's subject bears the whole subject's name.
    pub(crate) fn is_whole(&self, subject: &Subject) -> bool {
        is_called(subject, &self.subject)
    }
}

/// Whether a school's subject goes by a name.
pub(crate) fn is_called(subject: &Subject, name: &str) -> bool {
    let name = common_name(name);
    names_of(subject).next() == Some(name)
}

/// Whether a school's subject goes by one of some names.
pub(crate) fn is_one_of(subject: &Subject, names: &[String]) -> bool {
    names.iter().any(|name| is_called(subject, name))
}

fn is_among(known: &[String], names: &[String]) -> bool {
    let names: BTreeSet<String> = names.iter().map(|name| common_name(name)).collect();
    known.first().is_some_and(|name| names.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::bundled::national;

    fn subject(name: &str, aliases: &[&str]) -> Subject {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        Subject { name: name.to_owned(), aliases, protected: false, retired: None }
    }

    fn planned(name: &str, aliases: &[&str]) -> Option<&'static str> {
        national().subject_for(&subject(name, aliases)).map(|planned| planned.subject.as_str())
    }

    #[test]
    fn lessons_count_for_the_subject_of_the_plan_that_includes_them() {
        for (name, counts_for) in [
            ("音乐", "艺术"),
            ("造型·美术", "艺术"),
            ("书法", "语文"),
            ("写字", "语文"),
            ("英语", "外语"),
            ("日语", "外语"),
            ("体育", "体育与健康"),
            ("信息技术", "信息科技"),
            ("班会", "综合实践活动"),
            ("综合实践", "综合实践活动"),
            ("心理", "地方课程"),
            ("校本", "校本课程"),
            ("生物", "生物学"),
        ] {
            assert_eq!(planned(name, &[]), Some(counts_for), "{name}");
        }
        assert_eq!(planned("天文", &[]), None);
        assert_eq!(planned("体育活动", &[]), None, "it counts for the daily threshold only");
    }

    #[test]
    fn what_a_school_says_by_an_alias_counts() {
        assert_eq!(planned("阅读", &[]), None);
        assert_eq!(planned("阅读", &["语文"]), Some("语文"));
    }

    #[test]
    fn calligraphy_is_of_the_field_of_chinese_and_music_is_its_own() {
        let field = |name| national().field_of(&subject(name, &[]));

        assert_eq!(field("写字"), "语文");
        assert_eq!(field("音乐"), "音乐");
        assert_eq!(field("体育"), "体育与健康");
        assert!(national().is_duty(&subject("班队", &[])));
        assert!(!national().is_duty(&subject("综合实践", &[])));
    }
}
