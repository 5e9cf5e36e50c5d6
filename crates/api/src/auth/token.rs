//! Tokens: a short access token that names its session, and a rotating refresh token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::auth::keys::Keys;
use crate::problem::ApiError;
use crate::world::Chance;

/// Seconds an access token is good for (reliability, "Defaults").
pub const ACCESS_SECONDS: i64 = 15 * 60;

const AUDIENCE: &str = "xunke";
const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    pub sub: Uuid,
    /// The session, looked up on every request, so that revocation works at once.
    pub sid: Uuid,
    /// Seconds since 1970 when it was made.
    pub iat: i64,
    /// Seconds since 1970 when it ends.
    pub exp: i64,
}

#[derive(Serialize)]
struct Issued<'a> {
    aud: &'a str,
    #[serde(flatten)]
    claims: Claims,
}

/// Makes an access token.
pub fn issue(keys: &Keys, person: Uuid, session: Uuid, now_seconds: i64) -> Result<String, ApiError> {
    let key = keys.signing.first().ok_or(ApiError::Internal)?;
    let header =
        Header { typ: Some(TYPE.to_owned()), kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
    let claims = Claims { sub: person, sid: session, iat: now_seconds, exp: now_seconds + ACCESS_SECONDS };
    encode(&header, &Issued { aud: AUDIENCE, claims }, &key.encoding).map_err(|error| {
        tracing::error!(%error, "an access token could not be signed");
        ApiError::Internal
    })
}

/// Reads an access token; the time is the server's, so that tests can move it.
pub fn verify(keys: &Keys, token: &str, now_seconds: i64) -> Option<Claims> {
    let header = decode_header(token).ok()?;
    if header.typ.as_deref() != Some(TYPE) {
        return None;
    }
    let kid = header.kid?;
    let key = keys.signing.iter().find(|key| key.kid == kid)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    // A claim that is checked only where it stands is not checked.
    validation.set_required_spec_claims(&["aud", "exp"]);
    validation.validate_exp = false;
    let claims = decode::<Claims>(token, &key.decoding, &validation).ok()?.claims;
    (now_seconds < claims.exp).then_some(claims)
}

/// A secret handed to one party once: a refresh token, a cookie, a code. Only its hash is kept.
pub fn secret(chance: &Chance) -> String {
    URL_SAFE_NO_PAD.encode(chance.bytes::<32>())
}

/// What is kept of a secret, or of anything that is only compared.
pub fn hash(secret: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret))
}

/// The text of a refresh token or cookie: which session, and the secret.
pub fn join(session: Uuid, secret: &str) -> String {
    format!("{}.{secret}", session.simple())
}

/// Takes a refresh token or cookie apart.
pub fn split(token: &str) -> Option<(Uuid, &str)> {
    let (session, secret) = token.split_once('.')?;
    Some((Uuid::try_parse(session).ok()?, secret))
}
