//! Pages of a stream, spliced from the JSON as it is stored (protocol, section 5).

use std::fmt::Write as _;

use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryResult};
use uuid::Uuid;
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
    /// No change of the page is of a later time than this head; `upto` where there is no more.
    pub made_at: Seq,
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
    /// Whether the reader may have a record now.
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

/// Rows read at a time: a page that ends at its bytes has then not read much in vain.
const ROWS: usize = 256;

/// A record as a page shows it.
struct Change {
    seq: Seq,
    kind: String,
    id: Uuid,
    author: Uuid,
    shown: bool,
    /// What follows the author, as the database has put it together.
    rest: String,
}

impl<C: ConnectionTrait> Queries<C> {
    /// A page of a stream. `head` is read first: whatever is committed between the two reads is in the page. `made_at`
    /// is read last: what had moved on by the time of the changes had done so by then.
    pub async fn page(&self, stream: SchoolId, query: &PageQuery) -> Result<RawPage, StoreError> {
        let head = self.head(stream).await?;
        let mut page = RawPage { changes: String::from("["), upto: head, more: false, head, made_at: head };
        let (mut after, mut taken) = (query.after, 0);
        'page: loop {
            let wanted = (query.records - taken).saturating_add(1).min(ROWS);
            let changes = self.changes_after(stream, query, head, after, wanted).await?;
            let last = changes.len() < wanted;
            for change in changes {
                let before = page.changes.len();
                if taken > 0 {
                    page.changes.push(',');
                }
                change.write(&mut page.changes);
                // One that is larger than a page is a page of its own.
                if taken == query.records || (taken > 0 && page.changes.len() - 1 > query.bytes) {
                    page.changes.truncate(before);
                    page.more = true;
                    break 'page;
                }
                taken += 1;
                (after, page.upto) = (change.seq, change.seq);
            }
            if last {
                page.upto = page.upto.max(head);
                break;
            }
        }
        page.changes.push(']');
        page.made_at = if page.more { self.head(stream).await?.max(page.upto) } else { page.upto };
        Ok(page)
    }

    async fn head(&self, stream: SchoolId) -> Result<Seq, StoreError> {
        Ok(self.school_find(stream).await?.map_or(0, |school| school.head))
    }

    /// The next changes, by seq. The database puts each together and hands over few columns: with whole rows, read
    /// through the entity, a first sync of 20,000 visits cost the server twice the time (`cargo run --release -p
    /// bench`, W2), most of it copies of columns that no page shows.
    async fn changes_after(
        &self,
        stream: SchoolId,
        query: &PageQuery,
        head: Seq,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        let began = query.began.unwrap_or(head);
        let shown = Expr::case(query.shown(), 1).finally(0);
        let rest = Expr::case(query.shown(), Expr::cust(REST)).finally("");
        let mut select = Query::select()
            .columns([record::Column::Seq, record::Column::Kind, record::Column::Id, record::Column::Author])
            .expr(shown)
            .expr(rest)
            .from(record::Entity)
            .and_where(record::Column::Stream.eq(stream.into_uuid()))
            .and_where(record::Column::Seq.gt(after))
            .cond_where(Condition::any().add(query.shown()).add(query.shown_before(began)))
            .order_by(record::Column::Seq, Order::Asc)
            .limit(u64::try_from(limit).unwrap_or(u64::MAX))
            .to_owned();
        if planted(Bug::CursorByTime) {
            select.and_where(by_time(after));
        }
        let rows = self.db.query_all(&select).await?;
        rows.iter().map(|row| Ok(Change::from_row(row)?)).collect()
    }
}

/// Stamp, stamps and fields are JSON or plain hexadecimal already, so nothing needs escaping.
const REST: &str = r#"'"stamp":"' || stamp || CASE WHEN stamps = '{}' THEN '",' ELSE '","stamps":' || stamps || ',' END ||
    CASE WHEN writes = '{}' THEN '' ELSE '"writes":' || writes || ',' END || '"fields":' || fields || '}'"#;

impl Change {
    fn from_row(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            seq: row.try_get_by_index(0)?,
            kind: row.try_get_by_index(1)?,
            id: row.try_get_by_index(2)?,
            author: row.try_get_by_index(3)?,
            shown: row.try_get_by_index::<i32>(4)? != 0,
            rest: row.try_get_by_index(5)?,
        })
    }

    fn write(&self, to: &mut String) {
        let Self { seq, kind, id, author, shown, rest } = self;
        // Writing to a String cannot fail.
        let _ = write!(to, r#"{{"seq":{seq},"type":"{kind}","id":"{id}","life":"#);
        if !shown {
            to.push_str(r#""erased"}"#);
            return;
        }
        to.push_str(r#""alive","#);
        if kind == RecordType::Visit.as_str() {
            let _ = write!(to, r#""author":"{author}","#);
        }
        to.push_str(rest);
    }
}

/// What [`Bug::CursorByTime`] goes on from: the time at which the record last read was made.
fn by_time(after: Seq) -> SimpleExpr {
    Expr::cust(format!(
        "created_at >= COALESCE((SELECT MAX(read.created_at) FROM record read WHERE read.stream = record.stream \
         AND read.seq <= {after}), 0)"
    ))
}
