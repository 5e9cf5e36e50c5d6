//! Posted editions: their chain over a term, and whether they were withdrawn from the public.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, integer_null, string_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in [
            string_null("term"),
            integer_null("place"),
            big_integer_null("withdrawn_at"),
            string_null("withdrawn_why"),
        ] {
            manager.alter_table(Table::alter().table("edition").add_column(column).to_owned()).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("edition_term")
                    .table("edition")
                    .col("stream")
                    .col("term")
                    .col("place")
                    .unique()
                    .to_owned(),
            )
            .await
    }
}
