//! The production profile: checks that a server is safe for the internet.

use clap::{Args, ValueEnum};
use mail::MailSettings;

use super::{Config, ConfigError, Demo, PublicUrl};

/// The production profile, and what the public can see.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Production")]
pub struct Profile {
    /// Refuse to start with settings that are not safe for the internet: demo data, generated
    /// secrets, an unknown or unencrypted public address, an unencrypted connection to a remote
    /// database. Turns pages and introspection off unless they are turned on explicitly.
    #[arg(long, env = "STAYGATE_PRODUCTION")]
    pub production: bool,

    /// Whether the landing page and GraphiQL are served.
    #[arg(long, env = "STAYGATE_PAGES", value_name = "WHEN", default_value = "auto")]
    pages: Switch,

    /// Whether clients can read the contract, by introspection and at /schema.graphql.
    #[arg(long, env = "STAYGATE_INTROSPECTION", value_name = "WHEN", default_value = "auto")]
    introspection: Switch,
}

/// On, off, or according to the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Off with --production, else on.
    Auto,
    /// On.
    On,
    /// Off.
    Off,
}

impl Profile {
    /// Whether the landing page and GraphiQL are served.
    pub fn wants_pages(&self) -> bool {
        self.is_on(self.pages)
    }

    /// Whether clients can read the contract.
    pub fn wants_introspection(&self) -> bool {
        self.is_on(self.introspection)
    }

    fn is_on(&self, switch: Switch) -> bool {
        match switch {
            Switch::Auto => !self.production,
            Switch::On => true,
            Switch::Off => false,
        }
    }
}

impl Config {
    /// The missing settings for production, each with a solution. Empty without --production.
    ///
    /// # Errors
    /// [`ConfigError`] when a setting cannot be read.
    pub fn missing_for_production(&self) -> Result<Vec<String>, ConfigError> {
        if !self.profile.production {
            return Ok(Vec::new());
        }
        let providers = self.sign_in.identity_providers()?.providers;
        let is_https = self.network.public_url.as_ref().is_some_and(PublicUrl::is_https);
        let checks = [
            (is_https, "--public-url is not an https URL: set it to the one that clients use"),
            (
                self.network.cookie_origins.iter().all(|origin| origin.as_str().starts_with("https://")),
                "--cookie-origins has an origin without TLS: anybody on the way could change its pages and use the sessions",
            ),
            (self.booking.demo != Demo::On, "--demo is on: demo accounts have public passwords; omit it"),
            (
                self.sign_in.keys.are_given(),
                "the signing keys are not given: set STAYGATE_JWT_SECRET or STAYGATE_JWT_SECRET_FILE",
            ),
            (
                self.mailing.destination(&self.storage)? != MailSettings::Off,
                "mail is off: nobody could verify an email or reset a password; set STAYGATE_MAIL or STAYGATE_MAIL_FILE",
            ),
            (
                providers.iter().all(|provider| provider.issuer.starts_with("https://")),
                "--identity-providers has an issuer without TLS: anybody on the way could sign in as anybody",
            ),
            (
                self.storage.is_connection_safe()?,
                "the connection to the remote database has no TLS with a verified certificate: add ?ssl-mode=VERIFY_IDENTITY to DATABASE_URL",
            ),
        ];
        Ok(checks.into_iter().filter(|(fits, _)| !fits).map(|(_, missing)| missing.to_owned()).collect())
    }

    /// The host names under which the server may be called; empty: any.
    pub fn allowed_hosts(&self) -> Vec<String> {
        let named: Vec<_> = self.network.allowed_hosts.iter().map(|host| host.as_str().to_owned()).collect();
        let public = self.network.public_url.as_ref().filter(|_| self.profile.production && named.is_empty());
        public.map_or(named, |url| vec![url.host().to_owned()])
    }
}
