//! What the browser says of the page: the client data.

use serde::Deserialize;

use super::{Rejection, RelyingParty, responses::decoded, sha256};

/// The ceremony that a page asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ceremony {
    Registration,
    Assertion,
}

impl Ceremony {
    fn text(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Assertion => "webauthn.get",
        }
    }
}

/// The client data, parsed and as they were hashed.
#[derive(Debug, Clone)]
pub(super) struct ClientData {
    parsed: Parsed,
    pub challenge: Vec<u8>,
    pub hash: [u8; 32],
}

/// Browsers may add members at any time.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parsed {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<String>,
}

impl ClientData {
    pub fn parse(json: &[u8]) -> Result<Self, Rejection> {
        let parsed: Parsed = serde_json::from_slice(json).map_err(|_| Rejection::Malformed)?;
        let challenge = decoded(&parsed.challenge)?;
        Ok(Self { parsed, challenge, hash: sha256(json) })
    }

    /// Checks that a page of ours asked for this ceremony, by itself and not embedded in a page of somebody else.
    pub fn check(&self, ceremony: Ceremony, party: &RelyingParty) -> Result<(), Rejection> {
        if self.parsed.kind != ceremony.text() {
            return Err(Rejection::Ceremony);
        }
        let is_embedded = self.parsed.cross_origin == Some(true) || self.parsed.top_origin.is_some();
        if is_embedded || !party.origins.contains(&self.parsed.origin) {
            return Err(Rejection::Origin);
        }
        Ok(())
    }
}
