//! A district's page over many schools and 20 weeks, the rows of which are put straight into the database. Neither visits
//! nor editions are read for it, so there are none of the former and the latter are small.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use xunke_domain::district::{Counted, FIGURES, ProblemCount, WeekFigures};
use xunke_domain::week::Week;

use crate::growth::psql;
use crate::http::{Connection, request};
use crate::school::{PASSWORD, today};
use crate::subject::{Home, Kind, Subject};
use crate::visits::Dice;

/// Weeks of a semester; the longest span there is.
const WEEKS: u32 = 20;
/// How often each question is asked after the first time.
const TIMES: usize = 20;
/// Visits of a school in a week: 500 schools have 2 million in 20 weeks.
const VISITS: u32 = 200;

/// How long something took, milliseconds.
#[derive(Clone, Debug)]
pub struct Timed {
    /// What was asked.
    pub what: &'static str,
    /// The first time: nothing is kept of the schools yet.
    pub first: f64,
    /// The middle one of those after it.
    pub middle: f64,
    /// The slowest of them.
    pub slowest: f64,
    /// How long the answer is.
    pub bytes: usize,
}

/// Asks for the district as JSON and as a page, over 20 weeks and over 4.
pub fn run(program: &Path, kind: Kind, schools: usize) -> anyhow::Result<Vec<Timed>> {
    ensure!(kind != Kind::Minimum, "the minimum has no districts");
    let subject = Subject::start(kind, program, 0)?;
    let subject = subject.between(program, |home| grow(home, schools))?;
    let Subject { server, school, .. } = &subject;
    let to = &mut Connection::open(&server.address)?;
    let districts = to.json(&request("GET", "/api/v1/districts", &school.reader, "", b""), 200)?;
    let district = districts["items"][0]["id"].as_str().context("a district")?.to_owned();
    let cookie = cookie(&server.address, &school.principal)?;
    let json = |weeks: u32| {
        let path = format!("/api/v1/districts/{district}/overview?weeks={weeks}");
        request("GET", &path, &school.reader, "", b"")
    };
    let page = |weeks: u32| {
        let path = format!("/districts/{district}?weeks={weeks}");
        format!("GET {path} HTTP/1.1\r\nhost: xunke\r\ncookie: {cookie}\r\n\r\n").into_bytes()
    };
    // The page first: it meets a server that knows nothing of the schools yet.
    let asked = [
        ("page of 20 weeks", page(WEEKS)),
        ("JSON of 20 weeks", json(WEEKS)),
        ("page of 4 weeks", page(4)),
        ("JSON of 4 weeks", json(4)),
    ];
    asked.into_iter().map(|(what, asked)| timed(to, what, &asked, schools)).collect()
}

fn timed(to: &mut Connection, what: &'static str, asked: &[u8], schools: usize) -> anyhow::Result<Timed> {
    let mut took = Vec::new();
    for _ in 0..=TIMES {
        let answer = to.exchange(asked)?;
        ensure!(answer.status == 200, "{what}: answered {}", answer.status);
        took.push(answer.took);
    }
    let told = String::from_utf8_lossy(&to.body).matches("benchmark-school-").count();
    ensure!(told + 1 >= schools, "{what}: {told} of {schools} schools are told");
    let millis = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let (first, rest) = took.split_at_mut(1);
    rest.sort_unstable();
    Ok(Timed {
        what,
        first: millis(first.first()),
        middle: millis(rest.get(rest.len() / 2)),
        slowest: millis(rest.last()),
        bytes: to.body.len(),
    })
}

/// Signs in with a form; gives the cookie.
fn cookie(address: &str, login: &str) -> anyhow::Result<String> {
    let password = PASSWORD.bytes().fold(String::new(), |mut encoded, byte| {
        // Writing to a String cannot fail.
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    });
    let body = format!("login={login}&password={password}");
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nhost: xunke\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("a cookie")?;
    Ok(set.split(';').next().unwrap_or_default().to_owned())
}

fn grow(home: &Home, schools: usize) -> anyhow::Result<()> {
    match home.url() {
        None => {
            let database = rusqlite::Connection::open(home.folder.path().join("xunke.db"))?;
            // Piece by piece: SQLite copies what is left of a script with each statement.
            for piece in script(schools, |id| format!("X'{id:032x}'"))? {
                database.execute_batch(&piece)?;
            }
            Ok(())
        }
        Some(url) => {
            let script = script(schools, |id| format!("'{id:032x}'::uuid"))?;
            psql(&url, &script.concat()).map(drop)
        }
    }
}

/// The SQL that adds the schools with a semester each and their published weeks, and makes the principal of the one that
/// is there the supervisor of all; a piece a school.
fn script(schools: usize, uuid: impl Fn(u128) -> String) -> anyhow::Result<Vec<String>> {
    let begin = String::from(
        "BEGIN;\nUPDATE membership SET role = 'supervisor', whole_district = true WHERE role = 'principal';\n\
         CREATE TEMPORARY TABLE pattern AS SELECT * FROM school;\n\
         CREATE TEMPORARY TABLE calendar AS SELECT * FROM record WHERE kind IN ('semester', 'calendar_day');\n",
    );
    let mut script = vec![begin];
    let mut dice = Dice::new(11);
    for number in 1..schools {
        let mut sql = String::new();
        let id = uuid(0x0199_d0a1_0000_7000_8000_0000_0000_0000 + u128::try_from(number)?);
        write!(
            sql,
            "INSERT INTO school (id, district, name, code, head, book_seq, created_at)
                SELECT {id}, district, 'benchmark-school-{number}', NULL, head, book_seq, created_at FROM pattern;
            INSERT INTO record (stream, kind, id, seq, life, author, readers, visit_date, visit_until, stamp, stamps,
                    writes, origins, fields, open_conflicts, created_at)
                SELECT {id}, kind, id, seq, life, author, readers, visit_date, visit_until, stamp, stamps, writes,
                    origins, fields, open_conflicts, created_at FROM calendar;\n"
        )?;
        for back in 1..=WEEKS {
            let week = Week::of(today()).back(back);
            let at =
                week.monday().and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis() + 7 * 86_400_000;
            let figures = serde_json::to_string(&figures(&mut dice))?;
            write!(
                sql,
                "INSERT INTO edition (stream, week, number, hash, bytes, public_bytes, published_by, published_at, head,
                        superseded_by_changes)
                    SELECT {id}, '{week}', 1, '{hash}', '{{}}', '{{}}', {id}, {at}, 1, false FROM pattern;
                INSERT INTO published_week (district, week, stream, number, hash, published_at, first_published_at,
                        withdrawn, version, figures)
                    SELECT district, '{week}', {id}, 1, '{hash}', {at}, {at}, false, {FIGURES}, '{figures}' FROM pattern;\n",
                hash = "0".repeat(64)
            )?;
        }
        script.push(sql);
    }
    script.push("COMMIT;\n".to_owned());
    Ok(script)
}

/// A week's figures with 10 categories of problems, more than most schools find.
fn figures(dice: &mut Dice) -> WeekFigures {
    let mut up_to = |most: u32| {
        let sides = usize::try_from(most).unwrap_or(0) + 1;
        u32::try_from(dice.roll(sides)).unwrap_or_default()
    };
    let counted = |k: u32, n: u32| Counted { k, n };
    let kept = 170 + up_to(20);
    let displaced = up_to(190 - kept);
    let codes = ["TT01", "TT05", "TB01", "TB05", "TP01", "TP04", "ST01", "ST02", "HW01", "EN01"];
    let problem =
        |code: &str| (code.to_owned(), ProblemCount { name: "问题类别".to_owned(), severity: 2, count: 1 });
    WeekFigures {
        visits: VISITS,
        slots: 190,
        coverage: counted(190, 688),
        consistency: counted(kept, 190),
        displacement: counted(displaced, 190),
        good: counted(500 + up_to(200), 800),
        highlights: up_to(40),
        improvements: up_to(20),
        notices: Some(up_to(2)),
        problems: codes.map(problem).into(),
    }
}
