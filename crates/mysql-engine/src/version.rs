//! Which database servers are supported, and what the connected one is.

use super::{Conn, DatabaseError};
use chrono::NaiveDateTime;
use diesel::sql_types::{Datetime, Text};
use diesel_async::RunQueryDsl;
use std::fmt;

/// The product of a database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// MariaDB, from 10.6.
    MariaDb,
    /// MySQL, from 8.0.
    MySql,
}

impl ServerKind {
    fn oldest_supported(self) -> (u32, u32) {
        match self {
            Self::MariaDb => (10, 6),
            Self::MySql => (8, 0),
        }
    }
}

impl fmt::Display for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
        })
    }
}

/// The version of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// MariaDB or MySQL.
    pub kind: ServerKind,
    /// The major version.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The full text, such as `10.11.6-MariaDB-0+deb12u1`.
    pub text: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{} ({})", self.kind, self.major, self.minor, self.text)
    }
}

/// A server that is not supported.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// Too old.
    #[error("the database is {0}, but MariaDB 10.6 or MySQL 8.0, or newer, is required")]
    TooOld(Version),
    /// Not recognized as MariaDB or MySQL.
    #[error("the database reports the version {0:?}, but MariaDB 10.6 or MySQL 8.0, or newer, is required")]
    Unknown(String),
    /// The query failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Reads the version of the server; an unsupported one is an error.
///
/// # Errors
/// [`VersionError`].
pub async fn check(conn: &mut Conn) -> Result<Version, VersionError> {
    let text = diesel::select(diesel::dsl::sql::<Text>("VERSION()"))
        .get_result::<String>(conn)
        .await
        .map_err(DatabaseError::from)?;
    let version = parse(&text).ok_or(VersionError::Unknown(text))?;
    if (version.major, version.minor) < version.kind.oldest_supported() {
        return Err(VersionError::TooOld(version));
    }
    Ok(version)
}

/// The current time of the server, in UTC.
///
/// # Errors
/// When the query fails.
pub async fn now(conn: &mut Conn) -> Result<NaiveDateTime, DatabaseError> {
    Ok(diesel::select(diesel::dsl::sql::<Datetime>("UTC_TIMESTAMP(6)")).get_result(conn).await?)
}

/// Protocol and cipher of the connection, such as `TLSv1.3, TLS_AES_256_GCM_SHA384`; `None`: it is
/// not encrypted.
///
/// # Errors
/// When the query fails.
pub async fn encryption(conn: &mut Conn) -> Result<Option<String>, DatabaseError> {
    #[derive(diesel::QueryableByName)]
    struct Status {
        #[diesel(sql_type = Text, column_name = "Variable_name")]
        name: String,
        #[diesel(sql_type = Text, column_name = "Value")]
        value: String,
    }
    let found: Vec<Status> = diesel::sql_query("SHOW SESSION STATUS LIKE 'Ssl_%'").load(conn).await?;
    let value = |name: &str| {
        let status = found.iter().find(|status| status.name.eq_ignore_ascii_case(name));
        status.map(|status| status.value.as_str()).filter(|value| !value.is_empty())
    };
    Ok(value("Ssl_cipher").map(|cipher| format!("{}, {cipher}", value("Ssl_version").unwrap_or("TLS"))))
}

fn parse(text: &str) -> Option<Version> {
    let kind = if text.contains("MariaDB") { ServerKind::MariaDb } else { ServerKind::MySql };
    // Some MariaDB servers put 5.5.5 before their version, because old clients do not accept a
    // major version of 10.
    let numbers = if kind == ServerKind::MariaDb { text.strip_prefix("5.5.5-").unwrap_or(text) } else { text };
    let mut parts = numbers.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else { return None };
    Some(Version { kind, major, minor, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_mariadb_and_mysql_are_parsed() {
        let parsed = |text: &str| parse(text).map(|version| (version.kind, version.major, version.minor));
        assert_eq!(parsed("10.11.6-MariaDB-0+deb12u1"), Some((ServerKind::MariaDb, 10, 11)));
        assert_eq!(parsed("5.5.5-10.6.18-MariaDB-log"), Some((ServerKind::MariaDb, 10, 6)));
        assert_eq!(parsed("8.4.3"), Some((ServerKind::MySql, 8, 4)));
        assert_eq!(parsed("9.1.0-commercial"), Some((ServerKind::MySql, 9, 1)));
        assert_eq!(parsed("TiDB"), None);
    }
}
