//! What only a person can answer, and the answers.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::sheet::Place;

/// Answers by the id of their question.
pub type Answers = BTreeMap<String, String>;

/// Left out: the answer that takes a sheet, a class or a red cell out of the import.
pub const LEAVE_OUT: &str = "leave_out";
/// Places are named up to this many.
const PLACES: usize = 20;

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// `地/政`: in odd and even weeks, or beside each other?
    Pair,
    /// `4/3` hours: in odd and even weeks, or in the first and second semester?
    Hours,
    /// Two teachers have one name.
    Namesake,
    /// Only a surname stands there.
    Surname,
    /// A subject nobody knows.
    Subject,
    /// A sheet, row or column that names no class.
    Class,
    /// A hidden sheet, or hidden rows and columns.
    Hidden,
    /// Cells written in red.
    Red,
}

impl QuestionKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Hours => "hours",
            Self::Namesake => "namesake",
            Self::Surname => "surname",
            Self::Subject => "subject",
            Self::Class => "class",
            Self::Hidden => "hidden",
            Self::Red => "red",
        }
    }
}

/// One answer that may be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What to send.
    pub value: String,
    /// What it means, for people.
    pub label: String,
}

/// Something that is read in one way or the other only when a person says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The same for the same question about the same words, in whatever file.
    pub id: String,
    /// What it is about.
    pub kind: QuestionKind,
    /// The question, for people.
    pub detail: String,
    /// What may be answered.
    pub options: Vec<Choice>,
    /// A text of one's own is an answer, too.
    pub open: bool,
    /// What is taken if nobody answers; without it the import waits.
    pub default: Option<String>,
    /// What was answered.
    pub answer: Option<String>,
    /// Where it came up, the first twenty.
    pub places: Vec<Place>,
    /// How often it came up.
    pub times: u32,
}

impl Question {
    /// What holds: the answer, or the default.
    pub fn holds(&self) -> Option<&str> {
        self.answer.as_deref().or(self.default.as_deref())
    }
}

/// A question as it is put.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) kind: QuestionKind,
    /// What makes it this question and no other.
    pub(super) about: String,
    pub(super) detail: String,
    pub(super) options: Vec<Choice>,
    pub(super) open: bool,
    pub(super) default: Option<String>,
}

impl Ask {
    pub(super) fn new(kind: QuestionKind, about: impl Into<String>, detail: impl Into<String>) -> Self {
        let (about, detail) = (about.into(), detail.into());
        Self { kind, about, detail, options: Vec::new(), open: false, default: None }
    }

    pub(super) fn option(mut self, value: impl Into<String>, label: impl Into<String>) -> Self {
        self.options.push(Choice { value: value.into(), label: label.into() });
        self
    }

    pub(super) fn default(self, value: impl Into<String>) -> Self {
        Self { default: Some(value.into()), ..self }
    }

    pub(super) fn open(self) -> Self {
        Self { open: true, ..self }
    }
}

/// The questions put so far.
#[derive(Clone, Debug)]
pub(super) struct Asked<'a> {
    answers: &'a Answers,
    questions: BTreeMap<String, Question>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(answers: &'a Answers) -> Self {
        Self { answers, questions: BTreeMap::new() }
    }

    /// Puts a question; what holds, if something does.
    pub(super) fn ask(&mut self, ask: Ask, place: Place) -> Option<String> {
        let Ask { kind, about, detail, options, open, default } = ask;
        let digest = Sha256::digest(about.as_bytes());
        let short = digest.iter().take(5).fold(0_u64, |short, byte| short << 8 | u64::from(*byte));
        let id = format!("{}-{short:010x}", kind.word());
        let answer = self.answers.get(&id).map(|answer| answer.trim().to_owned());
        let answer = answer.filter(|given| {
            !given.is_empty() && (open || options.iter().any(|option| option.value == *given))
        });
        let question = self.questions.entry(id.clone()).or_insert_with(|| Question {
            id,
            kind,
            detail,
            options,
            open,
            default,
            answer,
            places: Vec::new(),
            times: 0,
        });
        question.times += 1;
        if question.places.len() < PLACES && !question.places.contains(&place) {
            question.places.push(place);
        }
        question.holds().map(str::to_owned)
    }

    /// Whether nothing was asked.
    pub(super) fn is_silent(&self) -> bool {
        self.questions.is_empty()
    }

    /// The questions in the order of their ids, and the answers that are none: to what, which, and whether it
    /// was asked.
    pub(super) fn finish(self) -> (Vec<Question>, Vec<(String, String, bool)>) {
        let Self { answers, questions } = self;
        let idle = answers
            .iter()
            .filter(|(id, _)| questions.get(*id).is_none_or(|question| question.answer.is_none()));
        let idle =
            idle.map(|(id, answer)| (id.clone(), answer.clone(), questions.contains_key(id))).collect();
        (questions.into_values().collect(), idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_one_id_and_takes_only_its_answers() {
        let ask = || {
            Ask::new(QuestionKind::Pair, "地理/政治", "?")
                .option("odd_even", "单双周")
                .option("parallel", "分组")
        };
        let none = Answers::new();
        let mut asked = Asked::new(&none);
        assert_eq!(asked.ask(ask(), Place::cell("a", 0, 0)), None);
        assert_eq!(asked.ask(ask(), Place::cell("a", 1, 0)), None);
        let (questions, _) = asked.finish();
        assert_eq!((questions.len(), questions[0].times, questions[0].places.len()), (1, 2, 2));

        let id = questions[0].id.clone();
        let answers = Answers::from([(id.clone(), "odd_even".into()), ("pair-0".into(), "parallel".into())]);
        let mut asked = Asked::new(&answers);
        assert_eq!(asked.ask(ask(), Place::default()).as_deref(), Some("odd_even"));
        assert_eq!(asked.finish().1, [("pair-0".to_owned(), "parallel".to_owned(), false)]);
        let wrong = Answers::from([(id, "never".into())]);
        let mut asked = Asked::new(&wrong);
        assert_eq!(asked.ask(ask(), Place::default()), None);
        assert!(matches!(asked.finish().1.as_slice(), [(_, _, true)]));
    }
}
