//! A named lock of the database server: one of many instances does some work while the others wait.

use super::DatabaseError;
use super::address::Address;
use super::pool::{connect_unpooled, driver_error};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

/// A named lock and the connection that holds it; the server releases the lock when the connection
/// closes. On Galera it is local to one node.
pub struct NamedLock {
    conn: Conn,
    /// An SQL expression for the name.
    name: String,
}

impl NamedLock {
    /// Acquires the lock `name`, a short identifier, for the database of `url`; `None` when another
    /// instance has held it for `timeout` seconds.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn acquire(url: &str, name: &str, timeout: u32) -> Result<Option<Self>, DatabaseError> {
        let mut conn = connect_unpooled(&Address::parse(url)?).await?;
        // Names belong to the server, not to a database, so this one includes the database's,
        // hashed to fit into 64 characters.
        let name = format!("CONCAT('{name}-', LEFT(SHA2(DATABASE(), 256), 40))");
        let acquire = format!("SELECT GET_LOCK({name}, {timeout})");
        let acquired: Option<Option<i64>> = conn.query_first(acquire).await.map_err(driver_error)?;
        Ok((acquired == Some(Some(1))).then_some(Self { conn, name }))
    }

    /// The connection, for work under the lock.
    pub(super) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Releases the lock.
    ///
    /// # Errors
    /// When the connection is lost, and the lock with it.
    pub async fn release(mut self) -> Result<(), DatabaseError> {
        self.conn.query_drop(format!("DO RELEASE_LOCK({})", self.name)).await.map_err(driver_error)?;
        self.conn.disconnect().await.map_err(driver_error)
    }
}
