//! Refused operations are charged too: an address cannot use the processor for free.

use client_limits::Budget;
use graphql_contract::documents::Limits;
use graphql_transport::BudgetSettings;
use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp, socket::Socket, wire};

const BURST: u32 = 20_000;

/// A budget that does not fill up while a test runs.
fn rates() -> BudgetSettings {
    BudgetSettings {
        address: Budget { per_second: 1, burst: BURST },
        viewer: Budget::NONE,
        introspection: Budget::NONE,
    }
}

/// Sends new bodies until the address is refused, at most 300.
async fn until_refused(body: impl Fn(usize) -> String) -> (usize, String) {
    let app = TestApp::new().await;
    let served = app.serve_within(rates()).await;
    let (to, mut first) = (served.address.to_string(), None);
    for number in 0..300 {
        let reply = wire::post_body(&to, body(number)).await.unwrap();
        let code = reply.code().unwrap_or("none").to_owned();
        if code == "TOO_MANY_REQUESTS" {
            return (number, first.unwrap());
        }
        first.get_or_insert(code);
    }
    panic!("never refused: {first:?}");
}

fn asking(query: &str, variables: Value) -> String {
    json!({ "query": query, "variables": variables }).to_string()
}

#[tokio::test]
async fn documents_that_are_refused_are_charged() {
    let long = "a".repeat(5_000);
    let deep = |number: usize| format!("query Q{number} {}", "{ me ".repeat(1_000));
    let unknown = |number: usize| format!("{{ nothing{number}{long} }}");
    let broken = |number: usize| format!("{{ me {{ {long}{number} ");
    let huge = |number: usize| format!("{{ a{number}: me {{ id }} {} }}", " ".repeat(Limits::default().max_bytes));
    for (document, code) in [
        (&deep as &dyn Fn(usize) -> String, "DOCUMENT_TOO_LARGE"),
        (&unknown, "GRAPHQL_VALIDATION_FAILED"),
        (&broken, "GRAPHQL_PARSE_FAILED"),
        (&huge, "DOCUMENT_TOO_LARGE"),
    ] {
        let bytes = document(0).len().min(Limits::default().max_bytes);
        let (refused_after, first) = until_refused(|number| asking(&document(number), json!({}))).await;
        assert_eq!(first, code);
        assert!(refused_after <= BURST as usize * 64 / bytes + 1, "{code}: {refused_after} of {bytes} bytes");
    }
}

#[tokio::test]
async fn malformed_bodies_and_unused_variables_are_charged() {
    let numbers = vec![7; 100_000];
    let broken = |number: usize| format!("{{\"query\": [{number}, {}", "[1,".repeat(60_000));
    let variables = |_| asking("query($id: ID!) { listing(id: $id) { id } }", json!({ "id": "x", "more": numbers }));
    let malformed = |_| asking("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": [numbers] }));
    for body in [&broken as &dyn Fn(usize) -> String, &variables, &malformed] {
        let kibibytes = body(0).len() / 1024;
        let (refused_after, first) = until_refused(body).await;
        assert!(refused_after <= BURST as usize / kibibytes + 1, "{first}: {refused_after} of {kibibytes} KiB");
    }
}

#[tokio::test]
async fn operations_refused_on_a_websocket_are_charged() {
    let app = TestApp::new().await;
    let guest: Actor = app.guest().await;
    let served = app.serve_within(rates()).await;
    let mut socket = Socket::open(&served.address.to_string(), &guest.access).await;
    let long = "a".repeat(5_000);
    for number in 0..300 {
        socket.subscribe(number, &format!("{{ nothing{number}{long} }}"), &json!({})).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "error", "{message}");
        if message["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS" {
            assert!(number > 10, "{number}");
            return;
        }
    }
    panic!("never refused");
}

/// A repeated document is prepared once, and charged once.
#[tokio::test]
async fn a_known_document_costs_only_its_bytes() {
    let app = TestApp::new().await;
    let served = app.serve_within(rates()).await;
    let to = served.address.to_string();
    let query = format!("{{ __typename # {}\n }}", "a".repeat(5_000));
    for _ in 0..300 {
        let reply = wire::post(&to, "", &query, &json!({})).await.unwrap();
        assert_eq!(reply.code(), None, "{reply:?}");
    }
}
