//! Conflicts between writes, and writes that people must look at (protocol, section 8).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, string, string_null, text, text_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("conflict")
                    .col(uuid("id").primary_key())
                    .col(uuid("stream"))
                    .col(string("kind"))
                    .col(uuid("record"))
                    .col(string("path"))
                    .col(text("standing"))
                    .col(text("arrived"))
                    .col(big_integer("opened_at"))
                    .col(big_integer("opened_seq"))
                    .col(big_integer_null("settled_at"))
                    .col(big_integer_null("settled_seq"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("conflict_stream")
                    .table("conflict")
                    .col("stream")
                    .col("settled_at")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("conflict_record")
                    .table("conflict")
                    .col("stream")
                    .col("record")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("held_write")
                    .col(uuid("id").primary_key())
                    .col(uuid_null("stream"))
                    .col(string("device"))
                    .col(big_integer("n"))
                    .col(uuid("author"))
                    .col(string("reason"))
                    .col(string_null("pointer"))
                    .col(string("detail"))
                    .col(text("body"))
                    .col(string("state"))
                    .col(big_integer("received_at"))
                    .col(uuid_null("decided_by"))
                    .col(big_integer_null("decided_at"))
                    .col(text_null("decision"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("held_stream").table("held_write").col("stream").col("state").to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("held_author").table("held_write").col("author").to_owned())
            .await
    }
}
