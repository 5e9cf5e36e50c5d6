//! Ratings as a table: how often each level was given in each dimension; never an average.

use std::collections::BTreeMap;
use xunke_domain::told;
use xunke_domain::told::Told;

use xunke_domain::log::labels::{level_code, level_zh};
use xunke_domain::log::{LevelCounts, RatingShare, RatingShares};
use xunke_domain::visit::Level;

use crate::pages::bar::{Bar, Part};
use crate::pages::names::dimension;
use crate::pages::share::Share;
use crate::pages::visit_links::VisitLinks;

/// The levels in the order of the table.
const LEVELS: [Level; 4] = [Level::Excellent, Level::Good, Level::Fair, Level::Poor];

/// A dimension of the rubric, or all of them together.
#[derive(Clone, Debug)]
pub(super) struct RatingRow {
    pub(super) name: Told,
    /// 优, 良, 中, 差, each with the list of its visits.
    pub(super) counts: [(u32, Option<String>); 4],
    /// 优 and 良 among all.
    pub(super) good: Share,
    pub(super) bar: Bar,
}

/// The share of 优良 and the middle level of a dimension, or of all together.
#[derive(Clone, Debug)]
pub(super) struct GoodRow {
    pub(super) name: Told,
    pub(super) good: Share,
    /// Such as `良` or `良—中`; none of too few.
    pub(super) median: Option<Told>,
    /// The list of the visits with a level of 优 or 良.
    pub(super) url: Option<String>,
}

/// What the counts come to: dimensions, then all, then each rubric where there are several.
pub(super) fn good_rows(
    shares: &RatingShares,
    names: &BTreeMap<String, String>,
    links: VisitLinks<'_>,
) -> Vec<GoodRow> {
    let row = |figure: String, name: Told, share: &RatingShare| GoodRow {
        url: links.figure(figure),
        name,
        good: Share::new(share.good, share.rated),
        median: share.median.map(|[better, worse]| match (level_zh(better), level_zh(worse)) {
            (better, worse) if better == worse => Told::from(better),
            (better, worse) => told!("{}—{}", Told::from(better), Told::from(worse)),
        }),
    };
    let dimensions = shares
        .by_dimension
        .iter()
        .map(|(key, share)| row(format!("good.dimension.{key}"), dimension(key, names), share));
    let all = [row("good.all".to_owned(), Told::from("合计"), &shares.all)];
    let rubrics = shares
        .by_rubric
        .values()
        .zip(1_u32..)
        .map(|(share, place)| row(format!("good.rubric.{place}"), told!("其中量表{}", place), share));
    dimensions.chain(all).chain(rubrics).collect()
}

/// The rows of the table, the sum last. `names` are the school's own names of its dimensions; `links` are for those
/// who may see visits.
pub(super) fn rows(
    all: LevelCounts,
    by_dimension: &BTreeMap<String, LevelCounts>,
    names: &BTreeMap<String, String>,
    links: Option<VisitLinks<'_>>,
) -> Vec<RatingRow> {
    let url = |figure: &str, level| {
        links.and_then(|links| links.figure(format_args!("{figure}.{}", level_code(level))))
    };
    let urls = |figure: &str| LEVELS.map(|level| url(figure, level));
    let dimensions = by_dimension
        .iter()
        .map(|(key, counts)| (dimension(key, names), *counts, urls(&format!("ratings.{key}"))));
    let rows = dimensions.chain([(Told::from("合计"), all, urls("ratings"))]);
    rows.enumerate().map(|(place, (name, counts, urls))| row(place, name, counts, urls)).collect()
}

fn row(place: usize, name: Told, counts: LevelCounts, urls: [Option<String>; 4]) -> RatingRow {
    let LevelCounts { excellent, good, fair, poor } = counts;
    let [first, second, third, fourth] = urls;
    let parts: [Part; 4] = [
        ("l-excellent", level_zh(Level::Excellent), excellent),
        ("l-good", level_zh(Level::Good), good),
        ("l-fair", level_zh(Level::Fair), fair),
        ("l-poor", level_zh(Level::Poor), poor),
    ];
    RatingRow {
        bar: Bar::new(format!("rating-{place}"), told!("{}各等级次数", name), &parts),
        name,
        counts: [(excellent, first), (good, second), (fair, third), (poor, fourth)],
        good: Share::new(excellent + good, excellent + good + fair + poor),
    }
}
