//! The domain to which passkeys belong, and the pages that may use them.

use std::net::{IpAddr, Ipv4Addr};

use super::sha256;

/// Most characters of a domain name.
const MAX_DOMAIN: usize = 253;
/// The name of this machine: browsers trust its pages without TLS.
const LOCALHOST: &str = "localhost";

/// A domain whose pages use passkeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    pub(super) domain: String,
    pub(super) domain_hash: [u8; 32],
    pub(super) name: String,
    pub(super) origins: Vec<String>,
}

/// Why a domain and its pages cannot use passkeys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRelyingParty {
    /// It is an IP address, or no name at all.
    #[error("passkeys belong to a domain such as example.com, and `{0}` is none")]
    Domain(String),
    /// A browser would refuse.
    #[error(
        "a page at `{origin}` cannot use passkeys of {domain}: it needs https (or http://localhost), and this domain or a subdomain of it"
    )]
    Origin {
        /// The page.
        origin: String,
        /// The domain.
        domain: String,
    },
    /// No page could use them.
    #[error("no page may use passkeys")]
    NoOrigin,
}

impl RelyingParty {
    /// Passkeys of `domain` (the RP ID), for pages of `origins`; authenticators show `name` for it.
    ///
    /// # Errors
    /// [`InvalidRelyingParty`] when browsers would refuse.
    pub fn new(domain: &str, name: &str, origins: &[String]) -> Result<Self, InvalidRelyingParty> {
        let domain = domain.to_ascii_lowercase();
        if !is_domain(&domain) {
            return Err(InvalidRelyingParty::Domain(domain));
        }
        let origins = origins.iter().map(|origin| own_origin(origin, &domain)).collect::<Result<Vec<_>, _>>()?;
        if origins.is_empty() {
            return Err(InvalidRelyingParty::NoOrigin);
        }
        let domain_hash = sha256(domain.as_bytes());
        Ok(Self { domain, domain_hash, name: name.to_owned(), origins })
    }

    /// The domain and the origin of pages at `url`, a scheme and a host with an optional port. A loopback address becomes `localhost`, because
    /// passkeys do not belong to addresses.
    pub fn of_url(url: &str) -> (String, String) {
        let url = url.trim_end_matches('/').to_ascii_lowercase();
        let (scheme, authority) = url.split_once("://").unwrap_or(("https", &url));
        let (host, port) = split_port(authority);
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        match ip.is_ok_and(|ip| ip.to_canonical().is_loopback() || ip == Ipv4Addr::UNSPECIFIED) {
            true => (LOCALHOST.to_owned(), format!("{scheme}://{LOCALHOST}{port}")),
            false => (host.to_owned(), format!("{scheme}://{authority}")),
        }
    }

    /// The domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The pages.
    pub fn origins(&self) -> &[String] {
        &self.origins
    }
}

/// The host, and the port with its colon.
fn split_port(authority: &str) -> (&str, &str) {
    let end = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[end..].find(':') {
        Some(colon) => authority.split_at(end + colon),
        None => (authority, ""),
    }
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A name whose last label is a number is an IPv4 address to browsers.
    let is_numeric = domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    domain.len() <= MAX_DOMAIN && !is_numeric && domain.split('.').all(is_label)
}

/// An origin as browsers write it, if its pages can use passkeys of `domain`.
fn own_origin(origin: &str, domain: &str) -> Result<String, InvalidRelyingParty> {
    let refused = || InvalidRelyingParty::Origin { origin: origin.to_owned(), domain: domain.to_owned() };
    let origin = origin.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://").ok_or_else(refused)?;
    let (host, port) = split_port(authority);
    let is_own = host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let is_local = host == LOCALHOST || host.ends_with(".localhost");
    let is_secure = scheme == "https" || (scheme == "http" && is_local);
    if !is_own || !is_secure || !is_domain(host) {
        return Err(refused());
    }
    let is_default = matches!((scheme, port), ("https", ":443") | ("http", ":80"));
    Ok(format!("{scheme}://{host}{}", if is_default { "" } else { port }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(domain: &str, origins: &[&str]) -> Result<RelyingParty, InvalidRelyingParty> {
        RelyingParty::new(domain, "Example", &origins.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn pages_of_a_domain_and_its_subdomains_can_use_its_passkeys() {
        let found = party(
            "Example.com",
            &["https://example.com:443", "https://App.example.com", "https://a.example.com:8443/"],
        );
        let origins = ["https://example.com", "https://app.example.com", "https://a.example.com:8443"];
        assert_eq!(found.unwrap().origins(), origins);
        assert!(party("localhost", &["http://localhost:5173", "http://app.localhost"]).is_ok());
        for (domain, origin) in [
            ("example.com", "https://example.org"),
            ("example.com", "https://notexample.com"),
            ("example.com", "https://example.com.evil.org"),
            ("example.com", "http://example.com"),
            ("example.com", "example.com"),
            ("example.com", "https://*.example.com"),
            ("app.example.com", "https://example.com"),
            ("localhost", "http://127.0.0.1:8080"),
        ] {
            assert!(matches!(party(domain, &[origin]), Err(InvalidRelyingParty::Origin { .. })), "{domain} {origin}");
        }
        assert_eq!(party("example.com", &[]), Err(InvalidRelyingParty::NoOrigin));
    }

    #[test]
    fn an_address_is_no_domain() {
        for wrong in [
            "",
            "192.0.2.1",
            "[::1]",
            "2001:db8::1",
            "example..com",
            "-a.com",
            "a-.com",
            "exa mple.com",
            "bücher.de",
            "a.1",
        ] {
            assert!(matches!(party(wrong, &["https://a.com"]), Err(InvalidRelyingParty::Domain(_))), "{wrong}");
        }
    }

    #[test]
    fn the_domain_of_a_page_on_this_machine_is_localhost() {
        let of = |url| RelyingParty::of_url(url);
        let local = |port: &str| ("localhost".to_owned(), format!("http://localhost{port}"));
        assert_eq!(of("http://127.0.0.1:8080"), local(":8080"));
        assert_eq!(of("http://[::1]:8080"), local(":8080"));
        assert_eq!(of("http://localhost:3000"), local(":3000"));
        assert_eq!(of("http://127.0.0.1"), local(""));
        assert_eq!(of("https://Stays.example.com/"), ("stays.example.com".into(), "https://stays.example.com".into()));
        assert_eq!(of("https://192.0.2.1:8443"), ("192.0.2.1".into(), "https://192.0.2.1:8443".into()));
    }
}
