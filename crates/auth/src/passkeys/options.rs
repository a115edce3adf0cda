//! The options of ceremonies, as the JSON that `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde_json::{Value, json};
use types::UserId;

use super::{PasskeyChallenge, RelyingParty, public_key::ALGORITHMS};

/// Whose passkey is to be made. Authenticators show the names, and store the ID, which says nothing about the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyOwner {
    /// The account.
    pub id: UserId,
    /// The email.
    pub email: String,
    /// The name that others see.
    pub display_name: String,
}

/// A passkey that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The ID that its authenticator gave it.
    pub id: Vec<u8>,
    /// How browsers reach its authenticator, separated by commas.
    pub transports: String,
}

impl RelyingParty {
    /// Options to make a passkey of `owner`, on an authenticator that has none of `existing`.
    pub fn creation_options(
        &self,
        challenge: &PasskeyChallenge,
        owner: &PasskeyOwner,
        existing: &[Credential],
        timeout: Duration,
    ) -> String {
        let algorithms = ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg }));
        json!({
            "rp": { "id": self.domain, "name": self.name },
            "user": {
                "id": URL_SAFE_NO_PAD.encode(owner.id.as_bytes()),
                "name": owner.email,
                "displayName": owner.display_name,
            },
            "challenge": challenge.text(),
            "pubKeyCredParams": algorithms,
            "timeout": timeout.num_milliseconds(),
            "excludeCredentials": descriptors(existing),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        })
        .to_string()
    }

    /// Options to sign in or to prove who one is: with one of `allowed`, or, if there are none, with any passkey of the domain.
    pub fn request_options(&self, challenge: &PasskeyChallenge, allowed: &[Credential], timeout: Duration) -> String {
        json!({
            "challenge": challenge.text(),
            "timeout": timeout.num_milliseconds(),
            "rpId": self.domain,
            "allowCredentials": descriptors(allowed),
            "userVerification": "required",
        })
        .to_string()
    }
}

fn descriptors(credentials: &[Credential]) -> Vec<Value> {
    let descriptor = |credential: &Credential| {
        let transports: Vec<&str> = credential.transports.split(',').filter(|name| !name.is_empty()).collect();
        json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(&credential.id), "transports": transports })
    };
    credentials.iter().map(descriptor).collect()
}
