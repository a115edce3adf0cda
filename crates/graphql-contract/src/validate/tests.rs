use super::validate;

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
fn valid(operation: &str) {
    assert_eq!(validate(SCHEMA, operation), [""; 0], "{operation}");
}

/// One fault in one operation.
#[track_caller]
fn fault(operation: &str, message: &str) {
    let faults = validate(SCHEMA, operation);
    assert!(faults.len() == 1 && faults[0].ends_with(message), "{operation}: {faults:#?}");
}

#[test]
fn what_no_rule_minds_is_valid() {
    valid("{ listing { id ...on Node { id } ... { price } __typename reviews { stars } } }");
    valid("query A { listing { id } } query B { listing { ...F } } fragment F on Listing { id title }");
    valid("{ __schema { types { name } } __type(name: \"x\") { name } __typename }");
    valid(
        "query($w: Where!, $o: Order, $d: Day, $n: Int!, $c: String!, $f: Boolean!) {
          a: hits(where: $w, orderBy: $o, on: $d, limit: $n) { ... on Host { name } ... on Listing { id } }
          b: hits(where: {city: $c}, days: \"x\", points: {lat: 1}, limit: 2) { ...F @include(if: $f) __typename }
          c: hits(where: {near: {lat: 1.5, lng: 2, tags: [\"x\"]}}, on: {any: [1]}, limit: 1) { ... on Node { id } }
        }
        fragment F on Listing { price @skip(if: true) title @tag(name: \"a\") @tag(name: \"b\") }",
    );
    valid("subscription { tick: ticks }");
}

#[test]
fn positions_are_given_in_order() {
    let faults = validate(SCHEMA, "{\n  listing { b }\n  a\n}");
    assert_eq!(faults, ["2:13: Listing has no field b", "3:3: Query has no field a"]);
}

#[test]
fn a_text_that_does_not_parse_is_one_fault() {
    assert_eq!(validate(SCHEMA, "{ listing {").len(), 1);
    assert_eq!(
        validate(SCHEMA, "query A { listing { id } } query A { listing { id } }"),
        ["operation A is defined twice"]
    );
    assert_eq!(validate("type", "{ a }").len(), 1);
}

#[test]
fn fields() {
    fault("{ listing { nothing } }", "Listing has no field nothing");
    fault("{ hits(limit: 1) { id } }", "Hit has no field id");
    fault("{ listing }", "Query.listing is Listing: select some of its fields");
    fault("{ listing { id { x } } }", "Listing.id is ID!, which has no fields to select");
    fault("{ __typename { x } }", "__typename is String!, which has no fields to select");
    fault("{ listing { __typename(a: 1) } }", "__typename has no argument a");
    fault("{ listing { __schema { x } } }", "Listing has no field __schema");
    fault("mutation { a }", "the contract has no mutation type");
}

#[test]
fn arguments() {
    fault("{ listing { title(min: 1) } }", "Listing.title has no argument min");
    fault("{ listing { title(max: 1, max: 1) } }", "argument max is given twice");
    fault("{ node { id } }", "Query.node needs the argument id: ID!");
}

#[test]
fn literals() {
    for (arguments, message) in [
        ("limit: null", "Query.hits(limit:): null is not Int!"),
        ("limit: \"1\"", "\"1\" is not Int"),
        ("limit: 1.5", "1.5 is not Int"),
        ("limit: 3000000000", "3000000000 is not Int"),
        ("limit: [1]", "[1] is not Int"),
        ("limit: 1, loud: 1", "1 is not Boolean"),
        ("limit: 1, orderBy: BEST", "BEST is not Order"),
        ("limit: 1, orderBy: \"NEWEST\"", "\"NEWEST\" is not Order"),
        ("limit: 1, days: [1, null]", "null is not Day!"),
        ("limit: 1, where: 1", "1 is not Where"),
        ("limit: 1, where: {town: \"x\"}", "Where has no field town"),
        ("limit: 1, where: {city: 1}", "1 is not String"),
        ("limit: 1, where: {}", "Where takes exactly one field, and not null"),
        ("limit: 1, where: {city: null}", "Where takes exactly one field, and not null"),
        ("limit: 1, where: {city: \"x\", near: {lat: 1}}", "Where takes exactly one field, and not null"),
        ("limit: 1, points: {lng: 1}", "Point needs the field lat: Float!"),
        ("limit: 1, points: [{lat: \"1\"}]", "\"1\" is not Float"),
        ("limit: 1, points: {lat: 1, lng: null}", "null is not Float!"),
    ] {
        fault(&format!("{{ hits({arguments}) {{ __typename }} }}"), message);
    }
    fault("{ node(id: 1.5) { id } }", "1.5 is not ID");
    valid("{ node(id: 1) { id } }");
}

#[test]
fn fragments() {
    fault("{ listing { ...F } }", "there is no fragment F");
    fault("{ listing { id } } fragment F on Listing { id }", "fragment F is never used");
    fault("{ listing { id } } fragment F on Listing { title(max: $x) }", "fragment F is never used");
    fault("{ listing { ... on Nobody { id } } }", "the contract has no type Nobody");
    fault("{ listing { ... on Order { id } } }", "Order has no fields, so no fragment can be on it");
    fault("{ listing { ... on Host { name } } }", "Listing can never be Host");
    fault("{ hits(limit: 1) { ... on Review { id } } }", "Hit can never be Review");
    fault("{ node(id: 1) { ...F } } fragment F on Host { name }", "Node can never be Host");
    fault("{ listing { ...F } } fragment F on Listing { reviews { listing { ...F } } }", "fragment F contains itself");
    assert_eq!(
        validate(SCHEMA, "{ listing { ...A } } fragment A on Listing { ...B } fragment B on Listing { x }").len(),
        1
    );
}

#[test]
fn variables() {
    fault("{ listing { title(max: $x) } }", "Listing.title(max:): $x is not defined");
    fault("query($x: Int) { listing { id } }", "$x is never used");
    fault("query($x: Int, $x: Int) { listing { title(max: $x) } }", "$x is defined twice");
    fault("query($x: Nobody) { hits(limit: 1, on: {a: $x}) { __typename } }", "$x: the contract has no type Nobody");
    fault("query($x: Host) { hits(limit: 1, on: [$x]) { __typename } }", "$x: Host is a type, not an input");
    fault("query($x: Int = \"a\") { listing { title(max: $x) } }", "$x: \"a\" is not Int");
    fault("{ hits(limit: 1, on: {a: [$x]}) { __typename } }", "$x is not defined");
    fault(
        "query A($x: Int) { listing { ...F } } query B { listing { ...F } } fragment F on Listing { title(max: $x) }",
        "$x is not defined",
    );
    fault("query($x: Boolean! @cost) { listing { id @skip(if: $x) } }", "@cost is not allowed on VARIABLE_DEFINITION");
}

#[test]
fn a_variable_fits_where_it_stands() {
    for (ty, arguments, message) in [
        ("Int", "limit: $x", "$x is Int, not Int!"),
        ("String!", "limit: $x", "$x is String!, not Int"),
        ("[Int!]!", "limit: $x", "$x is [Int!]!, not Int"),
        ("Int = null", "limit: $x", "$x is Int, not Int!"),
        ("Day", "limit: 1, days: [$x]", "$x is Day, not Day!"),
        ("Day", "limit: 1, days: $x", "$x is Day, not [Day!]"),
        ("[Day]", "limit: 1, days: $x", "$x is [Day], not [Day!]"),
        ("String", "limit: 1, where: {city: $x}", "$x is String, but the one field of a @oneOf input may not be null"),
    ] {
        let operation = format!("query($x: {ty}) {{ hits({arguments}) {{ __typename }} }}");
        let faults = validate(SCHEMA, &operation);
        assert!(faults.len() == 1 && faults[0].contains(message), "{operation}: {faults:?}");
    }
    valid("query($x: Int = 1) { hits(limit: $x) { __typename } }");
    valid("query($x: Int) { listing { reviews(first: $x) { id } } }");
    valid("query($x: Float) { hits(limit: 1, points: {lat: 1, lng: $x}) { __typename } }");
    valid("query($x: [Day!]!) { hits(limit: 1, days: $x) { __typename } }");
}

#[test]
fn directives() {
    fault("{ listing @nobody { id } }", "there is no directive @nobody");
    fault("query @skip(if: true) { listing { id } }", "@skip is not allowed on QUERY");
    fault("{ listing { ...F } } fragment F on Listing @cost { id }", "@cost is not allowed on FRAGMENT_DEFINITION");
    fault("{ listing { ... @cost { id } } }", "@cost is not allowed on INLINE_FRAGMENT");
    fault("{ listing { ...F @cost } } fragment F on Listing { id }", "@cost is not allowed on FRAGMENT_SPREAD");
    fault("{ listing @skip { id } }", "@skip needs the argument if: Boolean!");
    fault("{ listing @skip(if: 1) { id } }", "@skip(if:): 1 is not Boolean");
    fault("{ listing @cost @cost { id } }", "@cost may not be repeated");
    fault("{ listing @cost(a: 1) { id } }", "@cost has no argument a");
    valid("query @cost(weight: 1) { listing @cost { id } }");
}

#[test]
fn one_key_of_an_answer_is_one_field() {
    let why = "would stand for different fields or arguments: use an alias";
    fault("{ listing { a: id a: price } }", why);
    fault("{ listing { title(max: 1) title(max: 2) } }", why);
    fault("{ listing { title ...F } } fragment F on Listing { title: id }", why);
    fault("{ listing { reviews { a: id } } listing { reviews { a: stars } } }", why);
    fault("{ node(id: 1) { id ... on Listing { id: price } } }", why);
    fault("{ node(id: 1) { ... on Listing { title } ... on Review { title } } }", "String! and String: use an alias");
    fault(
        "{ node(id: 1) { ... on Listing { x: reviews { y: id } } ... on Review { x: listing { y: id } } } }",
        "[Review!]! and Listing!: use an alias",
    );
    valid("{ listing { id id reviews { id } reviews { stars } } }");
    valid("{ node(id: 1) { ... on Listing { a: id } ... on Review { a: id } } }");
    valid("{ hits(limit: 1) { ... on Listing { a: title } ... on Host { a: name } } }");
}

#[test]
fn a_subscription_is_to_one_thing() {
    let message = "a subscription must select exactly one field, and no introspection";
    fault("subscription { ticks tocks }", message);
    fault("subscription { ...F } fragment F on Subscription { ticks tocks }", message);
    fault("subscription { __typename }", message);
    valid("subscription { ticks ticks }");
}
