//! Layouts A and D: a week as a block, rows are periods and columns weekdays; of a class or of a teacher.

use super::desk::Desk;
use super::found::{LabelColumns, Layout, Planned, groups, joint_text, lesson, weekday_columns};
use super::periods::meanings;
use super::sheet::Place;
use super::table::Table;
use super::teacher_cells::names_a_class;
use super::words::{is_empty, teacher_name};
use crate::text::{squeeze, tidy};

/// A week within a sheet.
struct Block {
    title: String,
    days: Vec<(u32, u32)>,
    rows: Vec<u32>,
}

/// Whose week it is.
enum Whose {
    Class(String),
    Teacher { name: String, subject: Option<String> },
}

/// Reads every week of a sheet; none if it has no header of weekdays.
pub(super) fn read(table: &Table<'_>, index: usize, desk: &mut Desk<'_>) -> Option<(Layout, Vec<Planned>)> {
    let blocks = blocks(table);
    let alone = blocks.len() == 1;
    let mut layout = None;
    let mut planned = Vec::new();
    for block in &blocks {
        let of_teachers = names_classes(table, block, desk);
        layout = layout.or(Some(if of_teachers { Layout::TeacherSheet } else { Layout::ClassSheet }));
        let whose = if of_teachers {
            teacher(table, block, alone, desk)
        } else {
            class(table, block, alone, desk).map(Whose::Class)
        };
        if let Some(whose) = whose {
            week(table, index, block, &whose, desk, &mut planned);
        }
    }
    layout.map(|layout| (layout, planned))
}

fn blocks(table: &Table<'_>) -> Vec<Block> {
    let headers: Vec<(u32, Vec<(u32, u32)>)> =
        table.rows().iter().filter_map(|row| weekday_columns(table, *row).map(|days| (*row, days))).collect();
    let mut blocks = Vec::new();
    for (place, (header, days)) in headers.iter().enumerate() {
        let above = place.checked_sub(1).and_then(|before| headers.get(before)).map(|(row, _)| *row);
        let below = headers.get(place + 1).map(|(row, _)| *row);
        let titles = table
            .rows()
            .iter()
            .filter(|row| **row < *header && above.is_none_or(|above| **row > above && **row + 3 >= *header));
        let first = table.columns().first().copied().unwrap_or(0);
        let title = titles.flat_map(|row| {
            let texts = table
                .columns()
                .iter()
                .filter(|column| table.origin(*row, **column).1 == **column || **column == first);
            texts.map(|column| table.text(*row, *column))
        });
        let title = title.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        let rows = table
            .rows()
            .iter()
            .filter(|row| **row > *header && below.is_none_or(|below| **row < below))
            .copied()
            .collect();
        blocks.push(Block { title, days: days.clone(), rows });
    }
    blocks
}

/// Whether most cells of a week name a class: then it is a teacher's.
fn names_classes(table: &Table<'_>, block: &Block, desk: &Desk<'_>) -> bool {
    let cells =
        block.rows.iter().flat_map(|row| block.days.iter().map(|(column, _)| table.text(*row, *column)));
    let cells: Vec<&str> = cells.filter(|text| !is_empty(text)).collect();
    let naming = cells.iter().filter(|text| names_a_class(text, desk)).count();
    naming > 0 && naming * 2 >= cells.len()
}

/// The class of a week: from the name of its sheet, then from its title, then from people.
fn class(table: &Table<'_>, block: &Block, alone: bool, desk: &mut Desk<'_>) -> Option<String> {
    let (by_name, by_title) = (desk.class_in(table.name), desk.class_in(&block.title));
    match (by_name, by_title) {
        (Some(name), Some(title)) if alone && name != title => {
            let detail = format!("the sheet is named for {name}, its title for {title}; the name counts");
            desk.warning(Place::sheet(table.name), detail);
            Some(name)
        }
        (Some(class), _) if alone => Some(class),
        (_, Some(class)) | (Some(class), None) => Some(class),
        (None, None) => {
            let about = if alone || block.title.is_empty() { table.name } else { block.title.as_str() };
            desk.ask_class(about, Place::sheet(table.name))
        }
    }
}

/// The teacher of a week, and the subject if the title says one: `张一(语文)`, `教师课表：张一  学科：语文`.
fn teacher(table: &Table<'_>, block: &Block, alone: bool, desk: &mut Desk<'_>) -> Option<Whose> {
    let title: &str = &block.title;
    let texts = if alone { [table.name, title] } else { [title, table.name] };
    let mut subject = None;
    let mut name = None;
    for text in texts {
        for word in title_words(text).into_iter().flat_map(|word| unglued(word, desk)) {
            match desk.names.known(&word) {
                Some(known) if word.chars().count() > 1 => subject = subject.or(Some(known)),
                _ => name = name.or_else(|| teacher_name(&word).filter(|name| name.chars().count() > 1)),
            }
        }
    }
    let Some(name) = name else {
        desk.error(
            Place::sheet(table.name),
            "the cells name classes, but neither sheet nor title names the teacher",
        );
        return None;
    };
    Some(Whose::Teacher { name, subject })
}

/// The words of a title that may be a name or a subject.
fn title_words(text: &str) -> Vec<String> {
    let mut text = tidy_title(text);
    for noise in [
        "教师课程表",
        "教师课表",
        "任课教师",
        "个人课表",
        "老师课程表",
        "老师课表",
        "的课程表",
        "的课表",
        "课程表",
        "课表",
        "学科",
        "姓名",
        "教师",
        "老师",
        "科目",
    ] {
        text = text.replace(noise, " ");
    }
    text.split(|c: char| c.is_whitespace() || "()[]【】:、,-_/".contains(c))
        .filter(|word| {
            !word.is_empty()
                && !word.contains("学年")
                && !word.contains("学期")
                && !word.ends_with("小学")
                && !word.ends_with("学校")
                && !word.ends_with("中学")
        })
        .map(str::to_owned)
        .collect()
}

/// `语文张一` is a subject and a name.
fn unglued(word: String, desk: &Desk<'_>) -> Vec<String> {
    let cuts = word.char_indices().map(|(at, _)| at).skip(2);
    let cut = cuts.filter(|at| desk.names.known(word.get(..*at).unwrap_or_default()).is_some()).last();
    match cut.and_then(|at| Some((word.get(..at)?, word.get(at..)?))) {
        Some((subject, name)) => vec![subject.to_owned(), name.to_owned()],
        None => vec![word],
    }
}

fn tidy_title(text: &str) -> String {
    text.split(['\n', ' ', '　']).map(tidy).collect::<Vec<_>>().join(" ")
}

fn week(
    table: &Table<'_>,
    index: usize,
    block: &Block,
    whose: &Whose,
    desk: &mut Desk<'_>,
    planned: &mut Vec<Planned>,
) {
    let first_day = block.days.iter().map(|(column, _)| *column).min().unwrap_or(0);
    let before: Vec<u32> = table.columns().iter().copied().filter(|column| *column < first_day).collect();
    let columns = LabelColumns::find(table, &block.rows, &before);
    let groups = groups(table, &block.rows, columns.period);
    let firsts: Vec<u32> = groups.iter().filter_map(|group| group.first().copied()).collect();
    let class = match whose {
        Whose::Class(class) => Some(class.as_str()),
        Whose::Teacher { .. } => None,
    };
    let meanings = meanings(&columns.labels(table, &firsts), desk.bell(class));
    for (group, meaning) in groups.iter().zip(&meanings) {
        let row = group.first().copied().unwrap_or(0);
        let period = match lesson(meaning) {
            Ok(period) => period,
            Err(None) => continue,
            Err(Some(why)) => {
                let held = block.days.iter().find(|(column, _)| !is_empty(table.text(row, *column)));
                let all: Vec<u32> = block.days.iter().map(|(column, _)| *column).collect();
                if let Some((column, _)) = held.filter(|_| !table.one_cell(row, &all)) {
                    desk.error(table.place(row, *column), why);
                }
                continue;
            }
        };
        for (column, weekday) in &block.days {
            let text = joint_text(table, group, *column);
            if is_empty(&text) {
                continue;
            }
            let at = table.origin(row, *column);
            let (classes, teacher, subject) = match whose {
                Whose::Class(class) => (vec![class.clone()], None, None),
                Whose::Teacher { name, subject } => (Vec::new(), Some(name.clone()), subject.clone()),
            };
            planned.push(Planned {
                place: table.place(row, *column),
                origin: (index, at.0, at.1),
                classes,
                teacher,
                subject,
                weekday: *weekday,
                period: period.to_owned(),
                text,
                red: table.red(row, *column),
            });
        }
    }
}

/// What titles, remarks and statistics of a sheet say the hours of its week are: `周课时 30 节`, `周课时 4/3`.
pub(super) fn stated_hours(table: &Table<'_>) -> Vec<(String, Place)> {
    let mut stated = Vec::new();
    for row in table.rows() {
        for column in table.columns() {
            let text = squeeze(table.text(*row, *column));
            if table.origin(*row, *column) != (*row, *column) {
                continue;
            }
            let Some((_, after)) = text.split_once("周课时").or_else(|| text.split_once("周总课时"))
            else {
                continue;
            };
            let hours: String = after
                .trim_start_matches(['数', ':', '为', '共', '('])
                .chars()
                .take_while(|c| c.is_ascii_digit() || ".,/".contains(*c))
                .collect();
            if hours.chars().any(|c| c.is_ascii_digit()) {
                stated.push((hours.trim_end_matches(['.', ',', '/']).to_owned(), table.place(*row, *column)));
            }
        }
    }
    stated
}
