//! Erasing a record for good, for a data-erasure duty (protocol, section 1).

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_sync::record::Seq;

use crate::book::is_in_book;
use crate::entity::{conflict, record, visit, write};
use crate::records::{StoredRecord, json};
use crate::{Store, StoreError, Tx};

impl Store {
    /// Empties a record for good: its fields, its projection, its conflicts, and what its history holds of values.
    /// Devices that hold it are told by its new seq, which is given; `None`: it is not there, or erased already.
    pub async fn erase_in(
        &self,
        tx: &Tx,
        stream: SchoolId,
        kind: RecordType,
        id: Uuid,
        now: i64,
    ) -> Result<Option<Seq>, StoreError> {
        let Some(mut school) = tx.school_lock(stream).await? else { return Ok(None) };
        let Some(record) = tx.record_find(stream, kind, id).await?.filter(|record| !record.erased) else {
            return Ok(None);
        };
        school.head += 1;
        if is_in_book(kind) {
            school.book_seq = school.head;
        }
        tx.record_empty(&record, school.head).await?;
        let weeks: BTreeSet<Week> = record.visit_date().map(Week::of).into_iter().collect();
        tx.editions_overtake(stream, &weeks).await?;
        tx.lineage_note(stream, school.head, self.process, now).await?;
        tx.school_advance(&school).await?;
        Ok(Some(school.head))
    }
}

impl Tx {
    async fn record_empty(&self, erased: &StoredRecord, seq: Seq) -> Result<(), StoreError> {
        let (stream, kind, id) = (erased.stream.into_uuid(), erased.kind.as_str(), erased.id);
        // Whoever came along is a former reader now, so that he is told.
        let readers = erased.readers().replace('+', "-");
        record::Entity::update_many()
            .col_expr(record::Column::Seq, Expr::value(seq))
            .col_expr(record::Column::Life, Expr::value("erased"))
            .col_expr(record::Column::Readers, Expr::value(readers))
            .col_expr(record::Column::VisitDate, Expr::value(None::<String>))
            .col_expr(record::Column::Stamp, Expr::value(""))
            .col_expr(record::Column::Stamps, Expr::value("{}"))
            .col_expr(record::Column::Origins, Expr::value("{}"))
            .col_expr(record::Column::Fields, Expr::value("{}"))
            .col_expr(record::Column::OpenConflicts, Expr::value(0_i64))
            .filter(record::Column::Stream.eq(stream))
            .filter(record::Column::Kind.eq(kind))
            .filter(record::Column::Id.eq(id))
            .exec(&self.db)
            .await?;
        if erased.kind == RecordType::Visit {
            visit::Entity::delete_by_id((stream, id)).exec(&self.db).await?;
        }
        conflict::Entity::delete_many()
            .filter(conflict::Column::Stream.eq(stream))
            .filter(conflict::Column::Record.eq(id))
            .exec(&self.db)
            .await?;
        // The rows stay, so that a write sent again is still known; what they set does not.
        for entry in self.ledger_of(erased.stream, erased.kind, id).await? {
            let mut answer = entry.answer;
            answer.lost.clear();
            write::Entity::update_many()
                .col_expr(write::Column::Body, Expr::value("{}"))
                .col_expr(write::Column::Answer, Expr::value(json(&answer)))
                .filter(write::Column::Device.eq(entry.device.to_string()))
                .filter(write::Column::N.eq(entry.n))
                .exec(&self.db)
                .await?;
        }
        Ok(())
    }
}
