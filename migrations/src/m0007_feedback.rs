//! Private feedback to the teacher of a visited lesson (sent, seen, answered, contested).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text, text_null, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("feedback")
                    .col(uuid("id").primary_key())
                    .col(uuid("stream"))
                    .col(uuid("visit"))
                    .col(uuid("teacher"))
                    .col(string("state"))
                    .col(text("text"))
                    .col(uuid("sent_by"))
                    .col(big_integer("sent_at"))
                    .col(big_integer_null("seen_at"))
                    .col(text_null("answer"))
                    .col(big_integer_null("answered_at"))
                    .col(big_integer("version"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("feedback_visit")
                    .table("feedback")
                    .col("stream")
                    .col("visit")
                    .to_owned(),
            )
            .await
    }
}
