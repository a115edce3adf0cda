//! The settings of a provider.

use std::fmt;

use url::{Host, Url};

/// One provider.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its key here.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its issuer identifier, as its discovery document has it.
    pub issuer: String,
    /// The name of this client there.
    pub client_id: String,
    /// What proves that it is this client.
    pub client_secret: ClientSecret,
    /// What it is asked for; `openid` among them.
    pub scopes: Vec<String>,
}

/// The secret of a client.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret, hidden from now on.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Without the secret.
impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// Why an address cannot be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitAddress {
    /// It is not an address of a web server, or has a user name or fragment.
    #[error("must be an absolute URL without user name and fragment")]
    Malformed,
    /// It is not encrypted.
    #[error("must begin with https; http is for providers on this machine only")]
    Unencrypted,
}

/// Whether `address` can be called: over TLS, or on this machine.
///
/// # Errors
/// Why not.
pub fn check_address(address: &str) -> Result<Url, UnfitAddress> {
    let url = Url::parse(address).map_err(|_| UnfitAddress::Malformed)?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !is_plain || !url.has_host() {
        return Err(UnfitAddress::Malformed);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        "http" => Err(UnfitAddress::Unencrypted),
        _ => Err(UnfitAddress::Malformed),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called_without_tls() {
        for fit in [
            "https://accounts.example.org",
            "https://id.example.org:8443/realms/a?b=c",
            "http://localhost:3000",
            "http://127.0.0.1:3000/a",
            "http://[::1]:3000",
        ] {
            assert!(check_address(fit).is_ok(), "{fit}");
        }
        for plain in ["http://accounts.example.org", "http://localhost.example.org", "http://10.0.0.1"] {
            assert_eq!(check_address(plain), Err(UnfitAddress::Unencrypted), "{plain}");
        }
        for malformed in [
            "",
            "accounts.example.org",
            "file:///etc/passwd",
            "https://u:p@example.org",
            "https://example.org/#a",
            "ftp://localhost",
        ] {
            assert_eq!(check_address(malformed), Err(UnfitAddress::Malformed), "{malformed}");
        }
    }

    #[test]
    fn a_client_secret_is_not_printed() {
        assert_eq!(format!("{:?}", ClientSecret::new("hunter2".to_owned())), "ClientSecret(…)");
    }
}
