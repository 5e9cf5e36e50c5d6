//! A server to be measured, set up: ours on one of its databases, or the minimum.

use std::path::Path;

use anyhow::Context as _;
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

/// Where a server keeps what it knows.
#[derive(Debug)]
pub struct Home {
    /// The data folder.
    pub folder: TempDir,
    /// The database server, where it has one of its own.
    pub postgres: Option<Private>,
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
    /// Where it lives; dropped after the process.
    pub home: Home,
}

impl Home {
    /// An empty one.
    pub fn new(kind: Kind) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("xunke-bench-").tempdir()?;
        let postgres = (kind == Kind::Postgres).then(|| Private::start(Durability::Full));
        Ok(Self { folder, postgres })
    }

    /// The address of the database in PostgreSQL.
    pub fn url(&self) -> Option<String> {
        self.postgres.as_ref().map(|postgres| format!("{}/postgres", postgres.url()))
    }

    /// Starts the real server on what is here; several may run beside each other on PostgreSQL. What it prints goes to
    /// a folder of its own, `name`.
    pub fn serve(&self, program: &Path, name: &str) -> anyhow::Result<Server> {
        let place = self.folder.path().display().to_string();
        let said = self.folder.path().join(name);
        std::fs::create_dir_all(&said)?;
        let url = self.url();
        let mut arguments = vec!["serve", "--data", &place, "--log", "warn"];
        if let Some(url) = &url {
            arguments.extend(["--database-url", url]);
        }
        Server::start(program, &said, &arguments, "/readyz")
    }
}

impl Subject {
    /// Starts a server on an empty database and sets it up with so many phones.
    pub fn start(kind: Kind, program: &Path, phones: usize) -> anyhow::Result<Self> {
        let home = Home::new(kind)?;
        let (server, school) = match kind {
            Kind::Minimum => {
                let (folder, place) = (home.folder.path(), home.folder.path().display().to_string());
                let server = Server::start(program, folder, &["minimum", "--data", &place], "/healthz")?;
                (server, nobody(phones))
            }
            Kind::Sqlite | Kind::Postgres => {
                let server = home.serve(program, "node-1")?;
                let to = &mut Connection::open(&server.address)?;
                let school = school::set_up(to, &server, 1, phones)?.pop().context("a school")?;
                (server, school)
            }
        };
        Ok(Self { kind, server, school, home })
    }

    /// Ends the server, changes its database behind its back, and starts it again.
    pub fn between(
        self,
        program: &Path,
        change: impl FnOnce(&Home) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let Self { kind, server, mut school, home } = self;
        drop(server);
        change(&home)?;
        let server = home.serve(program, "node-1")?;
        school.reader = school::sign_in(&mut Connection::open(&server.address)?, &school.principal)?;
        Ok(Self { kind, server, school, home })
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
        principal: String::new(),
        reader: String::new(),
    }
}
