//! What all responses have in common, and which origins and hosts are allowed.

use graphql_contract::documents::Limits;
use serde_json::Value;

use crate::client::{Socket, post, send};
use crate::server::Server;

const JSON: (&str, &str) = ("content-type", "application/json");

/// C14: Single-page apps with client names, tracing or error reporting can call the API.
#[tokio::test]
async fn headers_that_clients_add_by_themselves_pass_the_preflight() {
    let server = Server::with_settings(|settings| {
        settings.allowed_origins = vec!["https://app-*.example.com".into()];
        settings.allowed_headers = vec!["x-tenant".into()];
    })
    .await;
    let headers = [("origin", "https://app-pr-7.example.com"), ("access-control-request-method", "POST")];
    let reply = send(server.address, "OPTIONS", "/graphql", &headers, "").await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app-pr-7.example.com"));
    let allowed: Vec<_> = reply.header("access-control-allow-headers").unwrap().split(", ").collect();
    for name in [
        "apollographql-client-name",
        "apollographql-client-version",
        "traceparent",
        "tracestate",
        "sentry-trace",
        "baggage",
        "x-request-id",
        "last-event-id",
        "x-tenant",
    ] {
        assert!(allowed.contains(&name), "{name}");
    }
    let foreign = [("origin", "https://app-pr-7.evil.example.com"), ("access-control-request-method", "POST")];
    let reply = send(server.address, "OPTIONS", "/graphql", &foreign, "").await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

/// S15: With DNS rebinding, a page of another host would count as one of the server's own.
#[tokio::test]
async fn a_foreign_host_name_is_refused() {
    let server = Server::with_settings(|settings| settings.allowed_hosts = vec!["api.example.com".into()]).await;
    let execute = async |method: &'static str, path: &'static str, host: &'static str| {
        let headers = [JSON, ("host", host)];
        send(server.address, method, path, &headers, r#"{"query":"{ viewer }"}"#).await.status
    };
    for host in ["rebound.evil.com", "rebound.evil.com:8080", "api.example.com.evil.com", "127.0.0.1"] {
        for (method, path) in [("POST", "/graphql"), ("GET", "/"), ("GET", "/schema.graphql"), ("OPTIONS", "/graphql")]
        {
            assert_eq!(execute(method, path, host).await, 421, "{method} {path} {host}");
        }
        assert_eq!(execute("GET", "/healthz", host).await, 200);
        assert_eq!(execute("GET", "/readyz", host).await, 200);
    }
    assert_eq!(execute("POST", "/graphql", "API.example.com:443").await, 200);
    let origin = "http://rebound.evil.com";
    let headers =
        [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin), ("host", "rebound.evil.com")];
    assert_eq!(Socket::open(server.address, &headers).await.err(), Some(421));
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let server = Server::with_settings(|settings| settings.https = true).await;
    for path in ["/", "/healthz", "/nowhere", "/schema.graphql", "/graphql?query={viewer}"] {
        let reply = send(server.address, "GET", path, &[("accept", "application/json")], "").await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{path}");
    }
    let plain = Server::start().await;
    let reply = send(plain.address, "GET", "/healthz", &[], "").await;
    assert_eq!(reply.header("strict-transport-security"), None, "not configured for https");
}

/// O11.
#[tokio::test]
async fn pages_and_the_contract_can_be_turned_off() {
    let limits = Limits { introspection: false, ..Limits::default() };
    let server = Server::without_pages(limits, |settings| settings.publishes_contract = false).await;
    let page = [("accept", "text/html")];
    for path in ["/", "/schema.graphql", "/assets/graphiql.js"] {
        assert_eq!(send(server.address, "GET", path, &page, "").await.status, 404, "{path}");
    }
    assert_eq!(send(server.address, "GET", "/graphql", &page, "").await.status, 406);
    let queries = [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Query\") { name } }",
        "query { ...F } fragment F on Query { a: __schema { queryType { name } } }",
    ];
    for query in queries {
        assert_eq!(post(server.address, query, Value::Null).await.code(), "INTROSPECTION_DISABLED", "{query}");
    }
    assert_eq!(post(server.address, "{ __typename viewer }", Value::Null).await.status, 200);
}

#[tokio::test]
async fn security_txt_is_served_if_a_contact_is_set() {
    let path = "/.well-known/security.txt";
    let server =
        Server::with_settings(|settings| settings.security_contact = Some("mailto:security@example.com".into())).await;
    let reply = send(server.address, "GET", path, &[], "").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    assert!(
        reply.body.starts_with("Contact: mailto:security@example.com\nExpires: 1970-06-30T00:00:00Z\n"),
        "{}",
        reply.body
    );
    assert_eq!(send(Server::start().await.address, "GET", path, &[], "").await.status, 404);
}
