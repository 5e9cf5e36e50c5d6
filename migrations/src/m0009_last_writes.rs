//! What each record has taken in and each write had seen, by the numbers of writes (protocol, section 2.3).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let writes = Table::alter().table("record").add_column(text("writes").default("{}")).to_owned();
        manager.alter_table(writes).await?;
        // A column a statement: SQLite adds no more.
        for column in ["saw", "born"] {
            let added = Table::alter().table("write").add_column(text_null(column)).to_owned();
            manager.alter_table(added).await?;
        }
        Ok(())
    }
}
