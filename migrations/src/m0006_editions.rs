//! Editions of the weekly log: frozen bytes, chained by their hashes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, string_null, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("edition")
                    .col(uuid("stream"))
                    .col(string("week"))
                    .col(integer("number"))
                    .col(string("hash"))
                    .col(string_null("previous"))
                    .col(text("bytes"))
                    .col(text("public_bytes"))
                    .col(uuid("published_by"))
                    .col(big_integer("published_at"))
                    .col(big_integer("head"))
                    .col(boolean("superseded_by_changes"))
                    .primary_key(Index::create().col("stream").col("week").col("number"))
                    .to_owned(),
            )
            .await
    }
}
