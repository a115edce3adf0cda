use async_graphql::parser::types::{Selection, SelectionSet};
use async_graphql::{ServerError, Value, Variables};
use serde_json::json;

use super::{Documents, Limits, OperationType, Prepared};

mod order;
mod validation_errors;
mod values;

const SDL: &str = r#"
directive @cost(weight: Int) on FIELD_DEFINITION
schema { query: Query mutation: Mutation subscription: Subscription }
scalar Money
enum Sort { ASC DESC }
interface Node { id: ID! name: String! owner: User! }
type User implements Node { id: ID! name: String! owner: User! friends(first: Int = 10, after: String): [User!]! }
type Book implements Node { id: ID! name: String! owner: User! pages: Int! }
type Lamp { watts: Int! name: String }
union Thing = Book | Lamp | User
input Range { from: Int! to: Int = 3 sort: Sort tags: [String!] }
input Pick @oneOf { id: ID name: String }
type Query {
  book(id: ID = "1"): Book
  user: User!
  node(id: ID!): Node
  thing: Thing
  search(range: Range, pick: Pick, sort: Sort, price: Money, list: [Int!]): [Book!]!
}
type Mutation { add(amount: Int!): Int! save(range: Range): Book }
type Subscription { added(of: ID): Int! removed: Int! }
"#;

fn documents() -> Documents {
    Documents::new(SDL, Limits::default()).unwrap()
}

fn prepare(query: &str, variables: serde_json::Value) -> Result<Prepared, Vec<ServerError>> {
    documents().prepare(query, None, &Variables::from_json(variables))
}

/// The normal form of a valid document, on one line.
fn normal_form(query: &str, variables: serde_json::Value) -> String {
    let prepared = prepare(query, variables).unwrap();
    let (_, operation) = prepared.document().operations.iter().next().unwrap();
    print(&operation.node.selection_set.node)
}

fn print(set: &SelectionSet) -> String {
    let items = set.items.iter().map(|selection| match &selection.node {
        Selection::Field(field) => {
            let field = &field.node;
            let alias = field.alias.as_ref().map_or(String::new(), |alias| format!("{alias}:"));
            let condition = if field.directives.is_empty() { "" } else { "@" };
            let below = &field.selection_set.node;
            let below = if below.items.is_empty() { String::new() } else { format!(" {}", print(below)) };
            format!("{alias}{}{condition}{below}", field.name)
        }
        Selection::InlineFragment(fragment) => {
            let on = fragment.node.type_condition.as_ref().map_or("", |on| on.node.on.node.as_str());
            format!("...{on} {}", print(&fragment.node.selection_set.node))
        }
        Selection::FragmentSpread(_) => panic!("a normal form spreads no fragments"),
    });
    format!("{{{}}}", items.collect::<Vec<_>>().join(" "))
}

fn first_error(query: &str, variables: serde_json::Value) -> (String, String) {
    let errors = prepare(query, variables).unwrap_err();
    let error = errors.first().unwrap();
    let Some(Value::String(code)) = error.extensions.as_ref().and_then(|values| values.get("code")) else {
        panic!("an error without a code: {error:?}")
    };
    (code.clone(), error.message.clone())
}

#[track_caller]
fn assert_invalid(query: &str, part: &str) {
    let (code, message) = first_error(query, json!({}));
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{message}");
    assert!(message.contains(part), "{message}");
}

#[test]
fn a_field_selected_twice_runs_once() {
    assert_eq!(normal_form("{ book { id } book { name id } }", json!({})), "{book {id name}}");
    let fragments =
        "mutation { ...A ...B } fragment A on Mutation { add(amount: 1) } fragment B on Mutation { add(amount: 1) }";
    assert_eq!(normal_form(fragments, json!({})), "{add}");
    assert_eq!(normal_form("{ ... on Query { user { id } } user { ... { name } id } }", json!({})), "{user {id name}}");
}

#[test]
fn aliases_are_separate_fields_in_order_of_first_appearance() {
    assert_eq!(
        normal_form("{ b: user { id } user { id } b: user { name } }", json!({})),
        "{b:user {id name} user {id}}"
    );
}

#[test]
fn conditions_are_evaluated_before_fields_are_merged() {
    let query = "query($x: Boolean!) { user @include(if: $x) { id } user { name } book @skip(if: $x) { id } }";
    assert_eq!(normal_form(query, json!({"x": true})), "{user {id name}}");
    assert_eq!(normal_form(query, json!({"x": false})), "{user {name} book {id}}");
    assert_eq!(normal_form("{ user { name @skip(if: true) } }", json!({})), "{user {__typename@}}");
    assert_eq!(normal_form("query($x: Boolean = true) { user { id name @skip(if: $x) } }", json!({})), "{user {id}}");
}

#[test]
fn a_variable_used_only_in_a_skipped_selection_is_valid() {
    let query = "query($x: Boolean!, $id: ID!) { user { id } node(id: $id) @include(if: $x) { id } }";
    let prepared = prepare(query, json!({"x": false, "id": "1"})).unwrap();
    let (_, operation) = prepared.document().operations.iter().next().unwrap();
    assert!(operation.node.variable_definitions.is_empty());
}

#[test]
fn fragments_on_narrower_types_remain_and_do_not_repeat_fields() {
    assert_eq!(
        normal_form("{ thing { ... on Book { pages } ... on Lamp { watts } } }", json!({})),
        "{thing {...Book {pages} ...Lamp {watts}}}"
    );
    assert_eq!(
        normal_form("{ node(id: 1) { id __typename ... on Book { id pages __typename } } }", json!({})),
        "{node {id __typename ...Book {pages}}}"
    );
    assert_eq!(
        normal_form("{ node(id: 1) { owner { id } ... on Book { owner { name } pages } } }", json!({})),
        "{node {...Book {owner {id name} pages} ...User {owner {id}}}}"
    );
    assert_eq!(
        normal_form("{ thing { ... on Node { id } ... on Book { id pages } ... on Lamp { watts } } }", json!({})),
        "{thing {...Book {id pages} ...Lamp {watts} ...User {id}}}"
    );
    assert_eq!(
        normal_form("{ thing { ... on Node { id } ... on Lamp { watts } } }", json!({})),
        "{thing {...Node {id} ...Lamp {watts}}}"
    );
    assert_eq!(
        normal_form(
            "{ book { ... on Node { id } ... on Thing { ... on Book { pages } ... on Lamp { watts } } } }",
            json!({})
        ),
        "{book {id pages}}"
    );
}

#[test]
fn fields_with_one_key_must_be_the_same_field() {
    assert_invalid("{ x: book { id } x: user { id } }", "different fields");
    assert_invalid("{ book(id: 1) { id } book(id: 2) { id } }", "different arguments");
    assert_invalid(
        "{ user { friends(first: 1) { id } } ...F } fragment F on Query { user { friends { id } } }",
        "different arguments",
    );
    assert_invalid("{ thing { ... on Book { x: pages } ... on User { x: name } } }", "different types");
    assert_invalid("{ node(id: 1) { x: id ... on Book { x: name } } }", "different fields");
    assert_invalid(
        "{ thing { ... on Book { x: owner { y: id } } ... on User { x: owner { y: friends { id } } } } }",
        "different types",
    );
    assert!(prepare("{ thing { ... on Book { x: id } ... on User { x: id } } }", json!({})).is_ok());
    assert!(
        prepare("{ thing { ... on Book { x: owner { y: id } } ... on User { x: owner { y: id } } } }", json!({}))
            .is_ok()
    );
    assert!(
        prepare(
            "{ user { friends(first: 1, after: \"a\") { id } friends(after: \"a\", first: 1) { name } } }",
            json!({})
        )
        .is_ok()
    );
}

#[test]
fn thirty_levels_of_doubled_fragments_take_no_time() {
    let mut query = String::from("{ user { ...F0 } }");
    for level in 0..30 {
        query += &format!(" fragment F{level} on User {{ ...F{0} ...F{0} }}", level + 1);
    }
    query += " fragment F30 on User { id }";
    let started = std::time::Instant::now();
    let (code, _) = first_error(&query, json!({}));
    assert_eq!(code, "DOCUMENT_TOO_LARGE");
    assert!(started.elapsed().as_millis() < 500, "{:?}", started.elapsed());
}

#[test]
fn documents_over_a_limit_are_rejected() {
    let aliases: String = (0..10_000).map(|n| format!("a{n}:__typename ")).collect();
    let cases = [
        format!("{{ {aliases} }}"),
        format!("{{ user {{ {} }} }}", (0..51).map(|n| format!("a{n}: id ")).collect::<String>()),
        format!("{{ {} }}", "user { id } ".repeat(21)),
        format!("{{ user {{ {} }} }}", "id ".repeat(1_001)),
        format!("{{ user {{ id {} }} }}", "@skip(if: false) ".repeat(51)),
        format!("{{ user {} {{ id }} {} }}", "{ owner ".repeat(16), "} ".repeat(16)),
        format!("{{ search(list: {}1{}) {{ id }} }}", "[".repeat(20_000), "]".repeat(20_000)),
        "{".repeat(60_000),
        format!("{{ {} }}", "x".repeat(1_000_000)),
        format!("{{ __schema {{ types {{ {} }} }} }}", "name ".repeat(1_001)),
        format!("{{ __schema {{ queryType {} {{ name }} {} }} }}", "{ ofType ".repeat(20), "} ".repeat(20)),
    ];
    for query in cases {
        let (code, message) = first_error(&query, json!({}));
        assert_eq!(code, "DOCUMENT_TOO_LARGE", "{message}");
        assert!(message.len() <= 320);
    }
}

#[test]
fn errors_are_short_and_few() {
    let name = "y".repeat(20_000);
    for query in [format!("{{ {name} }}"), format!("{{ {name}(: }}"), format!("{{ user {{ ...{name} }} }}")] {
        assert!(prepare(&query, json!({})).unwrap_err()[0].message.len() < 320);
    }
    let errors = prepare(&format!("{{ user {{ {} }} }}", "wrong ".repeat(900)), json!({})).unwrap_err();
    assert_eq!(errors.len(), Limits::default().max_errors);
    assert!(errors.iter().all(|error| error.locations.len() == 1));
}

#[test]
fn deep_values_and_unclosed_text_do_not_exhaust_the_stack() {
    for open in ["{", "[", "(", "{a", "{a(b:[", "{a(b:{c:"] {
        assert!(prepare(&open.repeat(10_000), json!({})).is_err());
        assert!(prepare(&open.repeat(12), json!({})).is_err());
    }
    assert_eq!(first_error("{ a(b: \"", json!({})).0, "GRAPHQL_PARSE_FAILED");
    assert_eq!(first_error("", json!({})).0, "GRAPHQL_PARSE_FAILED");
}

#[test]
fn invalid_documents_get_specific_errors() {
    assert_invalid("{ nope }", "no field `nope`");
    assert_invalid("{ user }", "needs a selection");
    assert_invalid("{ user { id { x } } }", "no fields to select");
    assert_invalid("{ node { id } }", "needs the argument `id: ID!`");
    assert_invalid("{ user(x: 1) { id } }", "no argument `x`");
    assert_invalid("{ user { ...F } }", "no fragment `F`");
    assert_invalid("{ user { id } } fragment F on User { id }", "never used");
    assert_invalid("{ user { ...F } } fragment F on User { ...F }", "spreads itself");
    assert_invalid("{ user { ... on Lamp { watts } } }", "never applies");
    assert_invalid("{ user { ... on Nope { id } } }", "no type `Nope`");
    assert_invalid("{ __typename @nope }", "no directive `@nope`");
    assert_invalid("{ __typename @skip }", "needs the argument `if: Boolean!`");
    assert_invalid("{ __typename @cost(weight: 1) }", "is not allowed here");
    assert_invalid("{ __typename @skip(if: true) @skip(if: true) }", "twice");
    assert_invalid("{ search(sort: UP) { id } }", "has to be of type `Sort`");
    assert_invalid("{ search(range: {}) { id } }", "needs the field `from: Int!`");
    assert_invalid("{ search(range: {from: \"1\"}) { id } }", "field `from`");
    assert_invalid("{ search(pick: {id: 1, name: \"x\"}) { id } }", "exactly one");
    assert_invalid("{ search(list: [1, null]) { id } }", "has to be of type `Int!`");
    assert_invalid("mutation { add(amount: 3000000000) }", "has to be of type `Int!`");
}

#[test]
fn undefined_variables_are_found_everywhere() {
    assert_invalid("{ __typename @skip(if: $undefined) }", "`$undefined` is not defined");
    assert_invalid("{ search(price: {a: [$x]}) { id } }", "`$x` is not defined");
    assert_invalid("query($x: Int) { user { id } }", "`$x` is never used");
    assert_invalid("query($x: Int) { node(id: $x) { id } }", "of type `Int`, but `ID!` is expected");
    assert_invalid("query($x: User) { node(id: $x) { id } }", "output type");
    assert_invalid("query($x: Int = \"a\") { search(list: [$x]) { id } }", "default");
    assert!(prepare("query($x: Int = 3) { search(list: [$x]) { id } }", json!({})).is_ok());
    assert!(
        prepare("query($x: Int!) { ...F } fragment F on Query { search(range: {from: $x}) { id } }", json!({"x": 1}))
            .is_ok()
    );
}

#[test]
fn variables_are_checked_by_name_and_type() {
    let query = "query($r: Range!, $l: [Int!], $s: Sort) { search(range: $r, list: $l, sort: $s) { id } }";
    let cases = [
        (json!({}), "`$r: Range!` is required"),
        (json!({"r": null}), "`$r` has to be of type `Range!`, not null"),
        (json!({"r": {"from": "1"}}), "`$r` at .from has to be of type `Int`"),
        (json!({"r": {"from": 1.5}}), "at .from"),
        (json!({"r": {"to": 1}}), "needs the field `from: Int!`"),
        (json!({"r": {"from": 1, "nope": 1}}), "has a field `nope`"),
        (json!({"r": {"from": 1, "tags": ["a", 2]}}), "at .tags[1] has to be of type `String`"),
        (json!({"r": {"from": 1}, "l": [1, "x"]}), "`$l` at [1]"),
        (json!({"r": {"from": 1}, "s": "UP"}), "`$s` has to be of type `Sort`"),
    ];
    for (variables, part) in cases {
        let (code, message) = first_error(query, variables);
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains(part), "{message}");
    }
    assert!(prepare(query, json!({"r": {"from": 1, "sort": "ASC"}, "l": 3, "s": "DESC", "unknown": {}})).is_ok());
}

#[test]
fn an_optional_variable_that_is_not_given_stays_undefined() {
    let query = "query($s: Sort, $l: [Int!]) { search(sort: $s, list: $l) { id } }";
    let prepared = prepare(query, json!({"l": null, "x": 1})).unwrap();
    assert_eq!(prepared.variables().keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["l"]);
}

#[test]
fn an_ambiguous_operation_is_rejected() {
    let documents = documents();
    let two = "query A { user { id } } mutation B { add(amount: 1) }";
    let prepare = |name| documents.prepare(two, name, &Variables::default());
    assert_eq!(prepare(Some("B")).unwrap().operation(), OperationType::Mutation);
    assert_eq!(prepare(Some("A")).unwrap().name(), Some("A"));
    for name in [None, Some("C")] {
        let errors = prepare(name).unwrap_err();
        assert_eq!(errors[0].extensions.as_ref().unwrap().get("code"), Some(&Value::from("BAD_REQUEST")));
    }
}

#[test]
fn a_subscription_has_one_root_field() {
    assert_eq!(normal_form("subscription { added added }", json!({})), "{added}");
    for query in [
        "subscription { added removed }",
        "subscription { added x: added }",
        "subscription { __typename }",
        "subscription($x: Boolean!) { added @include(if: $x) }",
    ] {
        let (code, message) = first_error(query, json!({"x": true}));
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{message}");
    }
}

#[test]
fn a_repeated_document_is_found_in_the_cache() {
    let documents = documents();
    let query = "query($x: Boolean!) { user { id name @skip(if: $x) } }";
    let prepare = |x| documents.prepare(query, None, &Variables::from_json(json!({ "x": x }))).unwrap().form;
    let (first, other, again) = (prepare(true), prepare(false), prepare(true));
    assert!(std::sync::Arc::ptr_eq(&first, &again) && !std::sync::Arc::ptr_eq(&first, &other));
}

#[test]
fn the_cache_is_bounded_by_documents_bytes_and_forms() {
    let prepare = |documents: &Documents, query: &str| documents.prepare(query, None, &Variables::default()).unwrap();
    let few = Documents::new(SDL, Limits { cache_entries: 7, ..Limits::default() }).unwrap();
    let small = Documents::new(SDL, Limits { cache_bytes: 20_000, ..Limits::default() }).unwrap();
    for n in 0..100 {
        let query = format!("{{ user {{ a{n}: id }} }} {}", " ".repeat(n));
        for documents in [&few, &small] {
            prepare(documents, &query);
        }
    }
    assert_eq!(few.cache.size().0, 7);
    let (number, bytes) = small.cache.size();
    assert!(number > 3 && bytes <= 20_000, "{number} documents of {bytes} bytes");
    // A rejected document is not cached.
    assert!(few.prepare("{ nope }", None, &Variables::default()).is_err());
    assert!(prepare(&few, "{ user { a99: id } }").document().operations.iter().next().is_some());
    let names: Vec<String> = (0..5).map(|n| format!("x{n}")).collect();
    let definitions: String = names.iter().map(|name| format!("${name}: Boolean! ")).collect();
    let fields: String = names.iter().map(|name| format!("{name}: id @skip(if: ${name}) ")).collect();
    let query = format!("query({definitions}) {{ user {{ name {fields} }} }}");
    for values in 0..32 {
        let given: serde_json::Map<_, _> =
            names.iter().enumerate().map(|(bit, name)| (name.clone(), json!(values >> bit & 1 == 1))).collect();
        few.prepare(&query, None, &Variables::from_json(given.into())).unwrap();
    }
    let (_, validated) = few.find_or_validate(&query, None).unwrap();
    assert_eq!(validated.forms.lock().unwrap().len(), super::MAX_FORMS);
}

/// S10: a normal form can be a thousand times as large as its text.
#[test]
fn the_size_of_the_cache_includes_all_forms() {
    let documents = documents();
    let spreads: String = (0..48).map(|n| format!("a{n}: owner {{ ...F }} ")).collect();
    let fragment = "fragment F on User { id name owner { id name } friends { id name } }";
    let query = |n: usize| format!("query Q{n}($x: Boolean!) {{ user {{ {spreads} name @skip(if: $x) }} }} {fragment}");
    for n in 0..200 {
        for x in [true, false] {
            let before = documents.cache.size().1;
            let prepared = documents.prepare(&query(n), None, &Variables::from_json(json!({ "x": x }))).unwrap();
            assert!(documents.cache.size().1 >= before + prepared.bytes() || before > 15 << 20, "{n}");
        }
    }
    let (number, bytes) = documents.cache.size();
    assert!(bytes <= 16 << 20 && number > 10, "{number} documents hold {bytes} bytes");
}

#[test]
fn deeply_nested_interfaces_are_bounded() {
    let objects: String = (0..40).map(|n| format!("type T{n} implements N {{ n: N! a: Int }} ")).collect();
    let documents =
        Documents::new(&format!("interface N {{ n: N! }} type Query {{ n: N! }} {objects}"), Limits::default())
            .unwrap();
    let level = |inner: &str| format!("{{ n {{ a: __typename {inner} }} ... on T0 {{ n {{ b: __typename }} }} }}");
    let text = (0..8).fold("n { c: __typename }".to_owned(), |inner, _| format!("n {}", level(&inner)));
    let started = std::time::Instant::now();
    let errors = documents.prepare(&format!("{{ {text} }}"), None, &Variables::default()).unwrap_err();
    assert_eq!(errors[0].extensions.as_ref().unwrap().get("code"), Some(&Value::from("DOCUMENT_TOO_LARGE")));
    assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
}
