//! From settings to a running server.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;
use xunke_storage::gather::Gatherer;
use xunke_storage::{Claim, Settings, Store};
use xunke_sync::limits::Limits;

use crate::app::{App, Heads, Inner};
use crate::auth::callers::Callers;
use crate::auth::keys::Keys;
use crate::auth::password::Passwords;
use crate::auth::throttle::Throttle;
use crate::auth::token;
use crate::config::Config;
use crate::scheduler;
use crate::server;
use crate::shared::SharedPages;
use crate::turns::Turns;
use crate::world::{Chance, Clock, SystemClock};

/// What stays the same whether the machine's time and chance are used or a test's.
#[derive(Debug)]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub chance: Chance,
    /// Signs and seals.
    pub keys: Keys,
    /// Whether passwords are hashed with little work; for tests.
    pub light_passwords: bool,
}

/// Opens the database and puts the application together.
pub async fn open(url: &str, connections: u32, world: World) -> anyhow::Result<App> {
    let World { clock, chance, keys, light_passwords } = world;
    let process = Uuid::from_bytes(chance.bytes());
    let settings = Settings { url: url.to_owned(), connections, process };
    let store = Arc::new(Store::open(&settings).await.context("the database")?);
    Ok(App::new(Inner {
        gatherer: Gatherer::start(Arc::clone(&store)),
        store,
        clock,
        chance,
        keys,
        passwords: Passwords::new(light_passwords)?,
        throttle: Throttle::default(),
        limits: Limits::default(),
        callers: Callers::default(),
        heads: Heads::default(),
        pages: SharedPages::default(),
        turns: Turns::default(),
    }))
}

/// Letters and digits that are not mistaken for each other; 12 of 31 are about 59 bits.
const LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// A new set-up code, if nobody can sign in yet. Kept as a hash; shown once.
pub async fn setup_code(app: &App) -> anyhow::Result<Option<String>> {
    if app.store.read().has_accounts().await? {
        return Ok(None);
    }
    let mut code = String::new();
    while code.len() < 14 {
        let [byte] = app.chance.bytes::<1>();
        // 31 × 8 = 248: larger bytes would favour the first letters.
        if let Some(letter) = LETTERS.get(usize::from(byte % 31)).filter(|_| byte < 248) {
            code.push(char::from(*letter));
            if code.len() == 4 || code.len() == 9 {
                code.push('-');
            }
        }
    }
    let tx = app.store.begin().await?;
    tx.setup_code_set(&token::hash(&code), app.clock.millis()).await?;
    tx.commit().await?;
    Ok(Some(code))
}

/// Runs the server until it is told to stop.
#[expect(clippy::print_stdout, reason = "the set-up code is shown once, to whoever starts the server")]
pub async fn serve(config: Config) -> anyhow::Result<()> {
    // Before anything is touched; held until the process ends.
    let _claim = Claim::to_serve(&config.database_url)?;
    let chance = Chance::system();
    let keys = Keys::load_or_create(&config.key_file, &chance)?;
    let world = World { clock: Arc::new(SystemClock), chance, keys, light_passwords: false };
    let app = open(&config.database_url, config.connections, world).await?;
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("listening on {}", config.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    if let Some(code) = setup_code(&app).await? {
        println!(
            "\n  Nobody can sign in yet. Set-up code (valid once): {code}\n  Use it at http://{address}/setup\n"
        );
    }
    let (stop, stopped) = watch::channel(());
    let scheduled = tokio::spawn(scheduler::run(app.clone(), stopped));
    server::serve(listener, app.clone(), stop_signal()).await;
    drop(stop);
    scheduled.await.context("the schedule")?;
    app.store.close().await?;
    Ok(())
}

/// Completes on SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => terminated.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminated => (),
        _ = tokio::signal::ctrl_c() => (),
    }
}
