//! Settings, from flags and the environment.
//!
//! Everything that can be set is a field of `Config`, `Storage` or `Logging`, with its flag, its environment variable
//! and its default in one place: the field. A value that makes no sense is refused before anything starts.

mod secret;
mod signing;
mod values;

use chrono::Duration;
use clap::builder::Resettable;
use clap::{Args, FromArgMatches, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

pub use secret::Secret;
pub use signing::{SigningKey, SigningKeys};
pub use values::{Origin, PublicUrl, Size};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A secret's file cannot be read.
    #[error("{setting}: cannot read {}: {source}", path.display())]
    File {
        /// The variable that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A secret is given in two ways.
    #[error("{0} and {0}_FILE are both set: use one of them")]
    Twice(&'static str),
    /// A secret that must be given is not.
    #[error("{setting} is not set: {why}")]
    Missing {
        /// The variable.
        setting: &'static str,
        /// Why it is needed, and how to make one.
        why: &'static str,
    },
    /// A value of the wrong form.
    #[error("{setting}: {reason}")]
    Invalid {
        /// The variable.
        setting: &'static str,
        /// What is wrong with it; never the secret itself.
        reason: String,
    },
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Storage")]
pub struct Storage {
    /// The folder of the private database, its log and the generated secrets. Made for this user alone. Not used for data
    /// when DATABASE_URL is set.
    #[arg(long, env = "STAYGATE_DATA_DIR", value_name = "DIR", default_value = "./data")]
    pub data_dir: PathBuf,

    /// The database to use instead of a private one: mysql://USER:PASSWORD@HOST:PORT/NAME. MariaDB from 10.6 or MySQL from
    /// 8.0. Other users of the machine can see flags: prefer the variable or the file.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<Secret>,

    /// A file that holds DATABASE_URL.
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,

    /// The most database connections that this process opens.
    #[arg(long, env = "STAYGATE_POOL_SIZE", value_name = "N", default_value_t = 8, value_parser = between(1, 1000))]
    pub pool_size: u32,
}

impl Storage {
    /// The URL of the database to use; `None` means the private one in the data folder.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read, is given twice, or is no `mysql://` URL.
    pub fn database_url(&self) -> Result<Option<Secret>, ConfigError> {
        const SETTING: &str = "DATABASE_URL";
        let url =
            secret::read(SETTING, self.database_url.as_ref(), "DATABASE_URL_FILE", self.database_url_file.as_ref())?;
        if let Some(url) = &url {
            let invalid = |reason: String| ConfigError::Invalid { setting: SETTING, reason };
            let options = mysql_async::Opts::from_url(url.expose()).map_err(|error| invalid(error.to_string()))?;
            if options.db_name().is_none_or(str::is_empty) {
                return Err(invalid("it names no database: mysql://USER:PASSWORD@HOST:PORT/NAME".to_owned()));
            }
        }
        Ok(url)
    }

    /// Whether the database is the private one.
    ///
    /// # Errors
    /// What [`Self::database_url`] says.
    pub fn is_embedded(&self) -> Result<bool, ConfigError> {
        Ok(self.database_url()?.is_none())
    }
}

/// What is written to standard error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logging")]
pub struct Logging {
    /// Lines for people, or JSON for machines.
    #[arg(long, env = "STAYGATE_LOG_FORMAT", value_name = "FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,

    /// What is logged: error, warn, info, debug or trace, or per module, such as "info,staygate::store=debug".
    #[arg(long, env = "STAYGATE_LOG", value_name = "LEVEL", default_value = "info", global = true, value_parser = values::log_level)]
    pub log_level: String,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// On, off, or whatever suits the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Demo {
    /// On with the private database, off with DATABASE_URL.
    Auto,
    /// On.
    On,
    /// Off.
    Off,
}

/// The settings of the server.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where the data is.
    #[command(flatten)]
    pub storage: Storage,

    /// The address and port to listen on. `0.0.0.0` or `[::]` make it reachable from other machines.
    #[arg(
        long,
        env = "STAYGATE_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8080",
        help_heading = "Network"
    )]
    pub listen: SocketAddr,

    /// The address by which clients reach this server, when it is behind a proxy: `https://api.example.com`. Without it, links
    /// use the address listened on.
    #[arg(long, env = "STAYGATE_PUBLIC_URL", value_name = "URL", help_heading = "Network")]
    pub public_url: Option<PublicUrl>,

    /// Web pages of these origins may call the API, besides the server's own: `https://example.com`, separated by commas.
    #[arg(
        long,
        env = "STAYGATE_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        value_delimiter = ',',
        help_heading = "Network"
    )]
    pub allowed_origins: Vec<Origin>,

    /// The largest request body, such as 256KiB or 1MiB.
    #[arg(long, env = "STAYGATE_MAX_BODY", value_name = "SIZE", default_value = "256KiB", help_heading = "Network")]
    pub max_body: Size,

    /// How many proxies in front of this server add the client's address to X-Forwarded-For. With 0 the header is ignored, and
    /// limits per address see the address of the connection.
    #[arg(long, env = "STAYGATE_TRUSTED_PROXIES", value_name = "N", default_value_t = 0, value_parser = between(0, 10), help_heading = "Network")]
    pub trusted_proxies: u32,

    /// How long requests in progress may take to finish after the server was told to stop, in seconds.
    #[arg(long, env = "STAYGATE_DRAIN_SECONDS", value_name = "S", default_value_t = 20, value_parser = between(0, 600), help_heading = "Network")]
    pub drain_seconds: u32,

    /// The keys that sign access tokens: KID:SECRET, separated by commas or line ends. The first signs, all are accepted, so
    /// a new key goes in front and the old one leaves a day later. Each secret has at least 32 characters. Required with
    /// DATABASE_URL; generated once into the data folder otherwise.
    #[arg(long, env = "STAYGATE_JWT_SECRET", value_name = "KEYS", hide_env_values = true, help_heading = "Sign-in")]
    jwt_secret: Option<Secret>,

    /// A file that holds STAYGATE_JWT_SECRET.
    #[arg(long, env = "STAYGATE_JWT_SECRET_FILE", value_name = "FILE", help_heading = "Sign-in")]
    jwt_secret_file: Option<PathBuf>,

    /// How long an access token is good for, in minutes.
    #[arg(long, env = "STAYGATE_ACCESS_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(1, 1440), help_heading = "Sign-in")]
    pub access_minutes: u32,

    /// How long a refresh token is good for, in days.
    #[arg(long, env = "STAYGATE_REFRESH_DAYS", value_name = "DAYS", default_value_t = 30, value_parser = between(1, 365), help_heading = "Sign-in")]
    pub refresh_days: u32,

    /// How many passwords are hashed at a time; each takes 19 MiB. Without it, one per processor.
    #[arg(long, env = "STAYGATE_PASSWORD_HASHERS", value_name = "N", value_parser = between(1, 256), help_heading = "Sign-in")]
    password_hashers: Option<u32>,

    /// How long an unpaid booking holds its nights, in minutes.
    #[arg(long, env = "STAYGATE_HOLD_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(1, 1440), help_heading = "Booking")]
    pub hold_minutes: u32,

    /// How long the price of a quote is good for, in minutes.
    #[arg(long, env = "STAYGATE_QUOTE_MINUTES", value_name = "MIN", default_value_t = 15, value_parser = between(1, 1440), help_heading = "Booking")]
    pub quote_minutes: u32,

    /// How long a host has to answer a request, in hours.
    #[arg(long, env = "STAYGATE_HOST_ANSWER_HOURS", value_name = "H", default_value_t = 24, value_parser = between(1, 168), help_heading = "Booking")]
    pub host_answer_hours: u32,

    /// Whether an empty database is filled with demo data and demo accounts, whose passwords everybody knows.
    #[arg(long, env = "STAYGATE_DEMO", value_name = "WHEN", default_value = "auto", help_heading = "Booking")]
    pub demo: Demo,
}

impl Config {
    /// The keys that sign access tokens, generated into the data folder when they may be and need be.
    ///
    /// # Errors
    /// [`ConfigError`]; `Missing` when a server with DATABASE_URL has none, because instances behind one address must share
    /// them.
    pub fn signing_keys(&self, entropy: &dyn crate::types::Entropy) -> Result<SigningKeys, ConfigError> {
        const SETTING: &str = "STAYGATE_JWT_SECRET";
        let (given, file) = (self.jwt_secret.as_ref(), self.jwt_secret_file.as_ref());
        match secret::read(SETTING, given, "STAYGATE_JWT_SECRET_FILE", file)? {
            Some(keys) => SigningKeys::parse(keys.expose()),
            None if self.storage.is_embedded()? => SigningKeys::load_or_generate(&self.storage.data_dir, entropy),
            None => Err(ConfigError::Missing {
                setting: SETTING,
                why: "a server with DATABASE_URL needs keys that all its instances share. Make one with `openssl rand -hex 32` \
                      and set it as KID:SECRET, for example 2026a:4f1c…",
            }),
        }
    }

    /// The address under which clients reach this server, without a slash at its end.
    pub fn public_url(&self) -> String {
        self.public_url.as_ref().map_or_else(|| format!("http://{}", self.listen), ToString::to_string)
    }

    /// How many passwords are hashed at a time.
    pub fn password_hashers(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        self.password_hashers.map_or_else(processors, |given| given as usize)
    }

    /// Whether an empty database gets demo data.
    ///
    /// # Errors
    /// What [`Storage::database_url`] says.
    pub fn wants_demo(&self) -> Result<bool, ConfigError> {
        match self.demo {
            Demo::On => Ok(true),
            Demo::Off => Ok(false),
            Demo::Auto => self.storage.is_embedded(),
        }
    }

    /// How long an access token is good for.
    pub fn access_lifetime(&self) -> Duration {
        Duration::minutes(self.access_minutes.into())
    }

    /// How long a refresh token is good for.
    pub fn refresh_lifetime(&self) -> Duration {
        Duration::days(self.refresh_days.into())
    }

    /// How long an unpaid booking holds its nights.
    pub fn hold_lifetime(&self) -> Duration {
        Duration::minutes(self.hold_minutes.into())
    }

    /// How long the price of a quote is good for.
    pub fn quote_lifetime(&self) -> Duration {
        Duration::minutes(self.quote_minutes.into())
    }

    /// How long a host has to answer a request.
    pub fn host_answer_lifetime(&self) -> Duration {
        Duration::hours(self.host_answer_hours.into())
    }
}

impl Default for Config {
    /// The defaults of all flags, whatever the environment says.
    #[expect(clippy::expect_used, reason = "a test parses the defaults")]
    fn default() -> Self {
        let command = Self::augment_args(clap::Command::new("staygate")).mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.try_get_matches_from(["staygate"]).expect("no setting is required");
        Self::from_arg_matches(&matches).expect("every default is valid")
    }
}

fn between(least: i64, most: i64) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(least..=most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SeededEntropy;

    fn parse(flags: &[&str]) -> Result<Config, clap::Error> {
        let command = Config::augment_args(clap::Command::new("staygate")).mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.try_get_matches_from([&["staygate"], flags].concat())?;
        Config::from_arg_matches(&matches)
    }

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::default();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.max_body.bytes(), 256 * 1024);
        assert_eq!(config.public_url(), "http://127.0.0.1:8080");
        assert!(config.wants_demo().unwrap());
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_name() {
        for wrong in [
            ["--listen", "8080"],
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
        let keys = config.signing_keys(&SeededEntropy::new(1)).unwrap();
        let shown = format!("{config:?} {keys:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(keys.current().kid, "k");
    }

    #[test]
    fn with_a_database_url_the_keys_must_be_given() {
        let config = parse(&["--database-url", "mysql://u@h/d"]).unwrap();
        let error = config.signing_keys(&SeededEntropy::new(1)).unwrap_err();
        assert!(error.to_string().starts_with("STAYGATE_JWT_SECRET is not set"), "{error}");
        assert!(!config.wants_demo().unwrap());
    }

    #[test]
    fn a_database_url_without_a_name_is_refused() {
        let error =
            parse(&["--database-url", "mysql://u:hunter2@h"]).unwrap().storage.database_url().unwrap_err().to_string();
        assert!(error.starts_with("DATABASE_URL: ") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_secret_given_twice_is_refused() {
        let config = parse(&["--database-url", "mysql://u@h/d", "--database-url-file", "/nowhere"]).unwrap();
        assert!(matches!(config.storage.database_url(), Err(ConfigError::Twice("DATABASE_URL"))));
    }
}
