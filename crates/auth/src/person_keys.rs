//! A key for each person, which encrypts texts about them in rows that outlive the account. It is
//! stored encrypted ([`Sealed`]); whoever deletes it has erased the texts, wherever there are
//! copies of them.

use anyhow::anyhow;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::{Keys, Sealed};
use types::{
    Entropy, UserId,
    error::{Error, Result},
};

/// What the keys are sealed for.
const PURPOSE: &str = "person key";

/// The key of a person.
pub struct PersonKey([u8; 32]);

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

impl PersonKey {
    /// A new key.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The key of `owner`, encrypted for the database.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn seal(&self, keys: &Keys, owner: UserId, entropy: &dyn Entropy) -> Result<Sealed> {
        keys.seal((owner, PURPOSE), &self.0, entropy)
    }

    /// The key of `owner`, from the database.
    ///
    /// # Errors
    /// When it cannot be decrypted.
    pub fn open(keys: &Keys, owner: UserId, sealed: &Sealed) -> Result<Self> {
        let bytes = keys.open((owner, PURPOSE), sealed)?;
        Ok(Self(bytes.try_into().map_err(|_| Error::Internal(anyhow!("a key has the wrong length")))?))
    }

    /// Encrypts a text for one `place`, such as a column and the id of its row: nobody who can write
    /// to the database can move it to another.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn encrypt(&self, place: &str, text: &str, entropy: &dyn Entropy) -> Result<Vec<u8>> {
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut encrypted = text.as_bytes().to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut encrypted)
            .map_err(|_| Error::Internal(anyhow!("a text cannot be encrypted")))?;
        Ok([nonce.as_slice(), &encrypted].concat())
    }

    /// Decrypts what [`Self::encrypt`] has encrypted for the same place.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is damaged, of another place or of another key.
    pub fn decrypt(&self, place: &str, bytes: &[u8]) -> Result<String> {
        let damaged = || Error::Internal(anyhow!("the text of {place} cannot be decrypted"));
        let (nonce, encrypted) = bytes.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut text = encrypted.to_vec();
        let aad = Aad::from(place.as_bytes());
        let length = self.cipher()?.open_in_place(nonce, aad, &mut text).map_err(|_| damaged())?.len();
        text.truncate(length);
        String::from_utf8(text).map_err(|_| damaged())
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &self.0);
        Ok(LessSafeKey::new(key.map_err(|_| Error::Internal(anyhow!("a key has the wrong length")))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;
    use types::{SeededEntropy, Timestamp};

    #[test]
    fn a_text_opens_with_its_key_at_its_place_only() {
        let entropy = SeededEntropy::new(1);
        let (key, other) = (PersonKey::new(&entropy), PersonKey::new(&entropy));
        let sealed = key.encrypt("reason:1", "Ada called.", &entropy).unwrap();
        assert!(!sealed.windows(3).any(|part| part == b"Ada"));
        assert_eq!(key.decrypt("reason:1", &sealed).unwrap(), "Ada called.");
        assert!(key.decrypt("reason:2", &sealed).is_err(), "at another place");
        assert!(other.decrypt("reason:1", &sealed).is_err(), "with another key");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key.decrypt("reason:1", &changed).is_err(), "changed at {index}");
            assert!(key.decrypt("reason:1", &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn a_key_is_stored_encrypted_for_its_owner() {
        let entropy = SeededEntropy::new(1);
        let now: Timestamp = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap().into();
        let (owner, eve) = (UserId::new(now, &entropy), UserId::new(now, &entropy));
        let keys = Keys::new(SigningKey { id: "a".into(), secret: vec![7; 32] }, &[]);
        let key = PersonKey::new(&entropy);
        let stored = key.seal(&keys, owner, &entropy).unwrap();
        assert!(!stored.bytes.windows(32).any(|part| part == key.0));
        assert_eq!(PersonKey::open(&keys, owner, &stored).unwrap().0, key.0);
        assert!(PersonKey::open(&keys, eve, &stored).is_err());
        assert_eq!(format!("{key:?}"), "PersonKey(…)");
    }
}
