//! What a district is told of published weeks: a small row each. Those of editions from before are made at the next start,
//! from the editions' bytes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("published_week")
                    .col(uuid("district"))
                    .col(string("week"))
                    .col(uuid("stream"))
                    .col(integer("number"))
                    .col(string("hash"))
                    .col(big_integer("published_at"))
                    .col(big_integer("first_published_at"))
                    .col(boolean("withdrawn"))
                    .col(integer("version"))
                    .col(text("figures"))
                    .primary_key(Index::create().col("district").col("week").col("stream"))
                    .to_owned(),
            )
            .await
    }
}
