//! The visits of earlier weeks, as far as a log looks back on them: verdicts as the projection keeps them, and the
//! fields without their history.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, SubjectId, TeacherId, UserId, VisitId};
use xunke_domain::record_type::RecordType;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Visit;
use xunke_domain::week::Week;

use crate::entity::{record, visit};
use crate::records::{chunks, read_json};
use crate::{Queries, StoreError};

/// A submitted visit of an earlier week.
#[derive(Clone, Debug)]
pub struct EarlierVisit {
    /// The visit.
    pub visit: Visit,
    /// Judged with what is known now; none without a slot or an observation.
    pub verdict: Option<Verdict>,
    /// The subject that verdict held the observation against.
    pub planned_subject: Option<SubjectId>,
    /// The teacher that verdict held the observation against.
    pub planned_teacher: Option<TeacherId>,
}

/// What is asked of the projection.
type Row = (Uuid, Uuid, Option<String>, Option<String>, Option<Uuid>, Option<Uuid>);

impl<C: ConnectionTrait> Queries<C> {
    /// The submitted visits of these weeks, in the order of the weeks given: one query for all weeks, and one for
    /// the fields of every 500 visits.
    pub async fn visits_of(
        &self,
        stream: SchoolId,
        weeks: &[Week],
    ) -> Result<Vec<(Week, Vec<EarlierVisit>)>, StoreError> {
        use visit::Column as C;
        if weeks.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = visit::Entity::find()
            .select_only()
            .columns([C::Id, C::Inspector, C::Week, C::Verdict, C::PlannedSubject, C::PlannedTeacher])
            .filter(C::Stream.eq(stream.into_uuid()))
            .filter(C::Week.is_in(weeks.iter().map(Week::to_string)))
            .filter(C::Submitted.eq(true))
            .into_tuple()
            .all(&self.db)
            .await?;
        let mut by_week: BTreeMap<String, Vec<EarlierVisit>> = BTreeMap::new();
        for chunk in chunks(rows, 500) {
            let fields = self.visit_fields(stream, chunk.iter().map(|(id, ..)| *id)).await?;
            for (id, inspector, week, verdict, subject, teacher) in chunk {
                let (Some(week), Some(fields)) = (week, fields.get(&id)) else { continue };
                let fields: Fields = read_json("record", fields)?;
                let verdict = verdict.map(|word| serde_json::from_value(word.into())).transpose();
                by_week.entry(week).or_default().push(EarlierVisit {
                    visit: Visit::from_fields(VisitId::from_uuid(id), UserId::from_uuid(inspector), &fields),
                    verdict: verdict.map_err(|error| StoreError::corrupt("visit", error))?,
                    planned_subject: subject.map(SubjectId::from_uuid),
                    planned_teacher: teacher.map(TeacherId::from_uuid),
                });
            }
        }
        Ok(weeks.iter().map(|week| (*week, by_week.remove(&week.to_string()).unwrap_or_default())).collect())
    }

    /// The fields of visits as JSON, without who won them.
    async fn visit_fields(
        &self,
        stream: SchoolId,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<BTreeMap<Uuid, String>, StoreError> {
        let rows: Vec<(Uuid, String)> = record::Entity::find()
            .select_only()
            .columns([record::Column::Id, record::Column::Fields])
            .filter(record::Column::Stream.eq(stream.into_uuid()))
            .filter(record::Column::Kind.eq(RecordType::Visit.as_str()))
            .filter(record::Column::Id.is_in(ids))
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().collect())
    }
}
