//! Inputs of clients: malformed values, omitted values, and all other forms of operations.

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, InputObjectType, Type, TypeDefinition, TypeKind, TypeSystemDefinition},
};
use graphql::CONTRACT;
use serde_json::{Value, json};
use types::StaffRole;

use crate::harness::{
    actors::{Actor, data},
    app::TestApp,
    wire,
};

/// A scalar of the contract's own, a value of it, and one that is malformed.
const SCALARS: &[(&str, &str, &str)] = &[
    ("DateTime", "2026-07-01T13:00:00Z", "soon"),
    ("Date", "2026-07-01", "2026-02-30"),
    ("LocalTime", "15:00", "25:00"),
    ("TimeZone", "Asia/Singapore", "Mars/Olympus"),
    ("CurrencyCode", "SGD", "AAA"),
    ("MinorUnits", "", "much"),
    ("Decimal", "1.50", "1e3"),
    ("Url", "https://example.org/1.jpg", "nowhere"),
    ("Email", "ada@example.org", "not an email"),
    ("Cursor", "", ""),
    ("IdempotencyKey", "key-0123", "pay 1"),
];

/// The types of the contract, by name.
struct Contract(Vec<TypeDefinition>);

impl Contract {
    fn read() -> Self {
        let definitions =
            parse_schema(CONTRACT).unwrap().definitions.into_iter().filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(definition.node),
                _ => None,
            });
        Self(definitions.collect())
    }

    fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.iter().find(|definition| definition.name.node == name).map(|definition| &definition.kind)
    }

    fn is_one_of(&self, name: &str) -> bool {
        let definition = self.0.iter().find(|definition| definition.name.node == name).unwrap();
        definition.directives.iter().any(|directive| directive.node.name.node == "oneOf")
    }

    /// Every mutation that has an input, with its type.
    fn mutations(&self) -> Vec<(String, String)> {
        let Some(TypeKind::Object(mutation)) = self.kind("Mutation") else { panic!("there are no mutations") };
        let input = |ty: &Type| named(ty).to_owned();
        mutation
            .fields
            .iter()
            .filter_map(|field| {
                let argument = field.node.arguments.first()?;
                Some((field.node.name.node.to_string(), input(&argument.node.ty.node)))
            })
            .collect()
    }

    /// A value of a type with everything in it that can be given.
    fn value(&self, ty: &Type, field: &str, ids: &dyn Fn(&str) -> String) -> Value {
        let name = match &ty.base {
            BaseType::List(of) => return json!([self.value(of, field, ids)]),
            BaseType::Named(name) => name.as_str(),
        };
        match (name, self.kind(name)) {
            ("String", _) => json!("some words here"),
            ("Int", _) => json!(2),
            ("Float", _) => json!(1.5),
            ("Boolean", _) => json!(true),
            ("ID", _) => json!(ids(field)),
            ("MinorUnits", _) => json!(100),
            (_, Some(TypeKind::Enum(kind))) => json!(kind.values[0].node.value.node.as_str()),
            (_, Some(TypeKind::InputObject(kind))) => {
                let fields = kind.fields.iter().take(if self.is_one_of(name) { 1 } else { usize::MAX });
                fields
                    .map(|f| (f.node.name.node.to_string(), self.value(&f.node.ty.node, &f.node.name.node, ids)))
                    .collect()
            }
            _ => json!(SCALARS.iter().find(|(scalar, ..)| *scalar == name).unwrap().1),
        }
    }

    /// The places of scalars of the contract's own in an input, with their names, as a pointer into its JSON.
    fn scalars(&self, kind: &InputObjectType, at: &str, found: &mut Vec<(String, String)>) {
        for field in &kind.fields {
            let (ty, mut place) = (&field.node.ty.node, format!("{at}/{}", field.node.name.node));
            if matches!(ty.base, BaseType::List(_)) {
                place.push_str("/0");
            }
            match self.kind(named(ty)) {
                Some(TypeKind::InputObject(kind)) => self.scalars(kind, &place, found),
                Some(TypeKind::Scalar) => found.push((place, named(ty).to_owned())),
                _ => {}
            }
        }
    }
}

fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(of) => named(of),
    }
}

/// Writes `value` at a place of an input. A one-of has that field alone.
fn put(contract: &Contract, ty: &str, input: &mut Value, place: &[&str], value: &Value) {
    let [first, rest @ ..] = place else {
        *input = value.clone();
        return;
    };
    if let Value::Array(items) = input {
        return put(contract, ty, &mut items[0], rest, value);
    }
    let Some(TypeKind::InputObject(kind)) = contract.kind(ty) else { panic!("{ty} has no fields") };
    let field = kind.fields.iter().find(|field| field.node.name.node == *first).unwrap();
    if contract.is_one_of(ty) {
        *input = json!({});
    }
    put(contract, named(&field.node.ty.node), &mut input[*first], rest, value);
}

/// C3, C4: a mutation reports any malformed scalar with its path, in its own payload.
#[tokio::test]
async fn every_malformed_scalar_of_every_mutation_is_a_problem_with_its_path() {
    let app = TestApp::new().await;
    let host = app.host().await;
    host.grant(StaffRole::Admin).await;
    let (listing, person) = (host.listing(|_| {}).await, app.guest().await.member.id().to_string());
    let ids = |field: &str| match field {
        "listingId" => listing.clone(),
        "personId" | "assigneeId" => person.clone(),
        "reviewId" => "rev_00000000000000000000000007".to_owned(),
        "coHostId" | "invitationId" => "coh_00000000000000000000000007".to_owned(),
        "passkeyId" => "pk_00000000000000000000000007".to_owned(),
        "caseId" => "cs_00000000000000000000000007".to_owned(),
        "holdId" => "lh_00000000000000000000000007".to_owned(),
        "impersonationId" => "imp_00000000000000000000000007".to_owned(),
        "grantId" => "grt_00000000000000000000000007".to_owned(),
        "quoteId" => "qt_00000000000000000000000007".to_owned(),
        "paymentId" => "pay_00000000000000000000000007".to_owned(),
        _ => "bk_00000000000000000000000007".to_owned(),
    };
    let contract = Contract::read();
    let mut tried = 0;
    for (mutation, input) in contract.mutations() {
        let Some(TypeKind::InputObject(kind)) = contract.kind(&input) else { panic!("{input}") };
        let mut scalars = Vec::new();
        contract.scalars(kind, "", &mut scalars);
        for (place, scalar) in scalars {
            let Some((_, _, malformed)) = SCALARS.iter().find(|(name, ..)| *name == scalar) else { panic!("{scalar}") };
            let path: Vec<_> = place[1..].split('/').collect();
            let ty = Type::new(&input).unwrap();
            let mut sent = contract.value(&ty, "", &ids);
            put(&contract, &input, &mut sent, &path, &json!(malformed));
            let query = format!(
                "mutation ($input: {input}!) {{ {mutation}(input: $input) {{ __typename ... on UserError {{ code path message }} \
                 ... on InvalidInputProblem {{ fields {{ path message }} }} }} }}"
            );
            let answer = data(app.run(Some(&host.member), &query, json!({ "input": sent })).await);
            let problem = &answer[&mutation];
            assert_eq!(problem["__typename"], "InvalidInputProblem", "{mutation} {place}: {answer}");
            let expected: Vec<_> = std::iter::once("input").chain(path).collect();
            let fields = problem["fields"].as_array().unwrap();
            assert!(fields.iter().any(|field| field["path"] == json!(expected)), "{mutation} {place}: {answer}");
            tried += 1;
        }
    }
    assert!(tried > 25, "{tried}");
}

/// C3: reports all invalid fields at once.
#[tokio::test]
async fn a_registration_reports_every_invalid_field() {
    let app = TestApp::new().await;
    let register = "mutation ($input: RegisterUserInput!) { registerUser(input: $input) { __typename
        ... on InvalidInputProblem { code path fields { path } } } }";
    let wrong = json!({ "email": "not an email", "password": "short", "displayName": " " });
    let problem = data(app.run(None, register, json!({ "input": wrong })).await)["registerUser"].clone();
    assert_eq!((&problem["code"], &problem["path"]), (&json!("INVALID_INPUT"), &json!(["input", "email"])));
    let paths: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|field| field["path"][1].clone()).collect();
    assert_eq!(json!(paths), json!(["email", "password", "displayName"]));
    let sign_in = "mutation { signIn(input: { email: \"ada@example\", password: \"x\" }) { __typename
        ... on InvalidInputProblem { path } } }";
    let problem = data(app.run(None, sign_in, json!({})).await)["signIn"].clone();
    assert_eq!(problem, json!({ "__typename": "InvalidInputProblem", "path": ["input", "email"] }));
}

/// C4: nothing of a document with two mutations is done when a value of the second is malformed.
#[tokio::test]
async fn nothing_of_a_document_runs_when_a_value_in_it_is_malformed() {
    let app = TestApp::new().await;
    let server = app.serve().await;
    let to = server.address.to_string();
    let both = "mutation ($email: Email!) {
        registerUser(input: { email: \"ada@example.org\", password: \"correct horse\", displayName: \"Ada\" }) { __typename }
        signIn(input: { email: $email, password: \"x\" }) { __typename } }";
    let reply = wire::post(&to, "", both, &json!({ "email": "not an email" })).await.unwrap();
    assert_eq!(reply.code(), Some("BAD_USER_INPUT"), "{reply:?}");
    assert_eq!(reply.body["errors"].as_array().unwrap().len(), 1);
    assert_eq!(reply.body["errors"][0]["extensions"]["path"], json!(["$email"]));
    assert!(reply.body.get("data").is_none_or(Value::is_null), "{reply:?}");
    let register = "mutation { registerUser(input: { email: \"ada@example.org\", password: \"correct horse\", displayName: \"Ada\" }) {
        __typename } }";
    assert_eq!(wire::post(&to, "", register, &json!({})).await.unwrap().field()["__typename"], "RegisterUserSuccess");
}

/// C5: a malformed argument of a query is one error of the request, not a null field next to others.
#[tokio::test]
async fn a_malformed_argument_of_a_query_is_an_error_of_the_request() {
    let app = TestApp::new().await;
    let server = app.serve().await;
    let to = server.address.to_string();
    let literal = "{ listing(id: \"lst_00000000000000000000000007\") { title availability(from: \"soon\", to: \"2026-02-30\") { night } } }";
    let reply = wire::post(&to, "", literal, &json!({})).await.unwrap();
    assert_eq!(
        (reply.code(), reply.body["errors"].as_array().unwrap().len()),
        (Some("BAD_USER_INPUT"), 1),
        "{reply:?}"
    );
    let problems = reply.body["errors"][0]["extensions"]["problems"].as_array().unwrap();
    assert_eq!((&problems[0]["path"], &problems[1]["path"]), (&json!(["from"]), &json!(["to"])));
    assert!(reply.body.get("data").is_none_or(Value::is_null), "{reply:?}");
}

/// C6: each optional form of an operation runs without its variables, with null, and with a value.
#[tokio::test]
async fn defaults_apply_where_a_variable_is_not_given() {
    let app = TestApp::new().await;
    let host = app.host().await;
    host.listing(|_| {}).await;
    let search = "query ($order: ListingOrder, $first: Int, $where: ListingFilter, $adults: Int, $children: Int, $with: Boolean = true) {
        searchListings(orderBy: $order, first: $first, where: $where,
            stay: { checkIn: \"2026-07-01\", checkOut: \"2026-07-03\", guests: { adults: $adults, children: $children } }) {
            nodes { listing { title @include(if: $with) } } } }";
    for variables in [
        json!({}),
        json!({ "order": null, "first": null, "where": null, "adults": null, "children": null }),
        json!({ "order": "PRICE_ASC", "first": 5, "where": {}, "adults": 2.0, "children": 1, "with": true }),
    ] {
        let answer = data(app.run(None, search, variables.clone()).await);
        assert_eq!(answer["searchListings"]["nodes"].as_array().unwrap().len(), 1, "{variables}");
        assert!(answer["searchListings"]["nodes"][0]["listing"]["title"].is_string(), "{variables}");
    }
    let literal = "{ searchListings(orderBy: null, stay: { checkIn: \"2026-07-01\", checkOut: \"2026-07-03\",
        guests: { adults: null } }) { nodes { price { total { minorUnits } } } } }";
    assert!(data(app.run(None, literal, json!({})).await)["searchListings"]["nodes"][0]["price"].is_object());
}

#[tokio::test]
async fn every_field_of_a_stay_at_fault_is_named() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = "mutation ($input: QuoteStayInput!) { quoteStay(input: $input) { __typename
        ... on QuoteStaySuccess { quote { guests { adults children infants pets } } }
        ... on InvalidInputProblem { path fields { path } } } }";
    let alone = json!({ "listingId": listing, "stay": { "checkIn": "2026-07-01", "checkOut": "2026-07-03" } });
    let guests = guest.mutate(quote, alone).await["quote"]["guests"].clone();
    assert_eq!(guests, json!({ "adults": 1, "children": 0, "infants": 0, "pets": 0 }), "one adult by default");
    let wrong = async |stay: Value| {
        let problem = guest.mutate(quote, json!({ "listingId": listing, "stay": stay })).await;
        let fields = problem["fields"].as_array().cloned().unwrap_or_default();
        fields.iter().map(|field| field["path"].as_array().unwrap()[2..].to_vec()).collect::<Vec<_>>()
    };
    let stay =
        |check_out: &str, guests: Value| json!({ "checkIn": "2026-07-01", "checkOut": check_out, "guests": guests });
    assert_eq!(wrong(stay("2026-07-01", Value::Null)).await, [[json!("checkOut")]]);
    assert_eq!(wrong(stay("2027-07-02", Value::Null)).await, [[json!("checkOut")]], "366 nights");
    for adults in [0, -1, 51, 300, i32::MAX] {
        let guests = json!({ "adults": adults, "pets": 6 });
        let expected = [["guests", "adults"], ["guests", "pets"]].map(|path| path.map(Value::from).to_vec());
        assert_eq!(wrong(stay("2026-07-02", guests)).await, expected, "{adults}");
    }
    let all = json!({ "checkIn": "soon", "checkOut": "2026-07-02", "guests": { "adults": 0, "pets": 6 } });
    let expected = [vec!["checkIn"], vec!["guests", "adults"], vec!["guests", "pets"]];
    assert_eq!(json!(wrong(all).await), json!(expected));
    let search = "query ($stay: StayInput) { searchListings(stay: $stay) { nodes { listing { id } } } }";
    for (stay, message) in [
        (stay("2026-07-01", Value::Null), "`stay.checkOut`: The stay must end at least one day after it begins."),
        (stay("2026-07-02", json!({ "infants": 6 })), "`stay.guests.infants`: Must be from 0 to 5."),
    ] {
        let answer = app.run(None, search, json!({ "stay": stay })).await;
        assert_eq!(answer.errors.first().map(|error| error.message.as_str()), Some(message));
    }
}

/// C9: a malformed id is null at its own position.
#[tokio::test]
async fn a_malformed_id_among_nodes_is_null_in_its_place() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let ids =
        json!([listing, "nonsense", "lst_zz", "", "lst_00000000000000000000000007", "ses_00000000000000000000000007"]);
    let answer = data(app.run(None, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await);
    assert_eq!(answer["nodes"], json!([{ "id": listing }, null, null, null, null, null]));
}

/// M12: amounts of clients are not negative, and not above the greatest amount.
#[tokio::test]
async fn an_expected_refund_is_an_amount() {
    let app = TestApp::new().await;
    let guest: Actor = app.guest().await;
    let cancel = "mutation ($input: CancelBookingInput!) { cancelBooking(input: $input) { __typename
        ... on InvalidInputProblem { path } } }";
    for refund in [i64::MIN, -1, 1 << 53, i64::MAX] {
        let input = json!({ "bookingId": "bk_00000000000000000000000007", "expectedRefund": refund, "idempotencyKey": "key-0123" });
        let answer = data(app.run(Some(&guest.member), cancel, json!({ "input": input })).await);
        let problem = json!({ "__typename": "InvalidInputProblem", "path": ["input", "expectedRefund"] });
        assert_eq!(answer["cancelBooking"], problem, "{refund}");
    }
}

/// C26: whole numbers with a fraction of zero, escapes of any width, descriptions.
#[tokio::test]
async fn an_operation_can_use_the_syntax_of_the_september_2025_specification() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let update = "\"Names it.\" mutation Name(\"Which.\" $id: ID!, $guests: Int) { updateListing(input: {
        listingId: $id, title: \"\\u{1F37A} by \\uD83C\\uDF0A\", maxGuests: $guests, bedrooms: 2.0, pricing: { basePrice: 10000.0 } }) {
        ... on UpdateListingSuccess { listing { title maxGuests bedrooms pricing { basePrice { minorUnits } } } } } }";
    let answer = data(app.run(Some(&host.member), update, json!({ "id": listing, "guests": 3.0 })).await);
    assert_eq!(
        answer["updateListing"]["listing"],
        json!({ "title": "🍺 by 🌊", "maxGuests": 3, "bedrooms": 2, "pricing": { "basePrice": { "minorUnits": 10_000 } } })
    );
}
