//! From lessons by name to the grid of a timetable, and what is odd about a grid.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::bell::period_key;
use uuid::Uuid;

use crate::book::{Lesson, LessonWeeks, SchoolBook, Subject, Teacher};
use crate::class_name::{class_of_grade, parse_class_name};
use crate::ids::{ClassId, SubjectId, TeacherId, TimetableId};
use crate::names::NameMatch;
use crate::schema;
use crate::timetable_csv::{MAX_FLAWS, RowFlaw, TimetableRow};

/// The lessons of each class.
pub type Grid = BTreeMap<ClassId, Vec<Lesson>>;

/// Names of an imported timetable that the school does not have yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingNames {
    /// Grade and number of each class.
    pub classes: BTreeSet<(u32, u32)>,
    /// Subjects as written.
    pub subjects: BTreeSet<String>,
    /// Teachers as written.
    pub teachers: BTreeSet<String>,
}

/// Something that cannot be held as planned; a warning, since some schools plan so on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A teacher is in several classes at once.
    Teacher {
        /// Who.
        teacher: TeacherId,
        /// 1 Monday – 7 Sunday.
        weekday: u32,
        /// The period's label.
        period: String,
        /// Where.
        classes: BTreeSet<ClassId>,
    },
    /// A class has several lessons at once: parallel groups, or a slip.
    Class {
        /// Which.
        class: ClassId,
        /// 1 Monday – 7 Sunday.
        weekday: u32,
        /// The period's label.
        period: String,
        /// What is taught there.
        subjects: BTreeSet<SubjectId>,
    },
}

/// What no timetable can hold, whatever the school has; told before any name is looked up.
pub fn unfit_rows<'a>(rows: impl IntoIterator<Item = &'a TimetableRow>) -> Vec<RowFlaw> {
    let mut flaws = Vec::new();
    for TimetableRow { line, class_name: _, weekday, period, subject, teacher, weeks } in rows {
        let mut flaw = |column: &str, detail: Option<String>| {
            let flaw = |detail| RowFlaw { line: *line, column: column.to_owned(), detail };
            flaws.extend(detail.map(flaw));
        };
        let misfit = |holds: bool, detail: &str| (!holds).then(|| detail.to_owned());
        flaw("星期", misfit((1..=7).contains(weekday), "must be 1 Monday to 7 Sunday"));
        flaw("节次", schema::label_flaw(period));
        flaw("学科", schema::name_flaw(subject));
        flaw("教师", teacher.as_deref().and_then(schema::name_flaw));
        let weeks = match weeks {
            LessonWeeks::Range(from, to) => 1 <= *from && from <= to && *to <= 60,
            LessonWeeks::All | LessonWeeks::Odd | LessonWeeks::Even => true,
        };
        flaw("周次", misfit(weeks, "must be weeks in order from 1 to 60"));
    }
    flaws.truncate(MAX_FLAWS);
    flaws
}

/// Resolves names to ids as of a date, without a choice among namesakes.
pub fn build_grid(book: &SchoolBook, rows: &[TimetableRow], on: NaiveDate) -> Result<Grid, Vec<RowFlaw>> {
    build_grid_choosing(book, rows, &BTreeMap::new(), on)
}

/// Resolves names to ids as of a date; `chosen` are the teachers of lines on which several have the name. Each unknown or ambiguous name is told once, on its first
/// line; nothing is guessed. Parallel groups share a cell; the same subject twice in it is a slip.
pub fn build_grid_choosing(
    book: &SchoolBook,
    rows: &[TimetableRow],
    chosen: &BTreeMap<u64, TeacherId>,
    on: NaiveDate,
) -> Result<Grid, Vec<RowFlaw>> {
    let mut grid = Grid::new();
    let mut flaws: BTreeMap<(&str, &str), RowFlaw> = BTreeMap::new();
    let mut cells: BTreeMap<(ClassId, SubjectId, u32, String), Vec<LessonWeeks>> = BTreeMap::new();
    let mut again: Vec<RowFlaw> = Vec::new();
    for row in rows {
        let TimetableRow { line, class_name, weekday, period, subject, teacher, weeks } = row;
        let mut flaw = |column: &'static str, name, detail: String| {
            let flaw = RowFlaw { line: *line, column: column.to_owned(), detail };
            flaws.entry((column, name)).or_insert(flaw);
        };
        let class = book.class_by_name(class_name, on);
        if class.is_none() {
            flaw("班级", class_name.as_str(), format!("the school has no class `{class_name}`"));
        }
        let known = book.subject_by_name(subject);
        if known.is_none() {
            flaw("学科", subject.as_str(), format!("the school has no subject `{subject}`"));
        }
        let by_whom = match teacher.as_deref().map(|name| (name, book.teacher_by_name(name))) {
            None => None,
            Some((_, NameMatch::One(teacher))) => Some(teacher),
            Some((name, NameMatch::None)) => {
                flaw("教师", name, format!("the school has no teacher `{name}`"));
                None
            }
            Some((_, NameMatch::Many(all))) if chosen.get(line).is_some_and(|one| all.contains(one)) => {
                chosen.get(line).copied()
            }
            Some((name, NameMatch::Many(all))) => {
                flaw("教师", name, format!("{} teachers are called `{name}`: choose by hand", all.len()));
                None
            }
        };
        if let (Some(class), Some(subject)) = (class, known) {
            let (weekday, period, weeks) = (*weekday, period.clone(), *weeks);
            let cell = cells.entry((class, subject, weekday, period_key(&period))).or_default();
            if cell.iter().any(|taken| weeks.overlaps(*taken)) {
                let detail = "the same subject is already in this cell".to_owned();
                again.push(RowFlaw { line: *line, column: "学科".to_owned(), detail });
            } else {
                cell.push(weeks);
                let lesson = Lesson { weekday, period, subject, teacher: by_whom, weeks };
                grid.entry(class).or_default().push(lesson);
            }
        }
    }
    let mut flaws: Vec<RowFlaw> = flaws.into_values().chain(again).collect();
    if flaws.is_empty() {
        return Ok(grid);
    }
    flaws.sort_by_key(|flaw| flaw.line);
    flaws.truncate(MAX_FLAWS);
    Err(flaws)
}

/// The names a caller must create first. Ambiguous teachers are not missing.
pub fn missing_names(book: &SchoolBook, rows: &[TimetableRow], on: NaiveDate) -> MissingNames {
    let mut missing = MissingNames::default();
    for TimetableRow { class_name, subject, teacher, .. } in rows {
        if book.class_by_name(class_name, on).is_none() {
            missing.classes.extend(parse_class_name(class_name));
        }
        if book.subject_by_name(subject).is_none() {
            missing.subjects.insert(subject.clone());
        }
        if let Some(name) = teacher
            && book.teacher_by_name(name) == NameMatch::None
        {
            missing.teachers.insert(name.clone());
        }
    }
    missing
}

/// The book with the missing names in it, under ids of their own: what it would be like, not what is kept.
pub fn with_missing(book: &SchoolBook, missing: &MissingNames, on: NaiveDate) -> SchoolBook {
    let MissingNames { classes, subjects, teachers } = missing;
    let mut book = book.clone();
    let mut ids = (0..).map(|n| Uuid::from_u128(u128::MAX - n));
    for ((grade, number), id) in classes.iter().zip(&mut ids) {
        book.classes.insert(ClassId::from_uuid(id), class_of_grade(*grade, *number, on));
    }
    for (name, id) in subjects.iter().zip(&mut ids) {
        let subject = Subject { name: name.clone(), aliases: Vec::new(), protected: false, retired: None };
        book.subjects.insert(SubjectId::from_uuid(id), subject);
    }
    for (name, id) in teachers.iter().zip(&mut ids) {
        let teacher = Teacher { name: name.clone(), user: None, retired: None };
        book.teachers.insert(TeacherId::from_uuid(id), teacher);
    }
    book
}

/// The version in force from a day on that has exactly these lessons, in whatever order.
pub fn same_version(book: &SchoolBook, grid: &Grid, valid_from: NaiveDate) -> Option<TimetableId> {
    let (id, timetable) =
        book.timetable_on(valid_from).filter(|(_, timetable)| timetable.valid_from == valid_from)?;
    let sorted = |lessons: &[Lesson]| {
        let mut lessons: Vec<Lesson> =
            lessons.iter().map(|l| Lesson { period: period_key(&l.period), ..l.clone() }).collect();
        lessons.sort_by_key(|l| (l.weekday, l.period.clone(), l.subject, l.teacher, l.weeks.order()));
        lessons
    };
    let same = |(class, lessons): (&ClassId, &Vec<Lesson>)| {
        sorted(lessons) == timetable.grid.get(class).map(|own| sorted(own)).unwrap_or_default()
    };
    let known = |(class, lessons): (&ClassId, &Vec<Lesson>)| lessons.is_empty() || grid.contains_key(class);
    (grid.iter().all(same) && timetable.grid.iter().all(known)).then_some(id)
}

/// Where a teacher is in several classes, or a class has several lessons, in some one week.
pub fn conflicts(grid: &Grid) -> Vec<Conflict> {
    let mut cells: BTreeMap<(u32, String), Vec<(ClassId, &Lesson)>> = BTreeMap::new();
    for (class, lesson) in grid.iter().flat_map(|(class, lessons)| lessons.iter().map(|l| (*class, l))) {
        cells.entry((lesson.weekday, period_key(&lesson.period))).or_default().push((class, lesson));
    }
    cells.into_values().flat_map(|cell| conflicts_in(&cell)).collect()
}

fn conflicts_in(cell: &[(ClassId, &Lesson)]) -> Vec<Conflict> {
    let mut teachers: BTreeMap<TeacherId, BTreeSet<ClassId>> = BTreeMap::new();
    let mut classes: BTreeMap<ClassId, BTreeSet<SubjectId>> = BTreeMap::new();
    for (place, (class, lesson)) in cell.iter().enumerate() {
        for (other_class, other) in
            cell.iter().skip(place + 1).filter(|(_, l)| l.weeks.overlaps(lesson.weeks))
        {
            if class == other_class {
                classes.entry(*class).or_default().extend([lesson.subject, other.subject]);
            } else if let (Some(teacher), true) = (lesson.teacher, lesson.teacher == other.teacher) {
                teachers.entry(teacher).or_default().extend([*class, *other_class]);
            }
        }
    }
    let (weekday, period) =
        cell.first().map_or((0, ""), |(_, lesson)| (lesson.weekday, lesson.period.as_str()));
    let of_teachers = teachers.into_iter().map(|(teacher, classes)| Conflict::Teacher {
        teacher,
        weekday,
        period: period.to_owned(),
        classes,
    });
    let of_classes = classes.into_iter().map(|(class, subjects)| Conflict::Class {
        class,
        weekday,
        period: period.to_owned(),
        subjects,
    });
    of_teachers.chain(of_classes).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::book::Teacher;
    use crate::sample::{day, sample_book};
    use crate::timetable_csv::read_timetable_csv;

    const SAMPLE: &[u8] = include_bytes!("../../../tests/data/qinghe-timetable-gb18030.csv");

    fn row(line: u64, class_name: &str, subject: &str, teacher: &str) -> TimetableRow {
        TimetableRow {
            line,
            class_name: class_name.into(),
            weekday: 1,
            period: "第1节".into(),
            subject: subject.into(),
            teacher: Some(teacher.into()),
            weeks: LessonWeeks::All,
        }
    }

    #[test]
    fn the_sample_file_builds_the_grid_of_the_sample_school() {
        let book = sample_book();
        let rows = read_timetable_csv(SAMPLE).unwrap().rows;

        let mut grid = build_grid(&book, &rows, day("2026-09-01")).unwrap();

        let order = |lessons: &mut Vec<Lesson>| {
            lessons.sort_by_key(|lesson| (lesson.weekday, lesson.period.clone(), lesson.subject));
        };
        let mut expected = book.timetables.values().next().unwrap().grid.clone();
        grid.values_mut().chain(expected.values_mut()).for_each(order);
        assert_eq!(grid, expected);
        assert_eq!(missing_names(&book, &rows, day("2026-09-01")), MissingNames::default());
        assert_eq!(conflicts(&grid), []);
    }

    #[test]
    fn each_unknown_or_ambiguous_name_is_told_once() {
        let mut book = sample_book();
        for id in 1..=2 {
            let twin = Teacher { name: "张伟".into(), user: None, retired: None };
            book.teachers.insert(TeacherId::from_uuid(Uuid::from_u128(id)), twin);
        }
        let rows = [
            row(2, "三年级(2)班", "天文", "张伟"),
            row(3, "九年级(9)班", "天文", "张伟"),
            row(4, "九年级(9)班", "语文", "无名氏"),
        ];

        let flaws = build_grid(&book, &rows, day("2026-09-01")).unwrap_err();
        let missing = missing_names(&book, &rows, day("2026-09-01"));

        let places: Vec<_> = flaws.iter().map(|flaw| (flaw.line, flaw.column.as_str())).collect();
        assert_eq!(places, [(2, "学科"), (2, "教师"), (3, "班级"), (4, "教师")]);
        assert_eq!(missing.classes, BTreeSet::from([(9, 9)]));
        assert_eq!(missing.subjects, BTreeSet::from(["天文".to_owned()]));
        assert_eq!(missing.teachers, BTreeSet::from(["无名氏".to_owned()]));
    }

    #[test]
    fn a_teacher_chosen_among_namesakes_teaches_the_lines_chosen_for() {
        let mut book = sample_book();
        let ids = [1, 2].map(|id| TeacherId::from_uuid(Uuid::from_u128(id)));
        for id in ids {
            let twin = Teacher { name: "张伟".into(), user: None, retired: None };
            book.teachers.insert(id, twin);
        }
        let rows = [row(1, "三年级(2)班", "语文", "张伟"), row(2, "三年级(1)班", "语文", "张伟")];
        let build = |chosen: &[(u64, TeacherId)]| {
            let chosen = chosen.iter().copied().collect();
            build_grid_choosing(&book, &rows, &chosen, day("2026-09-01"))
        };

        let grid = build(&[(1, ids[0]), (2, ids[1])]).unwrap();

        let taught: BTreeSet<_> = grid.values().flatten().map(|lesson| lesson.teacher).collect();
        assert_eq!(taught, ids.map(Some).into());
        assert!(build(&[(1, ids[0])]).is_err());
        let stranger = *book.teachers.keys().next_back().unwrap();
        assert!(build(&[(1, stranger), (2, ids[1])]).is_err(), "somebody of another name is no choice");
    }

    #[test]
    fn the_same_lessons_from_the_same_day_are_the_same_version() {
        let book = sample_book();
        let (id, timetable) = book.timetables.iter().next().unwrap();
        let mut grid = timetable.grid.clone();
        for lessons in grid.values_mut() {
            lessons.reverse();
        }

        assert_eq!(same_version(&book, &grid, timetable.valid_from), Some(*id));
        assert_eq!(same_version(&book, &grid, day("2026-09-02")), None);
        grid.values_mut().next().unwrap().pop();
        assert_eq!(same_version(&book, &grid, timetable.valid_from), None);
        grid.pop_first();
        assert_eq!(same_version(&book, &grid, timetable.valid_from), None);
    }

    #[test]
    fn missing_names_are_there_in_the_book_as_it_would_be() {
        let book = SchoolBook::default();
        let rows = [row(1, "三年级(2)班", "天文", "张伟"), row(2, "七年级(1)班", "语文", "李娜")];
        let on = day("2026-09-01");

        let would_be = with_missing(&book, &missing_names(&book, &rows, on), on);

        assert_eq!(build_grid(&would_be, &rows, on).unwrap().len(), 2);
    }

    #[test]
    fn double_bookings_are_told_unless_the_weeks_differ() {
        let class = |n| ClassId::from_uuid(Uuid::from_u128(n));
        let subject = |n| SubjectId::from_uuid(Uuid::from_u128(n));
        let teacher = TeacherId::from_uuid(Uuid::nil());
        let lesson = |period: &str, n, weeks| Lesson {
            weekday: 1,
            period: period.into(),
            subject: subject(n),
            teacher: Some(teacher),
            weeks,
        };
        let grid = Grid::from([
            (class(1), vec![lesson("第1节", 1, LessonWeeks::All), lesson("第2节", 1, LessonWeeks::Odd)]),
            (class(2), vec![lesson("1", 1, LessonWeeks::Odd), lesson("第2节", 1, LessonWeeks::Even)]),
            (class(3), vec![lesson("第3节", 1, LessonWeeks::All), lesson("第3节", 2, LessonWeeks::Even)]),
        ]);

        let found = conflicts(&grid);

        let (weekday, classes) = (1, BTreeSet::from([class(1), class(2)]));
        let subjects = BTreeSet::from([subject(1), subject(2)]);
        assert_eq!(
            found,
            [
                Conflict::Teacher { teacher, weekday, period: "第1节".into(), classes },
                Conflict::Class { class: class(3), weekday, period: "第3节".into(), subjects },
            ]
        );
    }
}
