//! Observability of a running server: access log, security events, metrics.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::harness::{
    actors::REGISTER, browser::Browser, database::TestDatabase, remote, server::Server, socket::Socket, wire,
};

const SECRET: &str = "hunter2 hunter2";
const SIGN_IN: &str = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename
    ... on SignInSuccess { tokens { accessToken refreshToken } } ... on UserError { code } } }";
const JSON: [&str; 2] = ["--log-format", "json"];

async fn server(test: &TestDatabase, flags: &[&str]) -> Server {
    Server::with_flags(&test.url, "off", &[&JSON, flags].concat()).await
}

/// The access token of a new account.
async fn register(server: &Server, email: &str) -> String {
    let input = json!({ "email": email, "password": SECRET, "displayName": "Ann" });
    let answer = wire::post(server.address(), "", REGISTER, &json!({ "input": input })).await.unwrap();
    answer.field()["tokens"]["accessToken"].as_str().unwrap().to_owned()
}

/// The line of the access log that fits.
async fn line(server: &Server, fits: impl Fn(&Value) -> bool) -> Value {
    let is_it = |line: &str| serde_json::from_str(line).is_ok_and(|line| is_access(&line) && fits(&line));
    serde_json::from_str(&server.log_line(is_it).await).unwrap()
}

fn is_access(line: &Value) -> bool {
    line["target"] == "staygate::access"
}

/// O7: the log had no operations.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_has_one_log_line_whatever_its_outcome() {
    let test = TestDatabase::new().await;
    let server = server(&test, &[]).await;
    let to = server.address();
    let token = register(&server, "ann@example.org").await;
    let execute =
        async |token: &str, query: &str, variables: Value| wire::post(to, token, query, &variables).await.unwrap();
    execute(&token, "query WhoAmI { me { user { displayName } } }", json!({})).await;
    execute("", "query Wrong { nothing }", json!({})).await;
    execute("", "{", json!({})).await;
    let refused = execute(
        "",
        "query Days($day: Date!) { searchListings(stay: {checkIn: $day, checkOut: $day}) { totalCount } }",
        json!({ "day": "x" }),
    );
    assert_eq!(refused.await.code(), Some("BAD_USER_INPUT"));
    execute("forged", "query Forged { me { id } }", json!({})).await;
    let input = json!({ "email": "ann@example.org", "password": "wrong horse" });
    execute("", SIGN_IN, json!({ "input": input })).await;
    wire::get(to, "/healthz").await.unwrap();

    let me = line(&server, |line| line["name"] == "WhoAmI").await;
    assert_eq!((&me["code"], &me["kind"], &me["transport"]), (&json!("OK"), &json!("query"), &json!("http")));
    assert!(me["viewer"].as_str().unwrap().starts_with("usr_"), "{me}");
    assert!(me["millis"].as_f64().unwrap() > 0.0 && me["cost"].as_u64().unwrap() > 0, "{me}");
    assert_eq!(me["address"], "127.0.0.1");
    for (name, code) in [("SignIn", "INVALID_CREDENTIALS"), ("Forged", "UNAUTHENTICATED")] {
        let line = line(&server, |line| line["name"] == name).await;
        assert_eq!((&line["code"], line.get("viewer")), (&json!(code), None), "{line}");
    }
    for code in ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"] {
        let line = line(&server, |line| line["code"] == code).await;
        assert!(line["request_id"].as_str().unwrap().starts_with("req_"), "{line}");
    }
    let lines = server.log();
    let access = lines.iter().filter(|line| is_access(&serde_json::from_str(line).unwrap_or_default())).count();
    assert_eq!(access, 7, "one for each operation, and none for a health check: {lines:#?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_a_websocket_have_lines_and_names_of_their_own() {
    let test = TestDatabase::new().await;
    let server = server(&test, &[]).await;
    let token = register(&server, "ann@example.org").await;
    let mut socket = Socket::open(server.address(), &token).await;
    let subscribe = |id: &str, query: &str| json!({ "type": "subscribe", "id": id, "payload": { "query": query } });
    socket.send(subscribe("1", "query OnSocket { me { id } }")).await;
    assert_eq!(socket.receive().await["type"], "next");
    assert_eq!(socket.receive().await["type"], "complete");
    let sign_in =
        r#"mutation Guess { signIn(input: {email: "ann@example.org", password: "wrong horse"}) { __typename } }"#;
    socket.send(subscribe("2", sign_in)).await;
    assert_eq!(socket.receive().await["payload"]["data"]["signIn"]["__typename"], "InvalidCredentialsProblem");
    socket.send(subscribe("3", "subscription Watch { myTripEvents { cursor } }")).await;
    socket.send(json!({ "type": "complete", "id": "3" })).await;
    let query = line(&server, |line| line["name"] == "OnSocket").await;
    assert_eq!((&query["transport"], &query["code"]), (&json!("websocket"), &json!("OK")));
    let watch = line(&server, |line| line["name"] == "Watch").await;
    assert_eq!((&watch["kind"], &watch["code"], &watch["events"]), (&json!("subscription"), &json!("LEFT"), &json!(0)));
    let guess = line(&server, |line| line["name"] == "Guess").await;
    assert_eq!(guess["code"], "INVALID_CREDENTIALS");
    // The mutation's events have the id of its own request.
    let line = server.log_line(|line| line.contains("sign_in_failed")).await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["spans"][0]["id"], guess["request_id"], "{line}");
    assert_ne!(guess["request_id"], query["request_id"]);
    drop(socket);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_access_log_can_be_less_or_nothing() {
    let test = TestDatabase::new().await;
    for (which, expected) in [("failed", vec!["GRAPHQL_VALIDATION_FAILED"]), ("off", vec![])] {
        let server = server(&test, &["--access-log", which]).await;
        for query in ["{ me { id } }", "{ nothing }"] {
            wire::post(server.address(), "", query, &json!({})).await.unwrap();
        }
        // The last line that there can be.
        wire::post(server.address(), "forged", "{ me { id } }", &json!({})).await.unwrap();
        server.log_line(|line| line.contains("token_refused")).await;
        let lines: Vec<Value> = server.log().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let codes: Vec<_> = lines.iter().filter(|line| is_access(line)).map(|line| line["code"].clone()).collect();
        let codes: Vec<_> = codes.into_iter().filter(|code| code != "UNAUTHENTICATED").collect();
        assert_eq!(codes, expected, "{which}");
        server.stop().await;
    }
}

/// O7: eleven failed sign-ins, and nothing in the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn security_events_are_logged_and_secrets_are_not() {
    let test = TestDatabase::new().await;
    let server = server(&test, &["--log-level", "debug"]).await;
    let to = server.address();
    let token = remote::verified(to, &register(&server, "ann@example.org").await).await;
    let sign_in = async |email: &str, password: &str| {
        let input = json!({ "email": email, "password": password });
        wire::post(to, "", SIGN_IN, &json!({ "input": input })).await.unwrap().field().clone()
    };
    for _ in 0..11 {
        sign_in("ann@example.org", "a wrong secret").await;
    }
    sign_in("nobody@example.org", "a wrong secret").await;
    let bert = remote::verified(to, &register(&server, "bert@example.org").await).await;
    let tokens = sign_in("bert@example.org", SECRET).await["tokens"].clone();
    wire::post(to, "forged", "{ me { id } }", &json!({})).await.unwrap();
    wire::post(to, &token, "{ me { id email } }", &json!({})).await.unwrap();
    let event = async |name: &str| -> Value {
        let line = server.log_line(|line| line.contains("staygate::security") && line.contains(name)).await;
        serde_json::from_str(&line).unwrap()
    };
    let failed = event("sign_in_failed").await;
    assert!(failed["user"].as_str().unwrap().starts_with("usr_"), "{failed}");
    assert_eq!((&failed["address"], &failed["known_device"]), (&json!("127.0.0.1"), &json!(false)));
    assert_eq!(event("attempt_refused").await["rule"], "signIn/account/address");
    assert_eq!(event("registered").await["user"], failed["user"]);
    assert_ne!(event("signed_in").await["user"], failed["user"]);
    assert_eq!(event("token_refused").await["address"], "127.0.0.1");
    let failures = server.log().iter().filter(|line| line.contains("sign_in_failed")).count();
    assert_eq!(failures, 11, "ten attempts, and one without an account");
    let log = server.log().join("\n");
    let (access, refresh) = (tokens["accessToken"].as_str().unwrap(), tokens["refreshToken"].as_str().unwrap());
    for secret in [SECRET, "a wrong secret", "forged", "example.org", &token, &bert, access, refresh] {
        assert!(!log.contains(secret), "the log has {secret}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_are_for_the_listed_origins_and_are_not_logged() {
    let test = TestDatabase::new().await;
    let server = server(&test, &["--log-level", "debug", "--cookie-origins", "https://app.example.com"]).await;
    let browser = Browser::new(server.address()).at("https://app.example.com");
    let payload =
        browser.mutate(REGISTER, json!({ "email": "bert@example.org", "password": SECRET, "displayName": "Bert" }));
    assert_eq!(payload.await["__typename"], "RegisterUserSuccess");
    let names: Vec<_> = browser.cookies().into_keys().collect();
    assert_eq!(names, ["staygate-access", "staygate-device", "staygate-refresh"], "this machine has no TLS");
    let evil = browser.at("https://evil.example.com").run("{ me { id } }", json!({})).await;
    assert_eq!((evil.status, evil.code()), (403, Some("BAD_REQUEST")));
    assert!(browser.run("{ me { id } }", json!({})).await.field()["id"].is_string());
    server.log_line(|line| line.contains("cookie_refused")).await;
    let log = server.log().join("\n");
    assert!(browser.cookies().values().all(|secret| !log.contains(secret.as_str())), "{log}");
    server.stop().await;
}

/// The samples of a scrape, with the type of each; fails where the text breaks the rules of its format.
fn samples(text: &str) -> HashMap<String, f64> {
    let (mut types, mut samples) = (HashMap::new(), HashMap::new());
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines() {
        match line.strip_prefix("# ") {
            Some("EOF") => {}
            Some(meta) => {
                let mut words = meta.splitn(3, ' ');
                let (what, name, value) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
                assert!(["HELP", "TYPE", "UNIT"].contains(&what) && !value.is_empty(), "{line}");
                if what == "TYPE" {
                    assert_eq!(types.insert(name.to_owned(), value.to_owned()), None, "declared once: {line}");
                }
            }
            None => {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let name = series.split('{').next().unwrap();
                let family = ["_total", "_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
                let kind = types.get(name).or_else(|| types.get(family.unwrap())).unwrap_or_else(|| panic!("{line}"));
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
                let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
                assert_eq!(samples.insert(series.to_owned(), value), None, "given once: {line}");
            }
        }
    }
    samples
}

/// Reads the metrics of a server that was started with `--metrics-listen`.
async fn scrape(server: &Server) -> HashMap<String, f64> {
    let address = server.metrics().await;
    let (status, text) = wire::text(&address, "/metrics").await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(wire::text(&address, "/graphql").await.unwrap().0, 404, "nothing else is there");
    samples(&text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_read_on_a_listener_of_their_own() {
    let test = TestDatabase::new().await;
    let server = server(&test, &["--metrics-listen", "127.0.0.1:0"]).await;
    let to = server.address();
    assert_eq!(wire::text(to, "/metrics").await.unwrap().0, 404, "clients cannot read them");
    let token = register(&server, "ann@example.org").await;
    for _ in 0..3 {
        wire::post(to, &token, "query WhoAmI { me { email } }", &json!({})).await.unwrap();
    }
    wire::post(to, "", "{ nothing }", &json!({})).await.unwrap();
    let socket = Socket::open(to, &token).await;
    let found = scrape(&server).await;
    let value = |series: &str| *found.get(series).unwrap_or_else(|| panic!("{series} is not in {found:#?}"));
    assert_eq!(value(r#"staygate_operations_total{operation="WhoAmI",kind="query",code="OK"}"#), 3.0);
    assert_eq!(
        value(r#"staygate_operations_total{operation="(none)",kind="(none)",code="GRAPHQL_VALIDATION_FAILED"}"#),
        1.0
    );
    assert_eq!(value(r#"staygate_root_fields_total{field="me",code="OK"}"#), 3.0);
    assert_eq!(value(r#"staygate_operation_duration_seconds_count{operation="WhoAmI",kind="query"}"#), 3.0);
    assert_eq!(value("staygate_connections_open"), 1.0);
    assert_eq!(value("staygate_operations_running"), 0.0);
    assert_eq!(value("staygate_database_up"), 1.0);
    for positive in [
        "staygate_operation_cost_total",
        "staygate_database_statements_total",
        "staygate_database_statement_seconds_count",
        "staygate_database_wait_seconds_count",
        r#"staygate_database_connections{state="idle"}"#,
        r#"staygate_http_answers_total{status="2xx"}"#,
        "staygate_documents_kept",
        "staygate_documents_kept_bytes",
        &format!(r#"staygate_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION")),
    ] {
        assert!(value(positive) > 0.0, "{positive}");
    }
    for known in [
        r#"staygate_gate_used{lane="large"}"#,
        r#"staygate_database_share_used{share="writes"}"#,
        "staygate_budget_refusals_total",
        "staygate_passwords_waiting",
        "staygate_feeds_followed",
        "staygate_feed_followers",
        "staygate_attempts_delayed",
        "staygate_time_zone_rules_age_days",
        "staygate_database_transaction_retries_total",
    ] {
        value(known);
    }
    drop(socket);
    server.stop().await;
}

/// A collector that stores what it receives.
struct Collector {
    address: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let kept = Arc::clone(&spans);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Self::serve(stream, Arc::clone(&kept)));
            }
        });
        Self { address, spans }
    }

    /// Reads requests of one connection, each with its length, and acknowledges them.
    async fn serve(stream: TcpStream, kept: Arc<Mutex<Vec<Span>>>) {
        let mut stream = BufReader::new(stream);
        loop {
            let (mut head, mut line) = (Vec::new(), String::new());
            while stream.read_line(&mut line).await.unwrap() > 2 {
                head.push(std::mem::take(&mut line).to_lowercase());
            }
            let Some(first) = head.first() else { return };
            assert!(first.starts_with("post /v1/traces "), "{head:?}");
            assert!(head.iter().any(|line| line.trim() == "content-type: application/x-protobuf"), "{head:?}");
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.trim().parse().unwrap()];
            stream.read_exact(&mut body).await.unwrap();
            let sent = ExportTraceServiceRequest::decode(&*body).unwrap();
            let scopes = sent.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
            kept.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_shows_operation_batch_and_statement_and_no_value() {
    let test = TestDatabase::new().await;
    let collector = Collector::start().await;
    let server = server(&test, &["--otlp-endpoint", &format!("http://{}", collector.address)]).await;
    let token = register(&server, "ann@example.org").await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let query = "query WhoAmI { me { email user { displayName } } }";
    wire::post_with(server.address(), &token, &[("traceparent", parent)], query, &json!({})).await.unwrap();
    // Remaining spans are sent when the server stops.
    server.stop().await;
    let spans = collector.spans.lock().unwrap().clone();
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:#?}"));
    let operation = find("query WhoAmI");
    assert!(operation.parent_span_id.is_empty(), "a client does not choose the trace");
    assert_eq!(operation.links[0].span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
    let batch = find("UserById");
    assert_eq!((&batch.trace_id, &batch.parent_span_id), (&operation.trace_id, &operation.span_id));
    let of = |parent: &Span| -> Vec<&str> {
        let children = spans.iter().filter(|span| span.parent_span_id == parent.span_id);
        children.map(|span| span.name.as_str()).collect()
    };
    assert_eq!(of(batch), ["SELECT users"]);
    assert_eq!(of(find("Account")), ["SELECT users"]);
    let mutation = find("mutation");
    assert!(of(mutation).contains(&"INSERT users"), "{:?}", of(mutation));
    let everything = format!("{spans:?}");
    for value in ["ann@example.org", "Ann", SECRET, &token] {
        assert!(!everything.contains(value), "{value} is in a trace");
    }
    assert!(everything.contains("http.request.id"));
}

/// An unavailable collector loses spans, and delays nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unavailable_collector_delays_no_response() {
    let test = TestDatabase::new().await;
    let server = server(&test, &["--otlp-endpoint", "http://127.0.0.1:1"]).await;
    register(&server, "ann@example.org").await;
    server.log_line(|line| line.contains("traces cannot be exported and are lost")).await;
    wire::post(server.address(), "", "{ me { id } }", &json!({})).await.unwrap().field();
    server.stop().await;
}
