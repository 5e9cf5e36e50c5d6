//! Many visits without a push each: SQL that copies the rows which real pushes left, under new ids, numbers and dates.
//! What differs between the databases is said in [`Dialect`]; the copies are the same.

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};
use xunke_domain::week::Week;

/// Visits of one day: a week's log has 700 however many visits there are, as in a school that grows old.
pub(super) const A_DAY: usize = 100;

/// How a database says what the other says otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// Numbers from 0 as `series(number)`, up to `$last`.
    series: &'static str,
    /// Twelve hexadecimal digits of `millis`.
    hex: &'static str,
    /// A new id of `millis` with version and variant of `template.id`.
    id: &'static str,
    /// Before the first and after the last statement.
    begin: &'static str,
    end: &'static str,
}

/// SQLite; the copies are worth no sync of the disk.
pub(super) const SQLITE: Dialect = Dialect {
    series: "WITH RECURSIVE series(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM series WHERE number < $last)",
    hex: "printf('%012x', millis)",
    id: "unhex(printf('%012x', millis) || substr(hex(template.id), 13, 6) || hex(randomblob(7)))",
    begin: "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA temp_store = FILE; BEGIN;",
    end: "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);",
};

/// PostgreSQL; cleaned and analysed as it would be by itself before long.
pub(super) const POSTGRES: Dialect = Dialect {
    series: "WITH series(number) AS (SELECT * FROM generate_series(0::bigint, $last))",
    hex: "lpad(to_hex(millis), 12, '0')",
    id: "(lpad(to_hex(millis), 12, '0') || substr(replace(template.id::text, '-', ''), 13, 6) || \
         substr(md5(random()::text || number), 1, 14))::uuid",
    begin: "SET synchronous_commit = off; SET work_mem = '256MB'; BEGIN;",
    end: "COMMIT; VACUUM ANALYZE record; VACUUM ANALYZE write; VACUUM ANALYZE visit; CHECKPOINT;",
};

/// The SQL that adds so many visits of the days before `today` to what is there, the oldest first. The visits that are
/// there must have been written once each.
pub(super) fn script(dialect: &Dialect, visits: usize, today: NaiveDate) -> String {
    let Dialect { series, hex, id, begin, end } = dialect;
    let series = series.replace("$last", &(visits.max(1) - 1).to_string());
    let days = visits.div_ceil(A_DAY);
    let mut sql = format!(
        "{begin}
        CREATE TEMPORARY TABLE day (place BIGINT PRIMARY KEY, date TEXT, week TEXT, millis BIGINT);\n"
    );
    for (place, back) in (0..days).zip((1..=days).rev()) {
        let date = today - Days::new(u64::try_from(back).unwrap_or(1));
        let (week, millis) =
            (Week::of(date), date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis());
        // Writing to a String cannot fail.
        let _ = writeln!(sql, "INSERT INTO day VALUES ({place}, '{date}', '{week}', {millis});");
    }
    let _ = writeln!(
        sql,
        r#"CREATE TEMPORARY TABLE template AS SELECT write.record AS id, write.stream, write.device, write.n, visit.date,
            row_number() OVER (ORDER BY write.seq) - 1 AS place,
            count(*) OVER () AS templates, count(*) OVER (PARTITION BY write.device) AS own
            FROM write JOIN visit ON visit.stream = write.stream AND visit.id = write.record;
        CREATE TEMPORARY TABLE copy AS {series}
            SELECT template.id AS template, template.stream, template.device, template.date AS was, day.date, day.week,
                {id} AS id, (SELECT MAX(head) FROM school) + 1 + number AS seq,
                template.n + template.own * (1 + number / template.templates) AS n,
                {hex} || '-0000-' || template.device AS stamp
            FROM series JOIN template ON template.place = number % (SELECT MAX(templates) FROM template)
                JOIN day ON day.place = number / {A_DAY};
        INSERT INTO record (stream, kind, id, seq, life, author, readers, visit_date, visit_until, stamp, stamps, writes,
                origins, fields, open_conflicts, created_at)
            SELECT old.stream, old.kind, copy.id, copy.seq, old.life, old.author, old.readers, copy.date, copy.date,
                copy.stamp, old.stamps, '{{"' || copy.device || '":' || copy.n || '}}',
                '{{"":[' || copy.seq || ',' || copy.n || ']}}',
                replace(old.fields, '"date":"' || copy.was || '"', '"date":"' || copy.date || '"'),
                old.open_conflicts, old.created_at
            FROM copy JOIN record old ON old.stream = copy.stream AND old.kind = 'visit' AND old.id = copy.template
            ORDER BY copy.seq;
        INSERT INTO write (device, n, stream, kind, record, seq, base, saw, born, claimed, canonical, body, body_hash,
                answer, author, received_at, clock_offset)
            SELECT old.device, copy.n, old.stream, old.kind, copy.id, copy.seq, old.base, old.saw, old.born, copy.stamp,
                copy.stamp, replace(old.body, '"date":"' || copy.was || '"', '"date":"' || copy.date || '"'),
                old.body_hash, '{{"n":' || copy.n || ',"outcome":"applied","seq":' || copy.seq || '}}', old.author,
                old.received_at, old.clock_offset
            FROM copy JOIN write old ON old.stream = copy.stream AND old.record = copy.template
                AND old.seq < (SELECT MIN(seq) FROM copy)
            ORDER BY copy.seq;
        INSERT INTO visit (stream, id, seq, inspector, date, week, period, class, planned_subject, planned_teacher,
                observed_subject, observed_teacher, situation, verdict, submitted, withdrawn, text, received_at,
                clock_offset, off_minutes)
            SELECT old.stream, copy.id, copy.seq, old.inspector, copy.date, copy.week, old.period, old.class,
                old.planned_subject, old.planned_teacher, old.observed_subject, old.observed_teacher, old.situation,
                old.verdict, old.submitted, old.withdrawn, old.text, old.received_at, old.clock_offset, old.off_minutes
            FROM copy JOIN visit old ON old.stream = copy.stream AND old.id = copy.template
            ORDER BY copy.seq;
        UPDATE device SET
            latest_n = (SELECT MAX(write.n) FROM write WHERE write.device = device.id),
            arrived = (SELECT MAX(write.n) FROM write WHERE write.device = device.id)
            WHERE id IN (SELECT device FROM template);
        UPDATE school SET head = (SELECT MAX(seq) FROM copy) WHERE id IN (SELECT stream FROM template);
        DROP TABLE copy; DROP TABLE template; DROP TABLE day;
        {end}"#
    );
    sql
}
