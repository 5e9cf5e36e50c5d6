//! A stream read from zero, as a new phone would, and held against what people said.

use std::collections::BTreeMap;

use anyhow::ensure;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_sync::record::Seq;
use xunke_sync::wire::page::{Change, Life, Page};

use crate::http::Http;
use crate::school::Session;

/// Reads a page of a stream.
pub async fn page(
    http: &Http,
    base: &str,
    stream: &str,
    cursor: Option<&str>,
    limit: usize,
    reader: &mut Session,
) -> anyhow::Result<Page> {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let path = format!("/api/v1/sync/changes?stream={stream}&limit={limit}{cursor}");
    let mut answer = http.get(base, &path, &reader.access).await?;
    if answer.status == 401 {
        reader.renew(http, base).await?;
        answer = http.get(base, &path, &reader.access).await?;
    }
    Ok(serde_json::from_value(answer.expect(200)?)?)
}

/// Every change of a stream from zero on.
pub async fn from_zero(
    http: &Http,
    base: &str,
    stream: &str,
    reader: &mut Session,
) -> anyhow::Result<Vec<Change>> {
    let (mut changes, mut cursor) = (Vec::new(), None);
    loop {
        let page = page(http, base, stream, cursor.as_deref(), 1000, reader).await?;
        ensure!(!page.more || !page.changes.is_empty(), "a page that is not the last brings nothing");
        changes.extend(page.changes);
        if !page.more {
            return Ok(changes);
        }
        cursor = Some(page.cursor);
    }
}

/// What a feed from zero has wrong: records lost, doubled, altered, out of order.
pub fn flaws(changes: &[Change], said: &BTreeMap<Uuid, Fields>) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut seen: BTreeMap<Uuid, &Fields> = BTreeMap::new();
    let mut last: Seq = 0;
    for change in changes {
        if change.seq <= last {
            flaws.push(format!("{} at {} comes after {last}", change.id, change.seq));
        }
        last = change.seq;
        if change.kind == "visit"
            && (change.life != Life::Alive || seen.insert(change.id, &change.fields).is_some())
        {
            flaws.push(format!("{} is doubled or erased", change.id));
        }
    }
    for (id, fields) in said {
        match seen.remove(id) {
            None => flaws.push(format!("{id} is lost")),
            Some(shown) if shown != fields => flaws.push(format!("{id} says {shown:?}, not {fields:?}")),
            Some(_) => (),
        }
    }
    flaws.extend(seen.keys().map(|id| format!("{id} was never said")));
    flaws
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(seq: Seq, id: u128, rating: &str) -> Change {
        Change {
            seq,
            kind: "visit".to_owned(),
            id: Uuid::from_u128(id),
            life: Life::Alive,
            author: None,
            stamp: None,
            stamps: BTreeMap::new(),
            writes: BTreeMap::new(),
            fields: fields(rating),
        }
    }

    fn fields(rating: &str) -> Fields {
        Fields::from([("ratings/x".parse().unwrap(), json!(rating))])
    }

    #[test]
    fn whatever_a_feed_has_wrong_is_found() {
        let said: BTreeMap<Uuid, Fields> = [(1, "good"), (2, "fair")]
            .into_iter()
            .map(|(id, said)| (Uuid::from_u128(id), fields(said)))
            .collect();
        let right = [change(4, 1, "good"), change(5, 2, "fair")];
        assert_eq!(flaws(&right, &said), Vec::<String>::new());

        for wrong in [
            vec![change(4, 1, "good")],
            vec![change(5, 1, "good"), change(5, 2, "fair")],
            vec![change(5, 1, "good"), change(4, 2, "fair")],
            vec![change(4, 1, "good"), change(5, 2, "good")],
            vec![change(4, 1, "good"), change(5, 2, "fair"), change(6, 1, "good")],
            vec![change(4, 1, "good"), change(5, 2, "fair"), change(6, 3, "good")],
        ] {
            assert_eq!(flaws(&wrong, &said).len(), 1, "{wrong:?}");
        }
    }
}
