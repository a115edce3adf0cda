//! Settings, from flags and the environment.
//!
//! Every setting is a field of one of the groups in `Config`, or of `Logging`, with its flag, its
//! environment variable and its default in one place: the field. An invalid value is rejected
//! before anything starts.

mod booking;
mod identity_providers;
mod limits;
mod logging;
mod mailing;
mod network;
mod observing;
mod passkeys;
mod privacy;
mod profile;
mod retention;
mod secret;
mod sign_in;
mod signing;
mod storage;
mod streams;
mod values;

use clap::builder::Resettable;
use clap::{Args, FromArgMatches};
use std::path::PathBuf;

pub use booking::{Booking, Demo};
pub use identity_providers::IdentityProviderSettings;
pub use limits::{Limits, OperationLimit};
pub use logging::{LogFormat, Logging};
pub use mailing::Mailing;
pub use network::Network;
pub use observing::Observing;
pub use passkeys::Passkeys;
pub use privacy::Privacy;
pub use profile::{Profile, Switch};
pub use retention::Retention;
pub use secret::Secret;
pub use sign_in::{KeySettings, SignIn};
pub use signing::{SigningKey, SigningKeys};
pub use storage::{DATABASE_NAME, Storage};
pub use streams::Streams;
pub use values::{Contact, HeaderName, Host, OnOff, Origin, PublicUrl, Size};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file of a secret cannot be read.
    #[error("{setting}: cannot read {}: {source}", path.display())]
    File {
        /// The variable that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A secret is given in two ways.
    #[error("{0} and {0}_FILE are both set: use one of them")]
    Twice(&'static str),
    /// A required secret is missing.
    #[error("{setting} is not set: {why}")]
    Missing {
        /// The variable.
        setting: &'static str,
        /// Why it is required, and how to generate one.
        why: &'static str,
    },
    /// A value is invalid.
    #[error("{setting}: {reason}")]
    Invalid {
        /// The variable.
        setting: &'static str,
        /// The reason; never the secret itself.
        reason: String,
    },
}

/// The settings of the server.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The data folder and the database.
    #[command(flatten)]
    pub storage: Storage,
    /// Network settings.
    #[command(flatten)]
    pub network: Network,
    /// Limits and budgets.
    #[command(flatten)]
    pub limits: Limits,
    /// Tokens and passwords.
    #[command(flatten)]
    pub sign_in: SignIn,
    /// Passkeys.
    #[command(flatten)]
    pub passkeys: Passkeys,
    /// Mail.
    #[command(flatten)]
    pub mailing: Mailing,
    /// Bookings and demo data.
    #[command(flatten)]
    pub booking: Booking,
    /// Terms, consents, and the end of accounts.
    #[command(flatten)]
    pub privacy: Privacy,
    /// Public or development profile.
    #[command(flatten)]
    pub profile: Profile,
    /// Open connections and subscriptions.
    #[command(flatten)]
    pub streams: Streams,
    /// Logs, metrics and traces for operators.
    #[command(flatten)]
    pub observing: Observing,
    /// Retention of data.
    #[command(flatten)]
    pub retention: Retention,
}

impl Config {
    /// Whether an empty database is filled with demo data, and demo accounts can sign in.
    ///
    /// # Errors
    /// See [`Storage::database_url`].
    pub fn wants_demo(&self) -> Result<bool, ConfigError> {
        match self.booking.demo {
            Demo::On => Ok(true),
            Demo::Off => Ok(false),
            Demo::Auto => Ok(!self.profile.production && self.network.is_local() && self.storage.is_embedded()?),
        }
    }
}

impl Default for Config {
    /// The defaults of all flags, ignoring the environment.
    #[expect(clippy::expect_used, reason = "a test parses the defaults")]
    fn default() -> Self {
        let command = Self::augment_args(clap::Command::new("staygate")).mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.try_get_matches_from(["staygate"]).expect("no setting is required");
        Self::from_arg_matches(&matches).expect("every default is valid")
    }
}

fn between(min: i64, max: i64) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(min..=max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::SeededEntropy;

    fn parse(flags: &[&str]) -> Result<Config, clap::Error> {
        let command = Config::augment_args(clap::Command::new("staygate")).mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.try_get_matches_from([&["staygate"], flags].concat())?;
        Config::from_arg_matches(&matches)
    }

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::default();
        assert_eq!(config.network.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.network.max_body.bytes(), 256 * 1024);
        assert_eq!(config.network.public_url(), "http://127.0.0.1:8080");
        assert!(config.wants_demo().unwrap());
    }

    /// S12: accounts with public passwords exist only where no one else can use them, unless
    /// requested.
    #[test]
    fn demo_data_is_on_only_for_a_private_database_on_a_local_server() {
        let wants_demo = |flags: &[&str]| {
            let config = parse(flags).unwrap();
            config.wants_demo().unwrap()
        };
        for on in [
            &[] as &[&str],
            &["--listen", "9000"],
            &["--listen", "[::1]:9000"],
            &["--demo", "on", "--listen", "0.0.0.0:80"],
            &["--demo", "on", "--database-url", "mysql://u@h/d"],
        ] {
            assert!(wants_demo(on), "{on:?}");
        }
        for off in [
            &["--demo", "off"] as &[&str],
            &["--database-url", "mysql://u@h/d"],
            &["--listen", "0.0.0.0:8080"],
            &["--listen", "[::]:8080"],
            &["--public-url", "https://api.example.com"],
            &["--trusted-proxies", "1"],
            &["--production"],
        ] {
            assert!(!wants_demo(off), "{off:?}");
        }
    }

    #[test]
    fn an_invalid_value_is_rejected_and_named() {
        for wrong in [
            ["--listen", "example"],
            ["--pool-size", "0"],
            ["--access-minutes", "1441"],
            ["--max-body", "lots"],
            ["--public-url", "ftp://example.com"],
            ["--allowed-origins", "https://example.com/path"],
            ["--demo", "maybe"],
        ] {
            let error = parse(&wrong).unwrap_err().to_string();
            assert!(error.contains(wrong[0]) && error.contains(wrong[1]), "{error}");
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        let flags =
            ["--database-url", "mysql://u:hunter2@h/d", "--jwt-secret", "k:hunter2hunter2hunter2hunter2hunter2"];
        let config = parse(&flags).unwrap();
        let keys = config.sign_in.signing_keys(&config.storage, &SeededEntropy::new(1)).unwrap();
        let shown = format!("{config:?} {keys:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(keys.current().kid, "k");
    }

    #[test]
    fn with_a_database_url_the_keys_must_be_given() {
        let config = parse(&["--database-url", "mysql://u@h/d"]).unwrap();
        let error = config.sign_in.signing_keys(&config.storage, &SeededEntropy::new(1)).unwrap_err();
        assert!(error.to_string().starts_with("STAYGATE_JWT_SECRET is not set"), "{error}");
        assert!(!config.wants_demo().unwrap());
    }

    #[test]
    fn a_database_url_without_a_name_is_rejected() {
        let error =
            parse(&["--database-url", "mysql://u:hunter2@h"]).unwrap().storage.database_url().unwrap_err().to_string();
        assert!(error.starts_with("DATABASE_URL: ") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_secret_given_twice_is_rejected() {
        let config = parse(&["--database-url", "mysql://u@h/d", "--database-url-file", "/nowhere"]).unwrap();
        assert!(matches!(config.storage.database_url(), Err(ConfigError::Twice("DATABASE_URL"))));
    }

    #[test]
    fn sessions_in_cookies_are_for_pages_with_tls_in_production() {
        let with = |origins| ["--cookie-origins", origins, "--public-url", "https://api.example.com"];
        let config = parse(&with("https://Example.com,http://localhost:3000")).unwrap();
        let origins = ["https://example.com", "http://localhost:3000", "https://api.example.com"];
        assert_eq!(config.network.cookie_origins(), origins);
        assert!(parse(&with("https://app-*.example.com")).is_err());
        let missing = |origins| {
            let config = parse(&[&["--production"], &with(origins)[..]].concat()).unwrap();
            config.missing_for_production().unwrap().join("\n").contains("--cookie-origins")
        };
        assert!(missing("http://localhost:3000") && !missing("https://example.com"));
    }

    #[test]
    fn all_missing_settings_for_production_are_reported() {
        let bare = parse(&["--production"]).unwrap();
        assert_eq!(bare.missing_for_production().unwrap().len(), 2, "{:?}", bare.missing_for_production());
        let demo = parse(&["--production", "--demo", "on", "--public-url", "http://api.example.com"]).unwrap();
        let missing = demo.missing_for_production().unwrap().join("\n");
        assert!(missing.contains("--public-url") && missing.contains("--demo") && missing.contains("JWT"), "{missing}");
        let remote = ["--production", "--database-url", "mysql://u:p@db.example.com/d"];
        let missing = parse(&remote).unwrap().missing_for_production().unwrap().join("\n");
        assert!(missing.contains("TLS") && !missing.contains("u:p"), "{missing}");
        let unchecked = ["--production", "--database-url", "mysql://u:p@db.example.com/d?ssl-mode=REQUIRED"];
        let missing = parse(&unchecked).unwrap().missing_for_production().unwrap().join("\n");
        assert!(missing.contains("TLS with a verified certificate"), "{missing}");
        let secured = ["--production", "--database-url", "mysql://u:p@db.example.com/d?ssl-mode=VERIFY_IDENTITY"];
        let missing = parse(&secured).unwrap().missing_for_production().unwrap().join("\n");
        assert!(!missing.contains("TLS"), "{missing}");
        let fit = ["--production", "--public-url", "https://api.example.com", "--jwt-secret"];
        let fit = parse(&[&fit[..], &["k:0123456789abcdef0123456789abcdef"]].concat()).unwrap();
        assert_eq!(fit.missing_for_production().unwrap(), Vec::<String>::new());
        assert_eq!(fit.allowed_hosts(), ["api.example.com"]);
        assert_eq!(fit.network.cookie_origins(), ["https://api.example.com"]);
        assert!(!fit.profile.wants_pages() && !fit.profile.wants_introspection());
        assert!(!fit.wants_demo().unwrap());
        assert!(parse(&[]).unwrap().missing_for_production().unwrap().is_empty());
    }
}
