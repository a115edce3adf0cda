//! Passwords: argon2id with the parameters that OWASP recommends, in a bounded number of threads.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::{PasswordHash, Salt},
};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::types::Entropy;

/// Memory in KiB, passes and lanes: OWASP's first choice for argon2id (19 MiB, 2, 1).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Callers that may wait for a thread; more are turned away, so that sign-ins cannot pile up.
const QUEUE: usize = 64;

/// How long a password may be.
#[derive(Debug, Clone, Copy)]
pub struct PasswordPolicy;

impl PasswordPolicy {
    /// Fewest characters.
    pub const MIN: usize = 10;
    /// Most characters.
    pub const MAX: usize = 128;

    /// Whether the length is right.
    pub fn accepts(password: &str) -> bool {
        (Self::MIN..=Self::MAX).contains(&password.chars().count())
    }
}

/// Hashes and verifies passwords. Each call takes some 20 ms of a core and 19 MiB.
#[derive(Clone)]
pub struct PasswordHasher {
    threads: Arc<Semaphore>,
    queue: Arc<Semaphore>,
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
        Ok(Self {
            threads: Arc::new(Semaphore::new(threads.max(1))),
            queue: Arc::new(Semaphore::new(QUEUE)),
            decoy: decoy.into(),
        })
    }

    /// The PHC string of `password`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait.
    pub async fn hash(&self, password: String, entropy: &dyn Entropy) -> Result<String> {
        let salt = entropy.bytes();
        self.run(move || hash_with(password.as_bytes(), salt)).await
    }

    /// Whether `password` belongs to `stored`. Without a stored hash the answer is no, after the same time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait; [`Error::Internal`] when the stored hash is damaged.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let decoy = Arc::clone(&self.decoy);
        self.run(move || {
            let text = stored.as_deref().unwrap_or(&decoy);
            let hash = PasswordHash::new(text).map_err(|error| anyhow!("stored password hash: {error}"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok() && stored.is_some())
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let busy = || Error::Busy(anyhow!("too many sign-ins wait"));
        let _place = self.queue.try_acquire().map_err(|_| busy())?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| busy())?;
        tokio::task::spawn_blocking(move || {
            // Held by the thread, not by the caller: a caller that goes away does not let another one in.
            let _thread = thread;
            work()
        })
        .await
        .context("password thread")?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SeededEntropy;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let entropy = SeededEntropy::new(1);
        let hasher = PasswordHasher::new(2, &entropy).unwrap();
        let hash = hasher.hash("correct horse battery".into(), &entropy).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify("Correct horse battery".into(), Some(hash)).await.unwrap());
        assert!(!hasher.verify("anything".into(), None).await.unwrap());
    }
}
