//! What changed since the edition before (版本与更正).

use xunke_domain::log::labels::{change_zh, changed_field_zh, verdict_zh};
use xunke_domain::log::{ChangeEntry, ChangeKind};

use crate::pages::visit_links::VisitLinks;
use crate::pages::words;

/// A visit that differs.
#[derive(Clone, Debug)]
pub(super) struct ChangeRow<'a> {
    /// 补录, 更正 or 撤回.
    pub(super) kind: &'static str,
    pub(super) place: String,
    pub(super) inspector: &'a str,
    /// What differs, such as `一致性结论（挤占 → 按课表上课）、评价`.
    pub(super) what: String,
    pub(super) url: Option<String>,
}

/// The changes, in the order they have.
pub(super) fn rows<'a>(changes: &'a [ChangeEntry], links: VisitLinks<'_>) -> Vec<ChangeRow<'a>> {
    changes.iter().map(|change| row(change, links)).collect()
}

fn row<'a>(change: &'a ChangeEntry, links: VisitLinks<'_>) -> ChangeRow<'a> {
    let ChangeEntry { kind, visit, place, inspector, fields, verdict_before, verdict_after } = change;
    let fields = fields.iter().map(|field| changed_field_zh(*field)).collect::<Vec<_>>().join("、");
    let verdicts = match (verdict_before, verdict_after) {
        (Some(before), Some(after)) if before != after => {
            format!("（{} → {}）", verdict_zh(*before), verdict_zh(*after))
        }
        (Some(only), None) | (None, Some(only)) => format!("结论：{}", verdict_zh(*only)),
        _ => String::new(),
    };
    ChangeRow {
        kind: change_zh(*kind),
        place: words::place(place),
        inspector,
        what: fields + &verdicts,
        url: if *kind == ChangeKind::Withdrawn { None } else { links.url(*visit) },
    }
}
