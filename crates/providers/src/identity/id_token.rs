//! ID tokens: their signature and claims (OpenID Connect Core 1.0, section 3.1.3.7).

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{self, SHA256, SHA384, SHA512},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation,
    jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use types::Timestamp;

use super::IdentityError;

/// How much the clock of a provider may differ.
const SKEW: Duration = Duration::seconds(60);
/// The most bytes of a subject: OpenID Connect Core 1.0, section 2.
const MAX_SUBJECT: usize = 255;

/// What a token must say.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// The access token that came with it.
    pub(super) access_token: Option<&'a str>,
    pub(super) begun_at: Timestamp,
    pub(super) now: Timestamp,
}

/// The claims of a token.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    /// What it says about the person.
    #[serde(flatten)]
    pub(super) person: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// The keys of a provider that can sign.
pub(super) struct KeySet(Vec<Jwk>);

#[derive(Deserialize)]
pub(super) struct KeyDocument {
    keys: Vec<Value>,
}

impl From<KeyDocument> for KeySet {
    /// Keys that are of no use here, or of a kind that is not known, are left out.
    fn from(document: KeyDocument) -> Self {
        let keys = document.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Self(keys.filter(|key| !matches!(key.algorithm, AlgorithmParameters::OctetKey(_))).collect())
    }
}

impl KeySet {
    /// The key that must have signed a token with this header, if the set has it.
    pub(super) fn find(&self, header: &Header) -> Option<&Jwk> {
        let mut fitting = self.0.iter().filter(|key| can_verify(key, header.alg));
        match &header.kid {
            Some(kid) => fitting.find(|key| key.common.key_id.as_ref() == Some(kid)),
            // Without a name there must be only one that it can be.
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

/// Whether a key is meant for signatures with `algorithm`.
fn can_verify(key: &Jwk, algorithm: Algorithm) -> bool {
    let common = &key.common;
    let is_for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let verifies = common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
    let is_of_algorithm = common.key_algorithm.is_none_or(|own| own.to_string() == format!("{algorithm:?}"));
    is_for_signatures
        && verifies
        && is_of_algorithm
        && match key.algorithm {
            AlgorithmParameters::RSA(_) => hash_of(algorithm).is_some_and(|(family, _)| family == Family::Rsa),
            AlgorithmParameters::EllipticCurve(_) => {
                hash_of(algorithm).is_some_and(|(family, _)| family == Family::EllipticCurve)
            }
            AlgorithmParameters::OctetKeyPair(_) => {
                hash_of(algorithm).is_some_and(|(family, _)| family == Family::Edwards)
            }
            _ => false,
        }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    EllipticCurve,
    Edwards,
}

/// The kind of key of an algorithm that is accepted, and its hash function. Those with shared secrets are not: a public key would be one.
fn hash_of(algorithm: Algorithm) -> Option<(Family, &'static digest::Algorithm)> {
    Some(match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => (Family::Rsa, &SHA256),
        Algorithm::RS384 | Algorithm::PS384 => (Family::Rsa, &SHA384),
        Algorithm::RS512 | Algorithm::PS512 => (Family::Rsa, &SHA512),
        Algorithm::ES256 => (Family::EllipticCurve, &SHA256),
        Algorithm::ES384 => (Family::EllipticCurve, &SHA384),
        Algorithm::EdDSA => (Family::Edwards, &SHA512),
        _ => return None,
    })
}

/// The header of a token that is signed as expected.
///
/// # Errors
/// It is not a signed token, its algorithm is not accepted, or it needs an extension.
pub(super) fn header_of(token: &str) -> Result<Header, IdentityError> {
    let header =
        jsonwebtoken::decode_header(token).map_err(|_| IdentityError::rejected("the ID token is malformed"))?;
    if hash_of(header.alg).is_none() {
        return Err(IdentityError::rejected("the algorithm of the ID token is not accepted"));
    }
    if header.crit.is_some() || header.enc.is_some() || header.zip.is_some() {
        return Err(IdentityError::rejected("the ID token needs an extension"));
    }
    Ok(header)
}

/// The claims of a token that `key` has signed and that says what is expected.
///
/// # Errors
/// What is wrong with it.
pub(super) fn verify(token: &str, header: &Header, key: &Jwk, expected: Expected<'_>) -> Result<Claims, IdentityError> {
    let key =
        DecodingKey::from_jwk(key).map_err(|_| IdentityError::rejected("the key of the ID token is malformed"))?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Checked below, with the application's clock.
    validation.validate_exp = false;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key, &validation);
    let claims = decoded.map_err(|error| IdentityError::rejected(format!("the ID token: {error}")))?.claims;
    check(&claims, header.alg, expected).map_err(|what| IdentityError::rejected(format!("the ID token: {what}")))?;
    Ok(claims)
}

fn check(claims: &Claims, algorithm: Algorithm, expected: Expected<'_>) -> Result<(), &'static str> {
    if claims.iss != expected.issuer {
        return Err("another issuer");
    }
    if !(1..=MAX_SUBJECT).contains(&claims.sub.len()) {
        return Err("no subject");
    }
    check_audience(claims, expected.client_id)?;
    check_times(claims, expected)?;
    let nonce = claims.nonce.as_deref().unwrap_or_default();
    if verify_slices_are_equal(nonce.as_bytes(), expected.nonce.as_bytes()).is_err() {
        return Err("another nonce");
    }
    match &claims.at_hash {
        Some(hash) if !is_hash_of(hash, algorithm, expected.access_token) => Err("of another access token"),
        _ => Ok(()),
    }
}

fn check_audience(claims: &Claims, client_id: &str) -> Result<(), &'static str> {
    let names = claims.aud.names();
    if !names.iter().any(|name| name == client_id) {
        return Err("for another client");
    }
    match &claims.azp {
        Some(party) if party != client_id => Err("issued to another client"),
        None if names.len() > 1 => Err("for several clients"),
        _ => Ok(()),
    }
}

fn check_times(claims: &Claims, Expected { begun_at, now, .. }: Expected<'_>) -> Result<(), &'static str> {
    let seconds = |at: Timestamp| at.unix_seconds();
    // Seconds of this century are exact in a float.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let (earliest, past, future) =
        (seconds(begun_at - SKEW) as f64, seconds(now - SKEW) as f64, seconds(now + SKEW) as f64);
    match claims {
        Claims { exp, .. } if *exp <= past => Err("expired"),
        Claims { iat, .. } if *iat > future => Err("issued in the future"),
        Claims { iat, .. } if *iat < earliest => Err("issued before the sign-in was begun"),
        Claims { nbf: Some(nbf), .. } if *nbf > future => Err("not valid yet"),
        _ => Ok(()),
    }
}

/// Whether `hash` is the left half of the hash of the access token.
fn is_hash_of(hash: &str, algorithm: Algorithm, access_token: Option<&str>) -> bool {
    let (Some((_, function)), Some(token)) = (hash_of(algorithm), access_token) else { return false };
    let digest = digest::digest(function, token.as_bytes());
    let (half, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
    verify_slices_are_equal(URL_SAFE_NO_PAD.encode(half).as_bytes(), hash.as_bytes()).is_ok()
}
