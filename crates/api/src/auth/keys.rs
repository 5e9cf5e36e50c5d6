//! The key file: what signs access tokens and seals cursors. Mode 0600, never in the database.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

use crate::world::Chance;

/// The file's content. The first signing key signs; all verify, so that keys can be rotated.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    signing: Vec<SigningSeed>,
    cursor: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningSeed {
    kid: String,
    seed: String,
}

/// One Ed25519 key.
pub struct SigningKey {
    /// Names it in the token's header.
    pub kid: String,
    /// Signs.
    pub encoding: EncodingKey,
    /// Verifies.
    pub decoding: DecodingKey,
}

/// Everything secret that a process holds.
pub struct Keys {
    /// The first signs, all verify.
    pub signing: Vec<SigningKey>,
    /// Seals cursors.
    pub cursor: Vec<u8>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// PKCS#8 v1 of an Ed25519 seed (RFC 8410, section 7) before the 32 bytes.
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

impl Keys {
    /// Reads the key file, or makes one on first start.
    pub fn load_or_create(path: &Path, chance: &Chance) -> anyhow::Result<Self> {
        if !path.exists() {
            let made = serde_json::to_string_pretty(&Self::fresh(chance))?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(made.as_bytes())?;
            file.sync_all()?;
        }
        let text = fs::read_to_string(path).with_context(|| format!("the key file {}", path.display()))?;
        let file: KeyFile = serde_json::from_str(&text)
            .with_context(|| format!("the key file {} does not read", path.display()))?;
        Self::read(file)
    }

    /// Keys that live only in memory; for tests.
    pub fn ephemeral(chance: &Chance) -> anyhow::Result<Self> {
        Self::read(Self::fresh(chance))
    }

    fn fresh(chance: &Chance) -> KeyFile {
        let kid = STANDARD.encode(chance.bytes::<6>());
        let seed = STANDARD.encode(chance.bytes::<32>());
        KeyFile { signing: vec![SigningSeed { kid, seed }], cursor: STANDARD.encode(chance.bytes::<32>()) }
    }

    fn read(KeyFile { signing, cursor }: KeyFile) -> anyhow::Result<Self> {
        anyhow::ensure!(!signing.is_empty(), "the key file holds no signing key");
        let signing = signing
            .into_iter()
            .map(|SigningSeed { kid, seed }| {
                let seed: [u8; 32] = STANDARD
                    .decode(seed)?
                    .try_into()
                    .map_err(|_| anyhow::anyhow!("signing key `{kid}` is not 32 bytes"))?;
                let der = [PKCS8.as_slice(), &seed].concat();
                let encoding = EncodingKey::from_ed_der(&der);
                let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
                let decoding = DecodingKey::from_ed_der(public.as_bytes());
                Ok(SigningKey { kid, encoding, decoding })
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { signing, cursor: STANDARD.decode(cursor)? })
    }
}
