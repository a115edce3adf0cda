//! Access tokens (short-lived JWT) and refresh tokens (random, single use).

use std::marker::PhantomData;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Member, sealing::SealingKey};
use types::{Entropy, SessionId, Timestamp, UserId, error::Result};

const ISSUER: &str = "staygate";
const AUDIENCE: &str = "staygate-api";
/// The audience of tokens with which staff act as a member: what does not know them refuses them.
const IMPERSONATION_AUDIENCE: &str = "staygate-impersonation";
/// The prefix of the message that is signed to derive a refresh token.
const CHILD_LABEL: &[u8] = b"\0refresh token\0";

/// A signing key with an ID. The ID is in every token, so that keys can be rotated without signing
/// everyone out.
#[derive(Clone)]
pub struct SigningKey {
    /// The ID, in the `kid` header of a token.
    pub id: String,
    /// At least 32 bytes.
    pub secret: Vec<u8>,
}

/// The signing keys: the first signs, all verify.
#[derive(Clone)]
pub struct Keys {
    signing: (String, EncodingKey),
    /// All keys, the current one first.
    deriving: Vec<EncodingKey>,
    verifying: Vec<(String, DecodingKey)>,
    /// The keys that encrypt, derived from the same secrets.
    pub(super) sealing: Vec<(String, SealingKey)>,
}

/// Why a token was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has expired.
    #[error("the access token has expired")]
    Expired,
    /// It was not issued by this service.
    #[error("the access token is not valid")]
    Invalid,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    /// Whether the member's email is not verified yet. Absent in most tokens, which are short.
    #[serde(default, skip_serializing_if = "is_false")]
    unverified: bool,
    /// Who acts as `sub` (RFC 8693, 4.1). Absent in tokens of members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<ActorClaim>,
}

/// The claim that names who acts.
#[derive(Serialize, Deserialize)]
struct ActorClaim {
    sub: UserId,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Who a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The account.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// Whether the account's email is verified.
    pub has_verified_email: bool,
    /// The member of staff who acts as the owner of the account.
    pub impersonator: Option<UserId>,
}

impl Holder {
    fn member(self) -> Member {
        Member::proven(self.user, self.session, self.has_verified_email).impersonated_by(self.impersonator)
    }

    fn audience(self) -> &'static str {
        if self.impersonator.is_some() { IMPERSONATION_AUDIENCE } else { AUDIENCE }
    }
}

/// An access token.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The JWT.
    pub text: String,
    /// The expiry.
    pub expires_at: Timestamp,
}

/// A secret text of 256 random bits, or derived from one. `K` is its purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<K>(String, PhantomData<K>);

/// The purpose of a secret text.
pub trait Purpose {
    /// The prefix of its texts.
    const PREFIX: &'static str;
    /// The name that logs show instead of it.
    const NAME: &'static str;
}

/// A token that is exchanged for the next pair, once.
pub type RefreshToken = Secret<Refresh>;

/// A token that shows that a device has signed in before. It grants no access by itself.
pub type DeviceToken = Secret<Device>;

/// A token that shows that its bearer has given the right password, and must give a second factor.
pub type ChallengeToken = Secret<Challenge>;

/// Refreshing a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {}

/// Recognizing a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {}

/// Signing in with a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {}

impl Purpose for Refresh {
    const PREFIX: &'static str = "rt_";
    const NAME: &'static str = "RefreshToken";
}

impl Purpose for Device {
    const PREFIX: &'static str = "dev_";
    const NAME: &'static str = "DeviceToken";
}

impl Purpose for Challenge {
    const PREFIX: &'static str = "sic_";
    const NAME: &'static str = "ChallengeToken";
}

/// A pair of tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token.
    pub access: AccessToken,
    /// The refresh token.
    pub refresh: RefreshToken,
    /// The expiry of the refresh token.
    pub refresh_expires_at: Timestamp,
    /// The proof for its owner.
    pub member: Member,
}

impl Keys {
    /// `current` signs and verifies; tokens signed with `older` keys remain valid.
    pub fn new(current: SigningKey, older: &[SigningKey]) -> Self {
        let signing = (current.id.clone(), EncodingKey::from_secret(&current.secret));
        let all = || std::iter::once(&current).chain(older);
        Self {
            signing,
            deriving: all().map(|key| EncodingKey::from_secret(&key.secret)).collect(),
            verifying: all().map(|key| (key.id.clone(), DecodingKey::from_secret(&key.secret))).collect(),
            sealing: all().map(|key| (key.id.clone(), SealingKey::derived(&key.secret))).collect(),
        }
    }

    /// A token for `holder`, valid for `life` from `now`.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn sign(&self, holder: Holder, now: Timestamp, life: Duration) -> Result<(AccessToken, Member)> {
        // A token has whole seconds.
        let expires_at = (now + life).whole_seconds();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: holder.audience().into(),
            sub: holder.user,
            sid: holder.session,
            iat: now.unix_seconds(),
            exp: expires_at.unix_seconds(),
            unverified: !holder.has_verified_email,
            act: holder.impersonator.map(|sub| ActorClaim { sub }),
        };
        let (id, key) = &self.signing;
        let header = Header { kid: Some(id.clone()), ..Header::new(Algorithm::HS256) };
        let text = jsonwebtoken::encode(&header, &claims, key).map_err(anyhow::Error::from)?;
        Ok((AccessToken { text, expires_at }, holder.member()))
    }

    /// The member that `token` proves at `now`, and its expiry.
    ///
    /// # Errors
    /// [`TokenError`] when the token is not valid.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<(Member, Timestamp), TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let id = header.kid.ok_or(TokenError::Invalid)?;
        let (_, key) = self.verifying.iter().find(|(known, _)| *known == id).ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE, IMPERSONATION_AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked below, with the application's clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| TokenError::Invalid)?.claims;
        let expires_at = chrono::DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::Invalid)?.into();
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        let holder = Holder {
            user: claims.sub,
            session: claims.sid,
            has_verified_email: !claims.unverified,
            impersonator: claims.act.map(|act| act.sub),
        };
        if claims.aud != holder.audience() {
            return Err(TokenError::Invalid);
        }
        Ok((holder.member(), expires_at))
    }
}

impl Keys {
    /// The token that replaces `parent`: its HMAC-SHA-256, which only the server can compute, and
    /// computes again when the response was lost. So no secret is stored.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn child(&self, parent: &RefreshToken) -> Result<RefreshToken> {
        derive(&self.signing.1, parent)
    }

    /// The token with this hash that replaced `parent`, if one of the keys derived it.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn child_with_hash(&self, parent: &RefreshToken, hash: &[u8]) -> Result<Option<RefreshToken>> {
        for secret in &self.deriving {
            let child = derive(secret, parent)?;
            if child.hash().as_slice() == hash {
                return Ok(Some(child));
            }
        }
        Ok(None)
    }
}

impl Keys {
    /// The HMACs of `message` under `label`, one for each key, the current one first.
    pub(super) fn macs(&self, label: &[u8], message: &[u8]) -> Result<Vec<String>> {
        self.deriving.iter().map(|secret| mac(secret, label, message)).collect()
    }
}

fn derive(secret: &EncodingKey, parent: &RefreshToken) -> Result<RefreshToken> {
    Ok(RefreshToken::of(&mac(secret, CHILD_LABEL, parent.0.as_bytes())?))
}

/// The HMAC-SHA-256 of `message`, as base64 for URLs. The labels of purposes start with a zero
/// byte, which no JWT does.
fn mac(secret: &EncodingKey, label: &[u8], message: &[u8]) -> Result<String> {
    let message = [label, message].concat();
    Ok(jsonwebtoken::crypto::sign(&message, secret, Algorithm::HS256).map_err(anyhow::Error::from)?)
}

impl<K: Purpose> Secret<K> {
    /// A new token of 256 random bits.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self::of(&URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()))
    }

    fn of(code: &str) -> Self {
        Self::sent(format!("{}{code}", K::PREFIX))
    }

    /// A token sent by a client.
    pub fn sent(text: String) -> Self {
        Self(text, PhantomData)
    }

    /// The text, for its owner.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The hash stored in the database. A fast hash is enough: 256 random bits cannot be guessed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// Without the secret.
impl<K: Purpose> std::fmt::Debug for Secret<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(…)", K::NAME)
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
