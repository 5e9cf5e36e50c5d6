//! A server to be measured, set up: ours on one of its databases, or the minimum.

use std::path::Path;

use e2e::postgres::{Durability, Private};
use tempfile::TempDir;

use crate::child::Server;
use crate::http::Connection;
use crate::school::{self, School};
use crate::visits::{Dice, Names};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ours on SQLite.
    Sqlite,
    /// Ours on PostgreSQL.
    Postgres,
    /// The hand-written minimum on SQLite.
    Minimum,
}

impl Kind {
    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "xunke on SQLite",
            Self::Postgres => "xunke on PostgreSQL",
            Self::Minimum => "minimum",
        }
    }
}

/// A running server with a school and phones.
#[derive(Debug)]
pub struct Subject {
    /// Which.
    pub kind: Kind,
    /// The process.
    pub server: Server,
    /// The school.
    pub school: School,
    _postgres: Option<Private>,
    _folder: TempDir,
}

impl Subject {
    /// Starts a server on an empty database and sets it up with so many phones.
    pub fn start(kind: Kind, program: &Path, phones: usize) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("xunke-bench-").tempdir()?;
        let place = folder.path().display().to_string();
        let postgres = (kind == Kind::Postgres).then(|| Private::start(Durability::Full));
        let url = postgres.as_ref().map(|postgres| format!("{}/postgres", postgres.url()));
        let (server, school) = match kind {
            Kind::Minimum => {
                let server =
                    Server::start(program, folder.path(), &["minimum", "--data", &place], "/healthz")?;
                (server, nobody(phones))
            }
            Kind::Sqlite | Kind::Postgres => {
                let mut arguments = vec!["serve", "--data", &place, "--log", "warn"];
                if let Some(url) = &url {
                    arguments.extend(["--database-url", url]);
                }
                let server = Server::start(program, folder.path(), &arguments, "/readyz")?;
                let school = school::set_up(&mut Connection::open(&server.address)?, &server, phones)?;
                (server, school)
            }
        };
        Ok(Self { kind, server, school, _postgres: postgres, _folder: folder })
    }
}

/// The minimum knows nobody: any name will do.
fn nobody(phones: usize) -> School {
    let mut dice = Dice::new(7);
    let mut names = |many: usize| (0..many).map(|_| dice.id(1_790_000_000_000).to_string()).collect();
    School {
        stream: "0199d0a1-0000-7000-8000-000000000000".to_owned(),
        names: Names { classes: names(24), subjects: names(12), teachers: names(60) },
        phones: (1..=phones)
            .map(|number| school::Phone { device: format!("{number:016x}"), token: String::new() })
            .collect(),
        reader: String::new(),
    }
}
