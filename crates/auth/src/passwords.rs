//! Passwords: argon2id with the parameters that OWASP recommends, in a bounded number of threads.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::{PasswordHash, Salt},
};
use unicode_normalization::UnicodeNormalization as _;

use client_limits::{Bounds, FairQueue, Lane};
use types::Entropy;
use types::error::{Error, Result};

/// Memory in KiB, passes and lanes: OWASP's first choice for argon2id (19 MiB, 2, 1).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Callers that may wait for a thread, in one lane and in all; more are turned away, so that sign-ins cannot pile up.
const PER_LANE: usize = 8;
const WAITING: usize = 128;
/// A longer text is no password, whatever its characters become. Bytes.
const LONGEST_TEXT: usize = 4 * 1024;

/// A password as RFC 8265 prepares it (the profile OpaqueString): spaces of all kinds are the space, and characters are composed
/// (NFC), because keyboards and systems write `é` in two ways. Letter case and everything else stays.
#[derive(Clone)]
pub struct Password {
    prepared: String,
    /// What servers that did not prepare passwords may have hashed instead.
    unprepared: Vec<String>,
}

/// Whether a password belongs to a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It does not.
    No,
    /// It does.
    Yes,
    /// It does, in a form that was not prepared: the hash should be made again.
    Unprepared,
}

impl Password {
    /// Fewest characters.
    pub const MIN: usize = 10;
    /// Most characters.
    pub const MAX: usize = 128;

    /// The password that somebody typed.
    pub fn typed(text: String) -> Self {
        if text.len() > LONGEST_TEXT {
            return Self { prepared: String::new(), unprepared: Vec::new() };
        }
        let space = |char: char| if is_space(char) { ' ' } else { char };
        let prepared: String = text.chars().map(space).nfc().collect();
        let decomposed: String = text.nfd().collect();
        let mut unprepared = vec![text];
        unprepared.push(decomposed);
        unprepared.retain(|form| *form != prepared);
        unprepared.dedup();
        Self { prepared, unprepared }
    }

    /// Whether it may be the password of an account: 10 to 128 characters when it is prepared.
    pub fn has_right_length(&self) -> bool {
        (Self::MIN..=Self::MAX).contains(&self.prepared.chars().count())
    }
}

/// A password is a secret: logs do not show it.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Whether a character is a space (Unicode category Zs).
fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Hashes and verifies passwords. Each call takes some 20 ms of a core and 19 MiB.
#[derive(Clone)]
pub struct PasswordHasher {
    queue: FairQueue,
    /// Hash of nothing that anybody can type: verified when there is no account, so that both take the same time.
    decoy: Arc<str>,
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_with(password: &[u8], salt: [u8; 16]) -> Result<String> {
    let salt = Salt::new(&salt).map_err(|error| anyhow!("salt: {error}"))?;
    let hash: PasswordHash =
        argon2()?.hash_password_with_salt(password, &salt).map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

impl PasswordHasher {
    /// At most `threads` hashes at a time.
    ///
    /// # Errors
    /// When argon2 refuses its parameters.
    pub fn new(threads: usize, entropy: &dyn Entropy) -> Result<Self> {
        let decoy = hash_with(&entropy.bytes::<32>(), entropy.bytes())?;
        let bounds = Bounds { slots: threads.max(1), per_lane: PER_LANE, waiting: WAITING };
        Ok(Self { queue: FairQueue::new(bounds), decoy: decoy.into() })
    }

    /// The PHC string of `password`, for whoever waits in `lane`.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait.
    pub async fn hash(&self, password: &Password, lane: Lane, entropy: &dyn Entropy) -> Result<String> {
        let (salt, prepared) = (entropy.bytes(), password.prepared.clone());
        self.run(lane, move || hash_with(prepared.as_bytes(), salt)).await
    }

    /// Whether `password` belongs to `stored`, for whoever waits in `lane`. Without a stored hash the answer is no, after the same time.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait; [`Error::Internal`] when the stored hash is damaged.
    pub async fn verify(&self, password: &Password, stored: Option<String>, lane: Lane) -> Result<Fit> {
        let (decoy, password) = (Arc::clone(&self.decoy), password.clone());
        self.run(lane, move || {
            let text = stored.as_deref().unwrap_or(&decoy);
            let hash = PasswordHash::new(text).map_err(|error| anyhow!("stored password hash: {error}"))?;
            let argon2 = argon2()?;
            let fits = |form: &String| argon2.verify_password(form.as_bytes(), &hash).is_ok() && stored.is_some();
            Ok(match (fits(&password.prepared), &password.unprepared) {
                (true, _) => Fit::Yes,
                (false, others) if others.iter().any(fits) => Fit::Unprepared,
                (false, _) => Fit::No,
            })
        })
        .await
    }

    /// How many wait until theirs is checked.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    async fn run<T: Send + 'static>(&self, lane: Lane, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let slot = self.queue.enter(lane).await;
        let slot = slot.ok_or_else(|| Error::Busy(anyhow!("too many sign-ins wait")))?;
        tokio::task::spawn_blocking(move || {
            // Held by the thread, not by the caller: a caller that goes away does not let another one in.
            let _slot = slot;
            work()
        })
        .await
        .context("password thread")?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client_limits::AddressPrefix;
    use types::SeededEntropy;

    fn typed(text: &str) -> Password {
        Password::typed(text.to_owned())
    }

    fn lane() -> Lane {
        Lane::Address(AddressPrefix::of(None))
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let entropy = SeededEntropy::new(1);
        let hasher = PasswordHasher::new(2, &entropy).unwrap();
        let hash = hasher.hash(&typed("correct horse battery"), lane(), &entropy).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fit = async |text: &str, hash| hasher.verify(&typed(text), hash, lane()).await.unwrap();
        assert_eq!(fit("correct horse battery", Some(hash.clone())).await, Fit::Yes);
        assert_eq!(fit("Correct horse battery", Some(hash)).await, Fit::No);
        assert_eq!(fit("anything", None).await, Fit::No);
    }

    /// C19: the same keys give other characters on another system.
    #[tokio::test]
    async fn composed_and_decomposed_letters_are_one_password() {
        let (composed, decomposed) = ("\u{e9}t\u{e9} \u{e0} la plage", "e\u{301}te\u{301}\u{a0}a\u{300} la plage");
        let entropy = SeededEntropy::new(1);
        let hasher = PasswordHasher::new(2, &entropy).unwrap();
        for (registered, other) in [(composed, decomposed), (decomposed, composed)] {
            let hash = hasher.hash(&typed(registered), lane(), &entropy).await.unwrap();
            for text in [registered, other] {
                assert_eq!(hasher.verify(&typed(text), Some(hash.clone()), lane()).await.unwrap(), Fit::Yes);
            }
        }
    }

    /// C19: hashes of servers that took passwords as they came.
    #[tokio::test]
    async fn a_hash_of_an_unprepared_password_fits_and_says_so() {
        let hasher = PasswordHasher::new(2, &SeededEntropy::new(1)).unwrap();
        let (composed, decomposed) = ("\u{e9}t\u{e9} la plage", "e\u{301}te\u{301} la plage");
        let old = hash_with(decomposed.as_bytes(), [1; 16]).unwrap();
        for text in [composed, decomposed] {
            assert_eq!(hasher.verify(&typed(text), Some(old.clone()), lane()).await.unwrap(), Fit::Unprepared);
        }
        assert_eq!(hasher.verify(&typed("ete la plage"), Some(old), lane()).await.unwrap(), Fit::No);
    }

    #[test]
    fn characters_are_counted_when_they_are_composed() {
        assert!(typed(&"e\u{301}".repeat(10)).has_right_length());
        assert!(!typed(&"e\u{301}".repeat(9)).has_right_length());
        assert!(typed(&"e\u{301}".repeat(128)).has_right_length());
        assert!(!typed(&"e".repeat(129)).has_right_length());
        assert!(!typed(&"e".repeat(1_000_000)).has_right_length());
        assert_eq!(format!("{:?}", typed("correct horse")), "Password(…)");
    }
}
