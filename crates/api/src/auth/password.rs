//! Passwords: argon2id, few at a time, and rules that refuse only what is guessed (reliability, "Defaults").

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::beside::beside;
use crate::problem::ApiError;

/// Memory in KiB, passes: 46 MiB × 2 takes about 136 ms on two cores.
const MEMORY_KIB: u32 = 46 * 1024;
const PASSES: u32 = 2;
/// Hashes computed at once, and how many may wait for their turn.
const AT_ONCE: usize = 2;
const QUEUE: usize = 16;

/// Hashes and checks passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    argon: Argon2<'static>,
    at_once: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Checked where there is no account, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Passwords {
    /// With the defaults, or with little work for tests.
    pub fn new(light: bool) -> anyhow::Result<Self> {
        let params =
            if light { Params::new(64, 1, 1, None) } else { Params::new(MEMORY_KIB, PASSES, 1, None) };
        let params = params.map_err(|error| anyhow::anyhow!("argon2 parameters: {error}"))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy =
            argon.hash_password(b"nobody").map_err(|error| anyhow::anyhow!("argon2: {error}"))?.to_string();
        Ok(Self {
            argon,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Arc::new(Semaphore::new(AT_ONCE + QUEUE)),
            decoy: decoy.into(),
        })
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.working(move |argon| argon.hash_password(password.as_bytes()).map(|hash| hash.to_string()))
            .await?
            .map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                ApiError::Internal
            })
    }

    /// Checks a password; without a hash it works as long and says no.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, ApiError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let fits = self
            .working(move |argon| {
                PasswordHash::new(&hash)
                    .is_ok_and(|parsed| argon.verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await?;
        Ok(fits && known)
    }

    async fn working<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _waiting = self.queue.try_acquire().map_err(|_| ApiError::Unavailable)?;
        let _working = self.at_once.acquire().await.map_err(|_| ApiError::Unavailable)?;
        let argon = self.argon.clone();
        beside("a password task", move || work(&argon)).await
    }
}

/// Whether a password may be chosen: long enough and not among what is guessed first. `words` are names around
/// the person that guessers try.
pub fn acceptable(password: &str, long: bool, words: &[&str]) -> Result<(), ApiError> {
    let length = password.chars().count();
    let shortest = if long { 15 } else { 8 };
    if length < shortest || length > 128 {
        let detail = format!("a password here has {shortest} to 128 characters");
        return Err(ApiError::invalid("/password", detail));
    }
    if zxcvbn::zxcvbn(password, words).score() < zxcvbn::Score::Two {
        return Err(ApiError::invalid(
            "/password",
            "this password is among those guessed first; choose another",
        ));
    }
    Ok(())
}
