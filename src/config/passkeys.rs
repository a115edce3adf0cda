//! Settings of passkeys.

use auth::RelyingParty;
use clap::Args;

use super::{ConfigError, Host, Origin, values};

/// Settings of passkeys.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sign-in")]
pub struct Passkeys {
    /// The domain to which passkeys belong (the RP ID): `example.com`. Passkeys of a domain cannot be
    /// used for another, so it must not change. By default the host of --app-url, or `localhost` for a
    /// server on this machine.
    #[arg(long, env = "STAYGATE_PASSKEY_DOMAIN", value_name = "NAME")]
    passkey_domain: Option<Host>,

    /// Origins of web pages that may use passkeys, separated by commas: `https://example.com`, without
    /// patterns. Each is the passkeys' domain or a subdomain of it. By default that of --app-url.
    #[arg(long, env = "STAYGATE_PASSKEY_ORIGINS", value_name = "ORIGINS", value_delimiter = ',', value_parser = values::exact_origin)]
    passkey_origins: Vec<Origin>,
}

impl Passkeys {
    /// The domain and its pages, for a single-page app at `app_url`. None when it is an IP address, or has no TLS: then there are no
    /// passkeys.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when what was set cannot be used.
    pub fn relying_party(&self, app_url: &str, name: &str) -> Result<Option<RelyingParty>, ConfigError> {
        let (default_domain, default_origin) = RelyingParty::of_url(app_url);
        let domain = self.passkey_domain.as_ref().map_or(default_domain, |domain| domain.as_str().to_owned());
        let mut origins: Vec<_> = self.passkey_origins.iter().map(|origin| origin.as_str().to_owned()).collect();
        if origins.is_empty() {
            origins.push(default_origin);
        }
        match RelyingParty::new(&domain, name, &origins) {
            Ok(party) => Ok(Some(party)),
            Err(_) if self.passkey_domain.is_none() && self.passkey_origins.is_empty() => Ok(None),
            Err(error) => Err(ConfigError::Invalid {
                setting: "STAYGATE_PASSKEY_DOMAIN, STAYGATE_PASSKEY_ORIGINS",
                reason: error.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches, builder::Resettable};

    use super::*;

    fn of(flags: &[&str], app_url: &str) -> Result<Option<(String, Vec<String>)>, String> {
        let command = Passkeys::augment_args(clap::Command::new("staygate")).mut_args(|arg| arg.env(Resettable::Reset));
        let matches =
            command.try_get_matches_from([&["staygate"], flags].concat()).map_err(|error| error.to_string())?;
        let settings = Passkeys::from_arg_matches(&matches).unwrap();
        let party = settings.relying_party(app_url, "Example").map_err(|error| error.to_string())?;
        Ok(party.map(|party| (party.domain().to_owned(), party.origins().to_vec())))
    }

    #[test]
    fn the_domain_of_passkeys_is_by_default_that_of_the_app() {
        let one = |domain: &str, origin: &str| Ok(Some((domain.to_owned(), vec![origin.to_owned()])));
        assert_eq!(of(&[], "https://stays.example.com"), one("stays.example.com", "https://stays.example.com"));
        assert_eq!(of(&[], "http://127.0.0.1:8080"), one("localhost", "http://localhost:8080"));
        assert_eq!(
            of(&["--passkey-domain", "example.com"], "https://stays.example.com"),
            one("example.com", "https://stays.example.com")
        );
        let origins = ["--passkey-origins", "https://a.example.com,https://example.com"];
        let both = vec!["https://a.example.com".to_owned(), "https://example.com".to_owned()];
        let flags = [&["--passkey-domain", "example.com"], &origins[..]].concat();
        assert_eq!(of(&flags, "http://127.0.0.1:8080"), Ok(Some(("example.com".to_owned(), both))));
    }

    #[test]
    fn without_a_usable_domain_there_are_no_passkeys_and_what_was_set_must_be_usable() {
        for unusable in ["http://192.0.2.1:8080", "https://192.0.2.1", "http://stays.example.com"] {
            assert_eq!(of(&[], unusable), Ok(None), "{unusable}");
        }
        for wrong in [
            ["--passkey-domain", "192.0.2.1"],
            ["--passkey-domain", "example.org"],
            ["--passkey-origins", "https://example.org"],
            ["--passkey-origins", "https://*.stays.example.com"],
        ] {
            let error = of(&wrong, "https://stays.example.com").unwrap_err();
            assert!(error.to_lowercase().replace('_', "-").contains(&wrong[0][2..]), "{wrong:?}: {error}");
        }
    }
}
