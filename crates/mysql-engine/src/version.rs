use super::{Conn, DatabaseError};
use chrono::NaiveDateTime;
use diesel::sql_types::{Datetime, Text};
use diesel_async::RunQueryDsl;
use std::fmt;

/// The make of a database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// MariaDB, from 10.6.
    MariaDb,
    /// MySQL, from 8.0.
    MySql,
}

impl Make {
    fn oldest_supported(self) -> (u32, u32) {
        match self {
            Self::MariaDb => (10, 6),
            Self::MySql => (8, 0),
        }
    }
}

impl fmt::Display for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
        })
    }
}

/// What a server says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// MariaDB or MySQL.
    pub make: Make,
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The whole text, such as `10.11.6-MariaDB-0+deb12u1`.
    pub text: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{} ({})", self.make, self.major, self.minor, self.text)
    }
}

/// A server that is not supported.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// Too old.
    #[error("the database is {0}; needed is MariaDB 10.6 or MySQL 8.0, or newer")]
    TooOld(Version),
    /// Neither MariaDB nor MySQL, as far as can be told.
    #[error("the database calls itself {0:?}; needed is MariaDB 10.6 or MySQL 8.0, or newer")]
    Unknown(String),
    /// It could not be asked.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Asks the server which it is, and refuses one that is too old.
///
/// # Errors
/// [`VersionError`].
pub async fn check(conn: &mut Conn) -> Result<Version, VersionError> {
    let text = diesel::select(diesel::dsl::sql::<Text>("VERSION()"))
        .get_result::<String>(conn)
        .await
        .map_err(DatabaseError::from)?;
    let version = parse(&text).ok_or(VersionError::Unknown(text))?;
    if (version.major, version.minor) < version.make.oldest_supported() {
        return Err(VersionError::TooOld(version));
    }
    Ok(version)
}

/// What time the server thinks it is.
///
/// # Errors
/// When it does not answer.
pub async fn now(conn: &mut Conn) -> Result<NaiveDateTime, DatabaseError> {
    Ok(diesel::select(diesel::dsl::sql::<Datetime>("UTC_TIMESTAMP(6)")).get_result(conn).await?)
}

/// Protocol and cipher of the connection, such as `TLSv1.3, TLS_AES_256_GCM_SHA384`; `None`: it is not encrypted.
///
/// # Errors
/// When the server does not answer.
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
    let make = if text.contains("MariaDB") { Make::MariaDb } else { Make::MySql };
    // Old clients took a first number of 10 for nonsense, so some MariaDB servers put 5.5.5 in front of their version.
    let numbers = if make == Make::MariaDb { text.strip_prefix("5.5.5-").unwrap_or(text) } else { text };
    let mut parts = numbers.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else { return None };
    Some(Version { make, major, minor, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_both_makes_are_read() {
        let seen = |text: &str| parse(text).map(|version| (version.make, version.major, version.minor));
        assert_eq!(seen("10.11.6-MariaDB-0+deb12u1"), Some((Make::MariaDb, 10, 11)));
        assert_eq!(seen("5.5.5-10.6.18-MariaDB-log"), Some((Make::MariaDb, 10, 6)));
        assert_eq!(seen("8.4.3"), Some((Make::MySql, 8, 4)));
        assert_eq!(seen("9.1.0-commercial"), Some((Make::MySql, 9, 1)));
        assert_eq!(seen("TiDB"), None);
    }
}
