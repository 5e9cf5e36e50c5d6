//! The visits projection: what is asked of visits, kept in the transaction of their records.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string_null, text, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("visit")
                    .col(uuid("stream"))
                    .col(uuid("id"))
                    .col(big_integer("seq"))
                    .col(uuid("inspector"))
                    .col(string_null("date"))
                    .col(string_null("week"))
                    .col(string_null("period"))
                    .col(uuid_null("class"))
                    .col(uuid_null("planned_subject"))
                    .col(uuid_null("planned_teacher"))
                    .col(uuid_null("observed_subject"))
                    .col(uuid_null("observed_teacher"))
                    .col(string_null("situation"))
                    .col(string_null("verdict"))
                    .col(boolean("submitted"))
                    .col(boolean("withdrawn"))
                    .col(text("text"))
                    .col(big_integer("received_at"))
                    .col(big_integer_null("clock_offset"))
                    .col(big_integer_null("off_minutes"))
                    .primary_key(Index::create().col("stream").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("visit_week").table("visit").col("stream").col("week").to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("visit_date").table("visit").col("stream").col("date").to_owned(),
            )
            .await
    }
}
