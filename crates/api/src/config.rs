//! Settings: from flags, environment and a file, in this order; an unknown one stops the start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;

/// Where and how the server runs. Every setting can also stand in the file under the same name.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Settings file (TOML), for example `listen = "0.0.0.0:8080"`; an unknown setting stops the start
    #[arg(long, env = "XUNKE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "XUNKE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Folder for the database, the key file and the lock [default: data]
    #[arg(long, env = "XUNKE_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Database: `sqlite://…` or `postgres://…` [default: xunke.db in the data folder]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Key file; several nodes on one PostgreSQL share one [default: keys.json in the data folder]
    #[arg(long, env = "XUNKE_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Database connections [default: 6]
    #[arg(long, env = "XUNKE_CONNECTIONS", value_name = "NUMBER")]
    pub connections: Option<u32>,
    /// Serve plain HTTP beyond this machine: only behind a proxy that speaks TLS
    #[arg(long, env = "XUNKE_INSECURE_HTTP")]
    pub insecure_http: bool,
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

impl Config {
    /// Puts flags, environment and file together; makes the data folder.
    pub fn read(flags: Flags) -> anyhow::Result<Self> {
        let known = |name: &String| ENVIRONMENT.contains(&name.as_str());
        let stray =
            std::env::vars().map(|(name, _)| name).find(|name| name.starts_with("XUNKE_") && !known(name));
        if let Some(name) = stray {
            anyhow::bail!("there is no setting `{name}`; see `xunke serve --help`");
        }
        let file = flags.config.as_deref().map(file).transpose()?.unwrap_or_default();
        let data = flags.data.or(file.data).unwrap_or_else(|| PathBuf::from("data"));
        std::fs::create_dir_all(&data).with_context(|| format!("the data folder {}", data.display()))?;
        let database_url = flags.database_url.or(file.database_url);
        let config = Self {
            listen: flags.listen.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            database_url: database_url
                .unwrap_or_else(|| format!("sqlite://{}", data.join("xunke.db").display())),
            key_file: flags.key_file.or(file.key_file).unwrap_or_else(|| data.join("keys.json")),
            connections: flags.connections.or(file.connections).unwrap_or(6),
            insecure_http: flags.insecure_http || file.insecure_http.unwrap_or(false),
            log: flags.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
        };
        anyhow::ensure!(
            config.listen.ip().is_loopback() || config.insecure_http,
            "passwords do not travel in plain text: listen on 127.0.0.1 behind a proxy that speaks TLS, or say \
             `--insecure-http` if one stands before this address"
        );
        let sqlite = config.database_url.starts_with("sqlite:");
        let postgres =
            ["postgres:", "postgresql:"].iter().any(|scheme| config.database_url.starts_with(scheme));
        anyhow::ensure!(sqlite || postgres, "the database is `sqlite://…` or `postgres://…`");
        anyhow::ensure!((1..=200).contains(&config.connections), "1 to 200 connections");
        Ok(config)
    }
}

fn file(path: &Path) -> anyhow::Result<File> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("the settings file {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("the settings file {}", path.display()))
}
