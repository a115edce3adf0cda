//! The figures of docs/security.md, measured.

use std::time::Instant;

use chrono::Days;
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    Siege,
    documents::{deepest_allowed, widest_allowed},
    stranger::execute,
    today,
};
use crate::{
    costs::price,
    harness::{database::TestDatabase, remote::local_address},
    operations::of_screen,
};

/// How often each operation runs, sequentially.
const TIMES: usize = 40;
/// How many large operations are sent at the same time: more than can run.
const LARGE: usize = 32;
/// The units of large operations that run at the same time: `LANE_SIZE` in graphql-transport/gate.rs.
const LANE: u64 = 20_000;

/// Prints the time and memory of a unit of cost. Each operation comes from a different address, because of the budgets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "half a minute; make prove"]
async fn a_unit_of_cost_takes_little_time_and_memory() {
    let test = TestDatabase::new().await;
    let siege = Siege::new(&test, 2_000).await;
    let to = siege.server.address();
    let id = &siege.listings[0];
    let days = json!({ "id": id, "from": today(), "to": today() + Days::new(31) });
    let operations = [
        ("a page of a search", of_screen("searchPage").text, json!({ "orderBy": "RATING" })),
        ("a listing", of_screen("listingPage").text, days),
        ("the deepest that is allowed", deepest_allowed(), json!({ "id": id })),
        ("the widest that is allowed", widest_allowed(), json!({ "stay": siege.stay })),
    ];
    let mut addresses = (0..).map(local_address);
    for (name, query, variables) in &operations {
        let (_, cost) = price(query, variables);
        let begun = Instant::now();
        for from in addresses.by_ref().take(TIMES) {
            let reply = execute(from, "", to, query, variables).await.unwrap();
            assert!(reply["errors"].is_null(), "{reply}");
        }
        let each = begun.elapsed() / TIMES as u32;
        let unit = each.as_secs_f64() * 1e6 / cost.requested as f64;
        println!("{name}: {} units, {each:.1?}, {unit:.1} µs a unit", cost.requested);
    }
    for (name, query, variables) in &operations[2..] {
        let before = siege.server.peak();
        let mut running = JoinSet::new();
        for from in addresses.by_ref().take(LARGE) {
            let (to, query, variables) = (to.to_owned(), query.clone(), variables.clone());
            running.spawn(async move { execute(from, "", &to, &query, &variables).await.unwrap() });
        }
        while let Some(reply) = running.join_next().await {
            let reply = reply.unwrap();
            let code = reply["errors"][0]["extensions"]["code"].as_str();
            assert!(matches!(code, None | Some("UNAVAILABLE")), "{reply}");
        }
        let grown = siege.server.peak() - before;
        println!("{name}, {LARGE} at a time: {} KiB more, {} bytes a unit that may run", grown >> 10, grown / LANE);
        assert!(grown < 80 << 20, "{grown} bytes");
    }
}
