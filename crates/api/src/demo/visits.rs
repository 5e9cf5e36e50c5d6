//! The visits of the sample week: from the names people use to the fields a phone writes.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::class_name::grade_of;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SubjectId, TeacherId, UserId};
use xunke_domain::judge::{Judgement, judge};
use xunke_domain::names::NameMatch;
use xunke_domain::resolve::Resolution;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Observed, Situation, Slot};

use super::clock::{in_shanghai, local};
use crate::world::Chance;

/// A visit as somebody would tell it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Told {
    pub(super) inspector: String,
    pub(super) class_name: String,
    pub(super) date: NaiveDate,
    pub(super) period: String,
    observed_subject: String,
    observed_teacher: String,
    kind: String,
    pub(super) ratings: BTreeMap<String, String>,
    highlights: Vec<Value>,
    improvements: Vec<Value>,
    findings: Vec<Value>,
    /// Who came along, and may write to it.
    #[serde(skip)]
    pub(super) companion: Option<UserId>,
}

/// A visit as the phone writes it, in the three steps of an app: opened, filled in, submitted.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) id: Uuid,
    pub(super) verdict: Verdict,
    /// The subject on the timetable.
    pub(super) planned: Option<SubjectId>,
    /// When, and what is set.
    pub(super) steps: [(DateTime<Utc>, Fields); 3],
}

impl Recorded {
    /// When the inspector left.
    pub(super) fn ended(&self) -> DateTime<Utc> {
        let [_, _, (ended, _)] = &self.steps;
        *ended
    }
}

/// The 46 visits, in the order they were made.
pub(super) fn told() -> anyhow::Result<Vec<Told>> {
    let mut told: Vec<Told> = serde_json::from_str(include_str!("../../demo/qinghe-week12-visits.json"))?;
    told.sort_by(|a, b| (a.date, &a.period).cmp(&(b.date, &b.period)));
    Ok(told)
}

impl Told {
    /// A visit of a lesson that goes as the timetable says.
    pub(super) fn as_planned(
        book: &SchoolBook,
        inspector: &str,
        class_name: &str,
        date: NaiveDate,
        period: &str,
    ) -> anyhow::Result<Self> {
        let class = book.class_by_name(class_name, date).with_context(|| class_name.to_owned())?;
        let resolution = book.resolve(&Slot { date, period: period.to_owned(), class });
        let lesson = resolution.expected().first().context("the timetable has a lesson there")?;
        let subject = book.subjects.get(&lesson.subject).context("a known subject")?;
        let teacher = lesson.teacher.and_then(|id| book.teachers.get(&id)).context("a known teacher")?;
        Ok(Self {
            inspector: inspector.to_owned(),
            class_name: class_name.to_owned(),
            date,
            period: period.to_owned(),
            observed_subject: subject.name.clone(),
            observed_teacher: teacher.name.clone(),
            kind: "walkthrough".to_owned(),
            ratings: ["conduct", "curriculum", "engagement", "resources"]
                .into_iter()
                .map(|dimension| (dimension.to_owned(), "good".to_owned()))
                .collect(),
            highlights: vec![json!({"text": "候课到位，铃响即上课"})],
            improvements: Vec::new(),
            findings: Vec::new(),
            companion: None,
        })
    }

    /// Where it was, for people.
    pub(super) fn place(&self) -> String {
        format!("{} {} {}", self.date.format("%m-%d"), self.period, self.class_name)
    }

    /// Who was teaching, by name.
    pub(super) fn teacher(&self) -> &str {
        &self.observed_teacher
    }

    /// What was taught there, by name.
    pub(super) fn lesson(&self) -> &str {
        &self.observed_subject
    }

    /// Records it with nothing but what the phone holds: names become ids, and the verdict is judged there.
    pub(super) fn record(
        &self,
        book: &SchoolBook,
        rubric: Option<Uuid>,
        skew: TimeDelta,
        chance: &Chance,
    ) -> anyhow::Result<Recorded> {
        let date = self.date;
        let class = book.class_by_name(&self.class_name, date).with_context(|| self.class_name.clone())?;
        let slot = Slot { date, period: self.period.clone(), class };
        let grade = book.classes.get(&class).and_then(|class| grade_of(class, date));
        let bell = book.bell_schedule(grade, date).context("a bell schedule holds")?;
        let period = bell.period(&self.period).with_context(|| self.period.clone())?;
        let arrived = in_shanghai(date.and_time(period.start))? + TimeDelta::minutes(3);
        let observed = self.observed(book)?;
        let Judgement { verdict, resolution } = judge(book, &slot, &observed);

        let mut opened = json!({"kind": self.kind, "regime": "school_patrol", "slot": slot,
            "arrived_at": local(arrived + skew)});
        if let Some(companion) = self.companion {
            opened[format!("companions/{companion}")] = json!(true);
        }
        let mut filled = json!({"observed": observed, "verdict": verdict});
        let lesson = resolution.expected().first().copied();
        if let Resolution::Lesson { timetable, .. } = resolution {
            filled["planned"] = json!({"timetable": timetable,
                "subject": lesson.map(|lesson| lesson.subject),
                "teacher": lesson.and_then(|lesson| lesson.teacher)});
        }
        if let Some(rubric) = rubric {
            filled["rubric"] = json!(rubric);
        }
        for (dimension, level) in &self.ratings {
            filled[format!("ratings/{dimension}")] = json!(level);
        }
        let lists = [
            ("highlights", &self.highlights),
            ("improvements", &self.improvements),
            ("findings", &self.findings),
        ];
        for (list, elements) in lists {
            for element in elements {
                filled[format!("{list}/{}", chance.id(arrived))] = element.clone();
            }
        }
        let leaving = arrived + TimeDelta::minutes(6);
        let submitted = json!({"left_at": local(leaving + skew), "submitted_at": local(leaving + skew)});
        Ok(Recorded {
            id: chance.id(arrived),
            verdict,
            planned: lesson.map(|lesson| lesson.subject),
            steps: [
                (arrived, fields(&opened)?),
                (arrived + TimeDelta::minutes(4), fields(&filled)?),
                (leaving, fields(&submitted)?),
            ],
        })
    }

    fn observed(&self, book: &SchoolBook) -> anyhow::Result<Observed> {
        let subject = book.subject_by_name(&self.observed_subject);
        let subject = Some(subject.with_context(|| self.observed_subject.clone())?);
        let teacher: Option<TeacherId> = match book.teacher_by_name(&self.observed_teacher) {
            NameMatch::One(teacher) => Some(teacher),
            NameMatch::None | NameMatch::Many(_) => {
                anyhow::bail!("one teacher must be called {}", self.observed_teacher)
            }
        };
        Ok(Observed { subject, teacher, situation: Situation::Lesson })
    }
}

/// The fields that a JSON object says.
pub(super) fn fields(object: &Value) -> anyhow::Result<Fields> {
    let members = object.as_object().context("fields are an object")?;
    members.iter().map(|(path, value)| Ok((path.parse()?, value.clone()))).collect()
}
