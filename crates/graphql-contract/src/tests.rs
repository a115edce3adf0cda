use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{SdlError, compare, diff, elements};

const PIECES: [&str; 11] = [
    r#""A place to stay." type Listing implements Node & Priced { "Its id." id: ID! "Its name." title: String! price: Int!
        "What guests said." reviews("How many." first: Int = 20, after: Cursor): [Review!]! @deprecated(reason: "old") }"#,
    "interface Node { id: ID! }",
    "interface Priced { price: Int! }",
    "type Review { stars: Int! }",
    r#"scalar Cursor @specifiedBy(url: "https://example.org/cursor")"#,
    "enum Order { NEWEST OLDEST @deprecated }",
    "union Hit = Listing | Review",
    "input Where @oneOf { city: String near: Point }",
    "input Point { lat: Float! = 1.5, lng: Float = 0 }",
    "directive @rank(weight: Int = 1) repeatable on FIELD | OBJECT",
    "type Query { node(id: ID!): Node search(where: Where = {near: {lng: 1, lat: 2}}, orderBy: Order = NEWEST): [Hit!]! }",
];

fn lines(sdl: &str) -> Vec<String> {
    elements(sdl).unwrap().iter().map(ToString::to_string).collect()
}

fn differences(contract: &str, code: &str) -> Vec<String> {
    compare(contract, code).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn costs_are_not_compared() {
    let costs = "directive @cost(weight: String!) on FIELD_DEFINITION type A { a: Int @cost(weight: \"5\") b: [Int] @listSize(assumedSize: 3) }";
    assert_eq!(differences(costs, "type A { a: Int b: [Int] }"), [""; 0]);
    assert_eq!(differences(costs, "type A { a: Int b: [Int] @other }").len(), 1);
    assert_eq!(differences(costs, "type A { a: Int }").len(), 1);
}

#[test]
fn a_schema_is_read_as_elements() {
    let lines: BTreeSet<_> = lines(&PIECES.join("\n")).into_iter().collect();
    for line in [
        "type Listing",
        "type Listing implements Node",
        "type Listing implements Priced",
        r#"Listing: "A place to stay.""#,
        r#"Listing.title: "Its name.""#,
        "Listing.title: String!",
        "Listing.reviews(after: Cursor, first: Int = 20): [Review!]!",
        "Listing.reviews(first:): Int = 20",
        r#"Listing.reviews(first:): "How many.""#,
        r#"Listing.reviews @deprecated(reason: "old")"#,
        "scalar Cursor",
        r#"Cursor @specifiedBy(url: "https://example.org/cursor")"#,
        "enum Order.OLDEST",
        r#"Order.OLDEST @deprecated(reason: "No longer supported")"#,
        "union Hit has Review",
        "Where @oneOf",
        "Point.lat: Float! = 1.5",
        "directive @rank(weight: Int = 1) repeatable on FIELD | OBJECT",
        "@rank(weight:): Int = 1",
        "Query.search(where:): Where = {lat: 2}",
        "schema query: Query",
    ] {
        // The keys of an object default are sorted.
        let line = line.replace("{lat: 2}", "{near: {lat: 2, lng: 1}}");
        assert!(lines.contains(&line), "no `{line}` in {lines:#?}");
    }
}

#[test]
fn built_in_definitions_are_not_elements() {
    let short = "scalar Day @specifiedBy(url: \"u\") type Query { day: Day } type Mutation { go: Int }";
    let long = r#"
        scalar ID
        directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION
        directive @include(if: Boolean!) on FIELD
        directive @skip(if: Boolean!) on FIELD
        directive @oneOf on INPUT_OBJECT
        directive @specifiedBy(url: String!) on SCALAR
        schema { query: Query mutation: Mutation }
    "#;
    assert_eq!(lines(short), lines(&format!("{long}{short}")));
    assert_ne!(lines(short), lines(&format!("schema {{ query: Query }} {short}")));
}

#[test]
fn layout_comments_and_extensions_do_not_matter() {
    let plain = "\"One two.\" type Query { a: Int b(c: Int): Int } enum E { X Y }";
    let other = "# hello\n\"\"\"\n  One\n  two.\n\"\"\"\ntype Query { b(c: Int,): Int }\nextend type Query { a: Int }
        enum E { Y } extend enum E { X }";
    assert_eq!(lines(plain), lines(other));
    assert_eq!(
        lines(r#""Say \"\"\" so" type Query { a: Int }"#),
        lines("\"\"\"Say \\\"\"\" so\"\"\" type Query { a: Int }")
    );
}

#[test]
fn invalid_schemas_are_rejected() {
    let duplicate = |what: &str| SdlError::Duplicate(what.to_owned());
    for (sdl, error) in [
        ("type A { a: Int } type A { b: Int }", duplicate("A")),
        ("type A { a: Int a: Int }", duplicate("A.a")),
        ("type A { a(x: Int, x: Int): Int }", duplicate("A.a(x:)")),
        ("enum A { X X }", duplicate("A.X")),
        ("input A { x: Int x: Int }", duplicate("A.x")),
        ("type A { a: Int } extend type A { a: Int }", duplicate("A.a")),
        ("union U = A | A", duplicate("A in U")),
        ("directive @d on FIELD directive @d on FIELD", duplicate("@d")),
        ("schema { query: A } schema { query: A }", duplicate("schema")),
        ("extend type A { a: Int }", SdlError::ExtendsNothing { kind: "type", name: "A".to_owned() }),
        ("enum A { X } extend type A { a: Int }", SdlError::ExtendsNothing { kind: "type", name: "A".to_owned() }),
    ] {
        assert_eq!(elements(sdl), Err(error), "{sdl}");
    }
    assert!(matches!(elements("type {"), Err(SdlError::Syntax(_))));
    assert!(matches!(elements(""), Err(SdlError::Syntax(_))));
}

#[test]
fn a_difference_shows_both_sides() {
    for (contract, code, expected) in [
        ("type A { a: String! }", "type A { a: String }", "A.a: contract says String!, code says String"),
        ("type A { a: Int b: Int }", "type A { a: Int }", "A.b: contract says Int, code has nothing"),
        ("type A { a: Int }", "type A { a: Int b: Int }", "A.b: code says Int, contract has nothing"),
        ("\"x\" type A { a: Int }", "\"y\" type A { a: Int }", r#"A description: contract says "x", code says "y""#),
        ("type A { \"x\" a: Int }", "type A { a: Int }", r#"A.a description: contract says "x", code has nothing"#),
        ("type A { a(b: Int = 1): Int }", "type A { a(b: Int): Int }", "A.a(b:): contract says Int = 1, code says Int"),
        ("type A { a(b: Int): Int }", "type A { a: Int }", "A.a(b:): contract says Int, code has nothing"),
        (
            "type A implements X & Y { a: Int }",
            "type A implements X { a: Int }",
            "A implements: contract says X, Y, code says X",
        ),
        ("union A = X | Y", "union A = X | Z", "A members: contract says X, Y, code says X, Z"),
        ("enum A { X Y }", "enum A { X }", "A.Y: contract says enum, code has nothing"),
        (
            "type A { a: Int @deprecated }",
            "type A { a: Int }",
            r#"A.a @deprecated: contract says @deprecated(reason: "No longer supported"), code has nothing"#,
        ),
        (
            "scalar A @specifiedBy(url: \"x\")",
            "scalar A",
            r#"A @specifiedBy: contract says @specifiedBy(url: "x"), code has nothing"#,
        ),
        ("input A @oneOf { a: Int }", "input A { a: Int }", "A @oneOf: contract says @oneOf, code has nothing"),
        ("type A { a: Int }", "interface A { a: Int }", "A: contract says type, code says interface"),
        ("directive @d on FIELD", "directive @d on QUERY", "@d: contract says on FIELD, code says on QUERY"),
        (
            "schema { query: A } type A { a: Int }",
            "schema { query: B } type A { a: Int }",
            "schema query: contract says A, code says B",
        ),
    ] {
        assert_eq!(differences(contract, code), [expected], "{contract} / {code}");
        assert_eq!(differences(contract, contract), [""; 0]);
    }
}

#[test]
fn parts_of_a_missing_element_are_not_listed() {
    let whole = r#""An a." type A implements I { "A b." b("A c." c: Int): Int @deprecated } type B { b: Int }"#;
    assert_eq!(differences(whole, "type B { b: Int }"), ["A: contract says type, code has nothing"]);
    assert_eq!(
        differences("type A { x: Int }", "type A { x: Int b(\"C.\" c: Int): Int @deprecated }"),
        ["A.b: code says Int, contract has nothing"]
    );
}

/// A small schema with every kind of part, some of them varied.
fn schema() -> impl Strategy<Value = String> {
    let maybe = |text: &'static str| prop_oneof![Just(""), Just(text)];
    let description = prop_oneof![Just(""), Just("\"One.\""), Just("\"Two.\"")];
    let default = prop_oneof![Just(""), Just("= 1"), Just("= 2")];
    let ty = prop_oneof![Just("Int"), Just("Int!"), Just("[Int]"), Just("[Int!]!")];
    let applied_directive = prop_oneof![Just(""), Just("@deprecated"), Just("@deprecated(reason: \"x\")")];
    let first = (description, default, ty, applied_directive);
    let second =
        (maybe("implements I"), maybe("| B"), maybe("Y"), maybe("@oneOf"), maybe("y: Int"), maybe("repeatable"));
    let third = (maybe("| QUERY"), maybe("z: Int = 3"), maybe("@specifiedBy(url: \"u\")"), maybe("type C { c: Int }"));
    (first, second, third).prop_map(|((text, default, ty, applied_directive), (implements, member, value, one_of, field, repeatable), (location, input, url, extra))| {
        format!(
            "{text} type A {implements} {{ {text} a({text} x: Int {default} {applied_directive} {input}): {ty} {applied_directive} {field} }} interface I {{ x: Int }}
            type B {{ b: Int }} union U = A {member} enum E {{ {text} X {applied_directive} {value} }} input N {one_of} {{ a: {ty} {input} }}
            scalar S {url} {text} directive @d(a: Int {default} {input}) {repeatable} on FIELD {location} {extra}"
        )
    })
}

proptest! {
    #[test]
    fn the_order_of_definitions_does_not_matter(pieces in Just(PIECES.to_vec()).prop_shuffle()) {
        prop_assert_eq!(elements(&pieces.join("\n")), elements(&PIECES.join("\n")));
    }

    #[test]
    fn comparison_and_changes_agree_with_the_elements(one in schema(), two in schema()) {
        let same = elements(&one).unwrap() == elements(&two).unwrap();
        prop_assert_eq!(compare(&one, &two).unwrap().is_empty(), same);
        prop_assert_eq!(diff(&one, &two).unwrap().is_empty(), same);
        prop_assert!(diff(&one, &one).unwrap().is_empty());
        prop_assert!(compare(&two, &two).unwrap().is_empty());
    }

    #[test]
    fn no_text_causes_a_panic(text in "[a-z{}()\\[\\]!:=@|&\" \n]{0,60}") {
        let _ = (elements(&text), diff(&text, "type A { a: Int }"), compare(&text, &text));
    }
}

mod served_schema {
    use async_graphql::{
        EmptyMutation, EmptySubscription, Enum, InputObject, Object, OneofObject, SDLExportOptions, Schema,
    };

    use super::super::compare;

    /// Which first.
    #[derive(Clone, Copy, PartialEq, Eq, Enum)]
    enum Order {
        /// The newest.
        Newest,
        /// The "oldest".
        Oldest,
    }

    /// A window.
    #[derive(InputObject)]
    struct Window {
        /// How many.
        #[graphql(default = 3)]
        size: i32,
    }

    /// Which.
    #[derive(OneofObject)]
    enum Where {
        /// Its city.
        City(String),
        /// Its window.
        Window(Window),
    }

    struct Query;

    /// Reading.
    #[Object]
    impl Query {
        /// How many there are,
        /// all told.
        #[graphql(deprecation = "until 2027-06-01: use more")]
        async fn count(
            &self,
            #[graphql(desc = "Which.", name = "where")] which: Option<Where>,
            #[graphql(desc = "Which first.", default_with = "Order::Newest")] order_by: Order,
        ) -> i32 {
            match which {
                Some(Where::Window(window)) => window.size,
                Some(Where::City(_)) | None => order_by as i32,
            }
        }
    }

    #[test]
    fn the_served_schema_is_read_like_the_contract() {
        let contract = r#"
            "Reading."
            type Query {
              "How many there are, all told."
              count("Which first." orderBy: Order! = NEWEST, "Which." where: Where): Int!
                @deprecated(reason: "until 2027-06-01: use more")
            }
            "Which." input Where @oneOf { "Its window." window: Window "Its city." city: String }
            "A window." input Window { "How many." size: Int! = 3 }
            "Which first." enum Order { "The \"oldest\"." OLDEST "The newest." NEWEST }
        "#;
        let code = Schema::new(Query, EmptyMutation, EmptySubscription);
        let code = code.sdl_with_options(SDLExportOptions::new().include_specified_by());
        assert_eq!(compare(contract, &code), Ok(Vec::new()), "{code}");
    }
}
