//! C35: internal errors are in the log under the request id of the client, also for mutations and for operations on websockets.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use crate::harness::{
    actors::{CREATE_LISTING, REGISTER, home},
    database::TestDatabase,
    server::Server,
    socket::Socket,
    wire,
};

/// Checks that the error has no cause and the log has it.
async fn found_in_the_log(server: &Server, error: &Value, table: &str, operation: &str) {
    let told = &error["extensions"];
    assert_eq!(told["code"], "INTERNAL", "{error}");
    assert!(!error.to_string().contains(table), "{error}");
    let id = told["requestId"].as_str().unwrap_or_else(|| panic!("{error}"));
    let is_it = |line: &str| line.contains("internal error") && line.contains(table);
    let line: Value = serde_json::from_str(&server.log_line(is_it).await).unwrap();
    assert_eq!((&line["level"], &line["spans"][0]["id"]), (&json!("ERROR"), &json!(id)), "{line}");
    let is_it = |line: &str| line.contains("staygate::access") && line.contains(&format!("\"{operation}\""));
    let line: Value = serde_json::from_str(&server.log_line(is_it).await).unwrap();
    assert_eq!((&line["code"], &line["request_id"]), (&json!("INTERNAL"), &json!(id)), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_internal_error_is_logged_with_the_id_that_the_client_gets() {
    let test = TestDatabase::new().await;
    let server = Server::with_flags(&test.url, "off", &["--log-format", "json"]).await;
    let to = server.address();
    let input = json!({ "email": "ann@example.org", "password": "correct horse", "displayName": "Ann" });
    let account = wire::post(to, "", REGISTER, &json!({ "input": input })).await.unwrap();
    let token = account.field()["tokens"]["accessToken"].as_str().unwrap();
    let mut socket = Socket::open(to, token).await;
    let mut conn = test.conn().await;
    conn.batch_execute("SET foreign_key_checks = 0").await.unwrap();
    let tables = ["listings", "bookings", "limits", "feeds"];
    for table in tables {
        conn.batch_execute(&format!("RENAME TABLE {table} TO {table}_gone")).await.unwrap();
    }

    let create = CREATE_LISTING.replacen("mutation", "mutation OverHttp", 1);
    let reply = wire::post(to, token, &create, &json!({ "input": home() })).await.unwrap();
    println!("{reply:?}");
    found_in_the_log(&server, &reply.body["errors"][0], "limits", "OverHttp").await;

    socket.subscribe(1, "query OnSocket { me { trips { nodes { id } } } }", &json!({})).await;
    let message = socket.receive().await;
    found_in_the_log(&server, &message["payload"]["errors"][0], "bookings", "OnSocket").await;
    assert_eq!(socket.receive().await["type"], "complete");

    let unlist =
        "mutation MutationOnSocket($input: UnlistListingInput!) { unlistListing(input: $input) { __typename } }";
    let input = json!({ "input": { "listingId": "lst_00000000000000000000000000" } });
    socket.subscribe(2, unlist, &input).await;
    let message = socket.receive().await;
    let errors = if message["type"] == "error" { &message["payload"] } else { &message["payload"]["errors"] };
    found_in_the_log(&server, &errors[0], "listings", "MutationOnSocket").await;
    if message["type"] == "next" {
        assert_eq!(socket.receive().await["type"], "complete");
    }

    socket.subscribe(3, "subscription Watch { myTripEvents { cursor } }", &json!({})).await;
    let message = socket.receive().await;
    assert_eq!(message["type"], "error", "{message}");
    found_in_the_log(&server, &message["payload"][0], "feeds", "Watch").await;
    drop(socket);
    server.stop().await;
}
