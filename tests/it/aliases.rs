//! Every field of the contract under many aliases, each with arguments of its own: as few statements as under two.

use std::{collections::BTreeSet, fmt::Write as _};

use async_graphql::parser::types::FieldDefinition;
use serde_json::json;

use crate::{
    costs::price,
    harness::{actors::data, app::TestApp},
    walk::{Contract, Source, Wide, innermost},
};

/// Fields whose calls are read separately, and why. Their weights must reflect it.
const APART: [(&str, &str, &str); 15] = [
    ("Query", "searchListings", "each search is a plan of its own; a hundred fit into one operation at the most"),
    ("Query", "lowestPrices", "as searchListings, in memory alone"),
    ("Desk", "roleGrants", "a list that only admins read"),
    ("Desk", "auditLog", "each filter reads another key; only admins read it"),
    ("Desk", "legalHolds", "as roleGrants"),
    ("Desk", "erasures", "as roleGrants"),
    ("DataExport", "parts", "each kind reads another table"),
    ("Desk", "people", "each search is a plan of its own; only staff search"),
    ("Desk", "listings", "as people"),
    ("Desk", "bookings", "as people"),
    ("Desk", "payments", "as people"),
    ("Desk", "reviews", "as people"),
    ("Desk", "cases", "each filter reads other ranges; only staff read them"),
    ("Desk", "features", "as roleGrants, for all staff"),
    ("Desk", "analytics", "each range is read by itself; only finance reads them"),
];

/// The minimum cost of such a call: an operation has room for a hundred.
const APART_COST: u64 = 100;

const ALIASES: usize = 20;

/// The `n`th of many different values of an argument; None to omit it.
fn value(wide: &Wide, ids: &[String], field: &str, argument: &str, n: usize) -> Option<String> {
    let (day, listings) = (|number| wide.world.day(number), &wide.world.listings);
    Some(match argument {
        "first" | "buckets" => format!("{}", n + 1),
        "from" => format!("\"{}\"", day(25 + 50 * n)),
        "to" => format!("\"{}\"", day(43 + 51 * n)),
        "stay" => format!("{{ checkIn: \"{}\", checkOut: \"{}\" }}", day(70 + n), day(73 + 2 * n)),
        "listingId" => format!("\"{}\"", listings[n % listings.len()]),
        "id" if field == "booking" => format!("\"{}\"", ids[n % ids.len()]),
        "id" => format!("\"{}\"", listings[n % listings.len()]),
        "ids" => format!("[\"{}\", \"{}\"]", listings[n % listings.len()], ids[n % ids.len()]),
        "status" if field == "listings" => ["[PUBLISHED]", "[DRAFT, PUBLISHED]", "null", "[]"][n % 4].to_owned(),
        "status" => ["[CONFIRMED]", "[CANCELLED, CONFIRMED, CONFIRMED]", "null", "[]"][n % 4].to_owned(),
        "confirmationCode" => format!("\"{}\"", &ids[n % ids.len()][ids[0].len() - 10..]),
        "kind" => ["TRIPS", "QUOTES"][n % 2].to_owned(),
        "search" => format!("\"{}\"", listings[n % listings.len()]),
        "text" => format!("\"{}\"", ["s", "si", "sin", "x"][n % 4]),
        "matching" => format!("\"{}\"", ["w", "wi", "wif", "x"][n % 4]),
        "at" => format!("\"{}T0{}:00:00Z\"", day(1 + n), n % 10),
        "by" => ["DAY", "CITY", "HOST"][n % 3].to_owned(),
        "currency" => "\"SGD\"".to_owned(),
        "nights" | "zoom" => format!("{}", 1 + n),
        "after" | "where" | "orderBy" | "flexible" | "guests" => return None,
        other => panic!("{field}: no values for {other}"),
    })
}

/// `count` aliases of a field.
fn aliases(wide: &Wide, ids: &[String], contract: &Contract, field: &FieldDefinition, count: usize) -> String {
    let name = field.name.node.as_str();
    let below = if contract.composites.contains(innermost(&field.ty.node)) { "{ __typename }" } else { "" };
    let mut text = String::new();
    for n in 0..count {
        let given = field.arguments.iter().filter_map(|argument| {
            let argument = argument.node.name.node.as_str();
            Some(format!("{argument}: {}", value(wide, ids, name, argument, n)?))
        });
        let given = given.collect::<Vec<_>>().join(", ");
        let given = if given.is_empty() { given } else { format!("({given})") };
        write!(text, "a{n}: {name}{given} {below} ").unwrap();
    }
    text
}

fn is_apart(source: &Source, field: &FieldDefinition) -> bool {
    APART.iter().any(|(ty, name, _)| *ty == source.ty && *name == field.name.node.as_str())
}

/// S11: fifty ranges of one calendar were a hundred statements.
#[tokio::test]
async fn aliases_with_different_arguments_cost_as_few_statements_as_two() {
    let mut wide = Wide::new().await;
    wide.grow(3).await;
    let (ids, contract, mut faults) = (wide.ids("Booking"), &wide.contract, Vec::new());
    let (mut fields, mut asked, mut too_expensive) = (0, BTreeSet::new(), BTreeSet::new());
    for source in &wide.sources {
        let operation = wide.filled(&source.operation, &source.ty).unwrap();
        let Some(viewer) = wide.who_finds(source, &operation).await else { continue };
        for field in contract.objects.get(&source.ty).unwrap_or(&contract.queries) {
            let text = |count| aliases(&wide, ids, contract, field, count);
            let sent =
                async |count: usize| wide.run_query(viewer, &operation.replace("HOLE", &text(count))).await.0.len();
            let place = (source.ty.clone(), field.name.node.to_string());
            // Too expensive operations are refused; the field is then covered from another source.
            if !is_apart(source, field) && !wide.world.app.fits(&operation.replace("HOLE", &text(ALIASES))) {
                too_expensive.insert(place);
                continue;
            }
            asked.insert(place);
            fields += 1;
            if is_apart(source, field) {
                let (_, cost) = price(&operation.replace("HOLE", &text(10)), &json!({}));
                assert!(cost.requested >= 10 * APART_COST, "{}: {cost:?}", field.name.node);
                continue;
            }
            let (two, many) = (sent(2).await, sent(ALIASES).await);
            if many > two {
                faults.push(format!("{many} of {ALIASES}, {two} of 2: {} in {}", field.name.node, source.operation));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(fields > 200, "{fields}");
    let missed: Vec<_> = too_expensive.difference(&asked).collect();
    assert!(missed.is_empty(), "no cheap way leads to {missed:?}");
}

/// Rows that are read together equal those that are read alone.
#[tokio::test]
async fn aliases_have_the_answers_of_their_own_arguments() {
    let contract = Contract::read();
    let mut wide = Wide::new().await;
    wide.grow(4).await;
    let ids = wide.ids("Booking");
    let (guest, host) = (&wide.world.guest, &wide.world.hosts[0]);
    let nights = "night bookable reasons";
    for (viewer, outer, ty, name, below) in [
        (guest, "{ listing(id: \"LISTING\") { HOLE } }", "Listing", "availability", nights),
        (guest, "{ listing(id: \"LISTING\") { HOLE } }", "Listing", "price", "bookable violations { reason night }"),
        (guest, "{ me { HOLE } }", "Me", "trips", "nodes { id status } pageInfo { hasNextPage endCursor }"),
        (host, "{ me { hosting { HOLE } } }", "Hosting", "bookings", "nodes { id } pageInfo { hasNextPage }"),
        (host, "{ me { hosting { HOLE } } }", "Hosting", "listings", "nodes { id status } pageInfo { hasNextPage }"),
        (host, "{ me { hosting { HOLE } } }", "Hosting", "calendar", "night hold booking { id }"),
    ] {
        let field = contract.objects[ty].iter().find(|field| field.name.node == name).unwrap();
        let all = aliases(&wide, ids, &contract, field, ALIASES).replace("__typename", below);
        let run = async |hole: &str| {
            let text = outer.replace("HOLE", hole).replace("LISTING", &wide.world.listings[0]);
            let answer = viewer.run(&text, json!({})).await;
            let path: Vec<&str> = outer.split(['{', '(', '}']).map(str::trim).collect();
            path.iter()
                .filter(|part| ["listing", "me", "hosting"].contains(part))
                .fold(answer, |at, part| at[part].clone())
        };
        let together = run(&all).await;
        assert!(!together["a0"].is_null(), "{name}: {together}");
        for n in 0..ALIASES {
            let alone = aliases(&wide, ids, &contract, field, n + 1).replace("__typename", below);
            let alone = &alone[alone.rfind(&format!("a{n}: ")).unwrap()..];
            assert_eq!(run(alone).await[format!("a{n}")], together[format!("a{n}")], "{name} {n}");
        }
    }
}

/// Repeated ids were resolved once each; `me` a hundred times was a hundred pages of trips.
#[tokio::test]
async fn an_id_that_is_repeated_is_resolved_once_and_answered_at_every_place() {
    let mut wide = Wide::new().await;
    wide.grow(3).await;
    let guest = &wide.world.guest;
    let me = guest.run("{ me { id } }", json!({})).await["me"]["id"].as_str().unwrap().to_owned();
    let (listing, other) = (wide.world.listings[0].clone(), wide.world.listings[1].clone());
    let ids: Vec<_> = [&me, &listing, "nonsense", &other, &listing].into_iter().cycle().take(100).collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id
        ... on Me { email trips(first: 1) { nodes { id } } } ... on Listing { reviews(first: 1) { nodes { text } } } } }";
    let (sent, found) = wide.world.cost(Some(guest), query, json!({ "ids": ids })).await;
    assert!(sent.len() <= 4, "{}", sent.join("\n"));
    let nodes = found["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 100);
    for (id, node) in ids.iter().zip(nodes) {
        assert_eq!(node["id"].as_str().unwrap_or("nonsense"), *id);
    }
    assert_eq!(nodes[0]["trips"]["nodes"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(nodes[1], nodes[99]);
}

/// A mutation that signs in returns the new viewer's account, whoever sent it.
#[tokio::test]
async fn an_account_that_signs_in_is_shown_as_its_own() {
    let app = TestApp::new().await;
    let (ann, host) = (app.guest().await, app.host().await);
    let listing = host.listing(|_| {}).await;
    let trip = ann.book_and_pay(&listing, "2026-04-01", "2026-04-03").await;
    let email = ann.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { me {
        email trips { nodes { id } } tripEventCursor hosting { eventCursor listings { nodes { id } } } } } } }";
    let input = json!({ "input": { "email": email, "password": "correct horse" } });
    for viewer in [None, Some(&host.member)] {
        let answer = data(app.run(viewer, sign_in, input.clone()).await);
        let me = &answer["signIn"]["me"];
        assert_eq!((&me["email"], &me["trips"]["nodes"][0]["id"]), (&email, &json!(trip)), "{answer}");
        assert_eq!(me["hosting"]["listings"]["nodes"], json!([]), "{answer}");
        assert!(me["tripEventCursor"].as_str().is_some_and(|cursor| !cursor.ends_with(".0")));
    }
}
