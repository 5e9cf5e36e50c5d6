//! What a new school starts with: problem categories, subjects and the rubric of the four
//! observation points. All of it is data a school may change.

/// A problem category to start with (domain, section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CategorySeed {
    /// Two letters and two digits.
    pub code: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Code of its group, see [`CATEGORY_GROUPS`].
    pub group: &'static str,
    /// 1 提醒 · 2 一般 · 3 较重 · 4 红线.
    pub severity: u8,
}

/// A subject to start with (domain, section 9, rule 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubjectSeed {
    /// What it is called.
    pub name: &'static str,
    /// What timetables write for it.
    pub aliases: &'static [&'static str],
    /// One of those whose displacement is watched most (音体美劳科信心理).
    pub protected: bool,
}

/// A dimension of the rubric to start with (domain, section 1, row 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DimensionSeed {
    /// The key of `ratings/<dimension>`.
    pub key: &'static str,
    /// Its name in Chinese.
    pub zh: &'static str,
    /// Its name in English.
    pub en: &'static str,
}

/// The groups of problem categories, code and name.
pub const CATEGORY_GROUPS: [(&str, &str); 7] = [
    ("TT", "课表执行"),
    ("TB", "教师行为"),
    ("TP", "准备与实施"),
    ("ST", "学生"),
    ("HW", "作业"),
    ("EN", "环境安全"),
    ("SF", "师资"),
];

/// The problem categories in the order of the code list.
pub const CATEGORIES: [CategorySeed; 38] = [
    category("TT01", "挤占", "TT", 3),
    category("TT02", "私自调课", "TT", 2),
    category("TT03", "私自代课/顶课", "TT", 2),
    category("TT04", "空堂", "TT", 3),
    category("TT05", "改自习/写作业", "TT", 2),
    category("TT06", "合班上课", "TT", 2),
    category("TT07", "阴阳课表", "TT", 4),
    category("TT08", "折扣课表", "TT", 3),
    category("TT09", "教室未张贴课表", "TT", 1),
    category("TB01", "未候课/迟到", "TB", 2),
    category("TB02", "提前下课", "TB", 2),
    category("TB03", "拖堂", "TB", 1),
    category("TB04", "中途离堂", "TB", 3),
    category("TB05", "坐教", "TB", 1),
    category("TB06", "接打/玩手机", "TB", 2),
    category("TB07", "言语失当", "TB", 3),
    category("TB08", "体罚或变相体罚", "TB", 4),
    category("TB09", "酒后上课", "TB", 4),
    category("TP01", "无教案/旧教案", "TP", 2),
    category("TP02", "教案与进度不符", "TP", 1),
    category("TP03", "目标偏离课标", "TP", 2),
    category("TP04", "满堂灌/照本宣科", "TP", 1),
    category("TP05", "未做应做实验、未用器材", "TP", 2),
    category("TP06", "资源使用不当", "TP", 1),
    category("TP07", "组织松散", "TP", 2),
    category("ST01", "参与度低", "ST", 1),
    category("ST02", "走神睡觉", "ST", 1),
    category("ST03", "违纪", "ST", 2),
    category("ST04", "缺勤未掌握", "ST", 2),
    category("HW01", "未批改", "HW", 2),
    category("HW02", "批改不规范", "HW", 1),
    category("HW03", "总量超时", "HW", 2),
    category("EN01", "设备故障", "EN", 1),
    category("EN02", "专用教室闲置", "EN", 2),
    category("EN03", "卫生", "EN", 1),
    category("EN04", "安全隐患", "EN", 4),
    category("SF01", "兼课过多/专业不对口", "SF", 2),
    category("SF02", "缺专任教师", "SF", 3),
];

/// The subjects of primary and junior secondary schools, with what timetables call them.
pub const SUBJECTS: [SubjectSeed; 23] = [
    subject("语文", &["语"]),
    subject("数学", &["数"]),
    subject("英语", &["英", "外语", "外"]),
    subject("道德与法治", &["道法", "品德", "品社", "思品", "政治", "政", "道"]),
    protected("科学", &["科"]),
    protected("信息科技", &["信息", "信", "信科", "电脑", "信息技术", "计算机"]),
    protected("体育与健康", &["体育", "体", "体健"]),
    protected("音乐", &["音", "唱游", "唱游·音乐"]),
    protected("美术", &["美", "造型·美术"]),
    subject("艺术", &["艺"]),
    protected("劳动", &["劳", "劳技", "劳动教育", "劳动技术"]),
    protected("心理健康", &["心理", "心", "心理健康教育"]),
    subject("综合实践", &["综合", "综实", "综", "综合实践活动"]),
    subject("班队", &["班会", "队会", "班队会", "班团队", "班团队活动"]),
    subject("书法", &["书", "写字"]),
    subject("地方", &["地方课程"]),
    subject("校本", &["校本课程", "校"]),
    subject("历史", &["史", "历"]),
    subject("地理", &["地"]),
    subject("生物学", &["生物", "生"]),
    subject("物理", &["物", "理"]),
    subject("化学", &["化"]),
    subject("阅读", &[]),
];

/// The four observation points: conduct, curriculum, engagement, resources.
pub const DIMENSIONS: [DimensionSeed; 4] = [
    dimension("conduct", "教学行为", "Teaching conduct"),
    dimension("curriculum", "课程理念", "Curriculum ideas in practice"),
    dimension("engagement", "学生参与", "Student engagement"),
    dimension("resources", "资源运用", "Use of resources"),
];

/// The subject of the common list that goes by a name, in full or short.
pub(crate) fn subject_of(name: &str) -> Option<&'static SubjectSeed> {
    SUBJECTS.iter().find(|seed| seed.name == name || seed.aliases.contains(&name))
}

const fn category(code: &'static str, name: &'static str, group: &'static str, severity: u8) -> CategorySeed {
    CategorySeed { code, name, group, severity }
}

const fn subject(name: &'static str, aliases: &'static [&'static str]) -> SubjectSeed {
    SubjectSeed { name, aliases, protected: false }
}

const fn protected(name: &'static str, aliases: &'static [&'static str]) -> SubjectSeed {
    SubjectSeed { name, aliases, protected: true }
}

const fn dimension(key: &'static str, zh: &'static str, en: &'static str) -> DimensionSeed {
    DimensionSeed { key, zh, en }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_category_belongs_to_its_group_and_has_its_own_code() {
        let codes: BTreeSet<_> = CATEGORIES.iter().map(|category| category.code).collect();

        assert_eq!(codes.len(), CATEGORIES.len());
        for category in CATEGORIES {
            assert!(category.code.starts_with(category.group), "{}", category.code);
            assert!(CATEGORY_GROUPS.iter().any(|(code, _)| *code == category.group));
            assert!((1..=4).contains(&category.severity));
        }
    }

    #[test]
    fn no_two_subjects_share_a_name_or_alias() {
        let names: Vec<_> = SUBJECTS
            .iter()
            .flat_map(|subject| subject.aliases.iter().copied().chain([subject.name]))
            .collect();
        let distinct: BTreeSet<_> = names.iter().collect();

        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn the_protected_subjects_are_those_of_the_curriculum_plan() {
        let plan = ["音乐", "美术", "体育与健康", "劳动", "科学", "信息科技", "心理健康"];
        let protected: BTreeSet<_> =
            SUBJECTS.iter().filter(|subject| subject.protected).map(|subject| subject.name).collect();

        assert_eq!(protected, BTreeSet::from(plan));
    }
}
