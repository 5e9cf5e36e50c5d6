//! The command `log verify`: whether every edition is as it was published, and none is missing.
#![expect(clippy::print_stdout, reason = "this command prints")]

use std::process::ExitCode;

use clap::{Args, Subcommand};
use xunke_domain::log::chain::{TermHead, verify_chain, verify_terms};
use xunke_domain::log::edition::Frozen;
use xunke_domain::log::proof::root;
use xunke_domain::week::Week;
use xunke_storage::editions::StoredEdition;
use xunke_storage::schools::School;
use xunke_storage::{Looking, Store};

use crate::config::{Place, PlaceFlags};
use crate::routes::editions::{read_edition, read_public};

/// What to do with logs.
#[derive(Clone, Debug, Subcommand)]
pub enum LogCommand {
    /// Check that every edition is as it was published, and none is missing; while the server runs or not
    Verify(VerifyFlags),
}

/// Whose editions to check.
#[derive(Args, Clone, Debug)]
pub struct VerifyFlags {
    /// Where everything lies.
    #[command(flatten)]
    pub place: PlaceFlags,
}

/// Schools read at once.
const PAGE: u64 = 200;

/// Checks the editions of every school, and says of each what was found.
pub async fn run(command: LogCommand) -> anyhow::Result<ExitCode> {
    let LogCommand::Verify(VerifyFlags { place }) = command;
    let Verified { schools, faults } =
        verify(&Place::read(place)?.database_url, |line| println!("{line}")).await?;
    println!("{schools} schools checked, {faults} with a fault");
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many schools were checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// All.
    pub schools: usize,
    /// Those whose editions are not what they were.
    pub faults: usize,
}

/// Checks the editions of every school in a database; `tell` hears a line or two of each.
pub async fn verify(url: &str, mut tell: impl FnMut(String)) -> anyhow::Result<Verified> {
    let read = Store::look(url).await?;
    let (mut after, mut verified) = (None, Verified::default());
    loop {
        let page = read.school_every(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(verified) };
        after = Some(last.id);
        for school in &page {
            verified.schools += 1;
            let name = format!("{} {}", school.id, school.name);
            match verify_school(&read, school).await? {
                Ok(lines) => {
                    tell(name);
                    for line in lines {
                        tell(format!("    {line}"));
                    }
                }
                Err(fault) => {
                    verified.faults += 1;
                    tell(format!("{name}: FAULT: {fault}"));
                }
            }
        }
    }
}

/// What holds, line by line, or the first fault.
async fn verify_school(read: &Looking, school: &School) -> anyhow::Result<Result<Vec<String>, String>> {
    let weeks: Vec<Week> = read.edition_heads(school.id).await?.into_keys().collect();
    let mut all: Vec<Frozen> = Vec::new();
    for week in &weeks {
        let editions = read.edition_list(school.id, *week).await?;
        if let Some(number) = editions.iter().find_map(posts_another) {
            return Ok(Err(format!("{week}: what is posted of edition {number} is not what it says")));
        }
        let frozen = editions.into_iter().map(frozen).collect::<anyhow::Result<Vec<Frozen>>>()?;
        if let Err(fault) = verify_chain(&frozen) {
            return Ok(Err(format!("{week}, counted from 0: {fault}")));
        }
        all.extend(frozen);
    }
    let terms = match verify_terms(&all) {
        Ok(terms) => terms,
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    let newest = |(term, head): (String, TermHead)| {
        format!("{term}: {} publications, the newest is {}", head.place, head.hash)
    };
    let all = format!("{} editions of {} weeks hold", all.len(), weeks.len());
    Ok(Ok([all].into_iter().chain(terms.into_iter().map(newest)).collect()))
}

/// The number of an edition whose public bytes are of another: of another week, number or other visits. What names and
/// small cells were left out is not held against them, since names change.
fn posts_another(stored: &StoredEdition) -> Option<u32> {
    let inside = read_edition(&stored.bytes).ok()?;
    let is_its_own = read_public(&stored.public_bytes).is_ok_and(|public| {
        (public.week, public.edition, &public.visits_root)
            == (inside.week, inside.number, &inside.visits_root)
    });
    let has_its_root =
        inside.visits_root.as_ref().is_none_or(|kept| *kept == root(&inside.log.visit_digests));
    (!is_its_own || !has_its_root).then_some(stored.number)
}

fn frozen(edition: StoredEdition) -> anyhow::Result<Frozen> {
    Ok(Frozen { bytes: edition.bytes.into_bytes(), hash: edition.hash.parse()? })
}
