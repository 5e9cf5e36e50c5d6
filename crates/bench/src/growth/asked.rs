//! What a server is asked of a school that has grown.

use std::time::Duration;

use anyhow::ensure;
use chrono::Days;
use serde::Serialize;
use xunke_domain::week::Week;

use crate::growth::TEMPLATES;
use crate::growth::rows::A_DAY;
use crate::http::{Connection, request};
use crate::reading::{PAGE, path, read, unpacked};
use crate::school::today;
use crate::subject::Subject;

/// One kind of question.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Which.
    pub what: &'static str,
    /// How long an answer took, milliseconds: the middle one; of the first sync, the mean a record.
    pub took: f64,
    /// Processor time of the server for it, milliseconds.
    pub cpu: f64,
}

/// Asks everything; gives also the peak memory of the first sync, MiB.
pub(super) fn all(subject: &Subject, visits: usize, times: u32) -> anyhow::Result<(Vec<Asked>, u64)> {
    let Subject { server, school, .. } = subject;
    server.forget_peak()?;
    let before = server.burnt()?;
    let first = read(&server.address, &school.stream, &school.reader, PAGE, "gzip")?;
    let burnt = server.burnt()?.saturating_sub(before);
    let memory = server.peak()?;
    ensure!(first.visits == visits, "{} of {visits} visits were read", first.visits);
    let records = f64::from(u32::try_from(first.records)?);
    let sync = Asked {
        what: "first sync, 1,000 records:",
        took: millis(first.took.iter().sum()) * 1000.0 / records,
        cpu: millis(burnt) * 1000.0 / records,
    };
    let week = Week::of(today() - Days::new(7));
    // Copies of every day, and what was pushed on the last ten.
    let pushed = week.days().filter(|day| (1..=10).contains(&(today() - *day).num_days())).count();
    let told = format!(r#""visits":{},"#, 7 * A_DAY + pushed * TEMPLATES / 10);
    let oldest = u64::try_from((visits - TEMPLATES).div_ceil(A_DAY))?.max(10);
    let first_week = Week::of(today() - Days::new(oldest)).monday();
    let weeks = (Week::of(today() - Days::new(1)).monday() - first_week).num_weeks() + 1;
    let weeks = usize::try_from(weeks)?.min(20);
    let here = format!("/api/v1/schools/{}", school.stream);
    let ask = |what, path: &str, times: u32, sign| many(subject, what, path, times, sign);
    let asked = vec![
        sync,
        ask("nothing new:", &path(&school.stream, &first.cursor, PAGE), 250 * times, (r#""changes":[]"#, 1))?,
        ask("draft of a week:", &format!("{here}/weeks/{week}/draft"), times, (&told, 1))?,
        ask("weeks:", &format!("{here}/weeks?limit=20"), times, (r#""draft_pending":"#, weeks))?,
        ask("list of visits:", &format!("{here}/visits?limit=50"), times, (r#""received_at":"#, 50))?,
        ask(
            "list of a week's visits:",
            &format!("{here}/visits?limit=50&week={week}"),
            times,
            (r#""received_at":"#, 50),
        )?,
    ];
    Ok((asked, memory))
}

/// `sign`: what an answer must say, and how often.
fn many(
    subject: &Subject,
    what: &'static str,
    path: &str,
    times: u32,
    sign: (&str, usize),
) -> anyhow::Result<Asked> {
    let Subject { server, school, .. } = subject;
    let asked = request("GET", path, &school.reader, "gzip", b"");
    let mut connection = Connection::open(&server.address)?;
    let before = server.burnt()?;
    let mut took = Vec::new();
    for _ in 0..times {
        let answer = connection.exchange(&asked)?;
        ensure!(answer.status == 200, "{path} was answered {}", answer.status);
        took.push(answer.took);
    }
    let burnt = server.burnt()?.saturating_sub(before);
    let (said, (sign, often)) = (unpacked(&connection.body)?, sign);
    ensure!(said.matches(sign).count() == often, "{path}: not {often} times `{sign}`: {said:.2000}");
    took.sort_unstable();
    let middle = took.get(took.len() / 2).copied().unwrap_or_default();
    Ok(Asked { what, took: millis(middle), cpu: millis(burnt) / f64::from(times) })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
