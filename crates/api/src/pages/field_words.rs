//! The fields of a visit in words: what a field is called, and what a value of it says.

use chrono::DateTime;
use serde::de::DeserializeOwned;
use serde_json::Value;
use xunke_domain::fields::FieldPath;
use xunke_domain::ids::UserId;
use xunke_domain::log::labels::{level_zh, severity_zh, situation_zh, verdict_zh};
use xunke_domain::told;
use xunke_domain::told::Told;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Finding, Highlight, Improvement, Level, Observed, Planned, Situation, Slot};

use crate::pages::Names;
use crate::pages::words;

/// What a field is called (docs: "A visit's fields"); a field of another app by its path.
pub(super) fn field(path: &FieldPath, names: &Names<'_>) -> Told {
    let name = match path.name() {
        "kind" => "方式",
        "regime" => "类别",
        "unannounced" => "不打招呼",
        "selection" => "选课方式",
        "round" => "巡课轮次",
        "companions" => "同行人",
        "slot" => "班级与节次",
        "arrived_at" => "到课时间",
        "left_at" => "离开时间",
        "planned" => "手机上的课表安排",
        "observed" => "实上情况",
        "verdict" => "巡课人的结论",
        "rubric" => "评价量表",
        "ratings" => {
            let dimension = path.element().map(|key| names.dimension(key)).unwrap_or_default();
            return told!("评价·{}", dimension);
        }
        "highlights" => "亮点",
        "improvements" => "待改进之处",
        "findings" => "存在问题",
        "lesson_plan_check" => "教案检查",
        "homework_check" => "作业抽检",
        "student_interview" => "学生交流",
        "feedback" => "现场反馈",
        "disposition" => "处理意见",
        "notes" => "备注",
        "photos" => "照片",
        "bulk" => "批量标记",
        "submitted_at" => "提交时间",
        "withdrawn" => "撤回",
        _ => return Told::data(path.as_str()),
    };
    Told::from(name)
}

/// What a value of a field says.
pub(super) fn value(path: &FieldPath, value: &Value, names: &Names<'_>) -> Told {
    if value.is_null() {
        return "（空）".into();
    }
    read_as(path, value, names).unwrap_or_else(|| Told::data(plain(value)))
}

/// None: it does not read as what the field should hold.
fn read_as(path: &FieldPath, value: &Value, names: &Names<'_>) -> Option<Told> {
    let member = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| value.get(name).and_then(Value::as_i64).unwrap_or_default();
    let noted = |said: Told, note: &str| if note.is_empty() { said } else { told!("{}：{}", said, note) };
    Some(match path.name() {
        "slot" => slot(&read(value)?, names),
        "planned" => {
            let Planned { timetable: _, subject, teacher } = read(value)?;
            names.lesson(subject, teacher).unwrap_or_else(|| "无课".into())
        }
        "observed" => observed(&read(value)?, names),
        "verdict" => verdict_zh(read::<Verdict>(value)?).into(),
        "ratings" => level_zh(read::<Level>(value)?).into(),
        "highlights" => {
            let Highlight { text, subject, tags } = read(value)?;
            let text = tags.iter().fold(text, |text, tag| text + " #" + tag);
            let subject = subject.map(|id| told!("〔{}〕", names.subject(id))).unwrap_or_default();
            told!("{}{}", subject, text)
        }
        "improvements" => Told::data(read::<Improvement>(value)?.text),
        "findings" => {
            let Finding { category, severity, note } = read(value)?;
            let (name, severity) = (names.category(&category), Told::from(severity_zh(severity)));
            let said = told!("{} {}（{}）", category, name, severity);
            noted(said, note.as_deref().unwrap_or_default())
        }
        "companions" => {
            let person = names.person(path.element().and_then(|id| id.parse().ok()).map(UserId::from_uuid)?);
            if value.as_bool()? { person } else { told!("{}（取消）", person) }
        }
        "arrived_at" | "left_at" | "submitted_at" => moment(value.as_str()?)?,
        "selection" => one_of("how", member("how"))?.into(),
        "lesson_plan_check" => noted(one_of("result", member("result"))?.into(), member("note")),
        "homework_check" => {
            let minutes = value.get("minutes").and_then(Value::as_i64);
            let minutes = minutes.map(|minutes| told!("，约{}分钟", minutes)).unwrap_or_default();
            told!("抽检{}本，已批改{}本{}", number("sampled"), number("corrected"), minutes)
        }
        "student_interview" => noted(told!("交流{}人", number("asked")), member("gist")),
        "feedback" => {
            let mode = Told::from(one_of("mode", member("mode"))?);
            let said = moment(member("at")).map(|at| told!("{}，{}", mode, at));
            noted(said.unwrap_or(mode), member("text"))
        }
        "notes" => Told::data(member("text")),
        "photos" => moment(member("taken_at")).map_or_else(|| "一张".into(), |at| told!("摄于{}", at)),
        "withdrawn" => Told::data(member("reason")),
        "unannounced" | "bulk" => if value.as_bool()? { "是" } else { "否" }.into(),
        name => one_of(name, value.as_str()?)?.into(),
    })
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Such as `三年级(2)班 11月17日 周二 第3节`.
pub(super) fn slot(slot: &Slot, names: &Names<'_>) -> Told {
    told!("{} {} {}", names.class(slot.class, slot.date), words::day(slot.date), slot.period)
}

/// Such as `语文（王三三）` or `自习`.
pub(super) fn observed(observed: &Observed, names: &Names<'_>) -> Told {
    let Observed { subject, teacher, situation } = observed;
    let lesson = names.lesson(*subject, *teacher);
    match (situation, lesson) {
        (Situation::Lesson, Some(lesson)) => lesson,
        (Situation::Lesson, None) => "上课，学科未记".into(),
        (other, None) => situation_zh(*other).into(),
        (other, Some(lesson)) => told!("{}，{}", Told::from(situation_zh(*other)), lesson),
    }
}

fn moment(text: &str) -> Option<Told> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| words::moment(&at))
}

/// The words that members with a fixed choice have on the wire.
fn one_of(member: &str, word: &str) -> Option<&'static str> {
    Some(match (member, word) {
        ("kind", "walkthrough") => "巡课",
        ("kind", "lesson_observation") => "听课",
        ("regime", "school_patrol") => "行政巡课",
        ("regime", "bureau_supervision") => "常态督查",
        ("how", "scheduled") => "按计划",
        ("how", "drawn") => "随机抽取",
        ("how", "targeted") => "有针对性",
        ("how", "complaint") => "因反映",
        ("how", "convenience") => "就近",
        ("result", "present") => "有教案",
        ("result", "missing") => "无教案",
        ("result", "outdated") => "旧教案",
        ("result", "mismatched") => "与进度不符",
        ("result", "not_checked") => "未检查",
        ("mode", "face_to_face") => "当面",
        ("mode", "written") => "书面",
        ("mode", "phone") => "电话",
        ("mode", "meeting") => "会上",
        ("mode", "none") => "未反馈",
        ("disposition", "none") => "无",
        ("disposition", "onsite_advice") => "现场反馈建议",
        ("disposition", "rectify_notice") => "整改通知",
        ("disposition", "escalate_to_office") => "上报督导办",
        ("disposition", "consult_section") => "与科室协商",
        _ => return None,
    })
}
