//! Passwords: argon2id with the parameters that OWASP recommends, on a limited number of threads.
//!
//! Only a [`NewPassword`] can be hashed, so a password that nobody checked cannot get into the
//! database.

mod weakness;

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
pub use weakness::Weakness;

/// What a hash costs, on one lane; by default OWASP's first choice for argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Iterations.
    pub passes: u32,
}

impl Default for HashCost {
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2 }
    }
}

/// Maximum number of waiting callers, in one lane and in total; more are refused, so that sign-ins
/// cannot accumulate.
const PER_LANE: usize = 8;
const WAITING: usize = 128;
/// Maximum length of a password before it is prepared, in bytes.
const LONGEST_TEXT: usize = 4 * 1024;

/// A password, prepared according to RFC 8265 (the profile OpaqueString): all kinds of spaces
/// become the space, and characters are composed (NFC), because keyboards and systems write `é` in
/// two ways. Letter case and everything else is unchanged.
#[derive(Clone)]
pub struct Password {
    prepared: String,
    /// Forms that servers without this preparation may have hashed.
    unprepared: Vec<String>,
}

/// A password that may be hashed: it was checked, it is that of the account already, or the program
/// itself has chosen it.
#[derive(Debug, Clone)]
pub struct NewPassword(Password);

impl NewPassword {
    /// Checks a password for an account of which `about` is known: [`Password::refusal`].
    ///
    /// # Errors
    /// Why the password is refused.
    pub fn checked(password: Password, about: &[&str]) -> std::result::Result<Self, Weakness> {
        match password.refusal(about) {
            None => Ok(Self(password)),
            Some(weakness) => Err(weakness),
        }
    }

    /// A password that the program sets itself, unchecked: those of the demo are public anyway.
    pub fn of_program(text: String) -> Self {
        Self(Password::typed(text))
    }
}

/// Whether a password matches a hash.
#[derive(Debug, Clone)]
pub enum Fit {
    /// It does not match.
    No,
    /// It matches.
    Yes,
    /// It matches, but the hash has other parameters than new ones, or is of an unprepared form.
    /// The hash should be replaced by one of this password.
    Outdated(NewPassword),
}

impl Password {
    /// Minimum number of characters.
    pub const MIN: usize = 8;
    /// Maximum number of characters.
    pub const MAX: usize = 256;

    /// Prepares a password as typed.
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

    /// Whether its length is valid for an account: 8 to 256 characters after preparation.
    pub fn has_right_length(&self) -> bool {
        (Self::MIN..=Self::MAX).contains(&self.prepared.chars().count())
    }
}

/// Without the password, which is a secret.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Whether a character is a space (Unicode category Zs).
fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Hashes and verifies passwords. By default, each call takes about 20 ms of a CPU core and 19 MiB.
#[derive(Clone)]
pub struct PasswordHasher {
    queue: FairQueue,
    argon2: Argon2<'static>,
    /// The hash of a random secret, verified when there is no account, so that both cases take the
    /// same time. Its parameters are those of new hashes.
    decoy: Arc<str>,
}

/// Whether two hashes have the same algorithm, version and parameters.
fn have_same_parameters(one: &PasswordHash, other: &PasswordHash) -> bool {
    (&one.algorithm, one.version, &one.params) == (&other.algorithm, other.version, &other.params)
}

fn hash_with(argon2: &Argon2<'_>, password: &[u8], salt: [u8; 16]) -> Result<String> {
    let salt = Salt::new(&salt).map_err(|error| anyhow!("salt: {error}"))?;
    let hash: PasswordHash =
        argon2.hash_password_with_salt(password, &salt).map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

impl PasswordHasher {
    /// At most `threads` hashes at a time, at the default cost.
    ///
    /// # Errors
    /// When argon2 rejects its parameters.
    pub fn new(threads: usize, entropy: &dyn Entropy) -> Result<Self> {
        Self::with_cost(threads, HashCost::default(), entropy)
    }

    /// The same, at another cost: a lower one is for tests.
    ///
    /// # Errors
    /// When argon2 rejects its parameters.
    pub fn with_cost(threads: usize, cost: HashCost, entropy: &dyn Entropy) -> Result<Self> {
        let params = Params::new(cost.memory, cost.passes, 1, None).map_err(|error| anyhow!("argon2: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_with(&argon2, &entropy.bytes::<32>(), entropy.bytes())?;
        let bounds = Bounds { slots: threads.max(1), per_lane: PER_LANE, waiting: WAITING };
        Ok(Self { queue: FairQueue::new(bounds), argon2, decoy: decoy.into() })
    }

    /// Checks `password` for an account of which `about` is known, for a caller in `lane`: a check
    /// takes up to half the time of a hash.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many callers wait. Inside, why the password is refused.
    pub async fn check(
        &self,
        password: Password,
        about: Vec<String>,
        lane: Lane,
    ) -> Result<std::result::Result<NewPassword, Weakness>> {
        let check = move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            Ok(NewPassword::checked(password, &about))
        };
        self.run(lane, check).await
    }

    /// The PHC string of `password`, for a caller in `lane`.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many callers wait.
    pub async fn hash(&self, password: &NewPassword, lane: Lane, entropy: &dyn Entropy) -> Result<String> {
        let (argon2, salt, prepared) = (self.argon2.clone(), entropy.bytes(), password.0.prepared.clone());
        self.run(lane, move || hash_with(&argon2, prepared.as_bytes(), salt)).await
    }

    /// Whether `password` matches `stored`, for a caller in `lane`. Without a stored hash it does
    /// not, after the same time.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many callers wait; [`Error::Internal`] when the stored hash is
    /// damaged.
    pub async fn verify(&self, password: &Password, stored: Option<String>, lane: Lane) -> Result<Fit> {
        let (argon2, decoy, password) = (self.argon2.clone(), Arc::clone(&self.decoy), password.clone());
        self.run(lane, move || {
            let parse = |text| PasswordHash::new(text).map_err(|error| anyhow!("stored password hash: {error}"));
            let decoy = parse(&decoy)?;
            let hash = stored.as_deref().map(parse).transpose()?;
            let matches = |form: &String| {
                let matches = argon2.verify_password(form.as_bytes(), hash.as_ref().unwrap_or(&decoy)).is_ok();
                matches && hash.is_some()
            };
            let is_current = hash.as_ref().is_none_or(|hash| have_same_parameters(hash, &decoy));
            Ok(match (matches(&password.prepared), is_current) {
                (true, true) => Fit::Yes,
                (false, _) if !password.unprepared.iter().any(matches) => Fit::No,
                (_, _) => Fit::Outdated(NewPassword(password)),
            })
        })
        .await
    }

    /// The number of waiting callers.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    async fn run<T: Send + 'static>(&self, lane: Lane, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let slot = self.queue.enter(lane).await;
        let slot = slot.ok_or_else(|| Error::Busy(anyhow!("too many sign-ins wait")))?;
        tokio::task::spawn_blocking(move || {
            // Held by the thread, not by the caller: a caller that disconnects must not admit
            // another one early.
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

    fn new(text: &str) -> NewPassword {
        NewPassword::checked(typed(text), &[]).unwrap()
    }

    fn lane() -> Lane {
        Lane::Address(AddressPrefix::of(None))
    }

    #[tokio::test]
    async fn a_password_matches_only_its_own_hash() {
        let entropy = SeededEntropy::new(1);
        let hasher = PasswordHasher::new(2, &entropy).unwrap();
        let hash = hasher.hash(&new("correct horse battery"), lane(), &entropy).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fit = async |text: &str, hash| hasher.verify(&typed(text), hash, lane()).await.unwrap();
        assert!(matches!(fit("correct horse battery", Some(hash.clone())).await, Fit::Yes));
        assert!(matches!(fit("Correct horse battery", Some(hash)).await, Fit::No));
        assert!(matches!(fit("anything", None).await, Fit::No));
    }

    /// C19: the same keys produce different characters on another system.
    #[tokio::test]
    async fn composed_and_decomposed_letters_are_one_password() {
        let (composed, decomposed) = ("\u{e9}t\u{e9} \u{e0} la plage", "e\u{301}te\u{301}\u{a0}a\u{300} la plage");
        let entropy = SeededEntropy::new(1);
        let hasher = PasswordHasher::new(2, &entropy).unwrap();
        for (registered, other) in [(composed, decomposed), (decomposed, composed)] {
            let hash = hasher.hash(&new(registered), lane(), &entropy).await.unwrap();
            for text in [registered, other] {
                let fit = hasher.verify(&typed(text), Some(hash.clone()), lane()).await.unwrap();
                assert!(matches!(fit, Fit::Yes), "{text}");
            }
        }
    }

    /// C19: hashes of servers that did not prepare passwords.
    #[tokio::test]
    async fn a_hash_of_an_unprepared_password_matches_and_is_reported() {
        let hasher = PasswordHasher::new(2, &SeededEntropy::new(1)).unwrap();
        let (composed, decomposed) = ("\u{e9}t\u{e9} la plage", "e\u{301}te\u{301} la plage");
        let old = hash_with(&hasher.argon2, decomposed.as_bytes(), [1; 16]).unwrap();
        for text in [composed, decomposed] {
            let fit = hasher.verify(&typed(text), Some(old.clone()), lane()).await.unwrap();
            assert!(matches!(fit, Fit::Outdated(_)), "{text}");
        }
        assert!(matches!(hasher.verify(&typed("ete la plage"), Some(old), lane()).await.unwrap(), Fit::No));
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_matches_and_is_outdated() {
        let hasher = PasswordHasher::new(2, &SeededEntropy::new(1)).unwrap();
        let salt = Salt::new(&[1; 16]).unwrap();
        let (id, new) = (Algorithm::Argon2id, Version::V0x13);
        for (algorithm, version, memory, passes, lanes, is_current) in [
            (id, new, 19_456, 2, 1, true),
            (id, new, 8_192, 2, 1, false),
            (id, new, 19_456, 1, 1, false),
            (id, new, 19_456, 2, 2, false),
            (id, Version::V0x10, 19_456, 2, 1, false),
            (Algorithm::Argon2i, new, 19_456, 2, 1, false),
        ] {
            let argon2 = Argon2::new(algorithm, version, Params::new(memory, passes, lanes, None).unwrap());
            let hash: PasswordHash = argon2.hash_password_with_salt(b"correct horse battery", &salt).unwrap();
            let fit = async |text| hasher.verify(&typed(text), Some(hash.to_string()), lane()).await.unwrap();
            let right = fit("correct horse battery").await;
            let is_right = if is_current { matches!(right, Fit::Yes) } else { matches!(right, Fit::Outdated(_)) };
            assert!(is_right, "{hash} {right:?}");
            assert!(matches!(fit("another horse battery").await, Fit::No), "{hash}");
        }
    }

    #[test]
    fn characters_are_counted_after_composition() {
        assert!(typed(&"e\u{301}".repeat(8)).has_right_length());
        assert!(!typed(&"e\u{301}".repeat(7)).has_right_length());
        assert!(typed(&"e\u{301}".repeat(256)).has_right_length());
        assert!(!typed(&"e".repeat(257)).has_right_length());
        assert!(!typed(&"e".repeat(1_000_000)).has_right_length());
        assert_eq!(format!("{:?}", typed("correct horse")), "Password(…)");
    }
}
