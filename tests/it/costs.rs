//! Costs and budgets: expensive operations are refused before they run, honest ones are not.

use std::process::Command;

use async_graphql::{Variables, parser::parse_query, parser::parse_schema, parser::types::*};
use graphql::CONTRACT;
use graphql_contract::documents::{Cost, Documents, Limits};
use serde_json::{Value, json};

use crate::{
    harness::{app::TestApp, database::TestDatabase, server::Server, wire},
    operations,
};

pub fn price(query: &str, variables: &Value) -> (OperationType, Cost) {
    let documents = Documents::new(CONTRACT, Limits::default()).unwrap();
    let prepared = documents.prepare_without_cost_limit(query, None, &Variables::from_json(variables.clone()));
    let prepared = prepared.unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
    (prepared.operation(), prepared.cost())
}

#[test]
fn every_operation_of_ours_fits_with_room() {
    let limits = Limits::default();
    for example in operations::all() {
        let (operation, cost) = price(&example.text, &example.variables);
        let limit = if operation == OperationType::Subscription { limits.max_event_cost } else { limits.max_cost };
        println!("{}: {}", example.name, cost.requested);
        assert!(cost.requested * 3 <= limit, "{}: {cost:?} of {limit}", example.name);
    }
}

#[test]
fn introspection_of_tools_fits_its_budget() {
    let (_, cost) = price(super::hostile::INTROSPECTION, &json!({}));
    assert_eq!(cost.requested, 0);
    assert!(cost.introspection * 5 <= Limits::default().max_introspection_cost * 4, "{cost:?}");
}

/// A list without a size counts as ten items: right for a few texts, wrong for rows.
#[test]
fn every_list_of_objects_has_a_size_in_the_contract() {
    let (mut objects, mut fields) = (Vec::new(), Vec::new());
    for definition in parse_schema(CONTRACT).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        if let TypeKind::Object(object) = &definition.node.kind {
            fields.extend(object.fields.iter().map(|field| (name.clone(), field.node.clone())));
        }
        if matches!(definition.node.kind, TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) {
            objects.push(name);
        }
    }
    let sized = |name: &str| {
        let connections = fields.iter().filter(|(_, field)| field.ty.node.to_string().trim_end_matches('!') == name);
        let mut marks = connections.map(|(_, field)| mark(field, "sizedFields").is_some());
        marks.next() == Some(true) && marks.all(|is_sized| is_sized)
    };
    let mut lists = 0;
    for (ty, field) in &fields {
        let BaseType::List(of) = &field.ty.node.base else { continue };
        if !objects.contains(&of.to_string().trim_end_matches('!').to_owned()) {
            continue;
        }
        lists += 1;
        let name = field.name.node.as_str();
        let is_sized = mark(field, "assumedSize").is_some() || (["edges", "nodes"].contains(&name) && sized(ty));
        assert!(is_sized, "{ty}.{name} needs `@listSize`");
    }
    assert!(lists > 20);
}

fn mark<'a>(field: &'a FieldDefinition, argument: &str) -> Option<&'a async_graphql_value::ConstValue> {
    let directive = field.directives.iter().find(|directive| directive.node.name.node == "listSize")?;
    directive.node.arguments.iter().find(|(name, _)| name.node == argument).map(|(_, value)| &value.node)
}

/// S1: four levels of a hundred, thirteen aliases of a text at the leaf.
pub fn deep() -> String {
    let leaf: String = (0..13).map(|n| format!("a{n}: text ")).collect();
    let levels = (0..4).fold(leaf, |inner, level| {
        let below = if level == 0 { inner } else { format!("listing {{ {inner} }}") };
        format!("reviews(first: 100) {{ nodes {{ {below} }} }}")
    });
    format!("query($id: ID!) {{ listing(id: $id) {{ {levels} }} }}")
}

/// S4: twenty times the most expensive search.
pub fn wide() -> String {
    let search = "searchListings(stay: $stay, orderBy: PRICE_ASC) { totalCount }";
    let searches: String = (0..20).map(|n| format!("a{n}: {search} ")).collect();
    format!("query($stay: StayInput) {{ {searches} }}")
}

/// The variables of both.
pub fn variables() -> Value {
    json!({
        "id": "lst_00000000000000000000000000",
        "stay": { "checkIn": "2027-03-01", "checkOut": "2027-03-15" }
    })
}

/// S1 and S4.
#[tokio::test]
async fn expensive_operations_are_refused_before_anything_runs() {
    let app = TestApp::new().await;
    let served = app.serve().await;
    let address = served.address.to_string();
    let recording = app.app.database.statements().record();
    for (query, field) in [(deep(), "listing.reviews.nodes.listing.reviews"), (wide(), "a")] {
        let reply = wire::post(&address, "", &query, &variables()).await.unwrap();
        assert_eq!(reply.code(), Some("OPERATION_TOO_EXPENSIVE"), "{reply:?}");
        let told = &reply.body["errors"][0]["extensions"];
        assert!(told["cost"].as_u64().unwrap() > 10_000 && told["limit"] == 10_000, "{told}");
        assert!(told["field"].as_str().unwrap().starts_with(field), "{told}");
        assert_eq!(told["retryable"], false);
        assert_eq!(reply.body.get("data"), None);
        assert!(reply.body.to_string().len() < 1_000, "{reply:?}");
    }
    assert_eq!(recording.texts(), [""; 0]);
}

#[tokio::test]
async fn the_cost_of_an_operation_is_reported_on_request() {
    let app = TestApp::new().await;
    let served = app.serve_within(graphql_transport::BudgetSettings::default()).await;
    let address = served.address.to_string();
    let query = "{ searchListings(first: 10) { nodes { listing { title } } } }";
    let body = json!({ "query": query, "extensions": { "cost": true } }).to_string();
    let reply = wire::post_body(&address, body).await.unwrap();
    let cost = &reply.body["extensions"]["cost"];
    let (_, expected) = price(query, &json!({}));
    assert_eq!((&cost["requested"], &cost["limit"]), (&json!(expected.requested), &json!(10_000)), "{reply:?}");
    let remaining = cost["remaining"].as_u64().unwrap();
    assert!((190_000..200_000).contains(&remaining), "{remaining}");
    let silent = wire::post(&address, "", query, &json!({})).await.unwrap();
    assert_eq!(silent.body.get("extensions"), None, "{silent:?}");
}

/// The whole answer, with its head, to a query of a client that knows the statuses of GraphQL.
async fn answer(address: &str, query: &str) -> String {
    let body = json!({ "query": query }).to_string();
    let headers = [wire::JSON, ("accept", "application/graphql-response+json")];
    let (head, body) = wire::exchange(address, wire::POST, &headers, &body).await.unwrap();
    format!("{head}\r\n\r\n{body}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_over_its_budget_gets_a_retry_time() {
    let test = TestDatabase::new().await;
    let flags = ["--address-budget", "10/500", "--introspection-budget", "10/400000"];
    let server = Server::with_flags(&test.url, "off", &flags).await;
    let search = "{ searchListings(first: 100) { nodes { listing { id } } } }";
    let first = wire::post(server.address(), "", search, &json!({})).await.unwrap();
    assert!(first.field()["nodes"].is_array());
    let refused = wire::post(server.address(), "", search, &json!({})).await.unwrap();
    assert_eq!((refused.status, refused.code()), (200, Some("TOO_MANY_REQUESTS")), "{refused:?}");
    assert!(refused.is_retryable());
    let seconds = refused.body["errors"][0]["extensions"]["retryAfterSeconds"].as_u64().unwrap();
    assert!((1..=70).contains(&seconds), "{seconds}");
    let refused = answer(server.address(), search).await.to_lowercase();
    assert!(refused.starts_with("http/1.1 429 ") && refused.contains("\r\nretry-after: "), "{refused}");
    // Small operations still run, and introspection has a separate budget.
    let small = wire::post(server.address(), "", "{ __typename }", &json!({})).await.unwrap();
    assert_eq!(small.field(), "Query");
    let nothing = json!({});
    let introspect = || wire::post(server.address(), "", super::hostile::INTROSPECTION, &nothing);
    assert!(introspect().await.unwrap().field()["types"].is_array());
    assert_eq!(introspect().await.unwrap().code(), Some("TOO_MANY_REQUESTS"));
    server.stop().await;
}

#[test]
fn the_command_prints_what_the_server_counts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/operations/screens");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_staygate"))
            .args(["schema", "cost"])
            .args(arguments)
            .env_remove("STAYGATE_MAX_COST")
            .output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let page = operations::of_screen("searchPage");
    let (_, cost) = price(&page.text, &page.variables);
    let (code, text) =
        run(&[&format!("{folder}/searchPage.graphql"), "--variables", &format!("{folder}/searchPage.json")]);
    assert_eq!((code, text.trim()), (Some(0), format!("SearchPage: {} of 10000: allowed", cost.requested).as_str()));
    // The same limit that `serve` has, by the flag or the environment.
    let page = format!("{folder}/searchPage.graphql");
    let (code, text) = run(&[&page, "--max-cost", "1000"]);
    assert!(code == Some(1) && text.contains(" of 1000: ") && text.contains("1000 is allowed"), "{code:?} {text}");
    let mut by_environment = Command::new(env!("CARGO_BIN_EXE_staygate"));
    by_environment.args(["schema", "cost", &page]).env("STAYGATE_MAX_COST", "1000");
    assert_eq!(by_environment.output().unwrap().status.code(), Some(1));
    let deep_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(deep_file.path(), deep().replace("query($id: ID!)", "query($id: ID = \"x\")")).unwrap();
    let (code, text) = run(&[deep_file.path().to_str().unwrap()]);
    assert!(code == Some(1) && text.contains("10000 is allowed"), "{code:?} {text}");
    assert_eq!(run(&["/nowhere.graphql"]).0, Some(2));
    assert!(parse_query(deep()).is_ok());
}
