//! Passkeys: the part of a WebAuthn relying party (Level 2 and 3) that needs no database.
//!
//! A browser signs a challenge of the server, the origin of the page and the domain of the passkey with a key that never leaves its
//! authenticator. [`RelyingParty`] writes the options that a page passes to the browser, and verifies what the browser returns. Every passkey is
//! discoverable and verifies its user (PIN, fingerprint, face), so it identifies the account by itself and is two factors in one.
//!
//! Where an authenticator comes from does not matter here: no attestation is requested, and the only statements that are accepted are those that
//! browsers then send, none and self attestation.

mod authenticator_data;
mod ceremonies;
mod client_data;
mod options;
mod public_key;
mod relying_party;
mod responses;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use types::Entropy;

pub use ceremonies::{Assertion, NewPasskey, StoredPasskey};
pub use options::{Credential, PasskeyOwner};
pub use relying_party::{InvalidRelyingParty, RelyingParty};
pub use responses::{AssertionResponse, RegistrationResponse};

/// What an authenticator signs once: 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyChallenge([u8; 32]);

impl PasskeyChallenge {
    /// A new challenge.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The text in the options.
    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The hash stored in the database.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

/// Without the challenge.
impl std::fmt::Debug for PasskeyChallenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasskeyChallenge(…)")
    }
}

/// Why a response is not accepted. For logs: clients get one answer for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is too large, or not what the standard says.
    #[error("the response is malformed")]
    Malformed,
    /// It was made by the other ceremony.
    #[error("it is of another ceremony")]
    Ceremony,
    /// The page is not one of ours, or was embedded in another.
    #[error("it was made for another page")]
    Origin,
    /// The passkey belongs to another domain.
    #[error("it was made for another domain")]
    Domain,
    /// Nobody touched the authenticator.
    #[error("no user was present")]
    UserPresence,
    /// The authenticator did not verify its user.
    #[error("no user was verified")]
    UserVerification,
    /// The key is not one of the kinds that were requested, or not valid.
    #[error("the public key cannot be used")]
    Key,
    /// The authenticator says more of itself than was requested, or it is wrong.
    #[error("the attestation cannot be used")]
    Attestation,
    /// The backup flags contradict each other, or the registration.
    #[error("the backup flags are contradictory")]
    Backup,
    /// The account that the authenticator names is not the owner of the passkey.
    #[error("it is of another account")]
    Account,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
}

/// The hash of a credential ID, which may be too long for the key of a table.
pub fn credential_hash(credential_id: &[u8]) -> [u8; 32] {
    sha256(credential_id)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests;
