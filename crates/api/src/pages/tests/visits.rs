//! The list of a week's visits, and the page of one.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use xunke_domain::fields::{FieldPath, Fields};
use xunke_domain::ids::{ClassId, UserId, VisitId};
use xunke_domain::judge::judge;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Observed, Situation, Slot, Visit};

use super::markup::check;
use super::sample::{FRAME, Sample, at};
use crate::pages::{
    ChangeItem, Choices, Chosen, FeedbackItem, ListedVisit, Names, VisitListView, VisitView, WriteItem,
    visit_list_page, visit_page,
};

const MENG: UserId = UserId::from_uuid(Uuid::from_u128(77));
static NONE: BTreeMap<String, String> = BTreeMap::new();

fn people() -> BTreeMap<UserId, String> {
    BTreeMap::from([(MENG, "孟<老师>".to_owned())])
}

/// The first visit of the sample, as Meng's.
fn a_visit(sample: &Sample) -> Visit {
    let (visit, _, _) = &sample.visits[0];
    Visit { inspector: MENG, ..visit.clone() }
}

fn fields(visit: &Visit) -> Fields {
    let slot = visit.slot.as_ref().unwrap();
    let set = json!({
        "slot": slot, "kind": "walkthrough", "observed": {"situation": "self_study"},
        "ratings/engagement": "good", "highlights/a": {"text": "情境<好>", "tags": ["游戏"]},
        "findings/b": {"category": "TT01", "severity": 3, "note": "无调课单"},
        "homework_check": {"sampled": 10, "corrected": 9, "minutes": 20},
        "lesson_plan_check": {"result": "present"}, "disposition": "onsite_advice",
        "submitted_at": "2026-11-17T17:00:00+08:00", "round": Uuid::from_u128(5), "x.app": "1",
        "left_at": null, "feedback": {"mode": "face_to_face", "text": "已沟通"},
    });
    serde_json::from_value(set).unwrap()
}

#[test]
fn a_list_tells_each_visit_and_what_is_chosen() {
    let sample = Sample::qinghe();
    let people = people();
    let visit = a_visit(&sample);
    let class = visit.slot.as_ref().unwrap().class;
    let mut choices = Choices::default();
    choices.count(Some(class), MENG, Some(Verdict::SubjectMismatch));
    choices.figures.insert("ratings.engagement.good".to_owned(), 12);
    let names = Names { book: &sample.book, people: &people, dimensions: &NONE };
    let listed = ListedVisit {
        verdict: Some(Verdict::SubjectMismatch),
        planned_subject: None,
        planned_teacher: None,
        conflicted: true,
        time_flagged: false,
        visit,
    };
    let view = VisitListView {
        frame: FRAME,
        school: "青禾实验小学",
        week: "2026-W47".parse().unwrap(),
        teaching_week: Some(12),
        url: "/list",
        visit_url_prefix: "/visits/",
        log_url: Some("/log"),
        chosen: Chosen { figure: Some("ratings.engagement.good"), edition: Some(2), ..Chosen::default() },
        choices: &choices,
        visits: std::slice::from_ref(&listed),
        next_url: Some("/list?cursor=1"),
        names,
    };

    let page = visit_list_page(&view).unwrap();
    let empty = visit_list_page(&VisitListView {
        visits: &[],
        log_url: None,
        chosen: Chosen { verdict: Some(Verdict::NoTeacher), ..Chosen::default() },
        ..view
    });

    check(&page);
    for told in [
        "统计项“<strong>评价·学生参与·良</strong>”所依据的记录（第2版）",
        "挤占（1）",
        "孟&#60;老师&#62;（1）",
        "有冲突待裁定",
        r#"<option value="ratings.engagement.good" selected>评价·学生参与·良（12）</option>"#,
        r#"<a href="/list?cursor=1" rel="next">"#,
        r#"name="edition" value="2""#,
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(empty.unwrap().contains("没有符合条件的巡课记录"));
}

#[test]
fn a_visit_is_told_in_words_with_what_its_verdict_rests_on() {
    let sample = Sample::qinghe();
    let people = people();
    let visit = Visit { verdict: Some(Verdict::AsTimetabled), ..a_visit(&sample) };
    let fields = fields(&visit);
    let slot = visit.slot.clone().unwrap();
    let observed = Observed { subject: None, teacher: None, situation: Situation::SelfStudy };
    let judgement = judge(&sample.book, &slot, &observed);
    let path: FieldPath = "ratings/engagement".parse().unwrap();
    let (good, poor) = (json!("good"), json!("poor"));
    let change = |won| ChangeItem { field: &path, old: Some(&poor), new: &good, won };
    let at = at("2026-11-17T11:05:00+08:00");
    let history = [WriteItem { by: MENG, at, changes: vec![change(true), change(false)] }];
    let feedback = [FeedbackItem {
        by: MENG,
        to: *sample.book.teachers.keys().next().unwrap(),
        at,
        text: "练习密度可再提高",
        state: "contested",
        answer: Some("当天有调课单"),
        decision: None,
        version: 2,
        decide: Some("/feedback/1/decision".to_owned()),
    }];
    let view = VisitView {
        frame: FRAME,
        visit: &visit,
        fields: &fields,
        judgement: Some(&judgement),
        received_at: at,
        clock_offset: Some(-185_000),
        time_flagged: true,
        open_conflicts: 1,
        settle_url: "/settle",
        beside: &[(MENG, "/visits/2".to_owned())],
        csrf: "token",
        feedback: &feedback,
        history: &history,
        list_url: Some("/list"),
        names: Names { book: &sample.book, people: &people, dimensions: &NONE },
    };

    let page = visit_page(&view).unwrap();

    check(&page);
    for told in [
        "情境&#60;好&#62; #游戏",
        "TT01 挤占（较重）：无调课单",
        "抽检10本，已批改9本，约20分钟",
        "现场反馈建议",
        "当面：已沟通",
        "评价·学生参与",
        "<del>差</del> → <ins>良</ins>",
        "未采用，另有更新的写入",
        "教师有异议",
        "回复：当天有调课单",
        "巡课人当时的结论：按课表上课",
        "设备时钟慢 3 分 5 秒",
        "有1处冲突待裁定",
        "2026年11月17日 17:00",
        "<dt>x.app</dt>",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(
        !page.contains("巡课轮次") && !page.contains("离开时间"),
        "what says nothing to people is left out"
    );
}

#[test]
fn a_visit_without_a_slot_is_told_as_one_that_cannot_be_checked() {
    let sample = Sample::qinghe();
    let people = people();
    let slot: Option<Slot> = None;
    let id = VisitId::from_uuid(Uuid::from_u128(1));
    let visit = Visit { id, slot, submitted_at: None, ..a_visit(&sample) };
    let view = VisitView {
        frame: FRAME,
        visit: &visit,
        fields: &Fields::new(),
        judgement: None,
        received_at: at("2026-11-17T11:05:00+08:00"),
        clock_offset: None,
        time_flagged: false,
        open_conflicts: 0,
        settle_url: "/settle",
        csrf: "token",
        beside: &[],
        feedback: &[],
        history: &[],
        list_url: None,
        names: Names { book: &sample.book, people: &people, dimensions: &NONE },
    };

    let page = visit_page(&view).unwrap();

    check(&page);
    assert!(page.contains("未选班级与节次的巡课") && page.contains("无从核查") && page.contains("未提交"));
    let unknown = ClassId::from_uuid(Uuid::from_u128(404));
    assert!(view.names.class(unknown, "2026-11-17".parse().unwrap()).to_string().contains("没有"));
}
