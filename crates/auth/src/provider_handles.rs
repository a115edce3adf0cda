//! The secret of a page that has begun to sign in with an identity provider.
//!
//! State, nonce and verifier are derived from it, each with a label of its own, so that the server need not store them, and whoever sees one
//! of them (the state is in addresses, the nonce in a token) learns neither the others nor the secret.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::tokens::{Purpose, Secret};

/// A secret that completes a sign-in with an identity provider.
pub type ProviderHandle = Secret<ProviderSignIn>;

/// Completing a sign-in with an identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderSignIn {}

impl Purpose for ProviderSignIn {
    const PREFIX: &'static str = "psi_";
    const NAME: &'static str = "ProviderHandle";
}

impl ProviderHandle {
    /// What the provider sends back with the code.
    pub fn state(&self) -> String {
        self.derive("state")
    }

    /// Whether `sent` is the state.
    pub fn is_state(&self, sent: &str) -> bool {
        verify_slices_are_equal(self.state().as_bytes(), sent.as_bytes()).is_ok()
    }

    /// What the provider puts into its ID token.
    pub fn nonce(&self) -> String {
        self.derive("nonce")
    }

    /// The verifier of PKCE (RFC 7636).
    pub fn verifier(&self) -> String {
        self.derive("verifier")
    }

    /// The challenge of PKCE, by the method `S256`.
    pub fn code_challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier().as_bytes()))
    }

    fn derive(&self, label: &str) -> String {
        let digest = Sha256::new().chain_update("sign-in with a provider\0").chain_update(label).chain_update("\0");
        URL_SAFE_NO_PAD.encode(digest.chain_update(self.text()).finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::SeededEntropy;

    #[test]
    fn what_is_derived_from_a_handle_differs_and_is_of_this_handle_only() {
        let (one, other) = (ProviderHandle::new(&SeededEntropy::new(1)), ProviderHandle::new(&SeededEntropy::new(2)));
        let all = [one.state(), one.nonce(), one.verifier(), one.code_challenge(), other.state(), other.nonce()];
        assert!(all.iter().all(|text| text.len() == 43), "256 bits");
        for (at, text) in all.iter().enumerate() {
            assert!(!all[..at].contains(text) && !one.text().contains(text.as_str()));
        }
        assert!(one.is_state(&one.state()));
        assert!(!one.is_state(&other.state()) && !one.is_state("") && !one.is_state(&one.nonce()));
        assert_eq!(format!("{one:?}"), "ProviderHandle(…)");
    }

    /// RFC 7636, appendix B, has the challenge of a known verifier; the method is the same here.
    #[test]
    fn the_challenge_is_the_hash_of_the_verifier() {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
