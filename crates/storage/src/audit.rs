//! Who did what; and answers kept, so that a repeated request does nothing twice.

use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, TryInsertResult};
use uuid::Uuid;
use xunke_domain::ids::{SchoolId, UserId};

use crate::entity::{audit, idempotency};
use crate::{Queries, StoreError, Tx};

/// Something somebody did.
#[derive(Clone, Debug)]
pub struct AuditEntry<'a> {
    /// Its id.
    pub id: Uuid,
    /// When, milliseconds.
    pub at: i64,
    /// Who; nobody for the server itself.
    pub actor: Option<UserId>,
    /// The operation.
    pub action: &'a str,
    /// The school it concerns.
    pub school: Option<SchoolId>,
    /// What it was done to.
    pub object: String,
    /// What an auditor needs beside; never bodies or tokens.
    pub detail: String,
}

/// An answer to a request with an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Tells another request under the same key.
    pub request_hash: String,
    /// The status.
    pub status: u16,
    /// The `Location` header; empty for none.
    pub location: String,
    /// The `ETag` header; empty for none.
    pub etag: String,
    /// The body.
    pub body: String,
}

impl<C: ConnectionTrait> Queries<C> {
    /// The answer kept under a person's key.
    pub async fn answer_find(&self, account: UserId, key: &str) -> Result<Option<KeptAnswer>, StoreError> {
        let row =
            idempotency::Entity::find_by_id((account.into_uuid(), key.to_owned())).one(&self.db).await?;
        Ok(row.map(|row| KeptAnswer {
            request_hash: row.request_hash,
            status: u16::try_from(row.status).unwrap_or_default(),
            location: row.location,
            etag: row.etag,
            body: row.body,
        }))
    }
}

impl Tx {
    /// Notes what was done.
    pub async fn audit_add(&self, entry: AuditEntry<'_>) -> Result<(), StoreError> {
        let row = audit::Model {
            id: entry.id,
            at: entry.at,
            actor: entry.actor.map(UserId::into_uuid),
            action: entry.action.to_owned(),
            stream: entry.school.map(SchoolId::into_uuid),
            object: entry.object,
            detail: entry.detail,
        };
        audit::Entity::insert(row.into_active_model()).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Keeps an answer; if the same key was answered meanwhile, gives that answer instead. It is read inside this
    /// transaction: as many as there are connections may wait here for each other.
    pub async fn answer_keep(
        &self,
        account: UserId,
        key: &str,
        answer: &KeptAnswer,
        at: i64,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let row = idempotency::Model {
            account: account.into_uuid(),
            key: key.to_owned(),
            request_hash: answer.request_hash.clone(),
            status: i32::from(answer.status),
            location: answer.location.clone(),
            etag: answer.etag.clone(),
            body: answer.body.clone(),
            created_at: at,
        };
        let kept = idempotency::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&self.db)
            .await?;
        if matches!(kept, TryInsertResult::Inserted(1..)) {
            return Ok(None);
        }
        let earlier = self.answer_find(account, key).await?;
        earlier.map(Some).ok_or_else(|| StoreError::corrupt("answer", "its key is taken by nothing"))
    }
}
