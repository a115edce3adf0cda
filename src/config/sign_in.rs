//! Settings of tokens and passwords.

use std::path::PathBuf;

use chrono::Duration;
use clap::Args;

use super::{ConfigError, IdentityProviderSettings, Secret, SigningKeys, Storage, between, identity_providers, secret};

/// Where the keys that sign access tokens come from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sign-in")]
pub struct KeySettings {
    /// The keys that sign access tokens: KID:SECRET, separated by commas or newlines. The first
    /// signs, all are accepted, so put a new key first and remove the old one a day later. Each
    /// secret has at least 32 characters. Required with DATABASE_URL; generated once into the data
    /// folder otherwise.
    #[arg(long, env = "STAYGATE_JWT_SECRET", value_name = "KEYS", hide_env_values = true)]
    jwt_secret: Option<Secret>,

    /// A file that holds STAYGATE_JWT_SECRET.
    #[arg(long, env = "STAYGATE_JWT_SECRET_FILE", value_name = "FILE")]
    jwt_secret_file: Option<PathBuf>,
}

impl KeySettings {
    /// The keys that sign access tokens; `None` when they have yet to be generated in the data
    /// folder.
    ///
    /// # Errors
    /// [`ConfigError`]; `Missing` when a server with DATABASE_URL has none, because instances
    /// behind one address must share the same keys.
    pub fn existing(&self, storage: &Storage) -> Result<Option<SigningKeys>, ConfigError> {
        const SETTING: &str = "STAYGATE_JWT_SECRET";
        let (given, file) = (self.jwt_secret.as_ref(), self.jwt_secret_file.as_ref());
        match secret::read(SETTING, given, "STAYGATE_JWT_SECRET_FILE", file)? {
            Some(keys) => SigningKeys::parse(keys.expose()).map(Some),
            None if storage.is_embedded()? => SigningKeys::load(&storage.data_dir),
            None => Err(ConfigError::Missing {
                setting: SETTING,
                why: "a server with DATABASE_URL needs keys that all its instances share. Make one with `openssl rand -hex 32` \
                      and set it as KID:SECRET, for example 2026a:4f1c…",
            }),
        }
    }

    /// Whether the operator set the keys, instead of having them generated.
    pub fn are_given(&self) -> bool {
        self.jwt_secret.is_some() || self.jwt_secret_file.is_some()
    }
}

/// Settings of tokens and passwords.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sign-in")]
pub struct SignIn {
    /// The keys that sign access tokens.
    #[command(flatten)]
    pub keys: KeySettings,

    /// How long an access token is valid, in minutes.
    #[arg(long, env = "STAYGATE_ACCESS_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(1, 1440))]
    pub access_minutes: u32,

    /// How long a refresh token is valid, in days.
    #[arg(long, env = "STAYGATE_REFRESH_DAYS", value_name = "DAYS", default_value_t = 30, value_parser = between(1, 365))]
    pub refresh_days: u32,

    /// How long a session lasts at most, however it is used, in days. Then its owner signs in again.
    #[arg(long, env = "STAYGATE_SESSION_DAYS", value_name = "DAYS", default_value_t = 180, value_parser = between(1, 3650))]
    pub session_days: u32,

    /// How long after its use a refresh token still gives the same client the same pair, in case
    /// the response was lost, in seconds. With 0 it works once.
    #[arg(long, env = "STAYGATE_REFRESH_GRACE_SECONDS", value_name = "S", default_value_t = 30, value_parser = between(0, 300))]
    pub refresh_grace_seconds: u32,

    /// How many passwords are hashed concurrently; each takes 19 MiB. Default: one per processor.
    #[arg(long, env = "STAYGATE_PASSWORD_HASHERS", value_name = "N", value_parser = between(1, 256))]
    password_hashers: Option<u32>,

    /// A JSON file of OpenID Connect providers with which people can sign in. Without it there are
    /// none.
    #[arg(long, env = "STAYGATE_IDENTITY_PROVIDERS", value_name = "FILE")]
    identity_providers: Option<PathBuf>,
}

impl SignIn {
    /// The keys that sign access tokens; generated in the data folder of `storage` if allowed and
    /// needed.
    ///
    /// # Errors
    /// See [`KeySettings::existing`].
    pub fn signing_keys(&self, storage: &Storage, entropy: &dyn types::Entropy) -> Result<SigningKeys, ConfigError> {
        match self.keys.existing(storage)? {
            Some(keys) => Ok(keys),
            None => SigningKeys::load_or_generate(&storage.data_dir, entropy),
        }
    }

    /// The identity providers.
    ///
    /// # Errors
    /// [`ConfigError`] when the file cannot be read or is not valid.
    pub fn identity_providers(&self) -> Result<IdentityProviderSettings, ConfigError> {
        let file = self.identity_providers.as_deref().filter(|path| !path.as_os_str().is_empty());
        file.map_or_else(|| Ok(IdentityProviderSettings::default()), identity_providers::read)
    }

    /// The number of passwords hashed at a time.
    pub fn password_hashers(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        self.password_hashers.map_or_else(processors, |given| given as usize)
    }

    /// How long an access token is valid.
    pub fn access_lifetime(&self) -> Duration {
        Duration::minutes(self.access_minutes.into())
    }

    /// How long a refresh token is valid.
    pub fn refresh_lifetime(&self) -> Duration {
        Duration::days(self.refresh_days.into())
    }

    /// How long a session lasts at most.
    pub fn session_lifetime(&self) -> Duration {
        Duration::days(self.session_days.into())
    }

    /// How long a used refresh token still returns the same pair.
    pub fn refresh_grace(&self) -> Duration {
        Duration::seconds(self.refresh_grace_seconds.into())
    }
}
