//! How a week stands with its school's schedule, in words.

use chrono::{DateTime, FixedOffset};
use xunke_domain::schedule::{Hindrance, Moment, Step};
use xunke_domain::told;
use xunke_domain::told::Told;
use xunke_domain::week::Week;

use crate::pages::{Form, words};

/// A week as the schedule has it.
#[derive(Clone, Debug)]
pub struct WeekSchedule<'a> {
    /// The week.
    pub week: Week,
    /// Number of the teaching week; none outside a semester.
    pub teaching_week: Option<u32>,
    /// When it was made ready for review.
    pub drafted_at: Option<DateTime<FixedOffset>>,
    /// What comes next, and when.
    pub next: Option<(Step, DateTime<FixedOffset>)>,
    /// When it is to be published by rule, and what hinders that.
    pub publication: Option<(DateTime<FixedOffset>, Option<Hindrance>)>,
    /// Whether it has an edition.
    pub published: bool,
    /// The objection: whose, when, why.
    pub veto: Option<(String, DateTime<FixedOffset>, String)>,
    /// Who decided the schedule.
    pub decider: &'a str,
    /// Objects to the publication, for those who may: posts `why`.
    pub object: Option<Form<'a>>,
    /// Takes the objection back, for those who may.
    pub lift: Option<Form<'a>>,
}

impl WeekSchedule<'_> {
    pub(super) fn heading(&self) -> Told {
        told!("{}（{}）", words::teaching_week(self.teaching_week), words::week_span(self.week))
    }

    /// What is to be said of it, a sentence a line.
    pub(super) fn lines(&self) -> Vec<Told> {
        if self.published {
            return vec!["已公示，本周日程已结束。".into()];
        }
        let drafted = self.drafted_at.map(|at| told!("{} 已整理成待审阅稿。", words::moment(&at)));
        let next = self.next.and_then(|(step, at)| match step {
            Step::Draft => Some(told!("将于 {} 整理成待审阅稿。", words::moment(&at))),
            Step::Remind => Some(told!("届时未公示，将于 {} 提醒校长。", words::moment(&at))),
            Step::Publish => None,
        });
        let lines: Vec<Told> = drafted.into_iter().chain(next).chain(self.publication_line()).collect();
        if lines.is_empty() { vec!["本周没有日程。".into()] } else { lines }
    }

    fn publication_line(&self) -> Option<Told> {
        let veto = self
            .veto
            .as_ref()
            .map(|(who, at, why)| told!("{}已于 {} 否决自动公示：{}", who, words::moment(at), why));
        let publication = self.publication.map(|(at, hindrance)| {
            let at = words::moment(&at);
            match hindrance {
                None => told!("将于 {} 按规则自动公示；在此之前校长可以签发，也可以否决。", at),
                Some(Hindrance::Vetoed) => told!("原定 {} 自动公示，已被否决。", at),
                Some(Hindrance::NoVisit) => {
                    told!("定于 {} 自动公示；本周尚无已提交的巡课，到时仍没有则不公示空白周报。", at)
                }
                Some(Hindrance::Unauthorised) => told!(
                    "原定 {} 自动公示，但设定规则的{}已不能签发本校周报，自动公示暂停，请现任校长重新设定。",
                    at,
                    self.decider
                ),
            }
        });
        publication.into_iter().chain(veto).reduce(|before, next| told!("{}{}", before, next))
    }
}

/// A line that tells of a log that waits, and where to go.
#[derive(Clone, Debug)]
pub struct NoticeLine {
    /// What waits.
    pub text: Told,
    /// Where it is reviewed.
    pub url: String,
}

impl NoticeLine {
    /// The notice of a week that was made ready at `since`.
    pub fn of(
        (week, teaching_week): (Week, Option<u32>),
        since: &DateTime<FixedOffset>,
        reminded: bool,
        publication: Option<(DateTime<FixedOffset>, Option<Hindrance>)>,
        url: String,
    ) -> Self {
        let named = told!("{}（{}）", words::teaching_week(teaching_week), words::week_span(week));
        let waits = if reminded {
            "{}周报仍待审阅，请尽快处理（{} 整理）。{}"
        } else {
            "{}周报待审阅（{} 整理）。{}"
        };
        let rule = match publication {
            None => Told::default(),
            Some((at, None)) => told!("将于 {} 自动公示，可否决。", words::moment(&at)),
            Some((_, Some(Hindrance::Vetoed))) => "自动公示已否决，由校长签发。".into(),
            Some((_, Some(Hindrance::NoVisit))) => "本周尚无已提交的巡课，不会自动公示。".into(),
            Some((_, Some(Hindrance::Unauthorised))) => "自动公示已暂停，请重新设定日程。".into(),
        };
        Self { text: told!(waits, named, words::moment(since), rule), url }
    }
}

/// Such as `次周 周一 12:00`.
pub(super) fn weekly(moment: Moment) -> Told {
    let weekday = Told::from(words::weekday(moment.weekday));
    let week = if moment.next_week { "次周 {} {}" } else { "本周 {} {}" };
    told!(week, weekday, moment.time.format("%H:%M").to_string())
}
