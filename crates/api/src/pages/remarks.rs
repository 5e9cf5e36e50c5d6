//! Highlights, improvements and findings, as the internal page lists them.

use std::collections::BTreeMap;
use xunke_domain::told;
use xunke_domain::told::Told;

use xunke_domain::log::labels::{finding_group_zh, severity_zh};
use xunke_domain::log::{FindingCell, FindingGroup, Remark};

use crate::pages::visit_links::{VisitLinks, VisitRef};
use crate::pages::words;

/// Remarks by subject, and the watched subjects without any.
#[derive(Clone, Debug)]
pub(super) struct Remarks<'a> {
    pub(super) subjects: Vec<SubjectRemarks<'a>>,
    pub(super) without: Vec<&'a str>,
}

/// The remarks of a subject.
#[derive(Clone, Debug)]
pub(super) struct SubjectRemarks<'a> {
    pub(super) subject: &'a str,
    pub(super) items: Vec<RemarkItem<'a>>,
    /// The list of their visits.
    pub(super) url: Option<String>,
}

/// A highlight or an improvement.
#[derive(Clone, Debug)]
pub(super) struct RemarkItem<'a> {
    pub(super) text: &'a str,
    pub(super) tags: &'a [String],
    pub(super) place: Told,
    pub(super) teacher: Option<&'a str>,
    pub(super) inspector: &'a str,
    pub(super) url: Option<String>,
}

impl<'a> Remarks<'a> {
    /// `figure` is what the keys of these remarks begin with.
    pub(super) fn new(figure: &str, lists: &'a BTreeMap<String, Vec<Remark>>, links: VisitLinks<'_>) -> Self {
        let (with, without): (Vec<_>, Vec<_>) = lists.iter().partition(|(_, remarks)| !remarks.is_empty());
        let subject = |(subject, remarks): (&'a String, &'a Vec<Remark>)| SubjectRemarks {
            subject,
            items: remarks.iter().map(|remark| item(remark, links)).collect(),
            url: links.figure(format_args!("{figure}.{subject}")),
        };
        Self {
            subjects: with.into_iter().map(subject).collect(),
            without: without.into_iter().map(|(subject, _)| subject.as_str()).collect(),
        }
    }
}

fn item<'a>(remark: &'a Remark, links: VisitLinks<'_>) -> RemarkItem<'a> {
    let Remark { visit, inspector, place, subject: _, teacher, text, tags } = remark;
    RemarkItem {
        text,
        tags,
        place: words::place(place),
        teacher: teacher.as_deref(),
        inspector,
        url: links.url(*visit),
    }
}

/// The findings of a category.
#[derive(Clone, Debug)]
pub(super) struct FindingRow<'a> {
    pub(super) code: &'a str,
    pub(super) name: &'a str,
    /// Such as 课表执行.
    pub(super) group: &'static str,
    /// Such as 较重.
    pub(super) severity: &'static str,
    pub(super) red_line: bool,
    pub(super) count: u32,
    /// The list of its visits.
    pub(super) url: Option<String>,
    /// Such as `三年级音乐 2、四年级美术 1`.
    pub(super) cells: Told,
    pub(super) visits: Vec<VisitRef>,
}

/// The findings, the graver first, then by code.
pub(super) fn findings<'a>(groups: &'a [FindingGroup], links: VisitLinks<'_>) -> Vec<FindingRow<'a>> {
    let mut groups: Vec<&FindingGroup> = groups.iter().collect();
    groups.sort_by(|a, b| {
        (b.red_line, b.severity).cmp(&(a.red_line, a.severity)).then_with(|| a.code.cmp(&b.code))
    });
    groups.into_iter().map(|group| finding(group, links)).collect()
}

fn finding<'a>(group: &'a FindingGroup, links: VisitLinks<'_>) -> FindingRow<'a> {
    let FindingGroup { code, name, severity, red_line, count, visits, cells } = group;
    FindingRow {
        code,
        name,
        group: finding_group_zh(code),
        severity: severity_zh(*severity),
        red_line: *red_line,
        count: *count,
        url: links.figure(format_args!("findings.{code}")),
        cells: Told::listed(cells.iter().map(cell)),
        visits: visits.iter().filter_map(|visit| links.find(*visit)).collect(),
    }
}

fn cell(cell: &FindingCell) -> Told {
    told!("{}{} {}", words::grade(cell.grade), Told::from(cell.subject.clone()), cell.count)
}
