//! The database's shape, one step a file, forward only (style, "Migrations go forward").
//!
//! Conventions: instants are milliseconds since 1970 (`*_at`, bigint), since `timestamptz` would cut
//! nanoseconds on one back end and not on the other; dates are ISO text; JSON is text, spliced into
//! answers as it stands; devices are their 16 hexadecimal digits.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::{MigrationTrait, async_trait};

mod m0001_people;
mod m0002_sessions;
mod m0003_streams;
mod m0004_disagreements;
mod m0005_visits;
mod m0006_editions;
mod m0007_feedback;
mod m0008_audit;
mod m0009_last_writes;
mod m0010_indexes;
mod m0011_change_count;
mod m0012_posting;
mod m0013_published_weeks;
mod m0014_schedule;
mod m0016_objections;

/// All steps, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Migration),
            Box::new(m0002_sessions::Migration),
            Box::new(m0003_streams::Migration),
            Box::new(m0004_disagreements::Migration),
            Box::new(m0005_visits::Migration),
            Box::new(m0006_editions::Migration),
            Box::new(m0007_feedback::Migration),
            Box::new(m0008_audit::Migration),
            Box::new(m0009_last_writes::Migration),
            Box::new(m0010_indexes::Migration),
            Box::new(m0011_change_count::Migration),
            Box::new(m0012_posting::Migration),
            Box::new(m0013_published_weeks::Migration),
            Box::new(m0014_schedule::Migration),
            Box::new(m0016_objections::Migration),
        ]
    }
}
