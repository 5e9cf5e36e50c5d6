//! The set-up code, sessions and devices.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;
use xunke_domain::ids::UserId;
use xunke_sync::stamp::DeviceId;

use crate::entity::{account, device, session, setup_code};
use crate::{Queries, StoreError, Tx};

/// A signed-in phone or browser. Instants are milliseconds; tokens are kept as hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id; inside the access token.
    pub id: Uuid,
    /// Whose it is.
    pub account: UserId,
    /// `app` or `web`.
    pub kind: String,
    /// The device it is bound to, once known.
    pub device: Option<DeviceId>,
    /// What signed in, for the list a person reads.
    pub client: String,
    /// Hash of the refresh token (app) or cookie (web) in use.
    pub token_hash: String,
    /// Hash of the one before: good until its successor is used.
    pub previous_hash: Option<String>,
    /// Signed in.
    pub created_at: i64,
    /// Last refreshed.
    pub used_at: i64,
    /// Ends if not used until then.
    pub idle_until: i64,
    /// Ends then in any case.
    pub absolute_until: i64,
    /// Ended.
    pub ended_at: Option<i64>,
}

/// One installation of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Whose it is.
    pub account: UserId,
    /// What the person calls it.
    pub name: String,
    /// `android`, `ios`, `web`, …
    pub platform: String,
    /// The app's version.
    pub app_version: String,
    /// Registered, milliseconds.
    pub created_at: i64,
    /// Last push, milliseconds.
    pub seen_at: Option<i64>,
    /// Writes it said it still held.
    pub unsent: i64,
    /// The largest write number received.
    pub latest_n: i64,
    /// How many of its writes have arrived; fewer than `latest_n`: a gap.
    pub arrived: i64,
    /// Its clock minus ours at the last push, milliseconds.
    pub clock_offset: Option<i64>,
    /// Revoked, milliseconds.
    pub revoked_at: Option<i64>,
}

impl Device {
    /// A device that has just been registered, and has not been in touch since.
    pub const fn registered(
        id: DeviceId,
        account: UserId,
        name: String,
        platform: String,
        app_version: String,
        created_at: i64,
    ) -> Self {
        Self {
            id,
            account,
            name,
            platform,
            app_version,
            created_at,
            seen_at: None,
            unsent: 0,
            latest_n: 0,
            arrived: 0,
            clock_offset: None,
            revoked_at: None,
        }
    }
}

impl Session {
    fn from_row(row: session::Model) -> Result<Self, StoreError> {
        let device = row.device.as_deref().map(device_id).transpose()?;
        Ok(Self {
            id: row.id,
            account: UserId::from_uuid(row.account),
            kind: row.kind,
            device,
            client: row.client,
            token_hash: row.token_hash,
            previous_hash: row.previous_hash,
            created_at: row.created_at,
            used_at: row.used_at,
            idle_until: row.idle_until,
            absolute_until: row.absolute_until,
            ended_at: row.ended_at,
        })
    }

    fn into_row(self) -> session::Model {
        session::Model {
            id: self.id,
            account: self.account.into_uuid(),
            kind: self.kind,
            device: self.device.map(|id| id.to_string()),
            client: self.client,
            token_hash: self.token_hash,
            previous_hash: self.previous_hash,
            created_at: self.created_at,
            used_at: self.used_at,
            idle_until: self.idle_until,
            absolute_until: self.absolute_until,
            ended_at: self.ended_at,
        }
    }

    /// Whether it is good now.
    pub const fn holds_at(&self, now: i64) -> bool {
        self.ended_at.is_none() && now < self.idle_until && now < self.absolute_until
    }
}

/// Reads a stored device id.
pub(crate) fn device_id(text: &str) -> Result<DeviceId, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("device id", error))
}

impl Device {
    pub(crate) fn from_row(row: device::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: device_id(&row.id)?,
            account: UserId::from_uuid(row.account),
            name: row.name,
            platform: row.platform,
            app_version: row.app_version,
            created_at: row.created_at,
            seen_at: row.seen_at,
            unsent: row.unsent,
            latest_n: row.latest_n,
            arrived: row.arrived,
            clock_offset: row.clock_offset,
            revoked_at: row.revoked_at,
        })
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// The hash of the set-up code, while nobody has used it.
    pub async fn setup_code(&self) -> Result<Option<String>, StoreError> {
        let row = setup_code::Entity::find_by_id(1).one(&self.db).await?;
        Ok(row.filter(|row| row.used_at.is_none()).map(|row| row.code_hash))
    }

    /// Whether anyone can sign in yet.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        Ok(account::Entity::find().limit(1).one(&self.db).await?.is_some())
    }

    /// A session by id.
    pub async fn session_find(&self, id: Uuid) -> Result<Option<Session>, StoreError> {
        session::Entity::find_by_id(id).one(&self.db).await?.map(Session::from_row).transpose()
    }

    /// A person's sessions that have not ended, newest first.
    pub async fn session_list(&self, account: UserId) -> Result<Vec<Session>, StoreError> {
        let rows = session::Entity::find()
            .filter(session::Column::Account.eq(account.into_uuid()))
            .filter(session::Column::EndedAt.is_null())
            .order_by_desc(session::Column::CreatedAt)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Session::from_row).collect()
    }

    /// A device, whoever it belongs to.
    pub async fn device_find(&self, id: DeviceId) -> Result<Option<Device>, StoreError> {
        device::Entity::find_by_id(id.to_string()).one(&self.db).await?.map(Device::from_row).transpose()
    }

    /// The devices of these people, by id.
    pub async fn device_list(&self, accounts: &[UserId]) -> Result<Vec<Device>, StoreError> {
        let accounts = accounts.iter().map(|id| id.into_uuid());
        let rows = device::Entity::find()
            .filter(device::Column::Account.is_in(accounts))
            .order_by_asc(device::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Device::from_row).collect()
    }
}

impl Tx {
    /// Replaces the unused set-up code.
    pub async fn setup_code_set(&self, code_hash: &str, at: i64) -> Result<(), StoreError> {
        setup_code::Entity::delete_by_id(1).exec(&self.db).await?;
        let row = setup_code::Model { id: 1, code_hash: code_hash.to_owned(), created_at: at, used_at: None };
        setup_code::Entity::insert(row.into_active_model()).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Uses up the set-up code; `false` if another was quicker.
    pub async fn setup_code_use(&self, at: i64) -> Result<bool, StoreError> {
        let used = setup_code::Entity::update_many()
            .col_expr(setup_code::Column::UsedAt, Expr::value(at))
            .filter(setup_code::Column::Id.eq(1))
            .filter(setup_code::Column::UsedAt.is_null())
            .exec(&self.db)
            .await?;
        Ok(used.rows_affected == 1)
    }

    /// Stores a new session.
    pub async fn session_add(&self, session: Session) -> Result<(), StoreError> {
        session::Entity::insert(session.into_row().into_active_model())
            .exec_without_returning(&self.db)
            .await?;
        Ok(())
    }

    /// Rotates a session's token, if it is still the one that was read: two refreshes at once cannot both win.
    pub async fn session_rotate(&self, session: Session, read_token: &str) -> Result<bool, StoreError> {
        let id = session.id;
        let changed = session::Entity::update_many()
            .set(session.into_row().into_active_model().reset_all())
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::TokenHash.eq(read_token))
            .filter(session::Column::EndedAt.is_null())
            .exec(&self.db)
            .await?;
        Ok(changed.rows_affected == 1)
    }

    /// Ends one session of a person; `false` if it is not his or had ended.
    pub async fn session_end(&self, account: UserId, id: Uuid, at: i64) -> Result<bool, StoreError> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(at))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::Account.eq(account.into_uuid()))
            .filter(session::Column::EndedAt.is_null())
            .exec(&self.db)
            .await?;
        Ok(ended.rows_affected == 1)
    }

    /// Ends every session of a person but one.
    pub async fn session_end_others(
        &self,
        account: UserId,
        but: Option<Uuid>,
        at: i64,
    ) -> Result<(), StoreError> {
        let mut query = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(at))
            .filter(session::Column::Account.eq(account.into_uuid()))
            .filter(session::Column::EndedAt.is_null());
        if let Some(but) = but {
            query = query.filter(session::Column::Id.ne(but));
        }
        query.exec(&self.db).await?;
        Ok(())
    }

    /// Binds a session to the device it registered.
    pub async fn session_bind(&self, id: Uuid, device: DeviceId) -> Result<(), StoreError> {
        session::Entity::update_many()
            .col_expr(session::Column::Device, Expr::value(device.to_string()))
            .filter(session::Column::Id.eq(id))
            .exec(&self.db)
            .await?;
        Ok(())
    }

    /// Registers a device.
    pub async fn device_add(&self, device: &Device) -> Result<(), StoreError> {
        let row = device::Model {
            id: device.id.to_string(),
            account: device.account.into_uuid(),
            name: device.name.clone(),
            platform: device.platform.clone(),
            app_version: device.app_version.clone(),
            created_at: device.created_at,
            seen_at: device.seen_at,
            unsent: device.unsent,
            latest_n: device.latest_n,
            arrived: device.arrived,
            clock_offset: device.clock_offset,
            revoked_at: device.revoked_at,
        };
        device::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.db)
            .await
            .map_err(StoreError::taken("the device id"))?;
        Ok(())
    }

    /// Revokes a device of a person; `false` if it is not his. Its session stays, so that it can still hand its
    /// queue to the held list before it wipes itself (protocol, section 3).
    pub async fn device_revoke(&self, account: UserId, id: DeviceId, at: i64) -> Result<bool, StoreError> {
        let revoked = device::Entity::update_many()
            .col_expr(device::Column::RevokedAt, Expr::value(at))
            .filter(device::Column::Id.eq(id.to_string()))
            .filter(device::Column::Account.eq(account.into_uuid()))
            .exec(&self.db)
            .await?;
        Ok(revoked.rows_affected == 1)
    }

    /// Notes that a device was in touch.
    pub(crate) async fn device_contact(&self, id: DeviceId, at: i64, unsent: i64) -> Result<(), StoreError> {
        device::Entity::update_many()
            .col_expr(device::Column::SeenAt, Expr::value(at))
            .col_expr(device::Column::Unsent, Expr::value(unsent))
            .filter(device::Column::Id.eq(id.to_string()))
            .exec(&self.db)
            .await?;
        Ok(())
    }

    /// Notes a device's push for the device board.
    pub(crate) async fn device_seen(
        &self,
        id: DeviceId,
        at: i64,
        unsent: i64,
        latest_n: i64,
        arrived: i64,
        clock_offset: Option<i64>,
    ) -> Result<(), StoreError> {
        device::Entity::update_many()
            .col_expr(device::Column::SeenAt, Expr::value(at))
            .col_expr(device::Column::Unsent, Expr::value(unsent))
            .col_expr(device::Column::LatestN, Expr::value(latest_n))
            .col_expr(device::Column::Arrived, Expr::value(arrived))
            .col_expr(device::Column::ClockOffset, Expr::value(clock_offset))
            .filter(device::Column::Id.eq(id.to_string()))
            .exec(&self.db)
            .await?;
        Ok(())
    }
}
