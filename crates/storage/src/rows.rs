//! The rows that every write brings, many a statement, as SQL of our own: the hot path of pushes.
//!
//! Built by sea-orm these three statements took a fifth of a push's processor time (measured over 20,000 visits in
//! batches of 100, `cargo run --release -p bench`): every value was cloned into an active model, and cloned again into
//! the statement. Here values are moved.

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, Value};

use crate::entity::{record, visit, write};
use crate::{StoreError, Tx};

/// Rows of a statement at most: of 20 values each, far below what a statement may bind. The statements of all numbers
/// up to here stay prepared (`db.rs`, `STATEMENTS`).
const ROWS: usize = 50;

/// A row of a table that is written often.
pub(crate) trait Row {
    /// The table and its columns, in the order of [`Row::values`].
    const INTO: &'static str;
    /// How many.
    const COLUMNS: usize;
    /// What happens if the row is there.
    const IF_THERE: &'static str;

    /// The values, by column.
    fn values(self) -> impl Iterator<Item = Value>;
}

impl Row for write::Model {
    const INTO: &'static str = "write (device, n, stream, kind, record, seq, base, saw, born, claimed, canonical, \
        body, body_hash, answer, author, received_at, clock_offset)";
    const COLUMNS: usize = 17;
    const IF_THERE: &'static str = "";

    fn values(self) -> impl Iterator<Item = Value> {
        [
            Value::from(self.device),
            self.n.into(),
            self.stream.into(),
            self.kind.into(),
            self.record.into(),
            self.seq.into(),
            self.base.into(),
            self.saw.into(),
            self.born.into(),
            self.claimed.into(),
            self.canonical.into(),
            self.body.into(),
            self.body_hash.into(),
            self.answer.into(),
            self.author.into(),
            self.received_at.into(),
            self.clock_offset.into(),
        ]
        .into_iter()
    }
}

impl Row for record::Model {
    const INTO: &'static str = "record (stream, kind, id, seq, life, author, readers, visit_date, visit_until, stamp, \
        stamps, writes, origins, fields, open_conflicts, created_at)";
    const COLUMNS: usize = 16;
    const IF_THERE: &'static str = " ON CONFLICT (stream, kind, id) DO UPDATE SET seq = excluded.seq, \
        life = excluded.life, readers = excluded.readers, visit_date = excluded.visit_date, \
        visit_until = excluded.visit_until, stamp = excluded.stamp, stamps = excluded.stamps, \
        writes = excluded.writes, origins = excluded.origins, fields = excluded.fields, open_conflicts = excluded.open_conflicts";

    fn values(self) -> impl Iterator<Item = Value> {
        [
            Value::from(self.stream),
            self.kind.into(),
            self.id.into(),
            self.seq.into(),
            self.life.into(),
            self.author.into(),
            self.readers.into(),
            self.visit_date.into(),
            self.visit_until.into(),
            self.stamp.into(),
            self.stamps.into(),
            self.writes.into(),
            self.origins.into(),
            self.fields.into(),
            self.open_conflicts.into(),
            self.created_at.into(),
        ]
        .into_iter()
    }
}

impl Row for visit::Model {
    const INTO: &'static str = "visit (stream, id, seq, inspector, date, week, period, class, planned_subject, \
        planned_teacher, observed_subject, observed_teacher, situation, verdict, submitted, withdrawn, text, \
        received_at, clock_offset, off_minutes)";
    const COLUMNS: usize = 20;
    /// The time of receipt and the clock's offset stay those of the first arrival, the inspector who made it.
    const IF_THERE: &'static str = " ON CONFLICT (stream, id) DO UPDATE SET seq = excluded.seq, date = excluded.date, \
        week = excluded.week, period = excluded.period, class = excluded.class, \
        planned_subject = excluded.planned_subject, planned_teacher = excluded.planned_teacher, \
        observed_subject = excluded.observed_subject, observed_teacher = excluded.observed_teacher, \
        situation = excluded.situation, verdict = excluded.verdict, submitted = excluded.submitted, \
        withdrawn = excluded.withdrawn, text = excluded.text, off_minutes = excluded.off_minutes";

    fn values(self) -> impl Iterator<Item = Value> {
        [
            Value::from(self.stream),
            self.id.into(),
            self.seq.into(),
            self.inspector.into(),
            self.date.into(),
            self.week.into(),
            self.period.into(),
            self.class.into(),
            self.planned_subject.into(),
            self.planned_teacher.into(),
            self.observed_subject.into(),
            self.observed_teacher.into(),
            self.situation.into(),
            self.verdict.into(),
            self.submitted.into(),
            self.withdrawn.into(),
            self.text.into(),
            self.received_at.into(),
            self.clock_offset.into(),
            self.off_minutes.into(),
        ]
        .into_iter()
    }
}

/// The statement that writes so many rows.
fn insert<R: Row>(backend: DatabaseBackend, rows: usize) -> String {
    use std::fmt::Write as _;
    let mut sql = format!("INSERT INTO {} VALUES ", R::INTO);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..R::COLUMNS {
            sql.push_str(if column == 0 { "" } else { ", " });
            match backend {
                // Writing to a String cannot fail.
                DatabaseBackend::Postgres => drop(write!(sql, "${}", row * R::COLUMNS + column + 1)),
                _ => sql.push('?'),
            }
        }
        sql.push(')');
    }
    sql.push_str(R::IF_THERE);
    sql
}

/// The statement that writes the next rows, if there are any.
fn next<R: Row>(backend: DatabaseBackend, rows: &mut (dyn Iterator<Item = R> + Send)) -> Option<Statement> {
    let mut values = Vec::with_capacity(ROWS * R::COLUMNS);
    rows.take(ROWS).for_each(|row| values.extend(row.values()));
    let sql = insert::<R>(backend, values.len() / R::COLUMNS);
    (!values.is_empty()).then(|| Statement::from_sql_and_values(backend, sql, values))
}

impl Tx {
    /// Writes rows; the next ones are made while the database writes. A row may be there but once: PostgreSQL does not
    /// update one twice in a statement.
    pub(crate) async fn put_rows<R: Row>(
        &self,
        rows: &mut (dyn Iterator<Item = R> + Send),
    ) -> Result<(), StoreError> {
        let backend = self.db.get_database_backend();
        let mut statement = next(backend, rows);
        while let Some(ready) = statement.take() {
            let following = async { next(backend, rows) };
            let (written, following) = tokio::join!(biased; self.db.execute_raw(ready), following);
            written?;
            statement = following;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<R: Row>() -> usize {
        R::INTO.split_once('(').map_or(0, |(_, columns)| columns.split(',').count())
    }

    #[test]
    fn there_is_a_mark_for_every_column() {
        assert_eq!(
            [names::<write::Model>(), names::<record::Model>(), names::<visit::Model>()],
            [write::Model::COLUMNS, record::Model::COLUMNS, visit::Model::COLUMNS]
        );
        let sql = insert::<write::Model>(DatabaseBackend::Postgres, 2);
        assert!(sql.contains("$17), ($18") && sql.ends_with("$34)"), "{sql}");
        assert_eq!(insert::<visit::Model>(DatabaseBackend::Sqlite, 3).matches('?').count(), 60);
    }
}
