//! What is compared: the server first, then the others.

use std::{path::Path, time::Duration};

use super::{
    client, floor,
    measure::Measured,
    peer,
    request_kind::RequestKind,
    server::Server,
    world::{Load, World},
};

/// The program that is measured.
const PROGRAM: &str = env!("CARGO_BIN_EXE_staygate");
/// The name of the floor.
pub const FLOOR: &str = "floor";
/// The name of the peer.
pub const PEER: &str = "peer";

/// One of those that are compared.
pub enum Contender {
    /// The same statements from Rust.
    Floor,
    /// A process.
    Server(Server),
}

impl Contender {
    /// Its name in the table.
    pub fn name(&self) -> &str {
        match self {
            Self::Floor => FLOOR,
            Self::Server(server) => &server.name,
        }
    }

    /// One round.
    pub async fn round(
        &self,
        world: &World,
        (kind, connections): (RequestKind, usize),
        load: Load,
        time: Duration,
    ) -> anyhow::Result<Measured> {
        match self {
            Self::Floor => floor::round(world, kind, connections, load, time).await,
            Self::Server(server) => client::round((world, server), kind, connections, &load, time).await,
        }
    }
}

/// The server and those with which it is compared: the floor, unless others are named.
pub async fn all(world: &World, folder: Option<&Path>, others: &[String]) -> anyhow::Result<Vec<Contender>> {
    let mut servers = vec![Server::product("staygate", PROGRAM, &[], world.url())?];
    for other in others {
        let mut words: Vec<_> = other.split_whitespace().collect();
        let program = if words.first().is_some_and(|word| word.starts_with('-')) { PROGRAM } else { words.remove(0) };
        servers.push(Server::product(other, program, &words, world.url())?);
    }
    if let Some(folder) = folder {
        servers.push(peer::start(folder, &world.app.database, world.url()).await?);
    }
    let alone = servers.len() == 1;
    let mut contenders = Vec::new();
    for mut server in servers {
        server.find_pages(&world.documents).await?;
        contenders.push(Contender::Server(server));
    }
    if alone {
        contenders.push(Contender::Floor);
    }
    Ok(contenders)
}
