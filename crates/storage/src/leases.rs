//! Leases: of several nodes over one database, one at a time does a piece of periodic work.
//!
//! A lease is a row with its holder, the time until which it is held, and a fencing number that grows with every change of
//! hands. It is taken and renewed in one statement, by PostgreSQL's clock, so that no node's own clock matters; a SQLite
//! database belongs to one process (`claim.rs`), and that process's clock counts. A holder that was paused and comes back
//! finds in its next transaction that the lease has passed on ([`Tx::lease_holds`]), and does nothing.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, DatabaseBackend, EntityTrait, QueryFilter, QuerySelect, Statement,
};
use uuid::Uuid;

use crate::entity::lease;
use crate::{Store, StoreError, Tx};

/// How long a lease is held after it was taken or renewed, milliseconds: three looks of a minute.
const HELD: i64 = 180_000;

/// A lease as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    name: &'static str,
    holder: Uuid,
    fence: i64,
}

impl Lease {
    /// Grows with every change of hands.
    pub const fn fence(&self) -> i64 {
        self.fence
    }
}

impl Store {
    /// Takes a lease, or renews it, for this process; `None` while another holds it. `now`, in milliseconds, counts where
    /// the database has no clock of its own.
    pub async fn lease_take(&self, name: &'static str, now: i64) -> Result<Option<Lease>, StoreError> {
        let tx = self.begin_unnoticed().await?;
        let backend = tx.db.get_database_backend();
        let (clock, [first, second]) = match backend {
            DatabaseBackend::Postgres => {
                ("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)".to_owned(), ["$1", "$2"])
            }
            _ => (now.to_string(), ["?", "?"]),
        };
        let sql = format!(
            "INSERT INTO lease (name, holder, held_until, fence) VALUES ({first}, {second}, {clock} + {HELD}, 1) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until, \
             fence = lease.fence + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END \
             WHERE lease.holder = excluded.holder OR lease.held_until <= {clock} RETURNING fence"
        );
        let holder = self.process;
        let statement = Statement::from_sql_and_values(backend, sql, [name.into(), holder.into()]);
        let row = tx.db.query_one_raw(statement).await?;
        let fence = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        tx.commit().await?;
        Ok(fence.map(|fence| Lease { name, holder, fence }))
    }

    /// Gives a lease back, so that another node need not wait until it runs out.
    pub async fn lease_release(&self, lease: &Lease) -> Result<(), StoreError> {
        let tx = self.begin_unnoticed().await?;
        lease::Entity::update_many()
            .col_expr(lease::Column::HeldUntil, Expr::value(0_i64))
            .filter(lease::Column::Name.eq(lease.name))
            .filter(lease::Column::Holder.eq(lease.holder))
            .filter(lease::Column::Fence.eq(lease.fence))
            .exec(&tx.db)
            .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Whether a lease has not passed on since it was taken. Until this transaction ends nobody else can take it: the first
    /// thing it asks.
    pub async fn lease_holds(&self, lease: &Lease) -> Result<bool, StoreError> {
        let found = lease::Entity::find_by_id(lease.name).lock_exclusive().one(&self.db).await?;
        Ok(found.is_some_and(|row| (row.holder, row.fence) == (lease.holder, lease.fence)))
    }
}
