//! The landing page and GraphiQL: the journey of the tabs runs in order, as in a browser (O11).

use std::collections::HashMap;

use import::demo;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use types::{Clock as _, SystemClock};

use crate::harness::{
    database::TestDatabase,
    server::{Server, TIMEOUT},
    wire::{self, post},
};

/// Head and body of a page.
async fn page(to: &str, path: &str) -> (String, String) {
    wire::exchange(to, &format!("GET {path} HTTP/1.1"), &[("accept", "text/html")], "").await.unwrap()
}

/// The JSON that scripts find in the attribute `data-NAME`.
fn attribute(page: &str, name: &str) -> Value {
    let (_, rest) = page.split_once(&format!(" data-{name}=\"")).unwrap_or_else(|| panic!("{name} is not in {page}"));
    let (text, _) = rest.split_once('"').unwrap();
    let text = text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">");
    serde_json::from_str(&text.replace("&amp;", "&")).unwrap()
}

/// Values that tabs share, as in `journey.js`.
struct Memory {
    found: HashMap<String, String>,
    keys: usize,
}

impl Memory {
    fn new() -> Self {
        let today = SystemClock.now().utc().date_naive();
        let day = |days| (today + chrono::Days::new(days)).to_string();
        let found = [("checkIn".to_owned(), day(30)), ("checkOut".to_owned(), day(33))];
        Self { found: found.into(), keys: 0 }
    }

    /// The variables of a step, filled in.
    fn fill(&mut self, step: &Value) -> Value {
        let mut text = step["variables"].as_str().unwrap().to_owned();
        self.keys += 1;
        for key in ["key", "paymentkey"] {
            text = text.replace(&format!("{{{{{key}}}}}"), &format!("journey-{key}-{}", self.keys));
        }
        for (name, value) in &self.found {
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        assert!(!text.contains("{{"), "{}: an earlier step has found all it needs: {text}", step["name"]);
        if text.is_empty() { json!({}) } else { serde_json::from_str(&text).unwrap() }
    }

    fn learn(&mut self, step: &Value, variables: &Value, data: &Value) {
        let whole = json!({ "data": data, "variables": variables });
        for find in step["finds"].as_array().unwrap() {
            let (name, pointer) = (find[0].as_str().unwrap(), find[1].as_str().unwrap());
            match whole.pointer(pointer).and_then(Value::as_str) {
                Some(value) => self.found.insert(name.to_owned(), value.to_owned()),
                None => self.found.remove(name),
            };
        }
    }
}

const SIGN_IN: &str = "mutation ($input: SignInInput!) { signIn(input: $input) {
    ... on SignInSuccess { tokens { accessToken } } ... on UserError { code message } } }";

/// Signs in with the page's demo accounts. Returns the tokens by role.
async fn sign_in(to: &str, accounts: &Value) -> HashMap<String, String> {
    let mut tokens = HashMap::from([("anyone".to_owned(), String::new())]);
    for account in accounts.as_array().unwrap() {
        let input = json!({ "input": { "email": account["email"], "password": account["password"] } });
        let answer = post(to, "", SIGN_IN, &input).await.unwrap();
        let token = answer.field()["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
        tokens.insert(account["role"].as_str().unwrap().to_owned(), token.to_owned());
    }
    tokens
}

/// The kinds of the first `count` events of a stream.
async fn watched(to: &str, token: &str, step: &Value, variables: &Value, count: usize) -> Vec<String> {
    let body = json!({ "query": step["query"], "variables": variables }).to_string();
    let authorization = format!("Bearer {token}");
    let headers = [wire::JSON, ("accept", "text/event-stream"), ("authorization", &authorization)];
    let mut stream = wire::request(to, wire::POST, &headers, &body).await.unwrap();
    let mut text = Vec::new();
    loop {
        let came = String::from_utf8_lossy(&text).into_owned();
        let kinds = came.split("\"kind\":\"").skip(1).filter_map(|rest| rest.split_once('"'));
        let kinds: Vec<_> = kinds.map(|(kind, _)| kind.to_owned()).collect();
        if kinds.len() >= count {
            return kinds;
        }
        let read = tokio::time::timeout(TIMEOUT, stream.read_buf(&mut text)).await;
        assert!(read.expect("events arrive").unwrap() > 0, "the stream ended: {came}");
    }
}

/// Runs every step of the journey in order. Returns the responses by name.
async fn run(
    to: &str,
    journey: &Value,
    tokens: &HashMap<String, String>,
    memory: &mut Memory,
) -> HashMap<String, Value> {
    let mut answers = HashMap::new();
    for step in journey.as_array().unwrap() {
        let (name, query) = (step["name"].as_str().unwrap(), step["query"].as_str().unwrap());
        let token = &tokens[step["role"].as_str().unwrap()];
        let variables = memory.fill(step);
        if query.contains("subscription ") {
            answers.insert(name.to_owned(), json!(watched(to, token, step, &variables, 2).await));
            continue;
        }
        let answer = post(to, token, query, &variables).await.unwrap();
        assert!(answer.status == 200 && answer.body.get("errors").is_none(), "{name}: {answer:?}");
        memory.learn(step, &variables, &answer.body["data"]);
        answers.insert(name.to_owned(), answer.body["data"].clone());
    }
    answers
}

/// O11: there were only four examples, and they could not be run one after another.
#[tokio::test(flavor = "multi_thread")]
async fn the_tabs_of_the_journey_run_in_their_order_on_the_demo_data() {
    let test = TestDatabase::new().await;
    let server = Server::on(&test.url, "on").await;
    let to = server.address();
    let (_, explorer) = page(to, "/graphql").await;
    let (journey, accounts) = (attribute(&explorer, "journey"), attribute(&explorer, "accounts"));
    let names: Vec<_> = journey.as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    let guest = ["Search", "Quote", "Book", "Pay", "Watch", "Cancel"];
    assert_eq!(names[..6], guest);
    assert_eq!(names[6..], ["FindHost", "QuoteRequest", "Request", "Requests", "Accept", "HostCancel"]);
    let (_, home) = page(to, "/").await;
    for name in names {
        assert!(home.contains(&format!("href=\"/graphql?tab={name}\"")), "{name} has a card");
    }
    let tokens = sign_in(to, &accounts).await;
    assert_eq!(tokens.len(), 3, "a guest and a host sign in with a click");
    let mut memory = Memory::new();
    let answers = run(to, &journey, &tokens, &mut memory).await;
    for (name, field) in [("Quote", "quoteStay"), ("Book", "createBooking"), ("Cancel", "cancelBooking")] {
        let outcome = answers[name][field]["__typename"].as_str().unwrap();
        assert!(outcome.ends_with("Success"), "{name}: {}", answers[name]);
    }
    assert_eq!(answers["Pay"]["payBooking"]["booking"]["status"], "CONFIRMED");
    assert_eq!(answers["Watch"], json!(["PAYMENT_CAPTURED", "CONFIRMED"]), "past events are listed first");
    assert_eq!(answers["Cancel"]["cancelBooking"]["booking"]["status"], "CANCELLED");
    let found = &answers["FindHost"]["searchListings"]["nodes"][0]["listing"];
    assert_eq!(found["host"]["displayName"], "Demo host", "the host of the request has a demo account");
    assert_eq!(answers["Request"]["payBooking"]["booking"]["status"], "REQUESTED");
    assert_eq!(answers["Accept"]["acceptBooking"]["booking"]["status"], "CONFIRMED");
    assert_eq!(answers["HostCancel"]["cancelBooking"]["booking"]["status"], "CANCELLED");
    let again = run(to, &journey, &tokens, &mut memory).await;
    assert_eq!(again["Accept"]["acceptBooking"]["booking"]["status"], "CONFIRMED", "it can be run again");
    server.stop().await;
}

/// O11: "Search Singapore" was offered without listings in Singapore, or without any.
#[tokio::test(flavor = "multi_thread")]
async fn without_demo_data_the_pages_do_not_mention_it_and_the_search_finds_nothing() {
    let test = TestDatabase::new().await;
    let server = Server::on(&test.url, "off").await;
    let to = server.address();
    for path in ["/", "/graphql"] {
        let (head, body) = page(to, path).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        let text = body.to_lowercase();
        assert!(!text.contains("demo") && !text.contains("singapore"), "{path}: {body}");
        assert!(demo::ACCOUNTS.iter().all(|account| !body.contains(account.password)), "{path}");
    }
    let (_, explorer) = page(to, "/graphql").await;
    assert_eq!(attribute(&explorer, "accounts"), json!([]));
    let journey = attribute(&explorer, "journey");
    for step in journey.as_array().unwrap().iter().filter(|step| step["role"] == "anyone") {
        let variables = Memory::new().fill(step);
        let answer = post(to, "", step["query"].as_str().unwrap(), &variables).await.unwrap();
        assert_eq!(answer.field()["totalCount"], 0, "{answer:?}");
    }
    server.stop().await;
}

/// Related to O11: the page and the log offered disabled features.
#[tokio::test(flavor = "multi_thread")]
async fn disabled_features_are_not_offered() {
    let test = TestDatabase::new().await;
    let server = Server::with_flags(&test.url, "off", &["--introspection", "off"]).await;
    let (_, home) = page(server.address(), "/").await;
    assert!(!home.contains("/schema.graphql"), "{home}");
    let (_, explorer) = page(server.address(), "/graphql").await;
    assert_eq!(attribute(&explorer, "introspection"), json!(false), "GraphiQL does not ask for the contract");
    server.stop().await;
    let server = Server::with_flags(&test.url, "off", &["--pages", "off"]).await;
    assert!(!server.greeting.contains("browser") && !server.greeting.contains("GraphiQL"), "{}", server.greeting);
    for (path, status) in [("/", "404"), ("/graphql", "406"), ("/assets/session.js", "404")] {
        let (head, _) = page(server.address(), path).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
    }
    server.stop().await;
}
