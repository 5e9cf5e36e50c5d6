//! Who did what; and answers kept, so that a repeated request does nothing twice.

use sea_orm::ActiveValue::{Set, Unchanged};
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

    /// Claims a key for the request this transaction carries out. The same key claimed elsewhere is waited for; if it
    /// was answered meanwhile, gives that answer, read here: a second connection may not be left while others wait.
    pub async fn answer_claim(
        &self,
        account: UserId,
        key: &str,
        request_hash: &str,
        at: i64,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let row = idempotency::Model {
            account: account.into_uuid(),
            key: key.to_owned(),
            request_hash: request_hash.to_owned(),
            status: 0,
            location: String::new(),
            etag: String::new(),
            body: String::new(),
            created_at: at,
        };
        let claimed = idempotency::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&self.db)
            .await?;
        if matches!(claimed, TryInsertResult::Inserted(1..)) {
            return Ok(None);
        }
        let earlier = self.answer_find(account, key).await?;
        earlier.map(Some).ok_or_else(|| StoreError::corrupt("answer", "its key is taken by nothing"))
    }

    /// Keeps the answer under the key that this transaction has claimed.
    pub async fn answer_keep(
        &self,
        account: UserId,
        key: &str,
        answer: &KeptAnswer,
    ) -> Result<(), StoreError> {
        let KeptAnswer { request_hash: _, status, location, etag, body } = answer.clone();
        let answered = idempotency::ActiveModel {
            account: Unchanged(account.into_uuid()),
            key: Unchanged(key.to_owned()),
            status: Set(i32::from(status)),
            location: Set(location),
            etag: Set(etag),
            body: Set(body),
            ..Default::default()
        };
        idempotency::Entity::update(answered).exec(&self.db).await?;
        Ok(())
    }
}
