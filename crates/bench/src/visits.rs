//! Visits from a seed: 1.2 to 2 KB each, Chinese and ASCII mixed, as inspectors write them.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

/// What visits name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Classes.
    pub classes: Vec<String>,
    /// Subjects.
    pub subjects: Vec<String>,
    /// Teachers.
    pub teachers: Vec<String>,
}

/// A visit of a device.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its id.
    pub id: Uuid,
    /// The fields.
    pub set: Value,
}

/// A small generator: one seed, one sequence.
#[derive(Clone, Debug)]
pub struct Dice(u64);

const PERIODS: [&str; 6] = ["第1节", "第2节", "第3节", "第4节", "第5节", "第6节"];
const LEVELS: [&str; 4] = ["excellent", "good", "fair", "poor"];
const DIMENSIONS: [&str; 5] = ["engagement", "preparation", "organisation", "conduct", "effect"];
const CATEGORIES: [&str; 4] = ["TT01", "DS02", "EQ-13", "HW04"];
const PHRASES: [&str; 24] = [
    "导入自然，用生活中的例子引出问题，学生很快进入状态",
    "小组合作有分工，但组长发言过多，其余学生参与不够",
    "板书设计清晰，重点用不同颜色标出",
    "课件播放节奏偏快，后排学生来不及记笔记",
    "教师走到学生中间，及时发现并纠正了两处典型错误",
    "课堂练习分层布置，A组和B组要求不同，照顾到了差异",
    "最后五分钟略显仓促，小结由教师代替学生完成",
    "学生回答问题声音洪亮，坐姿端正，书写习惯好",
    "实验操作演示规范，安全提示到位",
    "提问面较窄，集中在前三排的同学",
    "能结合 PPT 与传统板书，iPad 投屏展示学生作品",
    "作业批改及时，抽查 12 本，全部有评语",
    "教室后门未开，3 张桌椅需要维修，已告知总务处",
    "warm-up 环节唱歌热身，全英文授课，pair work 充分",
    "朗读指导细致，学生读出了情感",
    "两名学生未带课本，教师课前没有检查学具",
    "用“先猜后验”的方法学习新知，思维含量高",
    "课堂纪律较好，但个别同学有小动作，提醒 2 次后改善",
    "教案与进度一致，有二次备课的痕迹",
    "体育课热身充分，器材摆放整齐，运动密度约 65%",
    "建议把例题减少到 2 道，把时间留给学生说理",
    "评价语言丰富，能追问“你是怎么想的”",
    "与上周巡课相比，候课情况明显改进，铃响前教师已在教室",
    "多媒体设备出现故障约 4 分钟，教师改用板书，处理得当",
];

impl Dice {
    /// A sequence.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides.max(1)).unwrap_or(1);
        usize::try_from(self.next() % sides).unwrap_or(0)
    }

    fn one<'a>(&mut self, of: &'a [String]) -> &'a str {
        let place = self.roll(of.len());
        of.get(place).map_or("", String::as_str)
    }

    fn of<const N: usize>(&mut self, these: [&'static str; N]) -> &'static str {
        let place = self.roll(N);
        these.get(place).copied().unwrap_or_default()
    }

    /// An id as a phone makes it at that time.
    pub fn id(&mut self, millis: u64) -> Uuid {
        let mut bytes = [0; 10];
        let drawn = [self.next().to_le_bytes(), self.next().to_le_bytes()].concat();
        bytes.iter_mut().zip(drawn.iter().filter(|byte| **byte != 0).chain(&drawn)).for_each(|(to, from)| {
            *to = *from;
        });
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    fn text(&mut self, sentences: usize) -> String {
        let said: Vec<&str> = (0..sentences).map(|_| self.of(PHRASES)).collect();
        format!("{}。", said.join("；"))
    }

    /// The visit with that number, made on one of the ten days before `today`.
    pub fn visit(&mut self, names: &Names, today: NaiveDate, number: u64) -> Visit {
        let date = today - Days::new(1 + number % 10);
        let at = |minute: usize| format!("{date}T{:02}:{:02}:00+08:00", 8 + minute / 60, minute % 60);
        let midnight = u64::try_from(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis());
        let millis = midnight.unwrap_or(0) + number * 250;
        let arrived = self.roll(500);
        let mut set = json!({
            "kind": "walkthrough",
            "unannounced": true,
            "slot": {"class": self.one(&names.classes), "date": date.to_string(), "period": self.of(PERIODS)},
            "arrived_at": at(arrived),
            "left_at": at(arrived + 20),
            "observed": {"situation": "lesson", "subject": self.one(&names.subjects),
                "teacher": self.one(&names.teachers)},
            "feedback": {"mode": "face_to_face", "text": self.text(1)},
            "submitted_at": at(arrived + 30),
        });
        for dimension in DIMENSIONS {
            set[format!("ratings/{dimension}")] = json!(self.of(LEVELS));
        }
        for list in ["highlights", "improvements"] {
            for _ in 0..=self.roll(2) {
                let (element, sentences) = (self.id(millis), 1 + self.roll(2));
                set[format!("{list}/{element}")] = json!({"text": self.text(sentences)});
            }
        }
        let finding = self.id(millis);
        set[format!("findings/{finding}")] =
            json!({"category": self.of(CATEGORIES), "severity": 1 + self.roll(4), "note": self.text(1)});
        let note = self.id(millis);
        // The rest is what a free note adds.
        let mut words = self.text(1);
        while set.to_string().len() + words.len() < 1250 {
            words.push_str(&self.text(1));
        }
        set[format!("notes/{note}")] = json!({"text": words});
        Visit { id: self.id(millis), set }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(seed: u64) -> Vec<Visit> {
        let name = |name: &str| vec![name.to_owned()];
        let names = Names {
            classes: name("0199d0a1-0000-7000-8000-000000000001"),
            subjects: name("0199d0a1-0000-7000-8000-000000000002"),
            teachers: name("0199d0a1-0000-7000-8000-000000000003"),
        };
        let mut dice = Dice::new(seed);
        let today = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        (0..500).map(|number| dice.visit(&names, today, number)).collect()
    }

    #[test]
    fn visits_have_the_size_of_real_ones_and_ids_of_their_own() {
        let visits = some(1);
        let sizes: Vec<usize> = visits.iter().map(|visit| visit.set.to_string().len()).collect();
        let ids: std::collections::BTreeSet<Uuid> = visits.iter().map(|visit| visit.id).collect();

        assert!(sizes.iter().all(|size| (1200..=2048).contains(size)), "{sizes:?}");
        assert_eq!(ids.len(), visits.len());
    }

    #[test]
    fn one_seed_gives_the_same_visits_and_another_gives_others() {
        let text = |seed| some(seed).iter().map(|visit| visit.set.to_string()).collect::<String>();

        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }
}
