//! Pages of a stream, spliced from the JSON as it is stored (protocol, section 5).

use std::fmt::Write as _;

use chrono::NaiveDate;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_sync::record::Seq;

use crate::entity::record;
use crate::{Queries, StoreError};

/// What a reader may see of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Reference records and every visit.
    All,
    /// Reference records, own visits, and visits he accompanied.
    Own(UserId),
}

/// Which part of the feed is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PageQuery {
    /// What the reader may see.
    pub visibility: Visibility,
    /// Everything up to here is known.
    pub after: Seq,
    /// Visits before this date are left out.
    pub from: Option<NaiveDate>,
    /// Most records.
    pub records: usize,
    /// Bytes after which the page ends.
    pub bytes: usize,
}

/// A page, its changes already JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPage {
    /// `[…]`, ascending by seq.
    pub changes: String,
    /// Everything up to here has been said.
    pub upto: Seq,
    /// Whether there is more.
    pub more: bool,
    /// The stream's head, read before the changes.
    pub head: Seq,
}

/// Ids of the visits a person made or came along on.
pub(crate) fn own_records(stream: SchoolId, person: UserId) -> SelectStatement {
    Query::select()
        .column(record::Column::Id)
        .from(record::Entity)
        .and_where(record::Column::Stream.eq(stream.into_uuid()))
        .and_where(record::Column::Kind.eq(RecordType::Visit.as_str()))
        .cond_where(
            Condition::any()
                .add(record::Column::Author.eq(person.into_uuid()))
                .add(record::Column::Readers.contains(format!("+{person}"))),
        )
        .to_owned()
}

impl<C: ConnectionTrait> Queries<C> {
    /// A page of a stream. `head` is read first: whatever is committed between the two reads is in the page.
    pub async fn page(&self, stream: SchoolId, query: &PageQuery) -> Result<RawPage, StoreError> {
        let head = self.school_find(stream).await?.map_or(0, |school| school.head);
        let rows = self.page_rows(stream, query).await?;
        let mut page = RawPage { changes: String::from("["), upto: head, more: false, head };
        for (taken, row) in rows.into_iter().enumerate() {
            if taken == query.records || (taken > 0 && page.changes.len() + row.fields.len() > query.bytes) {
                page.more = true;
                break;
            }
            if taken > 0 {
                page.changes.push(',');
            }
            splice(&mut page.changes, &row, query.visibility);
            page.upto = row.seq;
        }
        if !page.more {
            page.upto = page.upto.max(head);
        }
        page.changes.push(']');
        Ok(page)
    }

    async fn page_rows(&self, stream: SchoolId, query: &PageQuery) -> Result<Vec<record::Model>, StoreError> {
        let mut rows = record::Entity::find()
            .filter(record::Column::Stream.eq(stream.into_uuid()))
            .filter(record::Column::Seq.gt(query.after));
        if query.after == 0 {
            rows = rows.filter(record::Column::Life.eq("alive"));
        }
        if let Visibility::Own(person) = query.visibility {
            rows = rows.filter(
                Condition::any()
                    .add(record::Column::Kind.ne(RecordType::Visit.as_str()))
                    .add(record::Column::Author.eq(person.into_uuid()))
                    // Both signs: a former companion is told that the visit is gone.
                    .add(record::Column::Readers.contains(person.to_string())),
            );
        }
        if let Some(from) = query.from {
            let recent = record::Column::VisitDate.gte(from.to_string());
            rows = rows.filter(Condition::any().add(record::Column::VisitDate.is_null()).add(recent));
        }
        let limit = u64::try_from(query.records).unwrap_or(u64::MAX).saturating_add(1);
        Ok(rows.order_by_asc(record::Column::Seq).limit(limit).all(&self.db).await?)
    }
}

/// Writes one change. Stamps, fields and ids are JSON or plain hexadecimal already, so nothing needs escaping.
fn splice(page: &mut String, row: &record::Model, visibility: Visibility) {
    let visit = row.kind == RecordType::Visit.as_str();
    let gone = match visibility {
        Visibility::Own(person) if visit => {
            row.author != person.into_uuid() && !row.readers.contains(&format!("+{person}"))
        }
        Visibility::Own(_) | Visibility::All => false,
    };
    let (seq, kind, id) = (row.seq, &row.kind, row.id);
    // Writing to a String cannot fail.
    let _ = if gone || row.life != "alive" {
        write!(page, r#"{{"seq":{seq},"type":"{kind}","id":"{id}","life":"erased"}}"#)
    } else {
        let author = if visit { format!(r#""author":"{}","#, row.author) } else { String::new() };
        let stamps = if row.stamps == "{}" { String::new() } else { format!(r#""stamps":{},"#, row.stamps) };
        let (stamp, fields) = (&row.stamp, &row.fields);
        write!(
            page,
            r#"{{"seq":{seq},"type":"{kind}","id":"{id}","life":"alive",{author}"stamp":"{stamp}",{stamps}"fields":{fields}}}"#
        )
    };
}
