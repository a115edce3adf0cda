//! Large operations: they yield to others, stop in time, and are limited in memory.

use std::time::Duration;

use async_graphql::Variables;
use graphql::CONTRACT;
use graphql_contract::documents::Documents;
use graphql_transport::Meter;
use serde_json::{Value, json};

use crate::{
    harness::{app::TestApp, wire},
    hostile::INTROSPECTION,
};

fn unlimited(settings: &mut graphql_transport::Settings) {
    let none = client_limits::Budget::NONE;
    settings.budgets = graphql_transport::BudgetSettings { address: none, viewer: none, introspection: none };
}

/// S1: the limit cut nothing, because what resolves from memory never paused. Introspection waits for nothing at all.
#[tokio::test]
async fn a_large_operation_that_waits_for_nothing_stops_at_the_time_limit() {
    let app = TestApp::new().await;
    // It is over as soon as the operation pauses for the first time.
    let served = app
        .serve_with(|settings| {
            unlimited(settings);
            settings.query_timeout = Duration::ZERO;
        })
        .await;
    let address = served.address.to_string();
    let stopped = wire::post(&address, "", INTROSPECTION, &json!({})).await.unwrap();
    assert_eq!(stopped.code(), Some("TIMEOUT"), "{stopped:?}");
    assert_eq!(stopped.body.get("data"), None);
    let small = wire::post(&address, "", "{ __schema { queryType { name } } }", &json!({})).await.unwrap();
    assert_eq!(small.field()["queryType"]["name"], "Query", "a small one is done before it would pause");
}

/// Pauses are frequent: a time limit is not missed by much, and others do not wait for long.
#[tokio::test]
async fn a_large_operation_yields_repeatedly() {
    let documents = Documents::new(CONTRACT, graphql_contract::documents::Limits::default()).unwrap();
    let turns = async |is_metered: bool| {
        let prepared = documents.prepare(INTROSPECTION, None, &Variables::default()).unwrap();
        let mut request = prepared.into_request();
        if is_metered {
            request = request.data(Meter::new(usize::MAX));
        }
        let executor = graphql::metered_schema();
        let mut running = std::pin::pin!(async_graphql::Executor::execute(&executor, request));
        let mut turns = 0;
        std::future::poll_fn(|context| {
            turns += 1;
            running.as_mut().poll(context)
        })
        .await;
        turns
    };
    assert_eq!(turns(false).await, 1, "without a meter there is no pause");
    let turns = turns(true).await;
    assert!(turns > 50, "{turns}");
}

/// The answer of a server whose operations may build so many bytes.
async fn built(most: usize, query: &str, variables: &Value) -> wire::Reply {
    let app = TestApp::new().await;
    let served = app
        .serve_with(|settings| {
            unlimited(settings);
            settings.max_built_bytes = most;
        })
        .await;
    wire::post(&served.address.to_string(), "", query, variables).await.unwrap()
}

/// S1: what is built in memory is bounded before a byte of the answer is written.
#[tokio::test]
async fn an_operation_that_builds_too_much_is_refused() {
    let none = json!({});
    let refused = built(64 << 10, INTROSPECTION, &none).await;
    assert_eq!(refused.code(), Some("RESPONSE_TOO_LARGE"), "{refused:?}");
    assert_eq!(refused.body.get("data"), None);
    assert!(refused.body.to_string().len() < 1_000, "{refused:?}");
    let allowed = built(graphql_transport::Settings::default().max_built_bytes, INTROSPECTION, &none).await;
    assert!(allowed.field()["types"].is_array());
    // What is small is not metered.
    assert_eq!(built(1, "{ __typename }", &none).await.field(), "Query");
}

/// The same for rows, whose texts are long.
#[tokio::test]
async fn too_many_rows_together_are_refused() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|input| input["description"] = json!("x".repeat(4_000))).await;
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Listing { title description summary: description
        host { id displayName } place { city } reviews(first: 1) { nodes { text } } } } }";
    let ids = json!({ "ids": vec![listing; 100] });
    for (most, code) in [(256 << 10, Some("RESPONSE_TOO_LARGE")), (32 << 20, None)] {
        let served = app
            .serve_with(|settings| {
                unlimited(settings);
                settings.max_built_bytes = most;
            })
            .await;
        let reply = wire::post(&served.address.to_string(), "", query, &ids).await.unwrap();
        assert_eq!(reply.code(), code, "{most}");
    }
}
