//! The weeks in which schools have lessons, for many schools at once: read once per change of a school, and kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::district::weeks_with_lessons;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_sync::record::Seq;

use crate::entity::record;
use crate::records::read_json;
use crate::schools::School;
use crate::{Queries, Store, StoreError};

/// The weeks of a school.
type Weeks = Arc<BTreeSet<Week>>;

/// Weeks by school, each with the seq of the newest reference record they follow from.
#[derive(Debug, Default)]
pub(crate) struct TaughtCache(Mutex<HashMap<SchoolId, (Seq, Weeks)>>);

/// Schools asked for in one query.
const AT_ONCE: usize = 200;

impl Store {
    /// The weeks in which each of the schools has lessons.
    pub async fn taught_weeks(&self, schools: &[School]) -> Result<BTreeMap<SchoolId, Weeks>, StoreError> {
        let mut all = BTreeMap::new();
        let mut unknown = Vec::new();
        {
            let kept = self.taught.0.lock().unwrap_or_else(PoisonError::into_inner);
            for school in schools {
                match kept.get(&school.id).filter(|(seq, _)| *seq == school.book_seq) {
                    Some((_, weeks)) => drop(all.insert(school.id, Arc::clone(weeks))),
                    None => unknown.push(school),
                }
            }
        }
        for chunk in unknown.chunks(AT_ONCE) {
            let mut calendars = self.read().calendars(chunk).await?;
            let mut kept = self.taught.0.lock().unwrap_or_else(PoisonError::into_inner);
            for school in chunk {
                let records = calendars.remove(&school.id).unwrap_or_default();
                let book =
                    SchoolBook::from_records(records.iter().map(|(kind, id, fields)| (*kind, *id, fields)));
                let weeks = Arc::new(weeks_with_lessons(&book));
                kept.insert(school.id, (school.book_seq, Arc::clone(&weeks)));
                all.insert(school.id, weeks);
            }
        }
        Ok(all)
    }
}

/// The records of a school that say when lessons are held.
type Calendar = Vec<(RecordType, Uuid, Fields)>;

impl<C: ConnectionTrait> Queries<C> {
    async fn calendars(&self, schools: &[&School]) -> Result<BTreeMap<SchoolId, Calendar>, StoreError> {
        let kinds = [RecordType::Semester, RecordType::CalendarDay].map(RecordType::as_str);
        let rows: Vec<(Uuid, String, Uuid, String)> = record::Entity::find()
            .select_only()
            .columns([
                record::Column::Stream,
                record::Column::Kind,
                record::Column::Id,
                record::Column::Fields,
            ])
            .filter(record::Column::Stream.is_in(schools.iter().map(|school| school.id.into_uuid())))
            .filter(record::Column::Kind.is_in(kinds))
            .filter(record::Column::Life.eq("alive"))
            .into_tuple()
            .all(&self.db)
            .await?;
        let mut calendars: BTreeMap<SchoolId, Calendar> = BTreeMap::new();
        for (stream, kind, id, fields) in rows {
            let kind = kind.parse().map_err(|error| StoreError::corrupt("record type", error))?;
            let fields = read_json("record", &fields)?;
            calendars.entry(SchoolId::from_uuid(stream)).or_default().push((kind, id, fields));
        }
        Ok(calendars)
    }
}
