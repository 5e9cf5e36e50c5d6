//! Pages of a stream, spliced from the JSON as it is stored (protocol, section 5).

use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_sync::planted::{Bug, planted};
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
    /// The stream's head when the reader began from zero; `None`: he begins now.
    pub began: Option<Seq>,
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

impl PageQuery {
    /// Whether the reader may have this record now.
    fn shows(&self, row: &record::Model) -> bool {
        if row.life != "alive" {
            return false;
        }
        if row.kind != RecordType::Visit.as_str() {
            return true;
        }
        let concerned = match self.visibility {
            Visibility::All => true,
            Visibility::Own(person) => {
                row.author == person.into_uuid() || row.readers.contains(&format!("+{person}"))
            }
        };
        let recent =
            self.from.zip(row.visit_date.as_ref()).is_none_or(|(from, date)| *date >= from.to_string());
        concerned && recent
    }

    /// The same as a condition.
    fn shown(&self) -> Condition {
        let mut shown = Condition::all()
            .add(record::Column::Life.eq("alive"))
            .add(self.concerning(|person| format!("+{person}")));
        if let Some(from) = self.from {
            let recent = record::Column::VisitDate.gte(from.to_string());
            shown = shown.add(Condition::any().add(record::Column::VisitDate.is_null()).add(recent));
        }
        shown
    }

    /// What the reader may have been shown before, so that he must be told if it is gone: erased, no longer his to
    /// see, or moved before the date he asked for. What was gone when he began from zero he never had.
    fn shown_before(&self, began: Seq) -> Condition {
        let mut before = Condition::all()
            .add(record::Column::Seq.gt(began))
            // Both signs: a former companion is among them.
            .add(self.concerning(|person| person.to_string()));
        if let Some(from) = self.from {
            let once = record::Column::VisitUntil.gte(from.to_string());
            before = before.add(Condition::any().add(record::Column::VisitUntil.is_null()).add(once));
        }
        before
    }

    fn concerning(&self, reader: impl Fn(UserId) -> String) -> Condition {
        match self.visibility {
            Visibility::All => Condition::all(),
            Visibility::Own(person) => Condition::any()
                .add(record::Column::Kind.ne(RecordType::Visit.as_str()))
                .add(record::Column::Author.eq(person.into_uuid()))
                .add(record::Column::Readers.contains(reader(person))),
        }
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// A page of a stream. `head` is read first: whatever is committed between the two reads is in the page.
    pub async fn page(&self, stream: SchoolId, query: &PageQuery) -> Result<RawPage, StoreError> {
        let head = self.school_find(stream).await?.map_or(0, |school| school.head);
        let rows = self.page_rows(stream, query, head).await?;
        let mut page = RawPage { changes: String::from("["), upto: head, more: false, head };
        for (taken, row) in rows.into_iter().enumerate() {
            let change = change(&row, query.shows(&row));
            // One that is larger than a page is a page of its own.
            if taken == query.records || (taken > 0 && page.changes.len() + change.len() > query.bytes) {
                page.more = true;
                break;
            }
            if taken > 0 {
                page.changes.push(',');
            }
            page.changes.push_str(&change);
            page.upto = row.seq;
        }
        if !page.more {
            page.upto = page.upto.max(head);
        }
        page.changes.push(']');
        Ok(page)
    }

    async fn page_rows(
        &self,
        stream: SchoolId,
        query: &PageQuery,
        head: Seq,
    ) -> Result<Vec<record::Model>, StoreError> {
        let began = query.began.unwrap_or(head);
        let rows = record::Entity::find()
            .filter(record::Column::Stream.eq(stream.into_uuid()))
            .filter(record::Column::Seq.gt(query.after))
            .filter(Condition::any().add(query.shown()).add(query.shown_before(began)));
        let rows = if planted(Bug::CursorByTime) { rows.filter(by_time(query.after)) } else { rows };
        let limit = u64::try_from(query.records).unwrap_or(u64::MAX).saturating_add(1);
        Ok(rows.order_by_asc(record::Column::Seq).limit(limit).all(&self.db).await?)
    }
}

/// What [`Bug::CursorByTime`] goes on from: the time at which the record last read was made.
fn by_time(after: Seq) -> SimpleExpr {
    Expr::cust(format!(
        "created_at >= COALESCE((SELECT MAX(read.created_at) FROM record read WHERE read.stream = record.stream \
         AND read.seq <= {after}), 0)"
    ))
}

/// One change. Stamps, fields and ids are JSON or plain hexadecimal already, so nothing needs escaping.
fn change(row: &record::Model, shown: bool) -> String {
    let (seq, kind, id) = (row.seq, &row.kind, row.id);
    if !shown {
        return format!(r#"{{"seq":{seq},"type":"{kind}","id":"{id}","life":"erased"}}"#);
    }
    let visit = row.kind == RecordType::Visit.as_str();
    let author = if visit { format!(r#""author":"{}","#, row.author) } else { String::new() };
    let stamps = if row.stamps == "{}" { String::new() } else { format!(r#""stamps":{},"#, row.stamps) };
    let writes = if row.writes == "{}" { String::new() } else { format!(r#""writes":{},"#, row.writes) };
    let (stamp, fields) = (&row.stamp, &row.fields);
    format!(
        r#"{{"seq":{seq},"type":"{kind}","id":"{id}","life":"alive",{author}"stamp":"{stamp}",{stamps}{writes}"fields":{fields}}}"#
    )
}
