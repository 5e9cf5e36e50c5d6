//! Schools side by side as CSV.

use axum::response::{IntoResponse as _, Response};
use utoipa::ToSchema;
use xunke_domain::district::{Apart, Overview, Publishing, Rate, Rates, SchoolLine, Whole};
use xunke_workbook::list_book::ListCell;

use crate::csv_text::{BYTE_ORDER_MARK, lines};
use crate::download::{self, CSV};
use crate::problem::ApiError;

/// A table as text.
#[derive(ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub(super) struct DistrictTable(String);

const HEADER: [&str; 32] = [
    "学校标识码",
    "学校",
    "按时公示周数",
    "迟公示周数",
    "撤回周数",
    "未公示周数",
    "未到期周数",
    "人次",
    "节次",
    "覆盖k",
    "覆盖n",
    "覆盖率",
    "课表一致k",
    "课表一致n",
    "一致率",
    "一致率95%下限",
    "一致率95%上限",
    "一致率与合计",
    "挤占k",
    "挤占n",
    "挤占率",
    "挤占率95%下限",
    "挤占率95%上限",
    "挤占率与合计",
    "优良k",
    "优良n",
    "优良率",
    "优良率95%下限",
    "优良率95%上限",
    "亮点",
    "待改进之处",
    "提出整改通知书",
];

/// A line a school, and one for all together. `plain` is the file's name in ASCII, `name` the one for people, both
/// without ending.
pub(super) fn table(overview: &Overview, plain: &str, name: &str) -> Result<Response, ApiError> {
    let header = HEADER.map(text).to_vec();
    let schools = overview.schools.iter().map(school);
    let rows = [header].into_iter().chain(schools).chain([whole(&overview.whole)]);
    let headers = download::headers(CSV, &format!("{plain}.csv"), &format!("{name}.csv"))?;
    let lines = lines(rows)?;
    Ok((headers, [BYTE_ORDER_MARK.as_bytes(), &lines].concat()).into_response())
}

fn school(line: &SchoolLine) -> Vec<ListCell> {
    let mut row = vec![text(line.code.as_deref().unwrap_or_default()), text(&line.name)];
    row.extend(publishing(line.publishing));
    row.extend([number(line.visits), number(line.slots)]);
    row.extend(rates(line.rates));
    row.extend([number(line.highlights), number(line.improvements), number_or_none(line.notices)]);
    row
}

fn whole(all: &Whole) -> Vec<ListCell> {
    let mut row = vec![text(""), text("合计")];
    row.extend(publishing(all.publishing));
    row.extend([number(all.visits), number(all.slots)]);
    row.extend(rates(all.rates));
    row.extend([number(all.highlights), number(all.improvements), number_or_none(all.notices)]);
    row
}

fn publishing(publishing: Publishing) -> [ListCell; 5] {
    let Publishing { on_time, late, withdrawn, missing, pending, not_due: _ } = publishing;
    [on_time, late, withdrawn, missing, pending].map(number)
}

fn rates(rates: Rates) -> Vec<ListCell> {
    let Rates { coverage, consistency, displacement, good } = rates;
    let mut row = counts(coverage).to_vec();
    for rate in [consistency, displacement] {
        row.extend(counts(rate));
        row.extend(interval(rate));
        row.push(text(match rate.differs {
            Some(Apart::Above) => "高于",
            Some(Apart::Below) => "低于",
            None => "",
        }));
    }
    row.extend(counts(good));
    row.extend(interval(good));
    row
}

fn counts(Rate { k, n, share, .. }: Rate) -> [ListCell; 3] {
    [number(k), number(n), part(share)]
}

fn interval(rate: Rate) -> [ListCell; 2] {
    [part(rate.wilson95.map(|[low, _]| low)), part(rate.wilson95.map(|[_, high]| high))]
}

fn text(text: &str) -> ListCell {
    ListCell::Text(text.to_owned())
}

fn number(count: u32) -> ListCell {
    i32::try_from(count).map_or_else(|_| text(&count.to_string()), ListCell::Number)
}

fn number_or_none(count: Option<u32>) -> ListCell {
    count.map_or_else(|| text(""), number)
}

fn part(part: Option<f64>) -> ListCell {
    ListCell::Text(part.map_or_else(String::new, |part| format!("{part:.4}")))
}
