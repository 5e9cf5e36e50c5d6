//! What changed since the edition before (版本与更正).

use xunke_domain::log::labels::{change_zh, changed_field_zh, verdict_zh};
use xunke_domain::log::{ChangeEntry, ChangeKind};
use xunke_domain::told;
use xunke_domain::told::Told;

use crate::pages::visit_links::VisitLinks;
use crate::pages::words;

/// A visit that differs.
#[derive(Clone, Debug)]
pub(super) struct ChangeRow<'a> {
    /// 补录, 更正 or 撤回.
    pub(super) kind: &'static str,
    pub(super) place: Told,
    pub(super) inspector: &'a str,
    /// What differs, such as `一致性结论（挤占 → 按课表上课）、评价`.
    pub(super) what: Told,
    pub(super) url: Option<String>,
}

/// The changes, in the order they have.
pub(super) fn rows<'a>(changes: &'a [ChangeEntry], links: VisitLinks<'_>) -> Vec<ChangeRow<'a>> {
    changes.iter().map(|change| row(change, links)).collect()
}

fn row<'a>(change: &'a ChangeEntry, links: VisitLinks<'_>) -> ChangeRow<'a> {
    let ChangeEntry { kind, visit, place, inspector, fields, verdict_before, verdict_after } = change;
    let fields = Told::listed(fields.iter().map(|field| Told::from(changed_field_zh(*field))));
    let verdicts = match (verdict_before, verdict_after) {
        (Some(before), Some(after)) if before != after => {
            told!("（{} → {}）", Told::from(verdict_zh(*before)), Told::from(verdict_zh(*after)))
        }
        (Some(only), None) | (None, Some(only)) => told!("结论：{}", Told::from(verdict_zh(*only))),
        _ => Told::default(),
    };
    ChangeRow {
        kind: change_zh(*kind),
        place: words::place(place),
        inspector,
        what: told!("{}{}", fields, verdicts),
        url: if *kind == ChangeKind::Withdrawn { None } else { links.url(*visit) },
    }
}
