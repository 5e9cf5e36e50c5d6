//! Writers on both nodes, slow transactions, and a reader that goes from node to node with one cursor.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use uuid::Uuid;
use xunke_sync::record::Seq;
use xunke_sync::wire::page::Change;

use super::{Cluster, Nodes};
use crate::Report;
use crate::feed;
use crate::phone::Load;

/// Holds transactions open between their parts, so that those of two nodes overlap.
const SLOW: &str = r#"
CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END';
CREATE TRIGGER slow AFTER INSERT ON "write" FOR EACH STATEMENT EXECUTE FUNCTION slow();
CREATE TRIGGER slow AFTER UPDATE ON school FOR EACH STATEMENT EXECUTE FUNCTION slow();
"#;
const AS_BEFORE: &str = r#"DROP TRIGGER slow ON "write"; DROP TRIGGER slow ON school"#;

/// Numbers that are not in the order of commits, as a database sequence gives them: now and then a visit comes to
/// stand at a place that readers have passed. The head leaps first, so that there are free places before it.
const UNORDERED: &str = "
UPDATE school SET head = head + 1000000;
CREATE OR REPLACE FUNCTION unordered() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN IF NEW.seq > 1000200 AND random() < 0.05 THEN NEW.seq := NEW.seq - 900000; END IF; RETURN NEW; END';
CREATE TRIGGER unordered BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION unordered();
";

/// Records of a page; small, so that there are many.
const PAGE: usize = 40;

/// The union of the pages is what was committed: nothing missed, nothing twice.
pub(super) async fn every_write_is_met_once(cluster: &mut Cluster, nodes: Nodes) -> anyhow::Result<Report> {
    let began = Instant::now();
    let ledger = cluster.ledger().await?;
    ledger.run(SLOW).await?;
    if nodes.sabotage {
        ledger.run(UNORDERED).await?;
    }
    cluster.notebook.begin(false);
    let mut work = cluster.set_to_work(Load::of(nodes.writes));

    let (mut met, mut pages, mut cursor): (Vec<Change>, usize, Option<String>) = (Vec::new(), 0, None);
    let urls = cluster.urls();
    loop {
        // Asked before the page is read: then nothing can come after an empty one.
        let ended = work.ended()?;
        let url = &urls[pages % urls.len()];
        let (stream, reader) = (&cluster.school.id, &mut cluster.school.principal);
        let page = feed::page(&cluster.http, url, stream, cursor.as_deref(), PAGE, reader).await?;
        pages += 1;
        cursor = Some(page.cursor);
        if page.changes.is_empty() {
            if ended {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        met.extend(page.changes);
        ensure!(began.elapsed() < Duration::from_mins(30), "the writers do not come to an end");
    }
    work.finish(cluster).await?;
    ledger.run(AS_BEFORE).await?;
    ledger.close().await?;

    let committed: BTreeMap<Uuid, Seq> =
        cluster.notebook.all().into_values().filter_map(|told| Some((told.record, told.seq?))).collect();
    let (missed, twice, disordered) = compared(&met, &committed);
    for (what, count) in [("missed", missed), ("met twice", twice), ("met out of order", disordered)] {
        if count > 0 {
            cluster.notebook.violation(format!("the reader: {count} writes {what}"));
        }
    }
    let figures = format!(
        "writes {} writers 8 nodes 2 pages {pages} missed {missed} twice {twice} out of order {disordered} wall {} s",
        committed.len(),
        began.elapsed().as_secs()
    );
    cluster.conclude(&figures).await
}

/// How many writes a reader missed, met twice, or met out of order.
fn compared(met: &[Change], committed: &BTreeMap<Uuid, Seq>) -> (usize, usize, usize) {
    let visits: Vec<&Change> = met.iter().filter(|change| change.kind == "visit").collect();
    let places: BTreeMap<Uuid, Seq> = visits.iter().map(|change| (change.id, change.seq)).collect();
    let missed = committed.iter().filter(|(id, seq)| places.get(id) != Some(seq)).count();
    let disordered =
        met.iter().zip(met.iter().skip(1)).filter(|(before, after)| before.seq >= after.seq).count();
    (missed, visits.len() - places.len(), disordered)
}

#[cfg(test)]
mod tests {
    use xunke_sync::wire::page::Life;

    use super::*;

    fn change(seq: Seq) -> Change {
        let (kind, id) = ("visit".to_owned(), Uuid::from_u128(u128::try_from(seq).unwrap()));
        let (stamps, writes, fields) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Change { seq, kind, id, life: Life::Alive, author: None, stamp: None, stamps, writes, fields }
    }

    #[test]
    fn a_reader_that_misses_or_meets_twice_is_found_out() {
        let met = |seqs: &[Seq]| seqs.iter().map(|seq| change(*seq)).collect::<Vec<_>>();
        let committed = met(&[1, 2, 3]).into_iter().map(|change| (change.id, change.seq)).collect();

        assert_eq!(compared(&met(&[1, 2, 3]), &committed), (0, 0, 0));
        assert_eq!(compared(&met(&[1, 3]), &committed), (1, 0, 0));
        assert_eq!(compared(&met(&[1, 2, 2, 3]), &committed), (0, 1, 1));
        assert_eq!(compared(&met(&[2, 1, 3]), &committed), (0, 0, 1));
    }
}
