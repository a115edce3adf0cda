//! What `PublicKeyCredential.toJSON()` makes of the response of an authenticator.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Rejection, authenticator_data::AuthenticatorData, client_data::ClientData, credential_hash, sha256};

/// Most bytes of a response: one with an RSA key of 4,096 bits has less than half of this.
const MAX_RESPONSE: usize = 16 * 1024;
/// The transports that the standard knows.
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/// Browsers may add members at any time.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response<R> {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
    transports: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

/// The response of an authenticator that has made a passkey. Nothing of it is verified yet.
#[derive(Debug, Clone)]
pub struct RegistrationResponse {
    pub(super) client_data: ClientData,
    pub(super) attestation_object: Vec<u8>,
    pub(super) credential_id: Vec<u8>,
    pub(super) transports: Vec<&'static str>,
}

/// The response of an authenticator that has signed. Nothing of it is verified yet.
#[derive(Debug, Clone)]
pub struct AssertionResponse {
    pub(super) client_data: ClientData,
    pub(super) authenticator_data: AuthenticatorData,
    pub(super) signed: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) user_handle: Option<Vec<u8>>,
    credential_id: Vec<u8>,
}

impl RegistrationResponse {
    /// Parses a `RegistrationResponseJSON`.
    ///
    /// # Errors
    /// [`Rejection::Malformed`].
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        let (credential_id, response): (_, Attestation) = parsed(json)?;
        // Unknown ones are left out, as the standard says.
        let transports = response.transports.unwrap_or_default();
        let known = TRANSPORTS.into_iter().filter(|known| transports.iter().any(|sent| sent == known));
        Ok(Self {
            client_data: ClientData::parse(&decoded(&response.client_data)?)?,
            attestation_object: decoded(&response.attestation_object)?,
            credential_id,
            transports: known.collect(),
        })
    }

    /// The hash of the challenge that it answers.
    pub fn challenge_hash(&self) -> [u8; 32] {
        sha256(&self.client_data.challenge)
    }
}

impl AssertionResponse {
    /// Parses an `AuthenticationResponseJSON`.
    ///
    /// # Errors
    /// [`Rejection`], when it is not one.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        let (credential_id, response): (_, Assertion) = parsed(json)?;
        let client_data = ClientData::parse(&decoded(&response.client_data)?)?;
        let authenticator_data = decoded(&response.authenticator_data)?;
        Ok(Self {
            authenticator_data: AuthenticatorData::parse(&authenticator_data)?,
            signed: [authenticator_data.as_slice(), &client_data.hash].concat(),
            signature: decoded(&response.signature)?,
            user_handle: response.user_handle.as_deref().map(decoded).transpose()?,
            client_data,
            credential_id,
        })
    }

    /// The hash of the challenge that it answers.
    pub fn challenge_hash(&self) -> [u8; 32] {
        sha256(&self.client_data.challenge)
    }

    /// The hash of the credential that has signed.
    pub fn credential_hash(&self) -> [u8; 32] {
        credential_hash(&self.credential_id)
    }
}

/// The ID of the credential, and what is special to the ceremony.
fn parsed<R: DeserializeOwned>(json: &str) -> Result<(Vec<u8>, R), Rejection> {
    if json.len() > MAX_RESPONSE {
        return Err(Rejection::Malformed);
    }
    let sent: Response<R> = serde_json::from_str(json).map_err(|_| Rejection::Malformed)?;
    if sent.kind != "public-key" || sent.id != sent.raw_id {
        return Err(Rejection::Malformed);
    }
    Ok((decoded(&sent.raw_id)?, sent.response))
}

/// Base64 for URLs, without padding.
pub(super) fn decoded(text: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Rejection::Malformed)
}
