//! Who did what, and answers kept for repeated requests.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, text, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit")
                    .col(uuid("id").primary_key())
                    .col(big_integer("at"))
                    .col(uuid_null("actor"))
                    .col(string("action"))
                    .col(uuid_null("stream"))
                    .col(string("object"))
                    .col(text("detail"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("idempotency")
                    .col(uuid("account"))
                    .col(string("key"))
                    .col(string("request_hash"))
                    .col(integer("status"))
                    .col(string("location"))
                    .col(string("etag"))
                    .col(text("body"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("account").col("key"))
                    .to_owned(),
            )
            .await
    }
}
