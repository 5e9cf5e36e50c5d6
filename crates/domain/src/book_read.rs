//! The school's book, read from the records of its stream.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::book::{SchoolBook, Semester, Timetable};
use crate::field_read::{decode, elements, plain_object};
use crate::fields::Fields;
use crate::ids::{ClassId, LessonChangeId, SubjectId, TeacherId, TimetableId};
use crate::record_type::RecordType;

impl SchoolBook {
    /// Reads the reference records of a school, in any order; visits and the other types are passed
    /// by. A record that does not read is left out and listed in [`SchoolBook::unreadable`].
    pub fn from_records<'a>(records: impl Iterator<Item = (RecordType, Uuid, &'a Fields)>) -> Self {
        let sorted: BTreeMap<(RecordType, Uuid), &Fields> =
            records.map(|(kind, id, fields)| ((kind, id), fields)).collect();
        let mut book = Self::default();
        for ((kind, id), fields) in sorted {
            if book.take(kind, id, fields).is_err() {
                book.unreadable.push((kind, id));
            }
        }
        book
    }

    fn take(&mut self, kind: RecordType, id: Uuid, fields: &Fields) -> Result<(), Unreadable> {
        match kind {
            RecordType::School => {
                let SchoolHead { name, time_zone } = read(fields)?;
                self.name = name;
                self.time_zone = time_zone;
                for (setting, value) in elements(fields, "settings") {
                    if self.settings.take(setting, value).is_err() {
                        self.settings.unreadable.push(setting.to_owned());
                    }
                }
            }
            RecordType::Class => {
                self.classes.insert(ClassId::from_uuid(id), read(fields)?);
            }
            RecordType::Teacher => {
                let teacher = TeacherId::from_uuid(id);
                self.teachers.insert(teacher, read(fields)?);
                let own = elements(fields, "subjects").filter_map(|(subject, _)| subject.parse().ok());
                let own: BTreeSet<_> = own.collect();
                if !own.is_empty() {
                    self.own_subjects.insert(teacher, own);
                }
            }
            RecordType::Subject => {
                self.subjects.insert(SubjectId::from_uuid(id), read(fields)?);
            }
            RecordType::BellSchedule => self.bell_schedules.push(read(fields)?),
            RecordType::Timetable => {
                self.timetables.insert(TimetableId::from_uuid(id), read_timetable(fields)?);
            }
            RecordType::Semester => self.semesters.push(read_semester(fields)?),
            RecordType::CalendarDay => self.calendar_days.push(read(fields)?),
            RecordType::LessonChange => {
                self.lesson_changes.insert(LessonChangeId::from_uuid(id), read(fields)?);
            }
            RecordType::ProblemCategory => {
                let category: crate::book::ProblemCategory = read(fields)?;
                self.problem_categories.insert(category.code.clone(), category);
            }
            RecordType::Visit | RecordType::Rubric | RecordType::Assignment | RecordType::PublishedLog => {}
        }
        Ok(())
    }
}

/// The fields of a record are not those of its type.
struct Unreadable;

impl From<serde_json::Error> for Unreadable {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

impl From<uuid::Error> for Unreadable {
    fn from(_: uuid::Error) -> Self {
        Self
    }
}

fn read<T: DeserializeOwned>(fields: &Fields) -> Result<T, Unreadable> {
    Ok(decode(&plain_object(fields))?)
}

#[derive(Deserialize)]
struct SchoolHead {
    #[serde(default)]
    name: String,
    #[serde(default)]
    time_zone: Option<Tz>,
}

#[derive(Deserialize)]
struct TimetableHead {
    name: String,
    valid_from: NaiveDate,
    #[serde(default)]
    retired: Option<NaiveDate>,
}

fn read_timetable(fields: &Fields) -> Result<Timetable, Unreadable> {
    let TimetableHead { name, valid_from, retired } = read(fields)?;
    let mut grid = BTreeMap::new();
    for (class, lessons) in elements(fields, "grid") {
        grid.insert(class.parse::<ClassId>()?, decode(lessons)?);
    }
    Ok(Timetable { name, valid_from, grid, retired })
}

#[derive(Deserialize)]
struct SemesterHead {
    school_year: String,
    term: u32,
    first_day: NaiveDate,
    last_day: NaiveDate,
    week_one: NaiveDate,
    #[serde(default)]
    retired: Option<NaiveDate>,
}

fn read_semester(fields: &Fields) -> Result<Semester, Unreadable> {
    let SemesterHead { school_year, term, first_day, last_day, week_one, retired } = read(fields)?;
    let mut weeks = BTreeMap::new();
    for (number, week) in elements(fields, "weeks") {
        weeks.insert(number.parse().map_err(|_| Unreadable)?, decode(week)?);
    }
    Ok(Semester { school_year, term, first_day, last_day, week_one, weeks, retired })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::book::{LessonWeeks, Parity};
    use crate::sample::fields;

    const ID: Uuid = Uuid::from_u128(0x0a);

    fn book(records: &[(RecordType, Uuid, Fields)]) -> SchoolBook {
        SchoolBook::from_records(records.iter().map(|(kind, id, fields)| (*kind, *id, fields)))
    }

    #[test]
    fn a_timetable_is_read_with_its_grid() {
        let class = Uuid::from_u128(7);
        let subject = Uuid::from_u128(8);
        let record = fields(&json!({
            "name": "2026A-v3", "valid_from": "2026-09-01", "retired": null, "x.other": {"a": 1},
            format!("grid/{class}"): [
                {"weekday": 3, "period": "第3节", "subject": subject, "weeks": "odd"},
                {"weekday": 3, "period": "第3节", "subject": subject, "weeks": {"range": [1, 9]}},
            ],
            format!("grid/{subject}"): null,
        }));

        let book = book(&[(RecordType::Timetable, ID, record)]);

        let timetable = &book.timetables[&TimetableId::from_uuid(ID)];
        let lessons = &timetable.grid[&ClassId::from_uuid(class)];
        assert_eq!(timetable.grid.len(), 1);
        assert_eq!(lessons[0].weeks, LessonWeeks::Odd);
        assert_eq!(lessons[1].weeks, LessonWeeks::Range(1, 9));
        assert!(book.unreadable.is_empty());
    }

    #[test]
    fn a_semester_is_read_with_its_declared_weeks() {
        let record = fields(&json!({
            "school_year": "2026-2027", "term": 1, "first_day": "2026-09-01", "last_day": "2027-01-22",
            "week_one": "2026-08-31", "weeks/6": {"start": "2026-10-12", "parity": "odd"},
        }));

        let book = book(&[(RecordType::Semester, ID, record)]);

        assert_eq!(book.semesters[0].weeks[&6].parity, Some(Parity::Odd));
    }

    #[test]
    fn a_record_that_does_not_read_is_left_out_and_listed() {
        let good = fields(&json!({"cohort": 2024, "number": 2}));
        let bad = fields(&json!({"cohort": "2024"}));
        let other = Uuid::from_u128(0x0b);

        let book = book(&[(RecordType::Class, ID, bad), (RecordType::Class, other, good)]);

        assert_eq!(book.unreadable, [(RecordType::Class, ID)]);
        assert_eq!(book.classes[&ClassId::from_uuid(other)].entry_grade, 1);
    }

    #[test]
    fn fields_the_book_does_not_need_do_no_harm() {
        let change = fields(&json!({
            "kind": "swap", "class": Uuid::nil(), "date": "2026-11-20", "period": "第7节", "status": "filed",
            "with": {"date": "2026-11-19", "period": "第7节"}, "filed_by": Uuid::nil(),
            "filed_at": "2026-11-18T08:00:00+08:00", "decided_by": null,
        }));
        let school =
            fields(&json!({"name": "青禾实验小学", "code": "2136999001", "time_zone": "Asia/Shanghai",
            "stage": "primary", "settings/target": 2, "settings/curriculum_plan": "national/2022/5-4",
            "settings/teacher_load": {"subjects": 0}}));
        let teacher = fields(&json!({"name": "张一", "user": ID, format!("subjects/{ID}"): true}));
        let category = fields(&json!({"code": "TT01", "name": "挤占", "group": "TT", "severity": 3}));

        let book = book(&[
            (RecordType::LessonChange, ID, change),
            (RecordType::School, ID, school),
            (RecordType::Teacher, ID, teacher),
            (RecordType::ProblemCategory, ID, category),
        ]);

        assert_eq!(book.unreadable, []);
        assert_eq!(book.time_zone, Some(Tz::Asia__Shanghai));
        assert_eq!(book.settings.plan().system, "5-4");
        assert_eq!(book.settings.unreadable, ["teacher_load"], "and the school is still read");
        let own = &book.own_subjects[&TeacherId::from_uuid(ID)];
        assert_eq!(own.iter().copied().map(SubjectId::into_uuid).collect::<Vec<_>>(), [ID]);
        assert_eq!(
            book.teachers[&TeacherId::from_uuid(ID)].user.map(crate::ids::UserId::into_uuid),
            Some(ID)
        );
        assert_eq!(book.problem_categories["TT01"].severity, 3);
        assert_eq!(book.lesson_changes.len(), 1);
    }
}
