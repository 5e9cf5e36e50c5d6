//! Conflicts and held writes on one page.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::UserId;

use super::markup::check;
use super::sample::{FRAME, Sample, at};
use crate::pages::{ConflictItem, HeldItem, Names, SettleView, Settled, SideItem, settle_page};

const MENG: UserId = UserId::from_uuid(Uuid::from_u128(77));
static NONE: BTreeMap<String, String> = BTreeMap::new();

#[test]
fn both_sides_stand_beside_each_other_and_only_those_who_may_have_buttons() {
    let sample = Sample::qinghe();
    let people = BTreeMap::from([(MENG, "孟老师".to_owned())]);
    let (good, poor) = (json!("good"), json!("poor"));
    let when = at("2026-11-17T11:05:00+08:00");
    let side = |side, value, current| SideItem { side, value, by: MENG, at: when, current };
    let conflict = |action: Option<&str>| ConflictItem {
        slot: sample.visits[0].0.slot.clone(),
        visit_url: "/visits/1".to_owned(),
        field: "ratings/engagement".parse().unwrap(),
        sides: [side("standing", &good, true), side("arrived", &poor, false)],
        action: action.map(str::to_owned),
    };
    let set: Fields = serde_json::from_value(json!({"notes/a": {"text": "<写>"}})).unwrap();
    let held = [HeldItem {
        id: "h1".to_owned(),
        by: MENG,
        at: when,
        reason: "invalid_value",
        pointer: Some("/set/notes~1a/text"),
        set,
        admit: None,
        discard: Some("/discard".to_owned()),
    }];
    let conflicts = [conflict(Some("/settle/1")), conflict(None)];
    let view = SettleView {
        frame: FRAME,
        school: "青禾实验小学",
        done: Some(Settled::Before),
        conflicts: &conflicts,
        held: &held,
        more: true,
        csrf: "token-3",
        names: Names { book: &sample.book, people: &people, dimensions: &NONE },
    };

    let page = settle_page(&view).unwrap();
    let nothing =
        settle_page(&SettleView { done: None, conflicts: &[], held: &[], more: false, ..view }).unwrap();

    check(&page);
    check(&nothing);
    assert_eq!(page.matches(r#"action="/settle/1""#).count(), 2);
    assert_eq!(page.matches("<button").count(), 1 + 2 + 1, "signing out, two values, one to discard");
    assert_eq!(page.matches("记录现为此值").count(), 2);
    for told in ["已由他人处理", "填写的内容不符合规则：备注", "&#60;写&#62;", "评价·学生参与", "数量较多"]
    {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(nothing.contains("没有待裁定的冲突") && nothing.contains("没有暂存的写入"));
}
