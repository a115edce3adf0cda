//! Connections of a server are killed, or abandoned during a statement; the next requests succeed.

use std::time::Duration;

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::{StreamExt, future::join_all, stream};
use mysql_engine::{
    Conn, Database, Options,
    embedded::{Durability, Embedded},
};
use serde_json::json;

use crate::harness::{
    actors::{CREATE_LISTING, PUBLISH_LISTING, REGISTER, home},
    database::{TestDatabase, processes},
    server::{Server, TIMEOUT},
    wire,
};

/// A server with listings, each with a different title.
struct World {
    server: Server,
    token: String,
    listings: Vec<String>,
}

const LISTING: &str = "query ($id: ID!) { listing(id: $id) { title } }";

fn title(number: usize) -> String {
    format!("The {number}th home")
}

impl World {
    async fn new(url: &str) -> Self {
        let mut world = Self { server: Server::on(url, "off").await, token: String::new(), listings: Vec::new() };
        let input = json!({ "email": "host@example.org", "password": "correct horse", "displayName": "Hugo Host" });
        let made = world.mutate(REGISTER, input).await;
        world.token = made["tokens"]["accessToken"].as_str().unwrap().to_owned();
        for number in 0..20 {
            let mut input = home();
            input["title"] = title(number).into();
            let made = world.mutate(CREATE_LISTING, input).await;
            let id = made["listing"]["id"].as_str().unwrap().to_owned();
            world.mutate(PUBLISH_LISTING, json!({ "listingId": id })).await;
            world.listings.push(id);
        }
        world
    }

    async fn mutate(&self, mutation: &str, input: serde_json::Value) -> serde_json::Value {
        let reply = wire::post(self.server.address(), &self.token, mutation, &json!({ "input": input })).await;
        reply.unwrap().field().clone()
    }

    async fn run_query(&self, number: usize) {
        let number = number % self.listings.len();
        let variables = json!({ "id": self.listings[number] });
        let reply = wire::post(self.server.address(), &self.token, LISTING, &variables).await.unwrap();
        assert_eq!(reply.field()["title"], title(number), "{reply:?}");
    }

    /// Two hundred requests, some at a time, each with its own answer.
    async fn two_hundred_are_right(&self) {
        stream::iter(0..200).for_each_concurrent(8, |number| self.run_query(number)).await;
    }
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The other connections to this database.
async fn others(conn: &mut Conn) -> Vec<i64> {
    let processes = processes(conn).await;
    let sql =
        format!("SELECT CAST(ID AS SIGNED) AS id FROM {processes} WHERE DB = DATABASE() AND ID <> CONNECTION_ID()");
    let rows: Vec<Id> = diesel::sql_query(sql).load(conn).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_all_connections_are_killed_the_next_two_hundred_requests_are_right() {
    let test = TestDatabase::new().await;
    let world = World::new(&test.url).await;
    for _ in 0..3 {
        world.two_hundred_are_right().await;
        let conn = &mut test.conn().await;
        let ids = others(conn).await;
        // How many there are depends on how many requests shared a statement.
        println!("{} connections are killed", ids.len());
        assert!(!ids.is_empty(), "the server has connections");
        for id in ids {
            // A connection that has already ended needs no kill.
            let _ = conn.batch_execute(&format!("KILL {id}")).await;
        }
        world.two_hundred_are_right().await;
    }
    world.server.stop().await;
}

/// The next use of a lost connection detects it. The others are then checked before they are used, whatever the cause.
#[tokio::test]
async fn of_connections_lost_together_only_one_fails_a_statement() {
    async fn id(conn: &mut Conn) -> diesel::QueryResult<i64> {
        // Not kept prepared: the driver closes it with the next statement, which then is the one that fails.
        let id = diesel::sql_query("SELECT CAST(CONNECTION_ID() AS SIGNED) AS id");
        Ok(id.get_result::<Id>(conn).await?.id)
    }
    let test = TestDatabase::new().await;
    let database = Database::connect(&test.url, Options::default()).await.unwrap();
    let mut conns = vec![database.conn().await.unwrap(), database.conn().await.unwrap()];
    let mut ids = Vec::new();
    for conn in &mut conns {
        ids.push(id(conn).await.unwrap());
    }
    drop(conns);
    let other = &mut test.conn().await;
    for id in &ids {
        other.batch_execute(&format!("KILL {id}")).await.unwrap();
    }
    while others(other).await.iter().any(|other| ids.contains(other)) {
        tokio::task::yield_now().await;
    }
    id(&mut database.conn().await.unwrap()).await.unwrap_err();
    let new = id(&mut database.conn().await.unwrap()).await.unwrap();
    assert!(!ids.contains(&new), "{new} is one of {ids:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_two_hundred_clients_left_in_mid_query_the_next_two_hundred_requests_are_right() {
    let test = TestDatabase::new().await;
    let world = World::new(&test.url).await;
    // While the table is locked, queries are sent and not answered.
    let mut lock = test.conn().await;
    lock.batch_execute("LOCK TABLES listings WRITE").await.unwrap();
    let variables = json!({ "id": world.listings[0] });
    let address = world.server.address();
    let waiting = join_all((0..200).map(|_| wire::send(address, &world.token, LISTING, &variables))).await;
    let mut other = Database::connect(&test.url, Options::default()).await.unwrap().conn().await.unwrap();
    let processes = processes(&mut other).await;
    let waits =
        format!("SELECT COUNT(*) AS id FROM {processes} WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table%'");
    loop {
        let row: Id = diesel::sql_query(&waits).get_result(&mut other).await.unwrap();
        if row.id > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(waiting);
    lock.batch_execute("UNLOCK TABLES").await.unwrap();
    world.two_hundred_are_right().await;
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_the_database_the_next_two_hundred_requests_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let database = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    let world = World::new(database.url()).await;
    world.two_hundred_are_right().await;
    database.stop(Duration::ZERO).await.unwrap();
    let database = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    world.two_hundred_are_right().await;
    world.server.stop().await;
    database.stop(TIMEOUT).await.unwrap();
}
