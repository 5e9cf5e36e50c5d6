//! What people must decide: conflicts with both sides, and held writes with the reason (protocol, section 8).

use askama::Template;
use chrono::{DateTime, FixedOffset};
use serde_json::Value;
use xunke_domain::fields::{FieldPath, Fields};
use xunke_domain::ids::UserId;
use xunke_domain::told::Told;
use xunke_domain::visit::Slot;

use crate::pages::{Form, Frame, Names, STYLESHEET_PATH, field_words, filters, words};

/// What the page of decisions shows.
#[derive(Clone, Copy, Debug)]
pub struct SettleView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// What has just been done.
    pub done: Option<Settled>,
    /// Open conflicts, the oldest first.
    pub conflicts: &'a [ConflictItem<'a>],
    /// Held writes that nobody has decided, the oldest first.
    pub held: &'a [HeldItem<'a>],
    /// Whether there are more of either than the page shows.
    pub more: bool,
    /// Against forged forms.
    pub csrf: &'a str,
    /// Names.
    pub names: Names<'a>,
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// A conflict was settled.
    Conflict,
    /// A held write was taken in.
    Admitted,
    /// A held write was thrown away.
    Discarded,
    /// Somebody else had decided before.
    Before,
    /// A held write cannot be taken in: it breaks a rule.
    Invalid,
}

impl Settled {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Conflict, Self::Admitted, Self::Discarded, Self::Before, Self::Invalid];

    /// Its name in the address after a form was posted.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Admitted => "admitted",
            Self::Discarded => "discarded",
            Self::Before => "before",
            Self::Invalid => "invalid",
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Conflict => "已裁定，选定的内容已写入记录，变更历史中可查。",
            Self::Admitted => "已采纳，这条写入按原作者、原时间记入。",
            Self::Discarded => "已作废，原文与理由仍保留可查。",
            Self::Before => "这一项已由他人处理，未作改动。",
            Self::Invalid => "这条写入不符合记录的规则，不能采纳；可请原作者重新录入，或写明理由后作废。",
        }
    }

    const fn is_failure(self) -> bool {
        matches!(self, Self::Before | Self::Invalid)
    }
}

/// An open conflict.
#[derive(Clone, Debug)]
pub struct ConflictItem<'a> {
    /// The slot of the visit.
    pub slot: Option<Slot>,
    /// Where the visit is.
    pub visit_url: String,
    /// The field.
    pub field: FieldPath,
    /// What stood there, then what arrived.
    pub sides: [SideItem<'a>; 2],
    /// Where the form posts to; none for those who may not settle it.
    pub action: Option<String>,
}

/// One side of a conflict.
#[derive(Clone, Copy, Debug)]
pub struct SideItem<'a> {
    /// What the form sends to choose it.
    pub side: &'static str,
    /// The value.
    pub value: &'a Value,
    /// Who wrote it.
    pub by: UserId,
    /// When it arrived.
    pub at: DateTime<FixedOffset>,
    /// Whether the record has this value now.
    pub current: bool,
}

/// A held write.
#[derive(Clone, Debug)]
pub struct HeldItem<'a> {
    /// Its id, for the field of its form.
    pub id: String,
    /// Who sent it.
    pub by: UserId,
    /// When it arrived.
    pub at: DateTime<FixedOffset>,
    /// Why it is held: a code of the protocol.
    pub reason: &'a str,
    /// Where in the write the fault is.
    pub pointer: Option<&'a str>,
    /// What it would set; empty if it does not read.
    pub set: Fields,
    /// Where the form that admits it posts to; none for those who may not.
    pub admit: Option<String>,
    /// Where the form that discards it posts to; none for those who may not.
    pub discard: Option<String>,
}

/// The page of decisions.
pub fn settle_page(view: &SettleView<'_>) -> Result<String, askama::Error> {
    let names = &view.names;
    let page = SettlePage {
        view,
        conflicts: view.conflicts.iter().map(|conflict| conflict_row(conflict, names)).collect(),
        held: view.held.iter().map(|held| held_row(held, names)).collect(),
    };
    page.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "visits/settle.html")]
struct SettlePage<'a> {
    view: &'a SettleView<'a>,
    conflicts: Vec<ConflictRow<'a>>,
    held: Vec<HeldRow<'a>>,
}

#[derive(Clone, Debug)]
struct ConflictRow<'a> {
    place: Told,
    visit_url: &'a str,
    field: Told,
    sides: Vec<SideRow>,
    action: Option<&'a str>,
}

#[derive(Clone, Debug)]
struct SideRow {
    side: &'static str,
    value: Told,
    who: Told,
    when: Told,
    current: bool,
}

#[derive(Clone, Debug)]
struct HeldRow<'a> {
    id: &'a str,
    who: Told,
    when: Told,
    reason: &'static str,
    /// The field that is at fault, where one is.
    fault: Option<Told>,
    rows: Vec<(Told, Told)>,
    admit: Option<&'a str>,
    discard: Option<&'a str>,
}

fn conflict_row<'a>(conflict: &'a ConflictItem<'_>, names: &Names<'_>) -> ConflictRow<'a> {
    let ConflictItem { slot, visit_url, field, sides, action } = conflict;
    let side = |side: &SideItem<'_>| SideRow {
        side: side.side,
        value: field_words::value(field, side.value, names),
        who: names.person(side.by),
        when: words::moment(&side.at),
        current: side.current,
    };
    let place = slot.as_ref().map(|slot| field_words::slot(slot, names));
    ConflictRow {
        place: place.unwrap_or_else(|| "未选班级与节次的巡课".into()),
        visit_url,
        field: field_words::field(field, names),
        sides: sides.iter().map(side).collect(),
        action: action.as_deref(),
    }
}

fn held_row<'a>(held: &'a HeldItem<'_>, names: &Names<'_>) -> HeldRow<'a> {
    let HeldItem { id, by, at, reason, pointer, set, admit, discard } = held;
    let fault = pointer.and_then(|pointer| pointer.strip_prefix("/set/")).map(|rest| {
        let path = rest.split('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
        path.parse().map_or_else(|_| Told::data(&path), |path| field_words::field(&path, names))
    });
    let row = |(path, value)| (field_words::field(path, names), field_words::value(path, value, names));
    HeldRow {
        id,
        who: names.person(*by),
        when: words::moment(at),
        reason: reason_zh(reason),
        fault,
        rows: set.iter().map(row).collect(),
        admit: admit.as_deref(),
        discard: discard.as_deref(),
    }
}

/// Why a write is held (protocol, section 4).
fn reason_zh(reason: &str) -> &'static str {
    match reason {
        "invalid_value" => "填写的内容不符合规则",
        "unknown_field" => "含有本服务器不认识的字段，可能是应用版本较新",
        "unknown_type" => "含有本服务器不认识的记录类型，或手机不能写的类型",
        "not_author" => "这条巡课是别人的，只有本人与同行人可以改",
        "not_a_member" => "写入者从未是本校的巡课人",
        "membership_ended" => "这次巡课的日期不在写入者的任职期内",
        "device_revoked" => "设备已被吊销",
        "term_closed" => "学期结束已满30天",
        "record_erased" => "这条记录已按规定删除",
        "too_large" => "内容过大",
        _ => "需要人工查看",
    }
}

impl SettlePage<'_> {
    /// A form of the page, with its token.
    const fn form<'f>(&'f self, action: &'f str) -> Form<'f> {
        Form { action, csrf: self.view.csrf }
    }
}
