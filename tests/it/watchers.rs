//! Thousands of people who watch: what an idle one takes, and what they hear.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{database::TestDatabase, remote, server::Server, socket::Socket};

/// What an idle watcher may take of the server's memory, in bytes: a socket, its task, a subscription and its part of a topic.
const MOST: u64 = 40 * 1024;

async fn watch(to: &str, token: &str) -> Socket {
    let mut watcher = Socket::open(to, token).await;
    watcher.subscribe(1, "subscription { event: myTripEvents { cursor kind booking { status } } }", &json!({})).await;
    // The answer to this comes when the subscription has been taken up.
    watcher.subscribe(2, "{ me { id } }", &json!({})).await;
    assert_eq!(watcher.hear().await["id"], "2");
    assert_eq!(watcher.hear().await["type"], "complete");
    watcher
}

/// Lets so many members watch with so many sockets each, and returns what one of them takes of the server's memory, in bytes.
async fn watched(members: usize, each: usize) -> u64 {
    let test = TestDatabase::new().await;
    let flags = ["--max-sockets-per-address", "100000"];
    let server = Server::with_flags(&test.url, "off", &flags).await;
    let to = server.address();
    let mut tokens = Vec::new();
    for number in 0..=members {
        tokens.push(remote::register(to, number).await);
    }
    let host = tokens.pop().unwrap();
    // What the first one costs is not counted.
    drop(watch(to, &tokens[0]).await);
    let before = server.memory();
    let mut watchers = Vec::new();
    for token in &tokens {
        watchers.push(join_all((0..each).map(|_| watch(to, token))).await);
    }
    let count = (members * each) as u64;
    let one = server.memory().saturating_sub(before) / count;
    println!("{count} idle watchers: {} KiB, {one} bytes each", server.memory() / 1024);
    let booking = remote::book(to, &host, &tokens[0]).await;
    remote::pay(to, &tokens[0], &booking).await;
    for watcher in &mut watchers[0] {
        for (position, kind) in (1..).zip(["CREATED", "PAYMENT_CAPTURED", "CONFIRMED"]) {
            let event = watcher.hear().await["payload"]["data"]["event"].clone();
            assert_eq!((&event["cursor"], &event["kind"]), (&json!(format!("guest.{position}")), &json!(kind)));
        }
    }
    one
}

/// S9: each socket counts, and one member's event reaches all of theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_watcher_takes_little_and_an_event_reaches_all_in_order() {
    let one = watched(4, 100).await;
    assert!(one < MOST, "{one} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute; make prove"]
async fn five_thousand_idle_watchers_take_little_each() {
    let one = watched(50, 100).await;
    assert!(one < MOST, "{one} bytes");
}
