//! Districts, accounts and what each person may do where, from when to when.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string, string_null, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("district")
                    .col(uuid("id").primary_key())
                    .col(string("name"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("account")
                    .col(uuid("id").primary_key())
                    .col(string("login").unique_key())
                    .col(string("name"))
                    .col(string_null("password_hash"))
                    .col(string_null("reset_hash"))
                    .col(big_integer_null("reset_until"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("disabled_at"))
                    .col(big_integer("version"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("membership")
                    .col(uuid("id").primary_key())
                    .col(uuid("account"))
                    .col(string("role"))
                    .col(uuid("district"))
                    .col(boolean("whole_district"))
                    .col(string("valid_from"))
                    .col(string_null("valid_to"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("membership_account").table("membership").col("account").to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("membership_school")
                    .col(uuid("membership"))
                    .col(uuid("school"))
                    .primary_key(Index::create().col("membership").col("school"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("membership_school_school")
                    .table("membership_school")
                    .col("school")
                    .to_owned(),
            )
            .await
    }
}
