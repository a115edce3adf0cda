//! The errors that `validate` reports for an invalid document.

use async_graphql::Variables;

use super::super::{Documents, Limits, validate};

const SCHEMA: &str = r#"
scalar Day
enum Order { NEWEST OLDEST }
input Where @oneOf { city: String near: Point }
input Point { lat: Float! lng: Float! = 0 tags: [String!] }
interface Node { id: ID! }
type Listing implements Node { id: ID! title(max: Int): String! price: Int reviews(first: Int! = 20): [Review!]! }
type Review implements Node { id: ID! stars: Int! listing: Listing! title: String }
type Host { name: String! }
union Hit = Listing | Host
directive @cost(weight: Int) on QUERY | FIELD
directive @tag(name: String!) repeatable on FIELD
type Query {
  node(id: ID!): Node
  hits(where: Where, orderBy: Order = NEWEST, on: Day, days: [Day!], points: [Point!], limit: Int!, loud: Boolean = false): [Hit!]!
  listing: Listing
}
type Subscription { ticks: Int! tocks: Int! }
"#;

#[track_caller]
fn assert_valid(operation: &str) {
    assert_eq!(validate(SCHEMA, operation), [""; 0], "{operation}");
}

/// Asserts that an operation has one error.
#[track_caller]
fn assert_error(operation: &str, message: &str) {
    let errors = validate(SCHEMA, operation);
    assert!(errors.len() == 1 && errors[0].ends_with(message), "{operation}: {errors:#?}");
}

#[test]
fn operations_that_break_no_rule_are_valid() {
    assert_valid("{ listing { id ...on Node { id } ... { price } __typename reviews { stars } } }");
    assert_valid("query A { listing { id } } query B { listing { ...F } } fragment F on Listing { id title }");
    assert_valid("{ __schema { types { name } } __type(name: \"x\") { name } __typename }");
    assert_valid(
        "query($w: Where!, $o: Order, $d: Day, $n: Int!, $c: String!, $f: Boolean!) {
          a: hits(where: $w, orderBy: $o, on: $d, limit: $n) { ... on Host { name } ... on Listing { id } }
          b: hits(where: {city: $c}, days: \"x\", points: {lat: 1}, limit: 2) { ...F @include(if: $f) __typename }
          c: hits(where: {near: {lat: 1.5, lng: 2, tags: [\"x\"]}}, on: {any: [1]}, limit: 1) { ... on Node { id } }
        }
        fragment F on Listing { price @skip(if: true) title @tag(name: \"a\") @tag(name: \"b\") }",
    );
    assert_valid("subscription { tick: ticks }");
}

#[test]
fn positions_are_given_in_order() {
    let errors = validate(SCHEMA, "{\n  listing { b }\n  a\n}");
    assert_eq!(errors, ["2:13: The type `Listing` has no field `b`.", "3:3: The type `Query` has no field `a`."]);
}

#[test]
fn a_syntax_error_is_the_only_error() {
    assert_eq!(validate(SCHEMA, "{ listing {").len(), 1);
    assert_eq!(
        validate(SCHEMA, "query A { listing { id } } query A { listing { id } }"),
        ["1:28: The operation `A` is defined twice."]
    );
    assert_eq!(validate("type", "{ a }").len(), 1);
}

#[test]
fn fields() {
    assert_error("{ listing { nothing } }", "The type `Listing` has no field `nothing`.");
    assert_error("{ hits(limit: 1) { id } }", "The type `Hit` has no field `id`.");
    assert_error("{ listing }", "`Query.listing` is of type `Listing` and needs a selection of its fields.");
    assert_error("{ listing { id { x } } }", "`Listing.id` is of type `ID!`, which has no fields to select.");
    assert_error("{ __typename { x } }", "`Query.__typename` is of type `String!`, which has no fields to select.");
    assert_error("{ listing { __typename(a: 1) } }", "`Listing.__typename` has no argument `a`.");
    assert_error("{ listing { __schema { x } } }", "The type `Listing` has no field `__schema`.");
    assert_error("mutation { a }", "The contract has no mutations.");
}

#[test]
fn arguments() {
    assert_error("{ listing { title(min: 1) } }", "`Listing.title` has no argument `min`.");
    assert_error("{ listing { title(max: 1, max: 1) } }", "The argument `max` is given twice.");
    assert_error("{ node { id } }", "`Query.node` needs the argument `id: ID!`.");
}

#[test]
fn literals() {
    for (arguments, message) in [
        ("limit: null", "The argument `limit` of `Query.hits` has to be of type `Int!`."),
        ("limit: \"1\"", "has to be of type `Int!`."),
        ("limit: 1.5", "has to be of type `Int!`."),
        ("limit: 3000000000", "has to be of type `Int!`."),
        ("limit: [1]", "has to be of type `Int!`."),
        ("limit: 1, loud: 1", "The argument `loud` of `Query.hits` has to be of type `Boolean`."),
        ("limit: 1, orderBy: BEST", "has to be of type `Order`."),
        ("limit: 1, orderBy: \"NEWEST\"", "has to be of type `Order`."),
        ("limit: 1, days: [1, null]", "has to be of type `Day!`."),
        ("limit: 1, where: 1", "has to be of type `Where`."),
        ("limit: 1, where: {town: \"x\"}", "`Where` has no field `town`."),
        ("limit: 1, where: {city: 1}", "The field `city` of `Where` has to be of type `String`."),
        ("limit: 1, where: {}", "`Where` takes exactly one of its fields, and not null."),
        ("limit: 1, where: {city: null}", "`Where` takes exactly one of its fields, and not null."),
        ("limit: 1, where: {city: \"x\", near: {lat: 1}}", "`Where` takes exactly one of its fields, and not null."),
        ("limit: 1, points: {lng: 1}", "`Point` needs the field `lat: Float!`."),
        ("limit: 1, points: [{lat: \"1\"}]", "The field `lat` of `Point` has to be of type `Float!`."),
        ("limit: 1, points: {lat: 1, lng: null}", "The field `lng` of `Point` has to be of type `Float!`."),
    ] {
        assert_error(&format!("{{ hits({arguments}) {{ __typename }} }}"), message);
    }
    assert_error("{ node(id: 1.5) { id } }", "has to be of type `ID!`.");
    assert_valid("{ node(id: 1) { id } }");
}

#[test]
fn fragments() {
    assert_error("{ listing { ...F } }", "There is no fragment `F` in the document.");
    assert_error("{ listing { id } } fragment F on Listing { id }", "The fragment `F` is never used.");
    assert_error("{ listing { id } } fragment F on Listing { title(max: $x) }", "The fragment `F` is never used.");
    assert_error("{ listing { ... on Nobody { id } } }", "There is no type `Nobody`.");
    assert_error("{ listing { ... on Order { id } } }", "A fragment cannot be on `Order`, which has no fields.");
    assert_error("{ listing { ... on Host { name } } }", "A fragment on `Host` never applies to `Listing`.");
    assert_error("{ hits(limit: 1) { ... on Review { id } } }", "A fragment on `Review` never applies to `Hit`.");
    assert_error(
        "{ node(id: 1) { ...F } } fragment F on Host { name }",
        "A fragment on `Host` never applies to `Node`.",
    );
    assert_error(
        "{ listing { ...F } } fragment F on Listing { reviews { listing { ...F } } }",
        "The fragment `F` spreads itself.",
    );
    assert_eq!(
        validate(SCHEMA, "{ listing { ...A } } fragment A on Listing { ...B } fragment B on Listing { x }").len(),
        1
    );
}

#[test]
fn variables() {
    assert_error("{ listing { title(max: $x) } }", "The variable `$x` is not defined.");
    assert_error("query($x: Int) { listing { id } }", "The variable `$x` is never used.");
    assert_error("query($x: Int, $x: Int) { listing { title(max: $x) } }", "The variable `$x` is defined twice.");
    assert_error("query($x: Nobody) { hits(limit: 1, on: {a: $x}) { __typename } }", "There is no type `Nobody`.");
    assert_error(
        "query($x: Host) { hits(limit: 1, on: [$x]) { __typename } }",
        "The variable `$x` cannot be of the output type `Host`.",
    );
    assert_error(
        "query($x: Int = \"a\") { listing { title(max: $x) } }",
        "The default of the variable `$x` has to be of type `Int`.",
    );
    assert_error("{ hits(limit: 1, on: {a: [$x]}) { __typename } }", "The variable `$x` is not defined.");
    assert_error(
        "query A($x: Int) { listing { ...F } } query B { listing { ...F } } fragment F on Listing { title(max: $x) }",
        "The variable `$x` is not defined.",
    );
    assert_error(
        "query($x: Boolean! @cost) { listing { id @skip(if: $x) } }",
        "The directive `@cost` is not allowed here.",
    );
}

#[test]
fn a_variable_must_match_the_expected_type() {
    for (ty, arguments, message) in [
        ("Int", "limit: $x", "`$x` is of type `Int`, but `Int!` is expected"),
        ("String!", "limit: $x", "`$x` is of type `String!`, but `Int!` is expected"),
        ("[Int!]!", "limit: $x", "`$x` is of type `[Int!]!`, but `Int!` is expected"),
        ("Int = null", "limit: $x", "`$x` is of type `Int`, but `Int!` is expected"),
        ("Day", "limit: 1, days: [$x]", "`$x` is of type `Day`, but `Day!` is expected"),
        ("Day", "limit: 1, days: $x", "`$x` is of type `Day`, but `[Day!]` is expected"),
        ("[Day]", "limit: 1, days: $x", "`$x` is of type `[Day]`, but `[Day!]` is expected"),
        ("String", "limit: 1, where: {city: $x}", "`$x` is of type `String`, but `String!` is expected"),
    ] {
        let operation = format!("query($x: {ty}) {{ hits({arguments}) {{ __typename }} }}");
        let errors = validate(SCHEMA, &operation);
        assert!(errors.len() == 1 && errors[0].contains(message), "{operation}: {errors:?}");
    }
    assert_valid("query($x: Int = 1) { hits(limit: $x) { __typename } }");
    assert_valid("query($x: Int) { listing { reviews(first: $x) { id } } }");
    assert_valid("query($x: Float) { hits(limit: 1, points: {lat: 1, lng: $x}) { __typename } }");
    assert_valid("query($x: [Day!]!) { hits(limit: 1, days: $x) { __typename } }");
}

#[test]
fn directives() {
    assert_error("{ listing @nobody { id } }", "There is no directive `@nobody`.");
    assert_error("query @skip(if: true) { listing { id } }", "The directive `@skip` is not allowed here.");
    assert_error(
        "{ listing { ...F } } fragment F on Listing @cost { id }",
        "The directive `@cost` is not allowed here.",
    );
    assert_error("{ listing { ... @cost { id } } }", "The directive `@cost` is not allowed here.");
    assert_error(
        "{ listing { ...F @cost } } fragment F on Listing { id }",
        "The directive `@cost` is not allowed here.",
    );
    assert_error("{ listing @skip { id } }", "`@skip` needs the argument `if: Boolean!`.");
    assert_error("{ listing @skip(if: 1) { id } }", "The argument `if` of `@skip` has to be of type `Boolean!`.");
    assert_error("{ listing @cost @cost { id } }", "The directive `@cost` is used twice here.");
    assert_error("{ listing @cost(a: 1) { id } }", "`@cost` has no argument `a`.");
    assert_valid("query @cost(weight: 1) { listing @cost { id } }");
}

#[test]
fn one_response_key_is_one_field() {
    let fields = "they are different fields. Give one of them an alias.";
    let arguments = "they have different arguments. Give one of them an alias.";
    assert_error("{ listing { a: id a: price } }", fields);
    assert_error("{ listing { title(max: 1) title(max: 2) } }", arguments);
    assert_error("{ listing { title ...F } } fragment F on Listing { title: id }", fields);
    assert_error("{ listing { reviews { a: id } } listing { reviews { a: stars } } }", fields);
    assert_error("{ node(id: 1) { id ... on Listing { id: price } } }", fields);
    assert_error(
        "{ node(id: 1) { ... on Listing { title } ... on Review { title } } }",
        "they are of the different types `String!` and `String`. Give one of them an alias.",
    );
    assert_error(
        "{ node(id: 1) { ... on Listing { x: reviews { y: id } } ... on Review { x: listing { y: id } } } }",
        "they are of the different types `[Review!]!` and `Listing!`. Give one of them an alias.",
    );
    assert_valid("{ listing { id id reviews { id } reviews { stars } } }");
    assert_valid("{ node(id: 1) { ... on Listing { a: id } ... on Review { a: id } } }");
    assert_valid("{ hits(limit: 1) { ... on Listing { a: title } ... on Host { a: name } } }");
}

#[test]
fn a_subscription_has_one_root_field() {
    let message = "A subscription selects exactly one root field.";
    assert_error("subscription { ticks tocks }", message);
    assert_error("subscription { ...F } fragment F on Subscription { ticks tocks }", message);
    assert_error("subscription { __typename }", "A subscription cannot select `__typename`.");
    assert_valid("subscription { ticks ticks }");
}

#[test]
fn documents_rejects_what_validate_reports() {
    let documents = Documents::new(SCHEMA, Limits::default()).unwrap();
    for (operation, message) in [
        ("{ hits(limit: 1, where: {near: {lat: 1, lat: 2}}) { __typename } }", "The field `lat` is given twice."),
        ("{ __schema { nothing } }", "The type `__Schema` has no field `nothing`."),
        (
            "query($x: String = \"a\") { hits(limit: 1, where: {city: $x}) { __typename } }",
            "The variable `$x` is of type `String`, but `String!` is expected.",
        ),
        (
            "subscription($x: Boolean!) { ticks @skip(if: $x) }",
            "The root field of a subscription cannot depend on a condition.",
        ),
        ("subscription { ticks tocks }", "A subscription selects exactly one root field."),
        // The parser reports every directive as repeatable.
        ("{ listing @cost @cost { id } }", "The directive `@cost` is used twice here."),
    ] {
        assert_error(operation, message);
        let errors = documents.prepare(operation, None, &Variables::default()).unwrap_err();
        assert_eq!(errors[0].message, message);
    }
    assert_valid("\"Described.\" query A(\"Too.\" $x: Int) { listing { title(max: $x) } }");
}

#[test]
fn every_error_of_every_operation_is_reported_once() {
    let text = "query A { listing { a: id a: price b: id b: title ...F } }
        query B { listing { id: title id ...F } nothing }
        fragment F on Listing { title(max: $x) }
        fragment G on Listing { ...H }
        fragment H on Listing { ...G }
        fragment I on Listing { ...I }";
    let acyclic: Vec<_> = text.lines().take(3).collect();
    let places = |text: &str| -> Vec<_> {
        validate(SCHEMA, text).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(places(&acyclic.join("\n")), ["1:21:", "1:36:", "2:29:", "2:49:", "3:44:"]);
    let cyclic = ["2:49:", "3:44:", "4:9:", "5:9:", "5:36:", "6:9:", "6:36:"];
    assert_eq!(places(text), cyclic, "conflicts are not checked if a fragment spreads itself");
}

#[test]
fn documents_and_validate_read_the_same_schemas() {
    let extended =
        "type Query { a: Int } extend type Query { b(x: On): Int } input On { c: Int } extend input On { d: Int }";
    assert_eq!(validate(extended, "{ a b(x: {c: 1, d: 2}) }"), [""; 0]);
    assert!(Documents::new(extended, Limits::default()).is_ok());
    for (schema, message) in [
        ("type Query { a: Int a: Int }", "The contract is not valid: Query.a is defined twice"),
        (
            "type Query { a: No }",
            "The contract is not valid: `Query` names the type `No`, which the contract does not define",
        ),
        (
            "type Query { a: Int @cost(weight: \"x\") }",
            "The contract is not valid: the cost of the field `Query.a`: `x` is not a weight",
        ),
    ] {
        let errors = validate(schema, "{ a }");
        assert!(errors.len() == 1 && errors[0].starts_with(message), "{errors:?}");
        assert!(Documents::new(schema, Limits::default()).is_err());
    }
}
