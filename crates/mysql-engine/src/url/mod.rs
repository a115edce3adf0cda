//! The URL of a database and its TLS settings: `mysql://USER:PASSWORD@HOST:PORT/NAME?ssl-mode=…`.

mod tls;

use mysql_async::{Opts, OptsBuilder, UrlError};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// How a connection is protected, by the names that MySQL's own clients use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Without TLS.
    Disabled,
    /// With TLS if the server supports it. An attacker on the network can prevent that; the
    /// certificate is not verified.
    Preferred,
    /// With TLS, else the connection fails. Without `ssl-ca` the certificate is not verified.
    Required,
    /// With TLS, and the certificate must be signed by a trusted authority.
    VerifyCa,
    /// With TLS, and the certificate must be signed by a trusted authority and valid for the host
    /// of the URL.
    VerifyIdentity,
}

/// The names of the modes.
const MODES: [(&str, SslMode); 5] = [
    ("DISABLED", SslMode::Disabled),
    ("PREFERRED", SslMode::Preferred),
    ("REQUIRED", SslMode::Required),
    ("VERIFY_CA", SslMode::VerifyCa),
    ("VERIFY_IDENTITY", SslMode::VerifyIdentity),
];

impl FromStr for SslMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_ascii_uppercase().replace('-', "_");
        let found = MODES.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode);
        found.ok_or_else(|| format!("ssl-mode is one of {}", MODES.map(|(name, _)| name).join(", ")))
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MODES.iter().find(|(_, mode)| mode == self).map_or("", |(name, _)| name))
    }
}

/// A valid URL of a database.
#[derive(Clone)]
pub struct DatabaseUrl {
    opts: Opts,
    mode: SslMode,
    is_verified: bool,
}

/// Without the URL, which may contain a password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseUrl").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl DatabaseUrl {
    /// The driver's options, including TLS.
    pub fn opts(&self) -> &Opts {
        &self.opts
    }

    /// How connections are protected.
    pub fn mode(&self) -> SslMode {
        self.mode
    }

    /// Whether the server's certificate is verified.
    pub fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// The name of the database on the server.
    pub fn name(&self) -> Option<&str> {
        self.opts.db_name().filter(|name| !name.is_empty())
    }

    /// Whether the server is on another machine, according to the URL.
    pub fn is_remote(&self) -> bool {
        self.opts.socket().is_none()
            && !matches!(self.opts.ip_or_hostname(), "localhost" | "127.0.0.1" | "[::1]" | "::1")
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    /// The error shows no part of the URL, which may contain a password.
    fn from_str(text: &str) -> Result<Self, String> {
        const SYNTAX: &str =
            "write mysql://USER:PASSWORD@HOST:PORT/NAME, and special characters of the password as %XX";
        let mut url = Url::parse(text.trim()).map_err(|error| format!("it is no URL ({error}): {SYNTAX}"))?;
        if url.scheme() != "mysql" {
            return Err(format!("it does not begin with mysql://: {SYNTAX}"));
        }
        if url.fragment().is_some() {
            return Err(format!("it has a `#`: {SYNTAX}"));
        }
        if url.query().is_some_and(|query| query.contains('@')) {
            return Err(format!("it has a `?` before its last `@`: {SYNTAX}"));
        }
        let tls = tls::Parameters::take_from(&mut url)?;
        let opts = Opts::from_url(url.as_str()).map_err(|error| message(&error))?;
        let (opts, is_verified) = match tls.options(&opts)? {
            Some(tls) => {
                let is_verified = !tls.accept_invalid_certs();
                (OptsBuilder::from_opts(opts).ssl_opts(tls).into(), is_verified)
            }
            None => (opts, false),
        };
        Ok(Self { opts, mode: tls.mode(), is_verified })
    }
}

/// A message for the driver's error, without the invalid value.
fn message(error: &UrlError) -> String {
    match error {
        UrlError::UnknownParameter { param } => {
            format!("it has an unknown parameter {param}; for TLS use ssl-mode, ssl-ca, ssl-cert and ssl-key")
        }
        UrlError::InvalidParamValue { param, .. } => format!("the value of its parameter {param} is invalid"),
        UrlError::FeatureRequired { param, .. } => format!("its parameter {param} is not supported"),
        UrlError::InvalidPoolConstraints { .. } => "pool_min is more than pool_max".to_owned(),
        UrlError::Invalid | UrlError::Parse(_) | UrlError::UnsupportedScheme { .. } => {
            "it is incomplete: write mysql://USER:PASSWORD@HOST:PORT/NAME".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<DatabaseUrl, String> {
        text.parse()
    }

    #[test]
    fn modes_have_the_names_of_mysql_clients() {
        for (query, mode) in [
            ("", SslMode::Disabled),
            ("?ssl-mode=DISABLED", SslMode::Disabled),
            ("?ssl-mode=preferred", SslMode::Preferred),
            ("?ssl_mode=Required", SslMode::Required),
            ("?sslmode=required&tcp_nodelay=true", SslMode::Required),
            ("?SSL-MODE=VERIFY_CA", SslMode::VerifyCa),
            ("?sslMode=verify-identity", SslMode::VerifyIdentity),
            ("?require_ssl=true", SslMode::VerifyIdentity),
            ("?require_ssl=false", SslMode::Disabled),
        ] {
            let url =
                parse(&format!("mysql://u:p@db.example/n{query}")).unwrap_or_else(|error| panic!("{query}: {error}"));
            assert_eq!(url.mode(), mode, "{query}");
            assert_eq!(url.opts().ssl_opts().is_some(), mode != SslMode::Disabled, "{query}");
            assert_eq!(url.is_verified(), matches!(mode, SslMode::VerifyCa | SslMode::VerifyIdentity), "{query}");
        }
    }

    /// S14: `?require_ssl=true` was a panic with a backtrace.
    #[test]
    fn an_invalid_url_is_an_error_that_shows_no_password() {
        for (url, expected) in [
            ("mysql://u:hunter2@h/d?ssl-mode=on", "DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY"),
            ("mysql://u:hunter2@h/d?ssl-mode=", "ssl-mode is one of"),
            ("mysql://u:hunter2@h/d?ssl-mode=REQUIRED&ssl_mode=DISABLED", "twice"),
            ("mysql://u:hunter2@h/d?require_ssl=maybe", "require_ssl"),
            ("mysql://u:hunter2@h/d?require_ssl=true&ssl-mode=REQUIRED", "require_ssl"),
            ("mysql://u:hunter2@h/d?verify_ca=false", "ssl-mode"),
            ("mysql://u:hunter2@h/d?ssl-ca=/nowhere/ca.pem", "ssl-ca: cannot read /nowhere/ca.pem"),
            ("mysql://u:hunter2@h/d?ssl-ca=Cargo.toml", "ssl-ca: there is no certificate in Cargo.toml"),
            ("mysql://u:hunter2@h/d?ssl-ca=x&ssl-mode=DISABLED", "ssl-ca"),
            ("mysql://u:hunter2@h/d?ssl-cert=x", "ssl-key"),
            ("mysql://u:hunter2@h/d?ssl-mode=REQUIRED&socket=/run/x.sock", "socket"),
            ("mysql://u:hunter2@h/d?foo=1", "unknown parameter foo"),
            ("mysql://u:1?hunter2@h/d", "%XX"),
            ("mysql://u:1?hunter2=x@h/d", "%XX"),
            ("mysql://u:1?ssl-ca=hunter2@h/d", "%XX"),
            ("mysql://u:hunter2@h/d?stmt_cache_size=many", "stmt_cache_size"),
            ("mysql://u:hunter2@h/d#x", "%XX"),
            ("mysql://u:p#hunter2@h/d", "%XX"),
            ("mysql://u:p/hunter2@h/d", "%XX"),
            ("mysql:hunter2", "incomplete"),
            ("postgres://u:hunter2@h/d", "mysql://"),
            ("hunter2", "no URL"),
            ("", "no URL"),
        ] {
            let error = parse(url).expect_err(url);
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(!format!("{:?}", parse("mysql://u:hunter2@h/d").unwrap()).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_error_shows_a_password(before in "\\PC{0,6}", after in "\\PC{0,6}", rest in "\\PC{0,40}") {
            for url in [format!("mysql://u:{before}hunter2{after}@h{rest}"), rest, format!("mysql://u:{before}@h/d?{after}")] {
                if let Err(error) = parse(&url) {
                    prop_assert!(!error.contains("hunter2"), "{}", error);
                }
            }
        }
    }

    #[test]
    fn an_authority_implies_verification() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(&path, certificate.pem()).unwrap();
        for (mode, expected) in [
            ("", SslMode::VerifyIdentity),
            ("&ssl-mode=REQUIRED", SslMode::Required),
            ("&ssl-mode=VERIFY_CA", SslMode::VerifyCa),
        ] {
            let url = parse(&format!("mysql://u@h/d?ssl-ca={}{mode}", path.display())).unwrap();
            assert_eq!((url.mode(), url.is_verified()), (expected, true), "{mode}");
        }
    }

    #[test]
    fn a_remote_server_is_recognized() {
        for (url, remote) in [
            ("mysql://u@db.example/d", true),
            ("mysql://u@10.0.0.5:3307/d", true),
            ("mysql://u@localhost/d", false),
            ("mysql://u@[::1]/d", false),
            ("mysql://u@localhost/d?socket=/run/x.sock", false),
        ] {
            assert_eq!(parse(url).unwrap().is_remote(), remote, "{url}");
        }
    }
}
