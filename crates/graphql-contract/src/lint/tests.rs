use super::lint;

const GOOD: &str = r#"
"An instant." scalar DateTime @specifiedBy(url: "https://example.org/date-time")
"A place in a list." scalar Cursor @specifiedBy(url: "https://example.org/cursor")
"Anything with an id." interface Node { "Its id." id: ID! }
"Anything that went wrong." interface UserError {
  "Which." code: ErrorCode! "For people." message: String! "Where." path: [String!] "Whether to try again." retryable: Boolean!
}
"What went wrong." enum ErrorCode { "It is taken." NIGHT_TAKEN "Old." GONE @deprecated(reason: "until 2027-06-01: use NIGHT_TAKEN") }
"A place." type Listing implements Node { "Its id." id: ID! "Its getaway." getaway: String }
"A page." type ListingConnection { "Edges." edges: [ListingEdge!]! "Nodes." nodes: [Listing!]! "More?" pageInfo: PageInfo! "Up to 1000." totalCount: Int }
"One." type ListingEdge { "Where." cursor: Cursor! "What." node: Listing! }
"More?" type PageInfo { "More?" hasNextPage: Boolean! }
"Reading." type Query {
  "One thing." node("Which." id: ID!): Node
  "Many." nodes("Which." ids: [ID!]!): [Node]!
  "A list." listings("How many." first: Int = 20, "From where." after: Cursor, "Which." where: Where): ListingConnection
}
"A filter." input Where @oneOf { "When." since: DateTime "Whose." hostId: ID "Limit." most: Limit }
"A limit." input Limit { "How many." count: Int! = 3 }
"Writing." type Mutation {
  "Books." createBooking("What." input: CreateBookingInput!): CreateBookingPayload!
  "Leaves." signOut: SignOutPayload
}
"What to book." input CreateBookingInput { "Where." listingId: ID! }
"What came of it." union CreateBookingPayload = CreateBookingSuccess | TakenProblem
"It is booked." type CreateBookingSuccess { "Where." listing: Listing! }
"It is taken." type TakenProblem implements UserError {
  "Which." code: ErrorCode! "For people." message: String! "Where." path: [String!] "Again?" retryable: Boolean!
}
"What came of it." union SignOutPayload = SignOutSuccess
"You are out." type SignOutSuccess { "When." at: DateTime! }
"A cost." directive @cost("How much." weight: Int = 1) on FIELD_DEFINITION
"#;

#[test]
fn a_good_contract_has_no_findings() {
    assert_eq!(lint(GOOD), [""; 0]);
    assert_eq!(lint("type").len(), 1);
}

/// Replaces parts of the good contract and expects the given finding for each.
#[track_caller]
fn assert_findings(changes: &[(&str, &str, &str)]) {
    for (good, bad, finding) in changes {
        assert!(GOOD.contains(good), "the contract has no `{good}`");
        let found = lint(&GOOD.replacen(good, bad, 1));
        assert!(found.iter().any(|line| line == finding), "`{bad}` should give `{finding}`, gives {found:#?}");
    }
}

#[test]
fn everything_is_described() {
    assert_findings(&[
        ("\"A place.\" type", "type", "Listing: has no description"),
        ("\"Its getaway.\" getaway", "getaway", "Listing.getaway: has no description"),
        ("\"How many.\" first", "first", "Query.listings(first:): has no description"),
        ("\"It is taken.\" NIGHT", "\" \" NIGHT", "ErrorCode.NIGHT_TAKEN: has no description"),
        ("\"Whose.\" hostId", "hostId", "Where.hostId: has no description"),
        ("\"A cost.\" directive", "directive", "@cost: has no description"),
        ("\"How much.\" weight", "weight", "@cost(weight:): has no description"),
        ("\"What came of it.\" union", "union", "CreateBookingPayload: has no description"),
    ]);
}

#[test]
fn names_follow_their_case() {
    assert_findings(&[
        ("PageInfo {", "page_info {", "page_info: a type's name is PascalCase"),
        ("getaway: String", "get_away: String", "Listing.get_away: its name is not camelCase"),
        ("getaway: String", "Getaway: String", "Listing.Getaway: its name is not camelCase"),
        ("getaway: String", "getTitle: String", "Listing.getTitle: a name says what it is, not `get`"),
        ("getaway: String", "get: String", "Listing.get: a name says what it is, not `get`"),
        ("count: Int!", "Count: Int!", "Limit.Count: its name is not camelCase"),
        ("NIGHT_TAKEN \"", "nightTaken \"", "ErrorCode.nightTaken: an enum's value is UPPER_SNAKE_CASE"),
        ("NIGHT_TAKEN \"", "NIGHT__TAKEN \"", "ErrorCode.NIGHT__TAKEN: an enum's value is UPPER_SNAKE_CASE"),
    ]);
}

#[test]
fn scalars_and_deprecations_have_details() {
    let reason = "ErrorCode.GONE: its deprecation's reason does not read `until YYYY-MM-DD: what to use`";
    assert_findings(&[
        (" @specifiedBy(url: \"https://example.org/cursor\")", "", "Cursor: is a scalar without @specifiedBy(url: …)"),
        ("https://example.org/cursor", "", "Cursor: is a scalar without @specifiedBy(url: …)"),
        ("(reason: \"until 2027-06-01: use NIGHT_TAKEN\")", "", reason),
        ("until 2027-06-01:", "until 2027-06-31:", reason),
        ("until 2027-06-01:", "until 2027-6-1:", reason),
        ("until 2027-06-01: use NIGHT_TAKEN", "until 2027-06-01: ", reason),
    ]);
}

#[test]
fn lists_are_connections() {
    assert_findings(&[
        ("\"Edges.\" edges: [ListingEdge!]!", "", "ListingConnection: is a connection without edges"),
        ("nodes: [Listing!]! \"More", "nodes: Listing \"More", "ListingConnection.nodes: is a list, not Listing"),
        ("\"More?\" pageInfo: PageInfo!", "", "ListingConnection: is a connection without pageInfo"),
        ("pageInfo: PageInfo!", "pageInfo: PageInfo", "ListingConnection.pageInfo: is PageInfo!, not PageInfo"),
        ("totalCount: Int", "totalCount: Int!", "ListingConnection.totalCount: is bounded, so it is nullable"),
        ("cursor: Cursor!", "at: Cursor!", "ListingEdge: is an edge without cursor"),
        ("first: Int = 20", "some: Int", "Query.listings: answers a connection but takes no first"),
        ("after: Cursor", "from: Cursor", "Query.listings: answers a connection but takes no after"),
        ("after: Cursor", "after: Cursor, last: Int", "Query.listings: answers a connection but takes no before"),
        ("first: Int = 20", "first: String", "Query.listings(first:): is an Int, not String"),
        ("first: Int = 20", "offset: Int", "Query.listings(offset:): lists are paged by cursor, not by offset"),
    ]);
}

#[test]
fn ids_have_the_type_id() {
    assert_findings(&[
        ("id: ID! \"Its getaway", "id: String! \"Its getaway", "Listing.id: an id is ID!, not String!"),
        ("id: ID! \"Its getaway", "id: ID \"Its getaway", "Listing.id: an id is ID!, not ID"),
        ("getaway: String", "host: ID!", "Listing.host: an ID is called id: to point to something else, return that"),
        ("getaway: String", "hostId: Int", "Listing.hostId: is a foreign key: return the thing itself"),
        ("listingId: ID!", "listingId: Int!", "CreateBookingInput.listingId: an id is ID, not Int!"),
        ("ids: [ID!]!", "ids: [Int!]!", "Query.nodes(ids:): ids are [ID!], not [Int!]!"),
    ]);
}

#[test]
fn mutations_take_one_input_and_return_a_union() {
    let takes = "Mutation.createBooking: takes nothing or (input: CreateBookingInput!), not";
    assert_findings(&[
        ("input: CreateBookingInput!", "input: CreateBookingInput", &format!("{takes} (input: CreateBookingInput)")),
        ("input: CreateBookingInput!", "what: Limit!", &format!("{takes} (what: Limit!)")),
        (
            "input: CreateBookingInput!",
            "input: CreateBookingInput!, b: Int",
            &format!("{takes} (b: Int, input: CreateBookingInput!)"),
        ),
        ("): CreateBookingPayload!", "): Listing", "Mutation.createBooking: answers CreateBookingPayload, not Listing"),
        ("= SignOutSuccess", "= Listing", "SignOutPayload: has no member SignOutSuccess"),
        (
            "union SignOutPayload = SignOutSuccess",
            "type SignOutPayload { a: Int }",
            "SignOutPayload: is a union of the result and the problems",
        ),
        ("| TakenProblem", "| Listing", "CreateBookingPayload: its member Listing does not implement UserError"),
        (
            "TakenProblem implements UserError",
            "TakenProblem",
            "TakenProblem: is a problem that does not implement UserError",
        ),
        (
            "at: DateTime!",
            "success: Boolean!",
            "SignOutSuccess.success: says success as a boolean: the type of the result says it",
        ),
        ("\"Where.\" path: [String!] \"Whether", "\"Whether", "UserError: lacks path"),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_schema_must_be_valid() {
    assert_findings(&[
        ("getaway: String", "a: Nothing", "Listing.a: there is no type Nothing"),
        ("getaway: String", "a: Limit", "Listing.a: Limit is an input, not a result"),
        ("count: Int!", "count: Nothing!", "Limit.count: there is no type Nothing"),
        ("count: Int!", "count: Listing", "Limit.count: Listing is a type, not an input"),
        ("Int! = 3", "Int! = \"3\"", "Limit.count: its default has to be of type `Int`."),
        (
            "Int! = 3",
            "Int! = 3.0",
            "Limit.count: its default has to be written without a fraction where `Int` is expected.",
        ),
        ("most: Limit", "most: Limit!", "Where.most: a field of a @oneOf input is nullable and has no default"),
        ("= SignOutSuccess", "= Limit", "SignOutPayload: its member Limit is not an object type"),
        (
            "Listing implements Node",
            "Listing implements PageInfo",
            "Listing: implements PageInfo, which is not an interface",
        ),
        ("\"Its id.\" id: ID! \"Its getaway", "\"Its getaway", "Listing: implements Node but lacks id"),
        (
            "\"Its id.\" id: ID! \"Its getaway",
            "id: [ID!]! \"Its getaway",
            "Listing.id: is [ID!]!, but Node requires ID!",
        ),
        ("id: ID! \"Its getaway", "id(a: Int!): ID! \"Its getaway", "Listing.id: needs a, which Node does not know"),
        ("interface Node { \"Its id.\" id:", "interface Node { id(a: Int):", "Listing.id: lacks a: Int of Node"),
        (
            "interface Node {",
            "interface Node implements UserError {",
            "Listing: implements Node, so it must implement UserError",
        ),
        ("getaway: String", "a: Int @nothing", "Listing.a: there is no directive @nothing"),
        ("getaway: String", "a: Int @oneOf", "Listing.a: @oneOf is not allowed on FIELD_DEFINITION"),
        ("getaway: String", "a: Int @cost @cost", "Listing.a: @cost may not be repeated"),
        ("getaway: String", "a: Int @cost(height: 1)", "Listing.a: @cost has no argument height"),
        ("getaway: String", "a: Int @cost(weight: true)", "Listing.a: @cost(weight: true) has to be of type `Int`."),
        ("(url: \"https://example.org/cursor\")", "", "Cursor: @specifiedBy needs the argument url"),
        (
            "listingId: ID!",
            "listingId: ID! @deprecated",
            "CreateBookingInput.listingId: is required, so it cannot be deprecated",
        ),
        ("\"Reading.\" type Query", "schema { query: Limit } type Query", "schema query: Limit is not an object type"),
        ("type Query", "type Reading", "schema: has no query type"),
        ("enum ErrorCode {", "enum Empty enum ErrorCode {", "Empty: is an empty enum"),
    ]);
}
