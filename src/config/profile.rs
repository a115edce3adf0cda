//! What a server on the internet needs: checked together, so that nothing is forgotten.

use clap::{Args, ValueEnum};

use super::{Config, ConfigError, Demo, PublicUrl};

/// What the world gets to see.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Production")]
pub struct Profile {
    /// Refuse to start with settings that are not safe for the internet: demo data, generated secrets, an unknown or unencrypted
    /// public address, an unencrypted connection to a remote database. Turns pages and introspection off unless they are turned on explicitly.
    #[arg(long, env = "STAYGATE_PRODUCTION")]
    pub production: bool,

    /// Whether the landing page and GraphiQL are served.
    #[arg(long, env = "STAYGATE_PAGES", value_name = "WHEN", default_value = "auto")]
    pages: Switch,

    /// Whether clients can read the contract, by introspection and at /schema.graphql.
    #[arg(long, env = "STAYGATE_INTROSPECTION", value_name = "WHEN", default_value = "auto")]
    introspection: Switch,
}

/// On, off, or whatever suits the profile.
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

    /// Whether clients may ask for the contract.
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
    /// What is missing for the internet, each with what to do about it. Empty without --production.
    ///
    /// # Errors
    /// [`ConfigError`] when a setting cannot be read.
    pub fn missing_for_production(&self) -> Result<Vec<String>, ConfigError> {
        if !self.profile.production {
            return Ok(Vec::new());
        }
        let is_https = self.network.public_url.as_ref().is_some_and(PublicUrl::is_https);
        let checks = [
            (is_https, "--public-url names no https address: set it to the one that clients use"),
            (
                self.booking.demo != Demo::On,
                "--demo is on: demo accounts have passwords that everybody knows; leave it out",
            ),
            (
                self.sign_in.are_keys_given(),
                "the signing keys are not given: set STAYGATE_JWT_SECRET or STAYGATE_JWT_SECRET_FILE",
            ),
            (
                self.storage.is_connection_safe()?,
                "the connection to the remote database has no TLS with a checked certificate: add ?ssl-mode=VERIFY_IDENTITY to DATABASE_URL",
            ),
        ];
        Ok(checks.into_iter().filter(|(fits, _)| !fits).map(|(_, missing)| missing.to_owned()).collect())
    }

    /// The names by which clients may call this server; empty: any.
    pub fn allowed_hosts(&self) -> Vec<String> {
        let named: Vec<_> = self.network.allowed_hosts.iter().map(|host| host.as_str().to_owned()).collect();
        let public = self.network.public_url.as_ref().filter(|_| self.profile.production && named.is_empty());
        public.map_or(named, |url| vec![url.host().to_owned()])
    }
}
