//! The school's reference data, read once per change and shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_sync::record::Seq;

use crate::entity::record;
use crate::records::read_json;
use crate::schools::School;
use crate::{Queries, Store, StoreError, Tx};

/// Books by school, each with the seq of the newest reference record in it.
#[derive(Debug, Default)]
pub(crate) struct BookCache(Mutex<HashMap<SchoolId, (Seq, Arc<SchoolBook>)>>);

/// The kinds a book is made of.
const BOOK_KINDS: [RecordType; 9] = [
    RecordType::School,
    RecordType::Class,
    RecordType::Teacher,
    RecordType::Subject,
    RecordType::BellSchedule,
    RecordType::Timetable,
    RecordType::Semester,
    RecordType::CalendarDay,
    RecordType::LessonChange,
];

/// Whether a change of this kind makes the book another.
pub(crate) fn is_in_book(kind: RecordType) -> bool {
    BOOK_KINDS.contains(&kind) || kind == RecordType::ProblemCategory
}

impl BookCache {
    /// The book of a school as of `school.book_seq`, if it is at hand.
    fn peek(&self, school: &School) -> Option<Arc<SchoolBook>> {
        let books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        books.get(&school.id).filter(|(seq, _)| *seq == school.book_seq).map(|(_, book)| Arc::clone(book))
    }

    /// The same, read through `queries` if need be, and kept: only where no transaction has changed the book.
    pub(crate) async fn get<C: ConnectionTrait>(
        &self,
        queries: &Queries<C>,
        school: &School,
    ) -> Result<Arc<SchoolBook>, StoreError> {
        if let Some(book) = self.peek(school) {
            return Ok(book);
        }
        let book = Arc::new(queries.book_read(school.id).await?);
        let entry = (school.book_seq, Arc::clone(&book));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(school.id, entry);
        Ok(book)
    }

    /// The same for a transaction that changes the book: what it may yet roll back is not kept, since the next
    /// change would be given the same seq.
    pub(crate) async fn get_unkept(&self, tx: &Tx, school: &School) -> Result<Arc<SchoolBook>, StoreError> {
        match self.peek(school) {
            Some(book) => Ok(book),
            None => Ok(Arc::new(tx.book_read(school.id).await?)),
        }
    }
}

impl<C: ConnectionTrait> Queries<C> {
    pub(crate) async fn book_read(&self, school: SchoolId) -> Result<SchoolBook, StoreError> {
        let kinds = BOOK_KINDS.into_iter().chain([RecordType::ProblemCategory]).map(RecordType::as_str);
        let rows: Vec<(String, Uuid, String)> = record::Entity::find()
            .select_only()
            .columns([record::Column::Kind, record::Column::Id, record::Column::Fields])
            .filter(record::Column::Stream.eq(school.into_uuid()))
            .filter(record::Column::Kind.is_in(kinds))
            .filter(record::Column::Life.eq("alive"))
            .into_tuple()
            .all(&self.db)
            .await?;
        let records: Vec<(RecordType, Uuid, Fields)> = rows
            .into_iter()
            .map(|(kind, id, fields)| {
                let kind = kind.parse().map_err(|error| StoreError::corrupt("record type", error))?;
                Ok((kind, id, read_json("record", &fields)?))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(SchoolBook::from_records(records.iter().map(|(kind, id, fields)| (*kind, *id, fields))))
    }
}

impl Store {
    /// The book of a school as committed.
    pub async fn book(&self, school: &School) -> Result<Arc<SchoolBook>, StoreError> {
        self.books.get(self.read(), school).await
    }

    /// The book of a school as a transaction sees it; `None` if there is no such school.
    pub async fn book_in(&self, tx: &Tx, school: SchoolId) -> Result<Option<Arc<SchoolBook>>, StoreError> {
        Ok(match tx.school_find(school).await? {
            Some(school) => Some(Arc::new(tx.book_read(school.id).await?)),
            None => None,
        })
    }
}
