//! Secrets that the server must be able to read again, encrypted for the database: AES-256-GCM with
//! keys that HKDF-SHA-256 derives from the signing keys, so that operators have no other key to
//! keep. A secret is bound to its account, so nobody who can write to the database can move it to
//! another one.
//!
//! The current key encrypts; those of older signing keys decrypt. The worker encrypts again what an
//! older key has encrypted, so that the key can be removed.

use std::sync::Arc;

use anyhow::anyhow;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};

use super::Keys;
use types::{
    Entropy, UserId,
    error::{Error, Result},
};

/// Distinguishes these keys from others that are derived from the same secrets.
const SALT: &[u8] = b"staygate sealed secrets 1";

/// A secret, encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The ID of the signing key from which the key was derived.
    pub key_id: String,
    /// The nonce, the encrypted secret, and its tag.
    pub bytes: Vec<u8>,
}

/// A key that encrypts.
#[derive(Clone)]
pub(super) struct SealingKey(Arc<LessSafeKey>);

impl SealingKey {
    /// The key that is derived from a signing key.
    #[expect(clippy::expect_used, reason = "32 bytes are fewer than HKDF can make")]
    pub(super) fn derived(secret: &[u8]) -> Self {
        let derived = Salt::new(HKDF_SHA256, SALT).extract(secret);
        let key = derived.expand(&[b"AES-256-GCM"], &AES_256_GCM).expect("a key of 32 bytes");
        Self(Arc::new(LessSafeKey::new(UnboundKey::from(key))))
    }
}

impl Keys {
    /// Encrypts a secret of `owner`, for `purpose`, with the current key.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub(super) fn seal(
        &self,
        (owner, purpose): (UserId, &str),
        secret: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Sealed> {
        let (id, key) = self.sealing.first().ok_or_else(|| Error::Internal(anyhow!("there is no key")))?;
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut encrypted = secret.to_vec();
        key.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), context(owner, purpose), &mut encrypted)
            .map_err(|_| Error::Internal(anyhow!("a secret cannot be encrypted")))?;
        Ok(Sealed { key_id: id.clone(), bytes: [nonce.as_slice(), &encrypted].concat() })
    }

    /// Decrypts a secret of `owner`.
    ///
    /// # Errors
    /// [`Error::Internal`] when its key is not known any more, or it is damaged or another
    /// account's.
    pub(super) fn open(&self, (owner, purpose): (UserId, &str), sealed: &Sealed) -> Result<Vec<u8>> {
        let known = self.sealing.iter().find(|(id, _)| *id == sealed.key_id);
        let (_, key) = known
            .ok_or_else(|| Error::Internal(anyhow!("the signing key {} is missing: add it again", sealed.key_id)))?;
        let damaged = || Error::Internal(anyhow!("a secret of {owner} cannot be decrypted"));
        let (nonce, encrypted) = sealed.bytes.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut secret = encrypted.to_vec();
        let length = key.0.open_in_place(nonce, context(owner, purpose), &mut secret).map_err(|_| damaged())?.len();
        secret.truncate(length);
        Ok(secret)
    }

    /// The ID of the key that encrypts.
    pub fn sealing_key_id(&self) -> &str {
        self.sealing.first().map(|(id, _)| id.as_str()).unwrap_or_default()
    }
}

/// What a secret is bound to.
fn context(owner: UserId, purpose: &str) -> Aad<Vec<u8>> {
    Aad::from([purpose.as_bytes(), b"\0", owner.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;
    use types::{SeededEntropy, Timestamp};

    fn keys(ids: &[&str]) -> Keys {
        let mut keys = ids.iter().map(|id| SigningKey { id: (*id).into(), secret: id.repeat(32).into_bytes() });
        Keys::new(keys.next().unwrap(), &keys.collect::<Vec<_>>())
    }

    fn user(seed: u64) -> UserId {
        let now: Timestamp = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap().into();
        UserId::new(now, &SeededEntropy::new(seed))
    }

    #[test]
    fn a_secret_opens_for_its_owner_its_purpose_and_with_its_key_only() {
        let owner = (user(1), "test");
        let sealed = keys(&["a"]).seal(owner, b"a secret", &SeededEntropy::new(1)).unwrap();
        assert_eq!(sealed.key_id, "a");
        assert!(!sealed.bytes.windows(8).any(|part| part == b"a secret"));
        assert_eq!(keys(&["a"]).open(owner, &sealed).unwrap(), b"a secret");
        assert_eq!(keys(&["b", "a"]).open(owner, &sealed).unwrap(), b"a secret", "with an older key");
        assert!(keys(&["b"]).open(owner, &sealed).is_err(), "without its key");
        assert!(keys(&["a"]).open((user(2), "test"), &sealed).is_err(), "of another account");
        assert!(keys(&["a"]).open((user(1), "else"), &sealed).is_err(), "for another purpose");
        assert!(
            keys(&["b"]).open(owner, &Sealed { key_id: "b".into(), ..sealed.clone() }).is_err(),
            "with another key"
        );
        for index in 0..sealed.bytes.len() {
            let mut bytes = sealed.bytes.clone();
            bytes[index] ^= 1;
            assert!(keys(&["a"]).open(owner, &Sealed { key_id: "a".into(), bytes }).is_err(), "changed at {index}");
        }
        for length in 0..sealed.bytes.len() {
            let bytes = sealed.bytes[..length].to_vec();
            assert!(keys(&["a"]).open(owner, &Sealed { key_id: "a".into(), bytes }).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn one_secret_is_encrypted_differently_each_time() {
        let (keys, entropy, owner) = (keys(&["a"]), SeededEntropy::new(1), (user(1), "test"));
        assert_ne!(keys.seal(owner, b"a secret", &entropy).unwrap(), keys.seal(owner, b"a secret", &entropy).unwrap());
    }
}
