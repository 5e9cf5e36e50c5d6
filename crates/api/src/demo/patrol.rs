//! The inspectors and their phones: what they record, and what becomes of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::log::labels::{verdict_en, verdict_zh};
use xunke_domain::verdict::Verdict;

use super::clock::{StagedClock, local, school_time};
use super::http::Http;
use super::narrate::{Narrator, level};
use super::phone::{Answered, Phone, tally};
use super::visits::{Told, fields, told};
use crate::world::Chance;

pub(super) const ZHENG: &str = "郑校长";
pub(super) const LIN: &str = "教导处林主任";
pub(super) const SHEN: &str = "沈副校长";
pub(super) const MENG: &str = "值周孟老师";

/// The field that two people disagree on.
const ENGAGEMENT: &str = "ratings/engagement";

/// Everybody who walks, with a phone each.
#[derive(Debug)]
pub(super) struct Patrol {
    phones: BTreeMap<&'static str, Phone>,
    pub(super) clock: Arc<StagedClock>,
    chance: Chance,
    /// What is still to be seen this week.
    told: VecDeque<Told>,
    /// The last visit of each phone.
    pub(super) latest: BTreeMap<&'static str, Uuid>,
    /// The last visit of each teacher.
    pub(super) taught: BTreeMap<String, Uuid>,
    /// The visit of two people.
    shared: Option<Uuid>,
    verdicts: BTreeMap<Verdict, usize>,
}

impl Patrol {
    /// Everybody registers a phone and reads the school's reference data.
    pub(super) async fn gather(
        http: &Http,
        clock: &Arc<StagedClock>,
        tell: &Narrator,
    ) -> anyhow::Result<Self> {
        let people = [(ZHENG, "zheng", 0), (LIN, "lin", 0), (SHEN, "shen", 1), (MENG, "meng", 0)];
        let mut phones = BTreeMap::new();
        for (name, login, ahead) in people {
            let phone = Phone::set_up(http, login, name, clock, TimeDelta::days(ahead)).await?;
            let (records, book) = phone.book();
            let wrong =
                if ahead > 0 { "；这部手机的时钟快了一天 its clock is a day ahead" } else { "" };
            tell.note(format_args!(
                "✓ {name}：{records} 条记录，{} 个班，{} 位教师{wrong}",
                book.classes.len(),
                book.teachers.len()
            ));
            phones.insert(name, phone);
        }
        let mut told: VecDeque<Told> = told()?.into();
        let shared = told.iter_mut().find(|visit| {
            visit.inspector == LIN && visit.class_name == "四年级(1)班" && visit.period == "第3节"
        });
        let shared = shared.context("the visit that two make together")?;
        shared.companion = phones.get(SHEN).map(|phone| phone.replica.user());
        // The first impression; what the week ends with is settled later.
        shared.ratings.insert("engagement".to_owned(), "good".to_owned());
        Ok(Self {
            phones,
            clock: Arc::clone(clock),
            chance: Chance::system(),
            told,
            latest: BTreeMap::new(),
            taught: BTreeMap::new(),
            shared: None,
            verdicts: BTreeMap::new(),
        })
    }

    pub(super) fn phone(&mut self, name: &str) -> anyhow::Result<&mut Phone> {
        self.phones.get_mut(name).with_context(|| format!("{name} has a phone"))
    }

    /// Everybody walks until a moment, offline; verdicts are judged on the phones.
    pub(super) fn record_until(&mut self, until: &str, tell: &Narrator) -> anyhow::Result<()> {
        let until = school_time(until)?;
        let books: BTreeMap<&str, SchoolBook> =
            self.phones.iter().map(|(name, phone)| (*name, phone.book().1)).collect();
        let mut recorded = 0;
        while let Some(next) = self.told.front() {
            let name = next.inspector.as_str();
            let book = books.get(name).with_context(|| format!("{name} has a phone"))?;
            let (name, phone) =
                self.phones.iter_mut().find(|(known, _)| **known == name).context("a phone")?;
            let visit = next.record(book, phone.rubric(), phone.skew, &self.chance)?;
            if visit.ended() > until {
                break;
            }
            self.clock.move_to(visit.ended());
            if visit.verdict != Verdict::AsTimetabled {
                let planned = visit.planned.and_then(|subject| book.subjects.get(&subject));
                tell.note(format_args!(
                    "! {}：课表 {}，实上 {}，手机当场判定“{}” {}",
                    next.place(),
                    planned.map_or("?", |subject| subject.name.as_str()),
                    next.lesson(),
                    verdict_zh(visit.verdict),
                    verdict_en(visit.verdict),
                ));
            }
            *self.verdicts.entry(visit.verdict).or_default() += 1;
            self.latest.insert(name, visit.id);
            self.taught.insert(next.teacher().to_owned(), visit.id);
            if next.companion.is_some() {
                self.shared = Some(visit.id);
            }
            phone.write_down(visit)?;
            self.told.pop_front();
            recorded += 1;
        }
        self.clock.move_to(until);
        let until = local(until).format("%m-%d %H:%M");
        let unsent: usize = self.phones.values().map(|phone| phone.replica.unsent()).sum();
        tell.done(
            format_args!("到 {until}：又记 {recorded} 次巡课，全程离线，手机里共 {unsent} 条写入待发"),
            format_args!("{recorded} more visits, all offline; {unsent} writes wait on the phones"),
        );
        Ok(())
    }

    /// A phone finds a network.
    pub(super) async fn sync(&mut self, name: &str, tell: &Narrator) -> anyhow::Result<Vec<Answered>> {
        let answered = self.phone(name)?.sync().await?;
        tell.note(format_args!("✓ {name} 同步 sync: {}", tally(&answered)));
        Ok(answered)
    }

    /// Two people judge one visit differently, out of reach of each other; then both sync.
    pub(super) async fn disagree(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let visit = self.shared.context("the shared visit was recorded")?;
        let rating = |value: &str| fields(&json!({ENGAGEMENT: value}));
        self.phone(SHEN)?.capture(school_time("2026-11-17 13:50")?, visit, rating("excellent")?)?;
        self.phone(LIN)?.capture(school_time("2026-11-17 14:00")?, visit, rating("fair")?)?;
        tell.note("四年级(1)班 周二第3节，参与度 engagement：林主任改为“中 fair”，同行的沈副校长改为“优 excellent”，都离线");
        self.record_until("2026-11-17 16:30", tell)?;
        self.sync(SHEN, tell).await?;
        self.sync(LIN, tell).await?;
        let names: BTreeMap<String, &str> =
            self.phones.iter().map(|(name, phone)| (phone.replica.user().to_string(), *name)).collect();
        let lin = self.phone(LIN)?;
        let lost = lin.replica.disagreements().count();
        let conflicts = lin.conflicts().await?;
        anyhow::ensure!((lost, conflicts.len()) == (1, 1), "the two ratings clash, once");
        for conflict in &conflicts {
            let side = |side: &str| {
                let side = &conflict[side];
                let by = side["by"].as_str().and_then(|id| names.get(id)).copied().unwrap_or("?");
                format!("{by} 说 {}", level(&side["value"]))
            };
            tell.done(
                format_args!("分歧 1 处，谁的话都没丢：{}；{}", side("standing"), side("arrived")),
                "one open conflict; both values are kept, the record has a value all along",
            );
        }
        Ok(())
    }

    /// One of the two has seen both values, and settles it.
    pub(super) async fn agree(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let visit = self.shared.context("the shared visit was recorded")?;
        let settled = fields(&json!({ENGAGEMENT: "excellent"}))?;
        let lin = self.phone(LIN)?;
        lin.capture(school_time("2026-11-17 16:40")?, visit, settled.clone())?;
        self.clock.move_to(school_time("2026-11-17 16:40")?);
        self.sync(LIN, tell).await?;
        self.sync(SHEN, tell).await?;
        let open = self.phone(LIN)?.conflicts().await?.len();
        let (lin, shen) = (self.phone(LIN)?.visit(visit), self.phone(SHEN)?.visit(visit));
        anyhow::ensure!(open == 0 && lin == shen, "the phones agree");
        anyhow::ensure!(
            settled.iter().all(|(path, value)| lin.get(path) == Some(value)),
            "on what was settled"
        );
        tell.done(
            "林主任看过两个值后定为“优”：看过的写入必胜，不论谁的时钟快；分歧关闭，两部手机逐字段相同",
            "a write that has seen both settles it, whatever the clocks say; both phones now hold the same fields",
        );
        Ok(())
    }

    /// Verdicts so far, for people; everything must have been seen and sent.
    pub(super) fn close(&self, tell: &Narrator) -> anyhow::Result<()> {
        let unsent: usize = self.phones.values().map(|phone| phone.replica.unsent()).sum();
        anyhow::ensure!(self.told.is_empty() && unsent == 0, "everything was recorded and sent");
        let verdicts: Vec<String> = self
            .verdicts
            .iter()
            .map(|(verdict, visits)| format!("{} {visits}", verdict_zh(*verdict)))
            .collect();
        tell.note(format_args!("手机上的判定 verdicts on the phones: {}", verdicts.join(", ")));
        Ok(())
    }
}

/// Shows a stamp that was ahead of its time.
pub(super) fn tell_clamped(answered: &[Answered], tell: &Narrator) -> anyhow::Result<()> {
    let clamped: Vec<_> = answered
        .iter()
        .filter_map(|answered| Some((answered.claimed?, answered.result.stamp?)))
        .filter(|(claimed, canonical)| claimed > canonical)
        .collect();
    let (claimed, canonical) = clamped.last().context("the fast clock is noticed")?;
    let moment = |millis| DateTime::<Utc>::from_timestamp_millis(millis).map(local).unwrap_or_default();
    tell.done(
        format_args!(
            "{} 条写入的时间在未来：手机自称 {}，服务器改记 {}，没有一条被拒",
            clamped.len(),
            moment(claimed.millis()).format("%m-%d %H:%M"),
            moment(canonical.millis()).format("%m-%d %H:%M")
        ),
        format_args!(
            "a clock a day ahead: claimed {claimed}, canonical {canonical}; corrected, never refused"
        ),
    );
    Ok(())
}
