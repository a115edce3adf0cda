use async_graphql::Variables;
use serde_json::json;

use super::super::{Documents, Limits};
use super::Cost;

const SDL: &str = r#"
directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
scalar Url @cost(weight: "1")
scalar Date
interface Node { id: ID! }
type User implements Node {
  id: ID!
  name: String!
  text: String! @cost(weight: "10")
  face: Url
  books(first: Int = 20, after: String): Books @cost(weight: "5") @listSize(assumedSize: 100, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)
  days(from: Date!, to: Date!): [Day!]! @listSize(assumedSize: 366, slicingArguments: ["from", "to"], requireOneSlicingArgument: false)
  tags: [String!]!
  colors: [Color!]! @listSize(assumedSize: 3)
}
type Color { name: String! }
type Day @cost(weight: "2") { day: Date! }
type Books { edges: [Edge!]! nodes: [Book!]! pageInfo: Info! }
type Edge { node: Book! }
type Info { more: Boolean! }
type Book implements Node { id: ID! title: String! author: User! @cost(weight: "2") }
type Lamp implements Node { id: ID! watts: Int! }
union Thing = Book | Lamp | User
input Where { place: String tags: [String!] }
type Query {
  user: User!
  users(ids: [ID!]!): [User]! @listSize(assumedSize: 100, slicingArguments: ["ids"], requireOneSlicingArgument: false)
  find(where: Where @cost(weight: "7"), first: Int = 20): [User!]! @cost(weight: "100") @listSize(assumedSize: 100, slicingArguments: ["first"], requireOneSlicingArgument: false)
  thing: Thing
  node: Node
}
type Subscription { changed: User! }
"#;

fn documents() -> Documents {
    Documents::new(SDL, Limits::default()).unwrap()
}

#[track_caller]
fn prepare_without_cost_limit(query: &str, variables: serde_json::Value) -> Cost {
    documents().prepare_without_cost_limit(query, None, &Variables::from_json(variables)).unwrap().cost()
}

#[track_caller]
fn assert_cost(query: &str, variables: serde_json::Value, expected: u64) {
    assert_eq!(prepare_without_cost_limit(query, variables).requested, expected, "{query}");
}

#[test]
fn an_object_costs_one_and_a_leaf_a_tenth_by_default() {
    assert_cost("{ user { name } }", json!({}), 2); // 1.1, rounded up
    assert_cost(
        "{ user { a: name b: name c: name d: name e: name f: name g: name h: name i: name j: name } }",
        json!({}),
        2,
    );
    assert_cost("{ user { text } }", json!({}), 11);
    assert_cost("{ user { face name } }", json!({}), 3); // 2.1
    assert_cost("{ user { tags } }", json!({}), 2); // ten leaves
    assert_cost("{ user { colors { name } } }", json!({}), 5); // 1 + 3 × 1.1
    assert_cost("{ __typename }", json!({}), 1);
}

#[test]
fn page_sizes_come_from_literals_variables_and_defaults() {
    // 1 for the user, 5 for the call, 1 for the connection, 1.1 for each book.
    let books = |first: &str| {
        format!(
            "query($n: Int) {{ user {{ books{first} {{ nodes {{ title }} }} id @skip(if: true) x: books(first: $n) {{ pageInfo {{ more }} }} }} }}"
        )
    };
    let rest = 5 + 1 + 2; // the second call, of which no list is selected: 7.1, rounded with the others
    assert_cost(&books("(first: 10)"), json!({}), 1 + 5 + 1 + 11 + rest);
    assert_cost(&books(""), json!({}), 1 + 5 + 1 + 22 + rest);
    assert_cost(&books("(first: null)"), json!({}), 1 + 5 + 1 + 22 + rest);
    let query = "query($n: Int) { user { books(first: $n) { nodes { title } } } }";
    assert_cost(query, json!({ "n": 10 }), 18);
    assert_cost(query, json!({ "n": 100 }), 117);
    assert_cost(query, json!({ "n": 1_000_000 }), 117); // rejected by the field itself
    assert_cost(query, json!({ "n": -1 }), 9); // 8.1
    assert_cost(query, json!({ "n": null }), 29);
    assert_cost(query, json!({}), 29);
    assert_cost("query($n: Int = 10) { user { books(first: $n) { nodes { title } } } }", json!({}), 18);
}

#[test]
fn nested_lists_multiply() {
    let query = "{ user { books(first: 100) { nodes { author { books(first: 100) { nodes { author { books(first: 100) { nodes { title } } } } } } } } } }";
    // A million books of 1.1, after ten thousand and a hundred books of 1, with authors of 2 + 1
    // and pages of 5 + 1.
    assert_cost(query, json!({}), 1_000_000 * 11 / 10 + 10_000 * 10 + 100 * 10 + 7);
}

#[test]
fn edges_and_nodes_both_count_as_a_page() {
    assert_cost("{ user { books(first: 10) { edges { node { title } } nodes { title } } } }", json!({}), 7 + 21 + 11);
}

#[test]
fn lists_of_ids_and_inputs_count_by_their_length() {
    // Each ID that is sent costs 1, each user 1.1.
    assert_cost("{ users(ids: [1, 2, 3]) { name } }", json!({}), 7);
    assert_cost("query($ids: [ID!]!) { users(ids: $ids) { name } }", json!({ "ids": vec!["x"; 50] }), 105);
    assert_cost("query($id: ID!) { users(ids: [$id, $id]) { name } }", json!({ "id": "x" }), 5);
    assert_cost("{ find(first: 1) { id } }", json!({}), 102);
    assert_cost("{ find(first: 1, where: { place: \"x\", tags: [\"a\", \"b\"] }) { id } }", json!({}), 111);
    let query = "query($where: Where) { find(first: 1, where: $where) { id } }";
    assert_cost(query, json!({}), 102);
    assert_cost(query, json!({ "where": null }), 102);
    assert_cost(query, json!({ "where": { "tags": ["a", "b"] } }), 111);
}

#[test]
fn two_dates_determine_the_number_of_days() {
    let query = "query($from: Date!, $to: Date!) { user { days(from: $from, to: $to) { __typename } } }";
    assert_cost(query, json!({ "from": "2026-01-01", "to": "2026-01-11" }), 1 + 21);
    assert_cost(query, json!({ "from": "2026-01-01", "to": "2036-01-11" }), 1 + 769); // at most 366
    assert_cost(query, json!({ "from": "2026-01-01", "to": "2025-01-11" }), 4);
    assert_cost(query, json!({ "from": "soon", "to": 7 }), 1 + 15); // not a date: rejected by the field
}

#[test]
fn the_most_expensive_possible_type_counts() {
    assert_cost("{ thing { ... on Book { title } ... on User { text } ... on Lamp { watts } } }", json!({}), 11);
    assert_cost("{ node { id ... on Lamp { watts } ... on User { text } } }", json!({}), 12);
}

#[test]
fn the_limit_is_inclusive() {
    let documents = documents();
    let query =
        "query($n: Int) { user { books(first: 100) { nodes { author { books(first: $n) { nodes { id } } } } } } }";
    let prepare = |n: u32| documents.prepare(query, None, &Variables::from_json(json!({ "n": n })));
    let cost = |n: u32| {
        documents
            .prepare_without_cost_limit(query, None, &Variables::from_json(json!({ "n": n })))
            .unwrap()
            .cost()
            .requested
    };
    let largest = (1..=100).rev().find(|n| cost(*n) <= Limits::default().max_cost).unwrap();
    assert!(largest < 100 && prepare(largest).is_ok());
    let refused = prepare(largest + 1).unwrap_err().remove(0);
    let extensions = serde_json::to_value(&refused).unwrap()["extensions"].clone();
    assert_eq!(extensions["code"], "OPERATION_TOO_EXPENSIVE");
    assert_eq!((&extensions["cost"], &extensions["limit"]), (&json!(cost(largest + 1)), &json!(10_000)));
    assert_eq!(extensions["field"], "user.books.nodes.author.books.nodes");
}

#[test]
fn doubling_fragments_and_huge_lists_saturate_at_once() {
    let fragments: String = (0..9)
        .map(|n| format!("fragment F{n} on User {{ books(first: 100) {{ nodes {{ author {{ ...F{} }} }} }} }} ", n + 1))
        .collect();
    let query = format!("{{ user {{ ...F0 }} }} {fragments} fragment F9 on User {{ id }}");
    let limits = Limits { max_depth: 1_000, ..Limits::default() };
    let documents = Documents::new(SDL, limits).unwrap();
    let cost = documents.prepare_without_cost_limit(&query, None, &Variables::default()).unwrap().cost();
    assert!(cost.requested > u64::MAX / 2_000, "{cost:?}");
}

#[test]
fn introspection_has_a_separate_cost() {
    let cost = prepare_without_cost_limit("{ __schema { types { name } } user { name } }", json!({}));
    assert_eq!((cost.requested, cost.introspection), (2, 276));
    let deep = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }";
    let refused = documents().prepare(deep, None, &Variables::default()).unwrap_err();
    assert!(refused[0].message.contains("__schema.types.fields.type.fields"), "{}", refused[0].message);
}

#[test]
fn an_event_costs_its_selection() {
    assert_cost("subscription { changed { name } }", json!({}), 2);
    let query = "subscription { changed { books(first: 100) { nodes { author { text } } } } }";
    assert!(documents().prepare(query, None, &Variables::default()).is_err());
}
