//! Servers that start before their database, or together.

use std::process::Stdio;

use mysql_engine::embedded::{Durability, Embedded};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::harness::{
    database::{discard, unused_url},
    kill,
    server::{Server, TIMEOUT},
};

fn serve(database_url: &str, wait: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staygate"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--demo", "off", "--pool-size", "4", "--database-wait", wait]);
    command.env("DATABASE_URL", database_url).env("STAYGATE_JWT_SECRET", "test:0123456789abcdef0123456789abcdef");
    command.env("STAYGATE_LOG", "info").kill_on_drop(true).stderr(Stdio::piped()).stdout(Stdio::null());
    command
}

/// O5: `Input/output error: Input/output error: …` and an exit at once.
#[tokio::test]
async fn an_unavailable_database_is_reported_once() {
    for wait in ["0", "1"] {
        let ended = serve("mysql://root:hunter2@127.0.0.1:1/x", wait).output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        let last = said.lines().last().unwrap();
        assert_eq!(last.matches("refused").count(), 1, "{said}");
        assert!(last.contains("the database cannot be reached: 127.0.0.1:1: "), "{said}");
        assert!(!said.contains("Input/output") && !said.contains("hunter2"), "{said}");
        assert_eq!(said.contains("waiting up to 1 s for the database"), wait == "1", "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_waits_for_a_database_that_starts_later() {
    let folder = tempfile::tempdir().unwrap();
    let database = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    let url = database.url().to_owned();
    database.stop(TIMEOUT).await.unwrap();
    let mut server = serve(&url, "600").spawn().unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let mut until = async |words: &str| {
        let found = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains(words) {
                    return;
                }
            }
            panic!("the server ended");
        };
        tokio::time::timeout(TIMEOUT, found).await.unwrap_or_else(|_| panic!("the log has {words}"));
    };
    until("waiting up to 600 s for the database").await;
    let database = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    until("ready: open ").await;
    kill("TERM", server.id().unwrap());
    assert!(server.wait().await.unwrap().success());
    database.stop(TIMEOUT).await.unwrap();
}

/// O4: one of the two ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_start_together_on_an_empty_database_fill_it_once() {
    let url = unused_url();
    let (one, other) = tokio::join!(Server::on(&url, "on"), Server::on(&url, "on"));
    for server in [one, other] {
        let (search, none) = ("{ searchListings { totalCount } }", serde_json::json!({}));
        let found = crate::harness::wire::post(server.address(), "", search, &none).await.unwrap();
        assert!(found.field()["totalCount"].as_i64().unwrap() > 10);
        server.stop().await;
    }
    discard(&url);
}
