//! Responses when the service is unavailable.

use std::time::Duration;

use mysql_engine::Options;
use serde_json::{Value, json};

use crate::harness::{
    app::{Served, TestApp},
    wire,
};

const BOTH: [&str; 2] =
    ["{ searchListings { totalCount } }", "{ listing(id: \"lst_01jn0000000000000000000000\") { title } }"];

/// The head and body of the response to `query`.
async fn execute(to: &Served, accept: &str, query: &str) -> (String, Value) {
    let body = json!({ "query": query }).to_string();
    let headers = [wire::JSON, ("accept", accept)];
    let (head, body) = wire::exchange(&to.address.to_string(), wire::POST, &headers, &body).await.unwrap();
    (head.to_ascii_lowercase(), serde_json::from_str(&body).unwrap())
}

/// O8: without the database the server reported that it was too busy, with status 200.
#[tokio::test]
async fn without_the_database_responses_are_unavailable_in_code_and_status() {
    let app = TestApp::new().await;
    let server = app.serve().await;
    app.app.database.close();
    for query in BOTH {
        let (head, body) = execute(&server, "application/graphql-response+json", query).await;
        assert!(head.starts_with("http/1.1 503") && head.contains("\r\nretry-after: 1"), "{head}");
        assert_eq!(body.get("data"), None, "{body}");
        let error = &body["errors"][0];
        assert_eq!(error["message"], "The service is temporarily unavailable. Try again in a moment.");
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE");
        assert_eq!(error["extensions"]["retryable"], true);
        // The other media type has no such status.
        let (head, body) = execute(&server, "application/json", query).await;
        assert!(head.starts_with("http/1.1 200") && body.get("data").is_some(), "{head}");
        assert_eq!(body["errors"][0]["message"], error["message"]);
    }
    // Operations that need no database still work.
    let (head, body) =
        execute(&server, "application/graphql-response+json", "{ __typename listing: node(id: \"x\") { id } }").await;
    assert!(head.starts_with("http/1.1 200"), "{head} {body}");
}

#[tokio::test]
async fn a_pool_whose_connections_are_in_use_is_busy() {
    let app =
        TestApp::pooled(Options { pool_size: 1, acquire_timeout: Duration::from_millis(20), ..Options::default() })
            .await;
    let server = app.serve().await;
    let _taken = app.conn().await;
    for query in BOTH {
        let (head, body) = execute(&server, "application/graphql-response+json", query).await;
        assert!(head.starts_with("http/1.1 503") && head.contains("\r\nretry-after: 1"), "{head}");
        assert_eq!(body["errors"][0]["message"], "The server is too busy. Try again in a moment.");
    }
}
