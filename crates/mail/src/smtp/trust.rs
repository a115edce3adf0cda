//! The authorities whose certificates are accepted.

use std::path::Path;

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::InvalidSettings;

/// The TLS parameters for a host. `ca` is a PEM file with the only authorities to trust; by default
/// those of the system.
pub(super) fn parameters(host: &str, ca: Option<&Path>) -> Result<TlsParameters, InvalidSettings> {
    let authorities = ca.map_or_else(of_system, of_file)?;
    let mut parameters = TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
    for authority in authorities {
        parameters = parameters.add_root_certificate(Certificate::from_der(authority.to_vec()).map_err(unusable)?);
    }
    parameters.build().map_err(unusable)
}

fn unusable(error: lettre::transport::smtp::Error) -> InvalidSettings {
    InvalidSettings(format!("TLS to the mail server cannot be set up: {error}"))
}

/// One certificate that is not usable does not make the others so.
fn usable(
    found: Vec<CertificateDer<'static>>,
    otherwise: String,
) -> Result<Vec<CertificateDer<'static>>, InvalidSettings> {
    let is_usable = |certificate: &CertificateDer<'static>| RootCertStore::empty().add(certificate.clone()).is_ok();
    let usable: Vec<_> = found.into_iter().filter(is_usable).collect();
    if usable.is_empty() { Err(InvalidSettings(otherwise)) } else { Ok(usable) }
}

fn of_system() -> Result<Vec<CertificateDer<'static>>, InvalidSettings> {
    let otherwise = "the system trusts no authority: install the package ca-certificates, or name a file with ca";
    usable(rustls_native_certs::load_native_certs().certs, otherwise.to_owned())
}

fn of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, InvalidSettings> {
    let name = path.display();
    let file = std::fs::read(path).map_err(|error| InvalidSettings(format!("ca: cannot read {name}: {error}")))?;
    let found = CertificateDer::pem_slice_iter(&file).filter_map(Result::ok).collect();
    usable(found, format!("ca: there is no certificate of an authority in {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, "text").unwrap();
        for path in [path, folder.path().join("missing.pem")] {
            let error = parameters("mail.example.org", Some(&path)).err().unwrap();
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
    }
}
