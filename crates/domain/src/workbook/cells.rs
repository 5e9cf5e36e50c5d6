//! From the cells of the week to lessons: the grammar, and the questions it leaves.

use super::cell_read::{CellRead, Entry};
use super::desk::Desk;
use super::entry::read_cell;
use super::found::Planned;
use super::long_table::LongRow;
use super::questions::{Ask, LEAVE_OUT, QuestionKind};
use super::sheet::Place;
use super::subjects::is_no_lesson;
use super::teacher_cells::read_teacher_cell;
use super::words::{is_surname, teacher_name};
use crate::book::LessonWeeks;
use crate::ids::TeacherId;
use crate::names::NameMatch;
use crate::schema;

/// A lesson of one class, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) origin: (usize, u32, u32),
    pub(super) class: String,
    pub(super) weekday: u32,
    pub(super) period: String,
    pub(super) subject: String,
    pub(super) teacher: Option<String>,
    /// Chosen by hand among teachers of one name.
    pub(super) teacher_id: Option<TeacherId>,
    pub(super) weeks: LessonWeeks,
}

/// Reads a cell of the week.
pub(super) fn read(cell: &Planned, desk: &mut Desk<'_>) -> Vec<Found> {
    let Planned { place, origin, classes, teacher, subject, weekday, period, text, red } = cell;
    if *red && !red_counts(place, desk) {
        return Vec::new();
    }
    let read = match teacher {
        Some(_) => read_teacher_cell(text, subject.as_deref(), desk),
        None => read_cell(text, desk.names),
    };
    for flaw in &read.flaws {
        desk.error(place.clone(), flaw.clone());
    }
    for word in &read.ignored {
        desk.notice(
            place.clone(),
            format!("`{word}` is neither a teacher nor a room nor weeks, and is left out"),
        );
    }
    let mut found = Vec::new();
    for mut entry in decided(read, place, desk) {
        if is_no_lesson(&entry.subject) {
            desk.notice(place.clone(), format!("`{}` is no lesson and is left out", entry.subject));
            continue;
        }
        if entry.teacher.is_none() {
            entry.teacher.clone_from(teacher);
        }
        let classes = match with(&entry, place, desk) {
            Some(with) if teacher.is_some() => with,
            Some(with) => classes
                .iter()
                .cloned()
                .chain(with.into_iter().filter(|class| !classes.contains(class)))
                .collect(),
            None => continue,
        };
        let Some(subject) = subject_of(&entry, place, desk) else { continue };
        for class in classes {
            let (teacher, teacher_id) = teacher_of(entry.teacher.as_deref(), &class, &subject, place, desk);
            found.extend(entry.spans().map(|weeks| Found {
                place: place.clone(),
                origin: *origin,
                class: class.clone(),
                weekday: *weekday,
                period: period.clone(),
                subject: subject.clone(),
                teacher: teacher.clone(),
                teacher_id,
                weeks,
            }));
        }
    }
    found
}

/// Reads a row of a long table.
pub(super) fn read_long(long: &LongRow, index: usize, period: &str, desk: &mut Desk<'_>) -> Vec<Found> {
    let LongRow { row, place, origin, red } = long;
    let cell = Planned {
        place: place.clone(),
        origin: (index, origin.0, origin.1),
        classes: vec![row.class_name.clone()],
        teacher: None,
        subject: None,
        weekday: row.weekday,
        period: period.to_owned(),
        // A known subject is one; others may carry their weeks.
        text: row.subject.clone(),
        red: *red,
    };
    let mut found = read(&cell, desk);
    for lesson in &mut found {
        if lesson.weeks == LessonWeeks::All {
            lesson.weeks = row.weeks;
        }
        if let Some(written) = &row.teacher {
            let (class, subject) = (lesson.class.clone(), lesson.subject.clone());
            (lesson.teacher, lesson.teacher_id) = teacher_of(Some(written), &class, &subject, place, desk);
        }
    }
    found
}

/// Red text is often a last-minute change: once for the whole file people say whether it counts.
fn red_counts(place: &Place, desk: &mut Desk<'_>) -> bool {
    let ask = Ask::new(
        QuestionKind::Red,
        "red",
        "some cells are written in red: are they part of the timetable, or changes for a few days?",
    )
    .option("keep", "part of the timetable")
    .option(LEAVE_OUT, "not part of it: leave them out");
    desk.asked.ask(ask, place.clone()).as_deref() == Some("keep")
}

/// Several lessons in a cell: in odd and even weeks, or beside each other? People say, unless the cell does.
fn decided(read: CellRead, place: &Place, desk: &mut Desk<'_>) -> Vec<Entry> {
    let CellRead { mut entries, second_may_teach, ignored: _, flaws: _ } = read;
    let mut pairs = entries
        .iter()
        .enumerate()
        .flat_map(|(at, one)| entries.iter().skip(at + 1).map(move |other| (one, other)));
    let apart = pairs.all(|(one, other)| one.spans().all(|a| other.spans().all(|b| !a.overlaps(b))));
    if entries.len() < 2 || apart {
        return entries;
    }
    let told: Vec<String> = entries.iter().map(|entry| told(entry, &entries)).collect();
    let about = told.join("/");
    let same = entries
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if one.subject == other.subject && one.with == other.with));
    let mut ask =
        Ask::new(QuestionKind::Pair, &about, format!("`{about}` in one cell: how are they taught?"));
    // A mark on one of two says the other's weeks, too.
    let turns = match entries.as_slice() {
        [first, second]
            if first.weeks == Some(LessonWeeks::Even) || second.weeks == Some(LessonWeeks::Odd) =>
        {
            [LessonWeeks::Even, LessonWeeks::Odd]
        }
        _ => [LessonWeeks::Odd, LessonWeeks::Even],
    };
    if let ([first, second], [one, other]) = (entries.as_slice(), told.as_slice()) {
        let (odd, even) =
            if turns == [LessonWeeks::Odd, LessonWeeks::Even] { (one, other) } else { (other, one) };
        let by_turns = format!("{odd} in odd weeks (单周), {even} in even weeks (双周)");
        ask = ask.option("odd_even", by_turns);
        let marked = |entry: &Entry| matches!(entry.weeks, Some(LessonWeeks::Odd | LessonWeeks::Even));
        if (marked(first) && second.weeks.is_none()) || (first.weeks.is_none() && marked(second)) {
            ask = ask.default("odd_even");
        }
        if second_may_teach {
            ask = ask.option("teacher", format!("{} is the teacher of {}", second.subject, first.subject));
        }
    }
    if !same {
        ask = ask.option("parallel", "beside each other, every week (groups)");
    }
    ask = ask.option("first", format!("only {}", told.first().map_or("", String::as_str)));
    match desk.asked.ask(ask, place.clone()).as_deref() {
        Some("odd_even") => {
            for (entry, weeks) in entries.iter_mut().zip(turns) {
                (entry.weeks, entry.more_weeks) = (Some(weeks), Vec::new());
            }
            entries
        }
        Some("teacher") => {
            let second = entries.pop();
            for entry in &mut entries {
                entry.teacher = second.as_ref().and_then(|second| teacher_name(&second.subject));
            }
            entries
        }
        Some("first") => {
            entries.truncate(1);
            entries
        }
        Some("parallel") => entries,
        _ => Vec::new(),
    }
}

/// What tells one entry of a cell from the others.
fn told(entry: &Entry, all: &[Entry]) -> String {
    let same_subject = all.iter().all(|other| other.subject == entry.subject);
    let mut told = entry.subject.clone();
    // With its marks it is another question: 美术(单周)/心理 leaves less open than 美术/心理.
    match entry.weeks {
        Some(LessonWeeks::Odd) => told.push_str("(单周)"),
        Some(LessonWeeks::Even) => told.push_str("(双周)"),
        Some(LessonWeeks::Range(from, to)) => told = format!("{told}({from}-{to}周)"),
        Some(LessonWeeks::All) | None => {}
    }
    if same_subject && let Some(teacher) = &entry.teacher {
        told = format!("{told} {teacher}");
    }
    if all.iter().any(|other| other.with != entry.with) {
        told = format!("{} {told}", entry.with.join("、"));
    }
    told
}

/// The further classes of an entry; none if one of them cannot be read.
fn with(entry: &Entry, place: &Place, desk: &mut Desk<'_>) -> Option<Vec<String>> {
    let classes: Option<Vec<String>> = entry.with.iter().map(|class| desk.class(class)).collect();
    if classes.is_none() {
        desk.error(place.clone(), format!("`{}` are no classes", entry.with.join("、")));
    }
    classes
}

/// The subject; unknown ones keep their text unless people say what is meant, once a workbook.
fn subject_of(entry: &Entry, place: &Place, desk: &mut Desk<'_>) -> Option<String> {
    let written = entry.subject.clone();
    if let Some(flaw) = schema::name_flaw(&written) {
        desk.error(
            place.clone(),
            format!("subject `{}`: {flaw}", written.chars().take(40).collect::<String>()),
        );
        return None;
    }
    let reading = written == "阅读" && !desk.names.of_school(&written);
    if !entry.unknown && !reading {
        return Some(written);
    }
    let detail = if reading {
        "does 阅读 count as 语文?".to_owned()
    } else {
        format!("`{written}` is no subject of the school: is it another name for one?")
    };
    let mut ask = Ask::new(QuestionKind::Subject, &written, detail)
        .option(&written, "a subject of its own")
        .default(&written);
    for subject in desk.names.all() {
        if subject != written {
            ask = ask.option(&subject, format!("it is {subject}"));
        }
    }
    ask = ask.option(LEAVE_OUT, "no subject: leave it out");
    desk.asked.ask(ask, place.clone()).filter(|answer| answer != LEAVE_OUT)
}

/// Who teaches: by the exact name; surnames alone match nobody, and of several with one name people choose.
fn teacher_of(
    written: Option<&str>,
    class: &str,
    subject: &str,
    place: &Place,
    desk: &mut Desk<'_>,
) -> (Option<String>, Option<TeacherId>) {
    let Some(written) = written else { return (None, None) };
    let mut name = teacher_name(written).unwrap_or_else(|| written.trim().to_owned());
    if let Some(flaw) = schema::name_flaw(&name) {
        desk.error(place.clone(), format!("teacher: {flaw}"));
        return (None, None);
    }
    let book = desk.known.book;
    if is_surname(&name) && book.teacher_by_name(&name) == NameMatch::None {
        let detail = format!("who is {name} (only a surname) in {class}, {subject}?");
        let mut ask = Ask::new(QuestionKind::Surname, format!("{name}/{class}/{subject}"), detail)
            .option("nobody", "leave the lesson without a teacher")
            .default("nobody")
            .open();
        for teacher in book
            .teachers
            .values()
            .filter(|teacher| teacher.retired.is_none() && teacher.name.starts_with(&name))
        {
            ask = ask.option(&teacher.name, &teacher.name);
        }
        let Some(answer) = desk.asked.ask(ask, place.clone()).filter(|answer| answer != "nobody") else {
            return (None, None);
        };
        let Some(full) = teacher_name(&answer).filter(|full| !is_surname(full)) else {
            desk.error(place.clone(), format!("the answer `{answer}` is not a full name"));
            return (None, None);
        };
        name = full;
    }
    let NameMatch::Many(namesakes) = book.teacher_by_name(&name) else { return (Some(name), None) };
    let detail =
        format!("{} teachers are called {name}: which one teaches {subject} in {class}?", namesakes.len());
    // Never by default (domain, section 9, rule 6): the one who has the lesson now may have handed it to the other.
    let mut ask = Ask::new(QuestionKind::Namesake, format!("{name}/{class}/{subject}"), detail);
    for id in &namesakes {
        let now = if teaches(*id, class, subject, desk) { ", has this lesson now" } else { "" };
        ask = ask.option(id.to_string(), format!("{name} ({}{now})", taught(*id, desk)));
    }
    let chosen = desk.asked.ask(ask, place.clone()).and_then(|answer| answer.parse().ok());
    (Some(name), chosen)
}

/// Whether a teacher has this subject in this class in the newest timetable of the school.
fn teaches(id: TeacherId, class: &str, subject: &str, desk: &Desk<'_>) -> bool {
    let book = desk.known.book;
    let class = book.class_by_name(class, desk.known.on);
    let subject = book.subject_by_name(subject);
    let newest = book
        .timetables
        .values()
        .filter(|timetable| timetable.retired.is_none())
        .max_by_key(|timetable| timetable.valid_from);
    let lessons = newest.zip(class).and_then(|(newest, class)| newest.grid.get(&class));
    lessons.is_some_and(|lessons| {
        lessons.iter().any(|lesson| lesson.teacher == Some(id) && Some(lesson.subject) == subject)
    })
}

/// What a teacher teaches now, so that people can tell namesakes apart.
fn taught(id: TeacherId, desk: &Desk<'_>) -> String {
    let book = desk.known.book;
    let lessons = book.timetables.values().flat_map(|timetable| timetable.grid.values().flatten());
    let subjects: std::collections::BTreeSet<_> = lessons
        .filter(|lesson| lesson.teacher == Some(id))
        .filter_map(|lesson| book.subjects.get(&lesson.subject))
        .map(|subject| subject.name.as_str())
        .collect();
    if subjects.is_empty() {
        "teaches nothing yet".to_owned()
    } else {
        subjects.into_iter().collect::<Vec<_>>().join("、")
    }
}
