//! The viewer as a separate object (C13).

use serde_json::json;

use crate::harness::app::TestApp;

const ME: &str = "{ me { __typename id email user { id } } }";
const NODE: &str =
    "query ($id: ID!) { node(id: $id) { __typename id ... on Me { email trips(first: 1) { nodes { id } } } } }";

#[tokio::test]
async fn the_viewer_and_their_user_are_two_things_to_a_cache() {
    let app = TestApp::new().await;
    let ada = app.guest().await;
    let me = ada.run(ME, json!({})).await["me"].clone();
    let (own, user) = (me["id"].as_str().unwrap(), me["user"]["id"].as_str().unwrap());
    assert!(own.starts_with("me_") && user.starts_with("usr_"), "{me}");
    assert_eq!(ada.run(ME, json!({})).await["me"]["id"], own, "it stays the same");
}

/// Relay's query for refetching a fragment on `Me`.
#[tokio::test]
async fn only_the_viewer_finds_their_account_by_id() {
    let app = TestApp::new().await;
    let (ada, eve) = (app.guest().await, app.guest().await);
    let me = ada.run(ME, json!({})).await["me"].clone();
    let node = ada.run(NODE, json!({ "id": me["id"] })).await["node"].clone();
    assert_eq!((&node["__typename"], &node["id"], &node["email"]), (&json!("Me"), &me["id"], &me["email"]));
    assert_eq!(node["trips"]["nodes"], json!([]));
    assert!(eve.run(NODE, json!({ "id": me["id"] })).await["node"].is_null());
    let nobody = app.run(None, NODE, json!({ "id": me["id"] })).await;
    assert_eq!(serde_json::to_value(nobody.data).unwrap(), json!({ "node": null }));
    let user = ada.run(NODE, json!({ "id": me["user"]["id"] })).await["node"].clone();
    assert_eq!(user["__typename"], "User");
}
