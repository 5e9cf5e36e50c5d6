//! What happens to weekly logs by themselves: steps done, objections to a publication, and the lease of who does them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("lease")
                    .col(string("name").primary_key())
                    .col(uuid("holder"))
                    .col(big_integer("held_until"))
                    .col(big_integer("fence"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("schedule_step")
                    .col(uuid("stream"))
                    .col(string("week"))
                    .col(string("step"))
                    .col(big_integer("done_at"))
                    .col(string("outcome"))
                    .col(big_integer("fence"))
                    .primary_key(Index::create().col("stream").col("week").col("step"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("publish_veto")
                    .col(uuid("stream"))
                    .col(string("week"))
                    .col(uuid("vetoed_by"))
                    .col(big_integer("vetoed_at"))
                    .col(text("why"))
                    .primary_key(Index::create().col("stream").col("week"))
                    .to_owned(),
            )
            .await
    }
}
