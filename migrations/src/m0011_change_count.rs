//! How often anything but streams was changed, for several nodes on PostgreSQL: what one has in memory holds while the
//! sum stands still. SQLite belongs to one process, which counts for itself.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        // Several slots, so that transactions seldom wait for each other; half-empty pages, so that they stay few.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE TABLE change_count (slot integer PRIMARY KEY, changes bigint NOT NULL) WITH (fillfactor = 10); \
                 INSERT INTO change_count SELECT slot, 0 FROM generate_series(0, 15) AS slot",
            )
            .await?;
        Ok(())
    }
}
