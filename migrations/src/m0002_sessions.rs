//! The set-up code, devices and sessions. Of tokens and codes only hashes are kept.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("setup_code")
                    .col(big_integer("id").primary_key())
                    .col(string("code_hash"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("used_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("device")
                    .col(string("id").primary_key())
                    .col(uuid("account"))
                    .col(string("name"))
                    .col(string("platform"))
                    .col(string("app_version"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("seen_at"))
                    .col(big_integer("unsent"))
                    .col(big_integer("latest_n"))
                    .col(big_integer("arrived"))
                    .col(big_integer_null("clock_offset"))
                    .col(big_integer_null("revoked_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("device_account").table("device").col("account").to_owned())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("session")
                    .col(uuid("id").primary_key())
                    .col(uuid("account"))
                    .col(string("kind"))
                    .col(string_null("device"))
                    .col(string("client"))
                    .col(string("token_hash"))
                    .col(string_null("previous_hash"))
                    .col(big_integer("created_at"))
                    .col(big_integer("used_at"))
                    .col(big_integer("idle_until"))
                    .col(big_integer("absolute_until"))
                    .col(big_integer_null("ended_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("session_account").table("session").col("account").to_owned())
            .await
    }
}
