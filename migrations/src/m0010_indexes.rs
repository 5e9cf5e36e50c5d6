//! Indexes for what grows: the visits of a week in the order they are read, and the people of a whole district.
//!
//! A week's visits are asked for by id. While the index of weeks did not have the ids, SQLite rather went through all
//! visits of the school in their order; and a list of weeks looked every visit up to see whether it was submitted.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("visit_week").table("visit").to_owned()).await?;
        manager
            .create_index(
                Index::create()
                    .name("visit_week")
                    .table("visit")
                    .col("stream")
                    .col("week")
                    .col("id")
                    .col("submitted")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("membership_district")
                    .table("membership")
                    .col("district")
                    .col("whole_district")
                    .to_owned(),
            )
            .await
    }
}
