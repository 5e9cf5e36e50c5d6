//! What a teacher's objection is to, what was decided on it, by whom and when.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string_null, text_null, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in [
            // What was contested: the visit as it was then.
            big_integer_null("contested_seq"),
            string_null("contested_verdict"),
            text_null("decision"),
            uuid_null("decided_by"),
            big_integer_null("decided_at"),
        ] {
            manager.alter_table(Table::alter().table("feedback").add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
