//! Settings: from flags, environment and a file, in this order; an unknown one stops the start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;

/// Where everything lies that the server keeps; other commands need no more of the settings.
#[derive(Args, Clone, Debug, Default)]
pub struct PlaceFlags {
    /// Settings file (TOML), for example `listen = "0.0.0.0:8080"`; an unknown setting stops the start
    #[arg(long, env = "XUNKE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder for the database, the key file and the lock [default: data]
    #[arg(long, env = "XUNKE_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Database: `sqlite://…` or `postgres://…` [default: xunke.db in the data folder]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Key file; several nodes on one PostgreSQL share one [default: keys.json in the data folder]
    #[arg(long, env = "XUNKE_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// Where and how the server runs. Every setting can also stand in the file under the same name.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Where everything lies.
    #[command(flatten)]
    pub place: PlaceFlags,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "XUNKE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Database connections [default: 6]
    #[arg(long, env = "XUNKE_CONNECTIONS", value_name = "NUMBER")]
    pub connections: Option<u32>,
    /// Serve plain HTTP beyond this machine: only behind a proxy that speaks TLS
    #[arg(long, env = "XUNKE_INSECURE_HTTP", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub insecure_http: Option<bool>,
    /// How much to log: error, warn, info, debug [default: info]
    #[arg(long, env = "XUNKE_LOG", value_name = "LEVEL")]
    pub log: Option<String>,
}

/// The settings file: the same names as the flags.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the fields are the names of settings")]
struct File {
    listen: Option<SocketAddr>,
    data: Option<PathBuf>,
    database_url: Option<String>,
    key_file: Option<PathBuf>,
    connections: Option<u32>,
    insecure_http: Option<bool>,
    log: Option<String>,
}

/// Where everything lies that the server keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Database.
    pub database_url: String,
    /// Key file.
    pub key_file: PathBuf,
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Database.
    pub database_url: String,
    /// Key file.
    pub key_file: PathBuf,
    /// Database connections.
    pub connections: u32,
    /// Plain HTTP beyond this machine.
    pub insecure_http: bool,
    /// How much to log.
    pub log: String,
}

/// Settings of the environment; anything else that begins with `XUNKE_` is a mistake.
const ENVIRONMENT: [&str; 7] = [
    "XUNKE_CONFIG",
    "XUNKE_LISTEN",
    "XUNKE_DATA",
    "XUNKE_KEY_FILE",
    "XUNKE_CONNECTIONS",
    "XUNKE_INSECURE_HTTP",
    "XUNKE_LOG",
];

impl Place {
    /// Puts flags, environment and file together; makes the data folder.
    pub fn read(flags: PlaceFlags) -> anyhow::Result<Self> {
        Ok(place(flags)?.0)
    }
}

impl Config {
    /// Puts flags, environment and file together; makes the data folder.
    pub fn read(flags: Flags) -> anyhow::Result<Self> {
        let (Place { database_url, key_file }, file) = place(flags.place)?;
        let config = Self {
            listen: flags.listen.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            database_url,
            key_file,
            connections: flags.connections.or(file.connections).unwrap_or(6),
            insecure_http: flags.insecure_http.or(file.insecure_http).unwrap_or(false),
            log: flags.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
        };
        anyhow::ensure!(
            config.listen.ip().is_loopback() || config.insecure_http,
            "passwords do not travel in plain text: listen on 127.0.0.1 behind a proxy that speaks TLS, or say \
             `--insecure-http` if one stands before this address"
        );
        anyhow::ensure!((1..=200).contains(&config.connections), "1 to 200 connections");
        Ok(config)
    }
}

/// The place, and what else the settings file says.
fn place(flags: PlaceFlags) -> anyhow::Result<(Place, File)> {
    let known = |name: &String| ENVIRONMENT.contains(&name.as_str());
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let stray = names.into_iter().find(|name| name.starts_with("XUNKE_") && !known(name));
    if let Some(name) = stray {
        anyhow::bail!("there is no setting `{name}`; see `xunke serve --help`");
    }
    let file = flags.config.as_deref().map(file).transpose()?.unwrap_or_default();
    let data = flags.data.or_else(|| file.data.clone()).unwrap_or_else(|| PathBuf::from("data"));
    std::fs::create_dir_all(&data).with_context(|| format!("the data folder {}", data.display()))?;
    let database_url = flags.database_url.or_else(|| file.database_url.clone());
    let database_url =
        database_url.unwrap_or_else(|| format!("sqlite://{}", data.join("xunke.db").display()));
    let key_file = flags.key_file.or_else(|| file.key_file.clone()).unwrap_or_else(|| data.join("keys.json"));
    let sqlite = database_url.starts_with("sqlite:");
    let postgres = ["postgres:", "postgresql:"].iter().any(|scheme| database_url.starts_with(scheme));
    anyhow::ensure!(sqlite || postgres, "the database is `sqlite://…` or `postgres://…`");
    Ok((Place { database_url, key_file }, file))
}

fn file(path: &Path) -> anyhow::Result<File> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("the settings file {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("the settings file {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::Command;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        flags: Flags,
    }

    /// What a start with these flags, this environment and this file comes to: the settings or the refusal.
    fn start(flags: &str, environment: &[(&str, &str)], file: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xunke.toml");
        std::fs::write(&path, file).unwrap();
        // The environment belongs to a process, so each start has one.
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["config::tests::in_a_process_of_its_own", "--exact", "--ignored", "--nocapture"])
            .env_clear()
            .envs(environment.iter().copied())
            .env("FLAGS", format!("--data={} --config={} {flags}", folder.path().display(), path.display()))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines()
            .find(|line| line.starts_with("started") || line.starts_with("refused"))
            .unwrap()
            .to_owned()
    }

    #[test]
    #[ignore = "the others run it with an environment"]
    fn in_a_process_of_its_own() {
        let flags = std::env::var("FLAGS").unwrap_or_default();
        let cli = Cli::try_parse_from(["xunke"].into_iter().chain(flags.split_whitespace()));
        let read = cli.map_err(anyhow::Error::from).and_then(|cli| Config::read(cli.flags));
        let said = match read {
            Ok(config) => format!("started {config:?}"),
            Err(error) => format!("refused {}", format!("{error:#}").replace('\n', " ")),
        };
        writeln!(std::io::stdout(), "\n{said}").unwrap();
    }

    #[test]
    fn an_unknown_setting_stops_the_start() {
        assert!(start("", &[], "").starts_with("started"));
        for (flags, environment, file, named) in [
            ("", &[][..], "lisen = \"127.0.0.1:80\"", "lisen"),
            ("", &[("XUNKE_LISEN", "127.0.0.1:80")], "", "XUNKE_LISEN"),
            ("--lisen=127.0.0.1:80", &[], "", "--lisen"),
            ("", &[], "listen = 80", "listen"),
            ("", &[("XUNKE_LISTEN", "everywhere")], "", "everywhere"),
            ("", &[("XUNKE_CONNECTIONS", "0")], "", "connections"),
            ("--database-url=mysql://localhost/xunke", &[], "", "database"),
        ] {
            let said = start(flags, environment, file);
            assert!(said.starts_with("refused") && said.contains(named), "{said}");
        }
    }

    #[test]
    fn flags_beat_the_environment_and_the_environment_beats_the_file() {
        let file = "connections = 3\nlog = \"warn\"\ninsecure_http = true";
        let environment = [("XUNKE_CONNECTIONS", "4"), ("XUNKE_INSECURE_HTTP", "false")];
        let says = |flags: &str, environment: &[(&str, &str)], file: &str, what: &str| {
            let said = start(flags, environment, file);
            assert!(said.contains(what), "{what}: {said}");
        };

        says("", &[], "", "connections: 6, insecure_http: false, log: \"info\"");
        says("", &[], file, "connections: 3, insecure_http: true, log: \"warn\"");
        says("", &environment, file, "connections: 4, insecure_http: false, log: \"warn\"");
        let flags = "--connections=5 --insecure-http";
        says(flags, &environment, file, "connections: 5, insecure_http: true, log: \"warn\"");
    }

    #[test]
    fn passwords_do_not_leave_the_machine_in_plain_text_unasked() {
        let everywhere = "--listen=0.0.0.0:8080";

        assert!(start(everywhere, &[], "").starts_with("refused passwords do not travel in plain text"));
        assert!(start("--listen=[::]:8080", &[], "insecure_http = false").starts_with("refused"));
        for (flags, environment, file) in [
            ("--listen=0.0.0.0:8080 --insecure-http", &[][..], ""),
            (everywhere, &[("XUNKE_INSECURE_HTTP", "true")], ""),
            (everywhere, &[], "insecure_http = true"),
            ("--listen=127.0.0.1:8080", &[], ""),
            ("--listen=[::1]:8080", &[], ""),
        ] {
            let said = start(flags, environment, file);
            assert!(said.starts_with("started"), "{said}");
        }
    }
}
