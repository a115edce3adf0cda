//! A named lock of the database server, so that of many instances one does something and the others wait until it is done.

use super::DatabaseError;
use super::address::Address;
use super::pool::{connect_plainly, refused};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

/// The lock, and the connection that it lives and dies with. On Galera it holds back only the instances of one node.
pub struct Exclusive {
    conn: Conn,
    name: String,
}

impl Exclusive {
    /// The lock for `purpose` in the database of `url`; `None`: another instance has held it for `patience` seconds.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn take(url: &str, purpose: &str, patience: u32) -> Result<Option<Self>, DatabaseError> {
        let mut conn = connect_plainly(&Address::of(url)?).await?;
        // The name is the server's, so it carries the database's, hashed to fit into 64 characters.
        let name = format!("CONCAT('staygate-{purpose}-', LEFT(SHA2(DATABASE(), 256), 40))");
        let take = format!("SELECT GET_LOCK({name}, {patience})");
        let got: Option<Option<i64>> = conn.query_first(take).await.map_err(refused)?;
        Ok((got == Some(Some(1))).then_some(Self { conn, name }))
    }

    /// The connection, for what is done under the lock.
    pub(super) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Lets the next one in.
    ///
    /// # Errors
    /// When the connection is lost, and the lock with it.
    pub async fn release(mut self) -> Result<(), DatabaseError> {
        self.conn.query_drop(format!("DO RELEASE_LOCK({})", self.name)).await.map_err(refused)?;
        self.conn.disconnect().await.map_err(refused)
    }
}
