//! Values are checked before anything runs, including those of custom scalars.

use async_graphql::{Value, Variables};
use serde_json::{Value as Json, json};

use super::super::{Documents, Limits, Prepared, Scalars, usages};

const SDL: &str = r#"
schema { query: Query mutation: Mutation }
scalar Day
scalar Email
enum Order { NEAR FAR }
input Filter { day: Day days: [Day!] n: Int = 3 }
input SignInput { email: Email! day: Day filters: [Filter!] }
type Place { at(day: Day!): Int }
type Query { place(on: Day): Place search(order: Order = FAR, n: Int = 1, where: Filter, ratio: Float, text: String): Int }
type SignSuccess { place: Place }
type InvalidInputProblem { message: String! }
union SignPayload = SignSuccess | InvalidInputProblem
type PaySuccess { done: Int }
union PayPayload = PaySuccess
type Mutation { sign(input: SignInput!): SignPayload! pay(day: Day!): PayPayload! }
"#;

fn day(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::String(text) if text.len() == 10 => Ok(()),
        _ => Err("a day"),
    }
}

fn email(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::String(text) if text.contains('@') => Ok(()),
        _ => Err("an address"),
    }
}

fn documents() -> Documents {
    let scalars = Scalars::default().with("Day", day).with("Email", email).reported_by("InvalidInputProblem");
    Documents::new(SDL, Limits::default()).unwrap().with_scalars(scalars)
}

fn prepare(query: &str, variables: Json) -> Result<Prepared, Json> {
    let prepared = documents().prepare(query, None, &Variables::from_json(variables));
    prepared.map_err(|errors| serde_json::to_value(errors).unwrap())
}

/// The paths in the one error of a rejected document.
#[track_caller]
fn error_paths(query: &str, variables: Json) -> Json {
    let errors = prepare(query, variables).unwrap_err();
    let [error] = errors.as_array().unwrap().as_slice() else { panic!("{errors}") };
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
    let problems = error["extensions"]["problems"].as_array().unwrap();
    assert_eq!(problems[0]["message"], error["message"]);
    assert_eq!(problems[0]["path"], error["extensions"]["path"]);
    problems.iter().map(|problem| problem["path"].clone()).collect()
}

/// C4, C5: one error for all malformed values of a document.
#[test]
fn malformed_values_of_a_query_are_one_error() {
    assert_eq!(error_paths(r#"{ place(on: "soon") { at(day: "2026-07-01") } }"#, json!({})), json!([["on"]]));
    let nested = r#"{ place { at(day: 7) } search(where: { day: "x", days: ["2026-07-01", "y"] }) }"#;
    assert_eq!(error_paths(nested, json!({})), json!([["day"], ["where", "day"], ["where", "days", "1"]]));
    let fragment =
        r#"query { place { ...P } } fragment P on Place { a: at(day: "x") b: at(day: "y") @skip(if: true) }"#;
    assert_eq!(error_paths(fragment, json!({})), json!([["day"], ["day"]]));
    let variables = "query($d: Day!, $f: Filter, $n: Int) { place(on: $d) { at(day: $d) } search(where: $f, n: $n) }";
    let values = json!({ "d": "x", "f": { "day": "2026-07-01", "days": ["y"], "more": 1 }, "n": "7" });
    assert_eq!(error_paths(variables, values), json!([["$d"], ["$f", "days", "0"], ["$f"], ["$n"]]));
    assert_eq!(error_paths("query($d: Day!) { place(on: $d) { at(day: $d) } }", json!({})), json!([["$d"]]));
    assert_eq!(error_paths(r#"query($d: Day = "x") { place(on: $d) { __typename } }"#, json!({})), json!([["$d"]]));
    assert_eq!(
        error_paths(
            "{ place(on: [$d]) { __typename } }".replace("{ p", "query($d: Day!) { p").as_str(),
            json!({ "d": "2026-07-01" })
        ),
        json!([["on"]])
    );
}

/// C3: values that a mutation can report itself are left to it, if it is the only one.
#[test]
fn malformed_values_of_a_lone_mutation_are_left_to_it() {
    let sign = |input: &str| format!("mutation {{ __typename sign(input: {input}) {{ __typename }} }}");
    assert!(prepare(&sign(r#"{ email: "x", day: "y", filters: [{ days: ["z"] }] }"#), json!({})).is_ok());
    let variable =
        "mutation($i: SignInput!) { sign(input: $i) { ... on SignSuccess { place { at(day: \"2026-07-01\") } } } }";
    assert!(prepare(variable, json!({ "i": { "email": "x" } })).is_ok());
    assert_eq!(
        error_paths(variable, json!({ "i": { "email": "x", "day": 7, "filters": 1 } })),
        json!([["$i", "filters"]])
    );
}

/// C4: nothing in a document runs if something in it is malformed.
#[test]
fn malformed_values_beside_a_mutation_reject_the_document() {
    for (query, variables, path) in [
        (
            r#"mutation { a: sign(input: { email: "a@b" }) { __typename } b: sign(input: { email: "x" }) { __typename } }"#,
            json!({}),
            json!(["input", "email"]),
        ),
        (
            r#"mutation { sign(input: { email: "a@b" }) { ... on SignSuccess { place { at(day: "x") } } } }"#,
            json!({}),
            json!(["day"]),
        ),
        (r#"mutation { pay(day: "x") { __typename } }"#, json!({}), json!(["day"])),
        (
            r#"mutation($d: Day!) { sign(input: { email: "a@b", day: $d }) { ... on SignSuccess { place { at(day: $d) } } } }"#,
            json!({ "d": "x" }),
            json!(["$d"]),
        ),
        (
            r#"mutation($e: Email!) { sign(input: { email: $e }) { __typename } ...M } fragment M on Mutation { pay(day: "2026-07-01") { __typename } }"#,
            json!({ "e": "x" }),
            json!(["$e"]),
        ),
    ] {
        assert_eq!(error_paths(query, variables), json!([path]), "{query}");
    }
}

/// C6: an argument whose variable is undefined takes its default; null is a value.
#[test]
fn arguments_without_a_value_are_left_out() {
    let arguments = |query: &str, variables: Json| {
        let prepared = prepare(query, variables).unwrap();
        let mut document = prepared.document().clone();
        usages::remove_undefined_arguments(&mut document, prepared.variables());
        let (_, operation) = document.operations.iter().next().unwrap();
        let field = &operation.node.selection_set.node.items[0].node;
        let async_graphql::parser::types::Selection::Field(field) = field else { panic!() };
        let names = field.node.arguments.iter().map(|(name, _)| name.node.to_string());
        (names.collect::<Vec<_>>().join(" "), serde_json::to_value(prepared.variables()).unwrap())
    };
    let query = "query($o: Order, $n: Int = 2, $w: Filter) { search(order: $o, n: $n, where: $w) }";
    assert_eq!(arguments(query, json!({})), ("n".into(), json!({ "n": 2 })));
    assert_eq!(arguments(query, json!({ "o": null, "n": 7 })), ("order n".into(), json!({ "o": null, "n": 7 })));
    let condition = "query($x: Boolean = true, $o: Order) { search(order: $o) place @skip(if: $x) { __typename } }";
    assert_eq!(arguments(condition, json!({})).0, "");
}

/// C26: an integer may be written with a fraction of zero.
#[test]
fn whole_numbers_may_have_a_fraction_of_zero() {
    let query = "query($n: Int, $f: Filter, $m: Int = 2.0) { a: search(n: $n, where: $f) b: search(n: 1.0, ratio: 2.5, where: { n: 1e1 }) c: search(n: $m) }";
    let prepared = prepare(query, json!({ "n": 3.0, "f": { "n": 4.0 } })).unwrap();
    assert_eq!(serde_json::to_value(prepared.variables()).unwrap(), json!({ "n": 3, "f": { "n": 4 }, "m": 2 }));
    let text = format!("{:?}", prepared.document());
    assert!(text.contains("Number(1)") && text.contains("Number(10)") && text.contains("Number(2.5)"), "{text}");
    for wrong in [json!(1.5), json!(2_147_483_648.0), json!(1e300), json!("1")] {
        assert_eq!(error_paths("query($n: Int) { search(n: $n) }", json!({ "n": wrong })), json!([["$n"]]));
    }
    assert!(prepare("{ search(n: 1.5) }", json!({})).is_err());
}

/// C7: an input object has each field once.
#[test]
fn a_duplicate_input_field_is_rejected() {
    for query in [
        "{ search(where: { n: 1, n: 2 }) }",
        "{ search(where: { n: 1 n: 1 }) }",
        r#"mutation { sign(input: { email: "a@b", filters: [{ n: 1, n: 2 }] }) { __typename } }"#,
        "query($f: Filter = { n: 1, n: 2 }) { search(where: $f) }",
        "{ a: search(n: 1) b: search(n: 1, where: { day: null, \n# n:\n n: 2, day: null }) }",
    ] {
        let errors = prepare(query, json!({})).unwrap_err();
        assert_eq!(errors[0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{errors}");
        assert!(errors[0]["message"].as_str().unwrap().contains("twice"), "{errors}");
    }
    let fine = r#"query($n: Int) { a: search(n: $n, where: { n: $n }) b: search(n: 1, text: "{ n: 1, n: 2 }") n: search(where: { n: 1 }) }"#;
    assert!(prepare(fine, json!({})).is_ok());
}

/// C26: syntax of the specification of September 2025 that the parser does not support.
#[test]
fn descriptions_escapes_and_byte_order_marks_are_read() {
    let query =
        "\u{FEFF}\"Finds.\" query Find(\"How.\" $o: Order) { search(order: $o, text: \"\\u{1F37A}\\uD83C\\uDF7A\") }";
    let prepared = prepare(query, json!({})).unwrap();
    assert_eq!(prepared.name(), Some("Find"));
    assert!(format!("{:?}", prepared.document()).contains("🍺🍺"));
    assert!(prepare(r#"{ search(text: "\u{110000}") }"#, json!({})).is_err());
    assert!(prepare(r#"{ search(text: """a \u{41}""") }"#, json!({})).is_ok());
}
