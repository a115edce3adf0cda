use super::{ConfigError, Secret};
use auth::Keys;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use types::Entropy;

const SETTING: &str = "STAYGATE_JWT_SECRET";
/// Minimum length of a secret: that of the HMAC-SHA-256 output. Bytes.
const MIN_BYTES: usize = 32;

/// A key that signs access tokens.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// Its ID, which is in every token.
    pub kid: String,
    /// Its secret, as text.
    pub secret: Secret,
}

/// The current key, which signs, and older keys, whose tokens are still accepted.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    current: SigningKey,
    older: Vec<SigningKey>,
}

impl SigningKeys {
    /// Parses `KID:SECRET`, separated by commas or line ends. A secret without an ID gets one from
    /// its hash.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when there is none, one is too short, or two have the same ID.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let invalid = |reason: String| ConfigError::Invalid { setting: SETTING, reason };
        let mut keys = Vec::<SigningKey>::new();
        for entry in text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
            let (kid, secret) = match entry.split_once(':') {
                Some((kid, secret)) => (kid.to_owned(), secret),
                None => (name_of(entry), entry),
            };
            if kid.is_empty()
                || kid.len() > 64
                || !kid.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            {
                return Err(invalid("the ID of a key has 1 to 64 of: letters, digits, - _ .".to_owned()));
            }
            if secret.len() < MIN_BYTES {
                return Err(invalid(format!("the secret of key {kid} has fewer than {MIN_BYTES} characters")));
            }
            if keys.iter().any(|key| key.kid == kid) {
                return Err(invalid(format!("two keys have the ID {kid}")));
            }
            keys.push(SigningKey { kid, secret: Secret::from(secret.to_owned()) });
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or_else(|| invalid("it contains no key".to_owned()))?;
        Ok(Self { current, older: keys.collect() })
    }

    /// The keys in the data folder, if they exist.
    pub(super) fn load(data_dir: &Path) -> Result<Option<Self>, ConfigError> {
        let path = path_in(data_dir);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ConfigError::File { setting: SETTING, path, source }),
        }
    }

    /// The keys in the data folder, generated there at the first start, readable only by this user.
    pub(super) fn load_or_generate(data_dir: &Path, entropy: &dyn Entropy) -> Result<Self, ConfigError> {
        if let Some(keys) = Self::load(data_dir)? {
            return Ok(keys);
        }
        let path = path_in(data_dir);
        let failed = |source| ConfigError::File { setting: SETTING, path: path.clone(), source };
        let folder = data_dir.join("secrets");
        let secret: String = entropy.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("{}:{secret}\n", name_of(&secret));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        // Written to another file and linked: complete or not at all, and the first of two writers
        // wins.
        let partial = folder.join(format!("jwt.{}", std::process::id()));
        let write = || {
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            let linked = match fs::hard_link(&partial, &path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            };
            fs::remove_file(&partial)?;
            linked
        };
        write().map_err(failed)?;
        Self::parse(&fs::read_to_string(&path).map_err(failed)?)
    }

    /// The key that signs.
    pub fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The keys for signing and verifying tokens.
    pub fn verifier(&self) -> Keys {
        let key = |key: &SigningKey| auth::SigningKey {
            id: key.kid.clone(),
            secret: key.secret.expose().as_bytes().to_vec(),
        };
        Keys::new(key(&self.current), &self.older.iter().map(key).collect::<Vec<_>>())
    }

    /// The key with the ID `kid`.
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        std::iter::once(&self.current).chain(&self.older).find(|key| key.kid == kid)
    }
}

fn path_in(data_dir: &Path) -> PathBuf {
    data_dir.join("secrets/jwt")
}

fn name_of(secret: &str) -> String {
    Sha256::digest(secret).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use types::SeededEntropy;

    const LONG: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn the_first_key_signs_and_all_are_found() {
        let keys = SigningKeys::parse(&format!("new:{LONG}, old:{LONG}x")).unwrap();
        assert_eq!(keys.current().kid, "new");
        assert_eq!(keys.find("old").unwrap().secret.expose(), format!("{LONG}x"));
        assert!(keys.find("older").is_none());
    }

    #[test]
    fn bad_keys_are_refused_without_showing_them() {
        for bad in ["", "k:short", "a b:0123456789abcdef0123456789abcdef", &format!("k:{LONG},k:{LONG}")] {
            let error = SigningKeys::parse(bad).unwrap_err().to_string();
            assert!(error.starts_with(SETTING) && !error.contains("short") && !error.contains(LONG), "{error}");
        }
    }

    #[test]
    fn generated_keys_are_private_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let first = SigningKeys::load_or_generate(dir.path(), &SeededEntropy::new(1)).unwrap();
        let again = SigningKeys::load_or_generate(dir.path(), &SeededEntropy::new(2)).unwrap();
        assert_eq!(first.current().kid, again.current().kid);
        let mode = fs::metadata(dir.path().join("secrets/jwt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
