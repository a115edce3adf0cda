//! GraphQL over HTTP.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{GRAPHQL, Reply, post, send};
use crate::server::{Server, with_timeout};

const JSON: (&str, &str) = ("content-type", "application/json");

fn query(text: &str) -> String {
    json!({ "query": text }).to_string()
}

async fn post_with_accept(server: &Server, accept: &str, body: &str) -> Reply {
    send(server.address, "POST", "/graphql", &[JSON, ("accept", accept)], body).await
}

#[tokio::test]
async fn the_media_type_determines_the_status() {
    let server = Server::start().await;
    let bad = [query("{ nope }"), query("{"), json!({"query": "query($x: Int!) { book(id: $x) { id } }"}).to_string()];
    for body in &bad {
        let strict = post_with_accept(&server, GRAPHQL, body).await;
        assert_eq!(strict.status, 400);
        assert_eq!(strict.header("content-type"), Some("application/graphql-response+json; charset=utf-8"));
        assert_eq!(strict.json().get("data"), None);
        let lenient = post_with_accept(&server, "application/json", body).await;
        assert_eq!(lenient.status, 200);
        assert_eq!(lenient.header("content-type"), Some("application/json; charset=utf-8"));
        assert!(lenient.header("vary").unwrap().contains("accept"));
    }
    assert_eq!(post_with_accept(&server, "text/html", &query("{ viewer }")).await.status, 406);
    assert_eq!(post_with_accept(&server, GRAPHQL, &query("{ fail }")).await.status, 200);
}

#[tokio::test]
async fn a_malformed_request_is_refused_for_every_media_type() {
    let server = Server::start().await;
    let cases = [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("\"x\"", "JSON object"),
        ("[{\"query\":\"{ viewer }\"}]", "Batches"),
        ("{}", "`query` is missing"),
        ("{\"query\":1}", "`query` must be a string"),
        ("{\"query\":\"{ viewer }\",\"operationName\":1}", "`operationName`"),
        ("{\"query\":\"{ viewer }\",\"variables\":[]}", "`variables`"),
        ("{\"query\":\"{ viewer }\",\"extensions\":\"x\"}", "`extensions`"),
    ];
    for (body, part) in cases {
        for accept in [GRAPHQL, "application/json"] {
            let reply = post_with_accept(&server, accept, body).await;
            assert_eq!(reply.status, 400, "{body}");
            assert!(reply.json()["errors"][0]["message"].as_str().unwrap().contains(part), "{reply:?}");
        }
    }
    let persisted = post_with_accept(&server, GRAPHQL, r#"{"extensions":{"persistedQuery":{"version":1}}}"#).await;
    assert_eq!(persisted.json()["errors"][0]["message"], "PersistedQueryNotSupported");
}

#[tokio::test]
async fn only_uncompressed_json_is_read() {
    let server = Server::start().await;
    let body = query("{ viewer }");
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "multipart/form-data; boundary=x")],
        &[("content-type", "application/json; charset=utf-16")],
        &[JSON, ("content-encoding", "gzip")],
    ] {
        assert_eq!(send(server.address, "POST", "/graphql", headers, &body).await.status, 415, "{headers:?}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let reply = send(server.address, method, "/graphql", &[], "").await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")));
    }
}

#[tokio::test]
async fn get_runs_queries_only_and_not_for_simple_requests_of_pages() {
    let server = Server::start().await;
    let get = |path: &'static str, headers: &'static [(&'static str, &'static str)]| {
        let address = server.address;
        async move { send(address, "GET", path, headers, "").await }
    };
    let ok = get(
        "/graphql?query=query(%24id:Int!)%7Bbook(id:%24id)%7Bid%7D%7D&variables=%7B%22id%22:7%7D",
        &[("accept", GRAPHQL)],
    );
    assert_eq!(ok.await.json(), json!({"data": {"book": {"id": 7}}}));
    let mutation = get("/graphql?query=mutation%7Badd(amount:1)%7D", &[("accept", GRAPHQL)]).await;
    assert_eq!((mutation.status, mutation.header("allow")), (405, Some("POST")));
    assert_eq!(server.world.runs(), 1);
    for headers in [&[][..], &[("accept", "*/*")], &[("accept", "image/png, */*")]] {
        assert_eq!(get("/graphql?query=%7Bviewer%7D", headers).await.status, 400);
    }
    assert_eq!(get("/graphql?query=%7Bviewer%7D", &[("accept", "*/*"), ("x-requested-with", "x")]).await.status, 200);
    assert_eq!(get("/graphql", &[("accept", GRAPHQL)]).await.status, 400);
    assert_eq!(get("/graphql?query=%7Bviewer%7D&query=%7Bviewer%7D", &[("accept", GRAPHQL)]).await.status, 400);
}

#[tokio::test]
async fn a_token_is_valid_or_refused() {
    let server = Server::start().await;
    let execute = |authorization: &'static str| {
        let address = server.address;
        async move {
            let headers = [JSON, ("accept", GRAPHQL), ("authorization", authorization)];
            send(address, "POST", "/graphql", &headers, &query("{ viewer }")).await
        }
    };
    assert_eq!(execute("Bearer good").await.json(), json!({"data": {"viewer": "good"}}));
    assert_eq!(post(server.address, "{ viewer }", Value::Null).await.json(), json!({"data": {"viewer": null}}));
    for anonymous in ["", "  ", "Bearer", "bearer  "] {
        assert_eq!(execute(anonymous).await.json(), json!({"data": {"viewer": null}}), "C10: {anonymous:?}");
    }
    assert_eq!(execute("bearer  good ").await.json(), json!({"data": {"viewer": "good"}}));
    for bad in ["Bearer forged", "Basic Zm9v", "good", "Bearer good good"] {
        let reply = execute(bad).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "UNAUTHENTICATED"), "{bad}");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer"));
    }
    let twice = [JSON, ("accept", GRAPHQL), ("authorization", "Bearer good"), ("authorization", "")];
    assert_eq!(send(server.address, "POST", "/graphql", &twice, &query("{ viewer }")).await.status, 401);
    let down = execute("Bearer down").await;
    assert_eq!((down.status, down.code().as_str(), down.header("retry-after")), (503, "UNAVAILABLE", Some("1")));
}

/// C10: anonymous operations ignore the token; combined with other fields, the token is checked.
#[tokio::test]
async fn an_anonymous_operation_ignores_the_token() {
    let server = Server::start().await;
    for token in ["Bearer forged", "Bearer good", "Basic Zm9v", "nonsense", ""] {
        let headers = [JSON, ("accept", GRAPHQL), ("authorization", token)];
        for anonymous in ["{ anyone }", "{ a: anyone __typename ... { b: anyone } }"] {
            let reply = send(server.address, "POST", "/graphql", &headers, &query(anonymous)).await;
            let data = &reply.json()["data"];
            assert!(data["anyone"].is_null() && data["a"].is_null(), "{token}: {reply:?}");
            assert_eq!(reply.status, 200, "{token}: {reply:?}");
        }
    }
    let headers = [JSON, ("accept", GRAPHQL), ("authorization", "Bearer forged")];
    for other in ["{ anyone viewer }", "{ __typename }", "{ __schema { description } }", "{ anyone: viewer }"] {
        let reply = send(server.address, "POST", "/graphql", &headers, &query(other)).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "UNAUTHENTICATED"), "{other}");
    }
}

#[tokio::test]
async fn a_get_is_authenticated_like_a_post() {
    let server = Server::start().await;
    let get = |authorization: &'static str| {
        let headers = [("accept", GRAPHQL), ("authorization", authorization)];
        async move { send(server.address, "GET", "/graphql?query=%7Bviewer%7D", &headers, "").await }
    };
    assert_eq!(get("").await.json(), json!({"data": {"viewer": null}}));
    assert_eq!(get("Bearer good").await.json(), json!({"data": {"viewer": "good"}}));
    assert_eq!(get("Bearer forged").await.status, 401);
}

#[tokio::test]
async fn every_response_has_a_request_id() {
    let server = Server::start().await;
    let reply = post(server.address, "{ requestId }", Value::Null).await;
    assert_eq!(reply.json()["data"]["requestId"].as_str(), reply.header("x-request-id"));
    for text in ["{ nope }", "{ fail }"] {
        let reply = post(server.address, text, Value::Null).await;
        let error = &reply.json()["errors"][0];
        assert_eq!(error["extensions"]["requestId"].as_str(), reply.header("x-request-id"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    let other = send(server.address, "GET", "/nowhere", &[], "").await;
    assert_eq!(other.status, 404);
    assert!(other.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_field_selected_twice_runs_once() {
    let server = Server::start().await;
    let twice = post(server.address, "mutation { add(amount: 1) ...A ...B } fragment A on Mutation { add(amount: 1) } fragment B on Mutation { add(amount: 1) }", Value::Null).await;
    assert_eq!(twice.json(), json!({"data": {"add": 1}}));
    let twice = post(server.address, "{ book { id } book { title } }", Value::Null).await;
    assert_eq!(twice.body, r#"{"data":{"book":{"id":1,"title":"A stay"}}}"#);
    let condition = "query($x: Boolean!) { book @include(if: $x) { id } book { title } }";
    let reply = post(server.address, condition, json!({"x": true})).await;
    assert_eq!(reply.body, r#"{"data":{"book":{"id":1,"title":"A stay"}}}"#);
    let reply = post(server.address, "query($x: Boolean!) { book { id @include(if: $x) } }", json!({"x": false})).await;
    assert_eq!(reply.body, r#"{"data":{"book":{}}}"#);
    assert_eq!(server.world.runs(), 4);
}

#[tokio::test]
async fn a_field_of_an_interface_and_of_its_object_runs_once() {
    let server = Server::start().await;
    let text = "{ thing { __typename id ... on Lamp { id watts } ... on Thing { id } } }";
    let reply = post(server.address, text, Value::Null).await;
    assert_eq!(reply.body, r#"{"data":{"thing":{"__typename":"Lamp","id":1,"watts":60}}}"#);
    let text = "{ thing { maker { id } ... on Lamp { maker { title } } } desk { maker { id } ... on Lamp { watts } } }";
    let reply = post(server.address, text, Value::Null).await;
    assert_eq!(reply.body, r#"{"data":{"thing":{"maker":{"id":1,"title":"A maker"}},"desk":{"maker":{"id":2}}}}"#);
    assert_eq!(server.world.runs(), 2);
}

#[tokio::test]
async fn an_operation_whose_fields_are_all_skipped_returns_an_empty_object() {
    let server = Server::start().await;
    let reply = post(server.address, "{ viewer @skip(if: true) }", Value::Null).await;
    assert_eq!(reply.body, r#"{"data":{}}"#);
}

#[tokio::test]
async fn an_undefined_variable_is_not_null() {
    let server = Server::start().await;
    let text = "query($t: String) { patch(title: $t) }";
    for (variables, expected) in [(json!({}), "undefined"), (json!({"t": null}), "null"), (json!({"t": "x"}), "x")] {
        let reply = post(server.address, text, variables).await;
        assert_eq!(reply.json(), json!({"data": {"patch": expected}}));
    }
}

#[tokio::test]
async fn a_missing_variable_is_named() {
    let server = Server::start().await;
    let reply = post(server.address, "query($wanted: Int!) { book(id: $wanted) { id } }", json!({})).await;
    assert_eq!(reply.code(), "BAD_USER_INPUT");
    assert_eq!(reply.json()["errors"][0]["message"], "The variable `$wanted: Int!` is required but was not given.");
}

#[tokio::test]
async fn keys_have_the_order_of_the_selection_not_of_completion() {
    let server = Server::start().await;
    let text = "{ z: slow(turns: 9) ...F a: slow(turns: 0) book { id } } fragment F on Query { m: slow(turns: 3) book { title } }";
    let reply = post(server.address, text, Value::Null).await;
    assert_eq!(reply.body, r#"{"data":{"z":9,"m":3,"book":{"title":"A stay","id":1},"a":0}}"#);
}

#[tokio::test]
async fn a_field_that_fails_is_null_or_nulls_its_parent() {
    let server = Server::start().await;
    let nullable = post(server.address, "{ shelf { width label } other: slow(turns: 1) }", Value::Null).await.json();
    assert_eq!(nullable["data"], json!({"shelf": {"width": 80, "label": null}, "other": 1}));
    assert_eq!(nullable["errors"][0]["path"], json!(["shelf", "label"]));
    let required = post(server.address, "{ shelf { width owner } other: slow(turns: 1) }", Value::Null).await.json();
    assert_eq!(required["data"], json!({"shelf": null, "other": 1}));
    assert_eq!(required["errors"][0]["path"], json!(["shelf", "owner"]));
}

#[tokio::test]
async fn a_mutation_completes_after_its_client_has_disconnected() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start().await;
    let body = query("mutation { addLate }");
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    with_timeout(server.world.entered.notified()).await;
    drop(stream);
    // The server detects that the client has disconnected before the mutation continues.
    assert_eq!(post(server.address, "{ viewer }", Value::Null).await.status, 200);
    server.world.gate.notify_one();
    with_timeout(server.world.done.notified()).await;
    assert_eq!(server.world.runs(), 1);
}

#[tokio::test]
async fn a_panic_and_an_endless_query_get_a_response() {
    let server = Server::with_settings(|settings| settings.query_timeout = std::time::Duration::from_millis(500)).await;
    let bug = post(server.address, "{ panic }", Value::Null).await;
    assert_eq!((bug.status, bug.code().as_str()), (500, "INTERNAL"));
    let slow = post(server.address, "{ never }", Value::Null).await;
    assert_eq!((slow.status, slow.code().as_str()), (504, "TIMEOUT"));
    assert_eq!(post(server.address, "subscription { count(to: 1) }", Value::Null).await.status, 400);
}

#[tokio::test]
async fn other_origins_are_allowed_by_name() {
    let server =
        Server::with_settings(|settings| settings.allowed_origins = vec!["https://app.example.com".into()]).await;
    let execute = |origin: &'static str| {
        let address = server.address;
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        async move { send(address, "OPTIONS", "/graphql", &headers, "").await }
    };
    let allowed = execute("https://app.example.com").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (204, Some("https://app.example.com")));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("authorization"));
    let foreign = execute("https://evil.example.com").await;
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    assert_eq!(foreign.header("access-control-allow-methods"), None);
}

#[tokio::test]
async fn the_client_address_is_taken_from_trusted_proxies() {
    for (proxies, expected) in [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")] {
        let server = Server::with_settings(|settings| settings.trusted_proxies = proxies).await;
        let headers = [JSON, ("x-forwarded-for", "198.51.100.7, 203.0.113.9")];
        let reply = send(server.address, "POST", "/graphql", &headers, &query("{ address }")).await;
        assert_eq!(reply.json(), json!({"data": {"address": expected}}));
    }
}

#[tokio::test]
async fn a_stopping_server_finishes_requests() {
    let mut server = Server::start().await;
    let address = server.address;
    let request = tokio::spawn(async move { post(address, "mutation { addLate }", Value::Null).await });
    with_timeout(server.world.entered.notified()).await;
    server.begin_stop();
    server.world.gate.notify_one();
    assert_eq!(request.await.unwrap().json(), json!({"data": {"addLate": 1}}));
    server.wait_until_stopped().await;
}

/// Like `nc`, and other clients that close their half of the connection after the request.
#[tokio::test]
async fn a_half_closed_connection_gets_its_response() {
    let server = Server::start().await;
    let body = r#"{"query":"mutation { addLate }"}"#;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    with_timeout(server.world.entered.notified()).await;
    server.world.gate.notify_one();
    let mut bytes = Vec::new();
    with_timeout(stream.read_to_end(&mut bytes)).await.unwrap();
    assert_eq!(Reply::parse(&bytes).json()["data"]["addLate"], 1);
}
