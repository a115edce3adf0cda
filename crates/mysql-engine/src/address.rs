//! The address of a database: the driver's options with TLS, and the meaning of its errors.

use super::DatabaseError;
use crate::{DatabaseUrl, SslMode};
use mysql_async::{Conn, DriverError, Error, IoError, Opts, OptsBuilder, TlsError};
use rustls::CertificateError;

/// How to connect to one database.
#[derive(Clone)]
pub(super) struct Address {
    opts: Opts,
    mode: SslMode,
}

impl Address {
    pub fn parse(url: &str) -> Result<Self, DatabaseError> {
        let url: DatabaseUrl = url.parse().map_err(DatabaseError::Url)?;
        // The query builder has its own cache of statements. Affected rows are the matched ones,
        // not only those that changed. Without `prefer_socket(false)` the driver would switch from
        // TCP to the socket path that the server reports, which on this machine may belong to
        // another server.
        let opts = OptsBuilder::from_opts(url.opts().clone());
        let opts = opts.stmt_cache_size(0).client_found_rows(true).prefer_socket(false);
        Ok(Self { opts: opts.into(), mode: url.mode() })
    }

    /// The address of the same server without a database, and the name of the database.
    pub fn without_database(&self) -> (Self, Option<String>) {
        let name = self.opts.db_name().filter(|name| !name.is_empty()).map(str::to_owned);
        let opts = OptsBuilder::from_opts(self.opts.clone()).db_name(None::<String>).into();
        (Self { opts, mode: self.mode }, name)
    }

    /// Opens a connection. With [`SslMode::Preferred`], without TLS if the server has none.
    pub async fn open(&self) -> Result<Conn, DatabaseError> {
        let opened = match Conn::new(self.opts.clone()).await {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if self.mode == SslMode::Preferred => {
                Conn::new(OptsBuilder::from_opts(self.opts.clone()).ssl_opts(None)).await
            }
            opened => opened,
        };
        opened.map_err(|error| self.connect_error(error))
    }

    fn connect_error(&self, error: Error) -> DatabaseError {
        match error {
            Error::Server(error) => {
                DatabaseError::Denied { code: error.code, message: error.message + self.advice(error.code) }
            }
            Error::Driver(DriverError::NoClientSslFlagFromServer) => {
                let mode = self.mode;
                DatabaseError::Insecure(format!(
                    "ssl-mode={mode}, but the server does not support TLS: install a certificate on it"
                ))
            }
            Error::Io(IoError::Tls(TlsError::Tls(error))) => tls_error(&error),
            Error::Io(IoError::Tls(error)) => DatabaseError::Insecure(error.to_string()),
            Error::Io(IoError::Io(error)) => {
                match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    Some(error) => tls_error(error),
                    None => self.unreachable(&error),
                }
            }
            error => self.unreachable(&error),
        }
    }

    pub fn unreachable(&self, error: &dyn std::fmt::Display) -> DatabaseError {
        let (host, port) = (self.opts.ip_or_hostname(), self.opts.tcp_port());
        let address = self.opts.socket().map_or_else(|| format!("{host}:{port}"), str::to_owned);
        DatabaseError::Unreachable(format!("{address}: {error}"))
    }

    /// What to do when the server may have refused the connection because it lacks TLS. If only
    /// this user must use TLS, the server reports a wrong password.
    fn advice(&self, code: u16) -> &'static str {
        const ACCESS_DENIED: u16 = 1045;
        const SECURE_TRANSPORT_REQUIRED: [u16; 2] = [3159, 4031];
        match code {
            _ if self.mode != SslMode::Disabled || self.opts.socket().is_some() => "",
            code if SECURE_TRANSPORT_REQUIRED.contains(&code) => {
                ". The server requires TLS: add ?ssl-mode=VERIFY_IDENTITY to the URL"
            }
            ACCESS_DENIED => {
                ". Check user and password; if the server requires TLS of this user, add ?ssl-mode=VERIFY_IDENTITY to the URL"
            }
            _ => "",
        }
    }
}

fn tls_error(error: &rustls::Error) -> DatabaseError {
    let advice = match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            ": its authority is not trusted; set the right one with ssl-ca"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => ": it is for another host; use the host name of the certificate, or ssl-mode=VERIFY_CA",
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            ": it has expired"
        }
        _ => "",
    };
    DatabaseError::Insecure(format!("{error}{advice}"))
}
