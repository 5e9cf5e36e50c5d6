//! What goes wrong on a Friday: a lost answer, a killed app, a write nobody can read.

use anyhow::Context as _;
use serde_json::json;
use xunke_sync::replica::HeldWrite;

use super::clock::school_time;
use super::narrate::Narrator;
use super::patrol::{MENG, Patrol, ZHENG};
use super::visits::fields;

impl Patrol {
    /// The answer to a push is lost and the app is killed; the push is repeated, and nothing is doubled.
    pub(super) async fn lose_an_answer(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let phone = self.phone(ZHENG)?;
        let sent = phone.push_into_the_void().await?;
        let rows = phone.restart()?;
        tell.note(format_args!(
            "{ZHENG} 推送 {sent} 条，服务器已落盘，回答丢在半路；随后应用被杀，从本机 {rows} 行存储恢复 answer lost, app killed, reloaded"
        ));
        let answered = self.sync(ZHENG, tell).await?;
        let doubled = answered.iter().filter(|answered| answered.result.first.is_none()).count();
        anyhow::ensure!(answered.len() == sent && doubled == 0, "every write is known already");
        tell.done(
            "原样重发：全部答 duplicate，一条不多，一条不少",
            "repeated as it was: all duplicates, nothing doubled, nothing lost",
        );
        Ok(())
    }

    /// A value no server knows, as a broken app would write it; other writes come before and after.
    pub(super) fn poison(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let visit = *self.latest.get(MENG).context("a visit was recorded")?;
        let set = fields(&json!({"ratings/conduct": "perfect"}))?;
        self.phone(MENG)?.capture(school_time("2026-11-19 17:00")?, visit, set)?;
        tell.note(format_args!("! {MENG} 的手机写下一条坏值 ratings/conduct = \"perfect\"，夹在队列中间 one bad write in the middle of the queue"));
        Ok(())
    }

    /// The poisoned write is held and the others are not; its author throws it away.
    pub(super) async fn discard_what_is_held(&mut self, tell: &Narrator) -> anyhow::Result<()> {
        let answered = self.sync(MENG, tell).await?;
        let phone = self.phone(MENG)?;
        let held: Vec<_> = phone
            .replica
            .held()
            .map(|HeldWrite { ticket, write, result }| (ticket, write.n, result.clone()))
            .collect();
        let [(ticket, n, result)] = held.as_slice() else { anyhow::bail!("one write is held") };
        let id = result.held.context("a held write has an entry in the list")?;
        tell.note(format_args!(
            "第 {n} 条被搁置 held: {} {} {}",
            result.reason.map_or("", |reason| reason.as_str()),
            result.pointer.as_deref().unwrap_or_default(),
            result.detail.as_deref().unwrap_or_default(),
        ));
        phone.discard(id, *ticket, "选项写错，原评价有效").await?;
        anyhow::ensure!(phone.replica.unsent() == 0, "nothing waits behind it");
        tell.done(
            format_args!("其余 {} 条照常入库；作者写明理由后作废，仍可查", answered.len() - 1),
            format_args!(
                "the other {} went in; its author discarded it with a reason, and it stays readable",
                answered.len() - 1
            ),
        );
        Ok(())
    }
}
