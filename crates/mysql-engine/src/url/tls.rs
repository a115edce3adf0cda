//! The TLS parameters of a database URL, as options of the driver.

use super::SslMode;
use mysql_async::{ClientIdentity, Opts, SslOpts};
use rustls::crypto::{CryptoProvider, KeyProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::SigningKey;
use std::sync::Arc;
use url::Url;

/// A host name that no certificate has. The driver skips the check of host names only if the error
/// message contains this text (blackbeam/mysql_async#404); later versions do not need it.
const ANY_NAME: &str = "NotValidForName.invalid";

/// The TLS parameters of a URL.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    mode: Option<SslMode>,
    ca: Option<String>,
    cert: Option<String>,
    key: Option<String>,
    /// The driver's older name for verified TLS.
    require: Option<bool>,
}

impl Parameters {
    /// Removes the TLS parameters from `url` and returns them. Their names may have `-` or `_` and
    /// any case.
    pub fn take_from(url: &mut Url) -> Result<Self, String> {
        let mut found = Self::default();
        let mut others = Vec::new();
        for (name, value) in url.query_pairs() {
            let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
            let is_duplicate = match plain.as_str() {
                "sslmode" => found.mode.replace(value.parse()?).is_some(),
                "sslca" => found.ca.replace(value.into_owned()).is_some(),
                "sslcert" => found.cert.replace(value.into_owned()).is_some(),
                "sslkey" => found.key.replace(value.into_owned()).is_some(),
                "requiressl" => {
                    let value = value.parse().map_err(|_| "require_ssl is true or false; prefer ssl-mode")?;
                    found.require.replace(value).is_some()
                }
                "verifyca" | "verifyidentity" | "builtinroots" => {
                    return Err(format!(
                        "{name} is not supported: write ssl-mode=REQUIRED, VERIFY_CA or VERIFY_IDENTITY"
                    ));
                }
                _ => {
                    others.push((name.clone().into_owned(), value.into_owned()));
                    false
                }
            };
            if is_duplicate {
                return Err(format!("{name} is given twice"));
            }
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        if found.require.is_some() && found.mode.is_some() {
            return Err("require_ssl and ssl-mode are both given: use only ssl-mode".to_owned());
        }
        Ok(found)
    }

    /// The mode; a URL that has other TLS parameters but no mode requires full verification.
    pub fn mode(&self) -> SslMode {
        let requires_tls = self.require == Some(true) || self.ca.is_some() || self.cert.is_some();
        self.mode.unwrap_or(if requires_tls { SslMode::VerifyIdentity } else { SslMode::Disabled })
    }

    /// The driver's TLS options for `opts`; `None`: no TLS.
    pub fn options(&self, opts: &Opts) -> Result<Option<SslOpts>, String> {
        self.check(opts)?;
        let mode = self.mode();
        if mode == SslMode::Disabled {
            return Ok(None);
        }
        accept_keys_of_any_format();
        let mut tls = SslOpts::default();
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            tls = tls.with_client_identity(Some(identity(cert, key)?));
        }
        let is_verified = matches!(mode, SslMode::VerifyCa | SslMode::VerifyIdentity);
        if !is_verified && self.ca.is_none() {
            return Ok(Some(tls.with_danger_accept_invalid_certs(true)));
        }
        let roots = self.ca.as_deref().map_or_else(system_roots, |ca| Ok(vec![certificates("ssl-ca", ca)?]))?;
        tls = tls.with_root_certs(roots.into_iter().map(Into::into).collect()).with_disable_built_in_roots(true);
        if mode != SslMode::VerifyIdentity {
            tls = tls.with_danger_skip_domain_validation(true).with_danger_tls_hostname_override(Some(ANY_NAME));
        } else if let Some(address) = opts.ip_or_hostname().strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            tls = tls.with_danger_tls_hostname_override(Some(address.to_owned()));
        }
        Ok(Some(tls))
    }

    /// Rejects contradictory parameters, so that no one relies on protection that is not there.
    fn check(&self, opts: &Opts) -> Result<(), String> {
        let mode = self.mode();
        let given = [("ssl-ca", &self.ca), ("ssl-cert", &self.cert), ("ssl-key", &self.key)];
        let given = given.iter().find(|(_, value)| value.is_some()).map(|(name, _)| *name);
        if let (Some(name), SslMode::Disabled | SslMode::Preferred) = (given, mode)
            && self.mode.is_some()
        {
            return Err(format!("{name} contradicts ssl-mode={mode}"));
        }
        if self.cert.is_some() != self.key.is_some() {
            return Err("ssl-cert and ssl-key must be given together".to_owned());
        }
        if opts.socket().is_some() && !matches!(mode, SslMode::Disabled | SslMode::Preferred) {
            return Err("a socket has no TLS: remove ssl-mode and the other TLS parameters".to_owned());
        }
        Ok(())
    }
}

fn read(parameter: &str, path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{parameter}: cannot read {path}: {error}"))
}

/// A file with certificates in PEM format, or one in DER format.
fn certificates(parameter: &str, path: &str) -> Result<Vec<u8>, String> {
    let file = read(parameter, path)?;
    let mut all: Vec<_> = CertificateDer::pem_slice_iter(&file).filter_map(Result::ok).collect();
    if all.is_empty() {
        all.push(CertificateDer::from(file.clone()));
    }
    let is_usable = all.iter().all(|certificate| rustls::RootCertStore::empty().add(certificate.clone()).is_ok());
    if is_usable { Ok(file) } else { Err(format!("{parameter}: there is no certificate in {path}")) }
}

/// The certificate authorities that the system trusts.
fn system_roots() -> Result<Vec<Vec<u8>>, String> {
    let found = rustls_native_certs::load_native_certs().certs.into_iter();
    let usable = found.filter(|certificate| rustls::RootCertStore::empty().add(certificate.clone()).is_ok());
    let roots: Vec<_> = usable.map(|certificate| certificate.as_ref().to_vec()).collect();
    if roots.is_empty() {
        return Err("the system trusts no certificate authority: install the package ca-certificates, or set a file with ssl-ca"
            .to_owned());
    }
    Ok(roots)
}

fn identity(cert: &str, key: &str) -> Result<ClientIdentity, String> {
    let chain = certificates("ssl-cert", cert)?;
    let file = read("ssl-key", key)?;
    let der = PrivateKeyDer::from_pem_slice(&file)
        .map(|key| key.secret_der().to_vec())
        .or_else(|_| PrivateKeyDer::try_from(file).map(|key| key.secret_der().to_vec()))
        .map_err(|_| format!("ssl-key: there is no private key without a password in {key}"))?;
    AnyFormat.load_private_key(pkcs1(der.clone())).map_err(|_| format!("ssl-key: the key in {key} cannot be used"))?;
    Ok(ClientIdentity::new(chain.into(), der.into()))
}

fn pkcs1(der: Vec<u8>) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(der))
}

/// Reads private keys of any format, because the driver declares every key as PKCS #1.
#[derive(Debug)]
struct AnyFormat;

impl KeyProvider for AnyFormat {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        let der = || key.secret_der().to_vec();
        let formats = [
            pkcs1(der()),
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der())),
            PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(der())),
        ];
        let load = |key| aws_lc_rs::default_provider().key_provider.load_private_key(key);
        formats.into_iter().map(load).find(Result::is_ok).unwrap_or_else(|| load(key))
    }
}

/// Installs [`AnyFormat`] as the key provider of the process; everything else is the default
/// provider.
fn accept_keys_of_any_format() {
    // An error means that a provider is already installed.
    let _ = CryptoProvider { key_provider: &AnyFormat, ..aws_lc_rs::default_provider() }.install_default();
}
