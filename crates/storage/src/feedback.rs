//! Private feedback to the teacher of a visited lesson.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;
use xunke_domain::ids::{SchoolId, TeacherId, UserId, VisitId};
use xunke_domain::objection::Objection;
use xunke_sync::record::Seq;

use crate::entity::feedback;
use crate::intake::projection::word;
use crate::visits::VisitRow;
use crate::{Queries, StoreError, Tx};

/// A piece of feedback. Instants are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Its id.
    pub id: Uuid,
    /// The school.
    pub stream: SchoolId,
    /// The visit it is about.
    pub visit: VisitId,
    /// The teacher it goes to.
    pub teacher: TeacherId,
    /// `sent`, `seen`, `answered`, `contested`, `upheld` or `dismissed`.
    pub state: String,
    /// What is said.
    pub text: String,
    /// Who says it.
    pub sent_by: UserId,
    /// When.
    pub sent_at: i64,
    /// When the teacher saw it.
    pub seen_at: Option<i64>,
    /// What the teacher replied.
    pub answer: Option<String>,
    /// When.
    pub answered_at: Option<i64>,
    /// Counts changes; the `ETag`.
    pub version: i64,
    /// What is contested; none if nothing is.
    pub contested: Option<Contested>,
    /// What was decided on an objection, and why.
    pub decision: Option<String>,
    /// By whom.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<i64>,
}

impl Feedback {
    /// Whether there is an objection that nobody has decided.
    pub fn is_contested(&self) -> bool {
        self.state == "contested"
    }

    /// The objection to the visit as it is now. One that was upheld is none any more once the visit was changed, or is
    /// judged otherwise.
    fn objection_to(&self, visit: &VisitRow) -> Option<Objection> {
        match self.state.as_str() {
            "contested" => Some(Objection::Open),
            "upheld" if self.contested.as_ref() == Some(&Contested::of(visit)) => Some(Objection::Upheld),
            _ => None,
        }
    }
}

impl From<feedback::Model> for Feedback {
    fn from(row: feedback::Model) -> Self {
        Self {
            id: row.id,
            stream: SchoolId::from_uuid(row.stream),
            visit: VisitId::from_uuid(row.visit),
            teacher: TeacherId::from_uuid(row.teacher),
            state: row.state,
            text: row.text,
            sent_by: UserId::from_uuid(row.sent_by),
            sent_at: row.sent_at,
            seen_at: row.seen_at,
            answer: row.answer,
            answered_at: row.answered_at,
            version: row.version,
            contested: row.contested_seq.map(|seq| Contested { seq, verdict: row.contested_verdict }),
            decision: row.decision,
            decided_by: row.decided_by.map(UserId::from_uuid),
            decided_at: row.decided_at,
        }
    }
}

/// What is contested of these visits; of several teachers' objections to one the one that is not decided.
pub(crate) fn objections_in(feedback: &[Feedback], visits: &[VisitRow]) -> BTreeMap<VisitId, Objection> {
    let visits: BTreeMap<VisitId, &VisitRow> = visits.iter().map(|visit| (visit.id, visit)).collect();
    let to = |one: &Feedback| Some((one.visit, one.objection_to(visits.get(&one.visit)?)?));
    let mut objections = BTreeMap::new();
    for (visit, objection) in feedback.iter().filter_map(to) {
        let least = objections.entry(visit).or_insert(objection);
        *least = objection.min(*least);
    }
    objections
}

/// A visit as it was when its teacher contested it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contested {
    /// The record's newest seq.
    pub seq: Seq,
    /// How it was judged.
    pub verdict: Option<String>,
}

impl Contested {
    /// The visit as it is.
    pub fn of(visit: &VisitRow) -> Self {
        Self { seq: visit.seq, verdict: visit.verdict.as_ref().and_then(word) }
    }
}

/// Which feedback to list.
#[derive(Clone, Copy, Debug)]
pub enum FeedbackOf<'a> {
    /// Everybody's.
    Everyone,
    /// What is about these visits.
    Visits(&'a [VisitId]),
    /// What went to these teachers, or was sent by this person.
    Person(&'a [TeacherId], UserId),
}

impl<C: ConnectionTrait> Queries<C> {
    /// One piece of feedback of a school.
    pub async fn feedback_find(&self, stream: SchoolId, id: Uuid) -> Result<Option<Feedback>, StoreError> {
        let row = feedback::Entity::find_by_id(id)
            .filter(feedback::Column::Stream.eq(stream.into_uuid()))
            .one(&self.db)
            .await?;
        Ok(row.map(Feedback::from))
    }

    /// Feedback of a school after `after`, by id, at most `limit`.
    pub async fn feedback_list(
        &self,
        stream: SchoolId,
        of: FeedbackOf<'_>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Feedback>, StoreError> {
        let mut query = feedback::Entity::find().filter(feedback::Column::Stream.eq(stream.into_uuid()));
        match of {
            FeedbackOf::Everyone => (),
            FeedbackOf::Visits(visits) => {
                query = query.filter(feedback::Column::Visit.is_in(visits.iter().map(|id| id.into_uuid())));
            }
            FeedbackOf::Person(teachers, person) => {
                let teachers = teachers.iter().map(|id| id.into_uuid());
                let own = sea_orm::Condition::any()
                    .add(feedback::Column::Teacher.is_in(teachers))
                    .add(feedback::Column::SentBy.eq(person.into_uuid()));
                query = query.filter(own);
            }
        }
        if let Some(after) = after {
            query = query.filter(feedback::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(feedback::Column::Id).limit(limit).all(&self.db).await?;
        Ok(rows.into_iter().map(Feedback::from).collect())
    }
}

impl Tx {
    /// Stores new feedback.
    pub async fn feedback_add(&self, feedback: &Feedback) -> Result<(), StoreError> {
        let row = row(feedback.clone()).into_active_model();
        feedback::Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Stores feedback as it now is, if it still has the version it was read with.
    pub async fn feedback_change(&self, feedback: &Feedback) -> Result<bool, StoreError> {
        let next = Feedback { version: feedback.version + 1, ..feedback.clone() };
        let changed = feedback::Entity::update_many()
            .set(row(next).into_active_model().reset_all())
            .filter(feedback::Column::Id.eq(feedback.id))
            .filter(feedback::Column::Version.eq(feedback.version))
            .exec(&self.db)
            .await?;
        Ok(changed.rows_affected == 1)
    }
}

fn row(feedback: Feedback) -> feedback::Model {
    let Feedback {
        id,
        stream,
        visit,
        teacher,
        state,
        text,
        sent_by,
        sent_at,
        seen_at,
        answer,
        answered_at,
        version,
        contested,
        decision,
        decided_by,
        decided_at,
    } = feedback;
    let (contested_seq, contested_verdict) =
        contested.map_or((None, None), |Contested { seq, verdict }| (Some(seq), verdict));
    feedback::Model {
        id,
        stream: stream.into_uuid(),
        visit: visit.into_uuid(),
        teacher: teacher.into_uuid(),
        state,
        text,
        sent_by: sent_by.into_uuid(),
        sent_at,
        seen_at,
        answer,
        answered_at,
        version,
        contested_seq,
        contested_verdict,
        decision,
        decided_by: decided_by.map(UserId::into_uuid),
        decided_at,
    }
}
