//! Search as clients see it.

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Schema, Value};
use auth::Viewer;
use graphql::{context::Scope, loaders::PublicLoaders, search::SearchQuery};

use super::world::{World, day};

pub async fn execute(world: &World, query: &str) -> async_graphql::Response {
    let schema = Schema::build(SearchQuery, EmptyMutation, EmptySubscription).finish();
    let scope = Scope::new(world.app.clone(), Arc::new(PublicLoaders::default()), Viewer::Anonymous, None);
    schema.execute(Request::new(query).data(scope)).await
}

fn stay() -> String {
    format!(r#"stay: {{ checkIn: "{}", checkOut: "{}", guests: {{ adults: 1 }} }}"#, day(9), day(11))
}

#[tokio::test]
async fn a_page_costs_the_same_few_statements_at_any_size() {
    let world = World::new(5, 60).await;
    let node = "listing { id host { displayName } coverPhoto { url } } nightlyPrice { decimal }";
    // The time zones of listings are read occasionally.
    execute(&world, &format!("{{ searchListings({}) {{ totalCount }} }}", stay())).await;
    for (arguments, fields, statements) in [
        // Hits, their listings with covers, and hosts.
        (String::new(), "", 3),
        (String::new(), "totalCount", 4),
        (format!(", {}", stay()), "", 3),
        (format!(", {}", stay()), "totalCount", 4),
    ] {
        for first in [2, 20, 50] {
            let recording = world.database.database.statements().record();
            let query = format!("{{ searchListings(first: {first}{arguments}) {{ nodes {{ {node} }} {fields} }} }}");
            let answer = execute(&world, &query).await;
            assert!(answer.errors.is_empty(), "{:?}", answer.errors);
            assert_eq!(recording.texts().len(), statements, "{query}: {:#?}", recording.texts());
        }
    }
}

#[tokio::test]
async fn a_hit_for_a_stay_has_lines_that_sum_to_the_total() {
    let world = World::new(6, 60).await;
    let query = format!(
        "{{ searchListings({}, orderBy: DISTANCE, where: {{ box: {{ south: -90, west: -180, north: 90, east: 180 }} }}) \
         {{ totalCount edges {{ cursor node {{ distanceMeters price {{ total {{ minorUnits }} lines {{ kind title basis \
         amount {{ minorUnits }} }} }} }} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        stay()
    );
    let answer = execute(&world, &query).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let data = answer.data.into_json().unwrap();
    let edges = data["searchListings"]["edges"].as_array().unwrap();
    assert!(!edges.is_empty());
    for edge in edges {
        let price = &edge["node"]["price"];
        let amount = |line: &serde_json::Value| line["amount"]["minorUnits"].as_i64().unwrap();
        let sum: i64 = price["lines"].as_array().unwrap().iter().map(amount).sum();
        assert_eq!(Some(sum), price["total"]["minorUnits"].as_i64());
        assert!(edge["node"]["distanceMeters"].as_i64().is_some());
    }
    assert_eq!(data["searchListings"]["pageInfo"]["endCursor"], edges.last().unwrap()["cursor"]);
}

#[tokio::test]
async fn a_wrong_argument_is_named_and_the_field_is_null() {
    let world = World::new(7, 1).await;
    for (arguments, code, part) in [
        ("first: 0", "BAD_USER_INPUT", "`first` must be from 1 to 100"),
        ("first: 101", "BAD_USER_INPUT", "`first` must be from 1 to 100"),
        (r#"after: "abc""#, "BAD_CURSOR", "cursor"),
        ("orderBy: DISTANCE", "BAD_USER_INPUT", "`where.box`"),
        ("where: { box: { south: 2, west: 0, north: 1, east: 1 } }", "BAD_USER_INPUT", "`where.box`"),
        ("where: { box: { south: -91, west: 0, north: 1, east: 1 } }", "BAD_USER_INPUT", "`where.box`"),
        ("where: { box: { south: 0, west: -1e9, north: 1, east: 1 } }", "BAD_USER_INPUT", "`where.box`"),
        ("where: { roomTypes: [] }", "BAD_USER_INPUT", "`where.roomTypes`"),
        ("where: { propertyTypes: [] }", "BAD_USER_INPUT", "`where.propertyTypes`"),
        ("where: { cancellationPolicies: [] }", "BAD_USER_INPUT", "`where.cancellationPolicies`"),
        ("where: { minRating: 5.01 }", "BAD_USER_INPUT", "from 1 to 5"),
        ("where: { minBedrooms: -1 }", "BAD_USER_INPUT", "`where.minBedrooms`: must be from 0 to 100"),
        ("where: { minBeds: 101 }", "BAD_USER_INPUT", "`where.minBeds`: must be from 0 to 100"),
        ("where: { minBathrooms: -0.5 }", "BAD_USER_INPUT", "`where.minBathrooms`"),
        ("where: { minBathrooms: 1e300 }", "BAD_USER_INPUT", "`where.minBathrooms`"),
        ("where: { guests: 0 }", "BAD_USER_INPUT", "`where.guests`: must be from 1 to 100"),
        (r#"where: { text: " ! " }"#, "BAD_USER_INPUT", "`where.text`"),
        (r#"where: { text: "a b c d e f g h i j k" }"#, "BAD_USER_INPUT", "`where.text`: must have 1 to 10 words"),
        (r#"where: { price: { currency: "SGD", min: 2, max: 1 } }"#, "BAD_USER_INPUT", "`where.price`"),
        (r#"stay: { checkIn: "2027-05-02", checkOut: "2027-05-02" }"#, "BAD_USER_INPUT", "`stay.checkOut`"),
        (r#"stay: { checkIn: "2027-05-02", checkOut: "2028-05-02" }"#, "BAD_USER_INPUT", "365 nights"),
        (
            r#"stay: { checkIn: "2027-05-02", checkOut: "2027-05-03", guests: { adults: 51 } }"#,
            "BAD_USER_INPUT",
            "`stay.guests.adults`",
        ),
    ] {
        let answer =
            execute(&world, &format!("{{ searchListings({arguments}) {{ nodes {{ distanceMeters }} }} }}")).await;
        let error = answer.errors.first().unwrap_or_else(|| panic!("{arguments} was accepted"));
        let given = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        assert_eq!(given, Some(&Value::from(code)), "{arguments}: {error:?}");
        assert!(error.message.contains(part), "{arguments}: {}", error.message);
        assert_eq!(answer.data.into_json().unwrap(), serde_json::json!({ "searchListings": null }), "{arguments}");
    }
}

/// C31: a box that a map sends after it was turned around the earth.
#[tokio::test]
async fn a_box_beyond_the_meridian_finds_what_is_there() {
    let world = World::new(9, 60).await;
    let mut found = Vec::new();
    for (west, east) in [(179.8, -179.9), (179.8, 180.1), (539.8, 540.1), (-180.2, -179.9)] {
        let area = format!("{{ south: -18, west: {west}, north: -16, east: {east} }}");
        let answer = execute(
            &world,
            &format!("{{ searchListings(where: {{ box: {area} }}) {{ nodes {{ listing {{ id }} }} }} }}"),
        )
        .await;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        found.push(answer.data.into_json().unwrap());
    }
    assert!(!found[0]["searchListings"]["nodes"].as_array().unwrap().is_empty());
    assert!(found.iter().all(|hits| *hits == found[0]));
}

/// C33: a stay in the past found nothing without an error. It is refused once its day has passed everywhere on earth.
#[tokio::test]
async fn a_stay_that_begins_in_the_past_is_refused_with_its_argument() {
    let world = World::new(8, 10).await;
    // Half past two in the afternoon: the previous day has passed everywhere.
    for (check_in, check_out) in
        [("0001-01-01", "0001-01-05"), ("2027-01-01", "2027-01-02"), ("2027-03-09", "2027-03-20")]
    {
        let stay = format!(r#"stay: {{ checkIn: "{check_in}", checkOut: "{check_out}" }}"#);
        let answer =
            execute(&world, &format!("{{ searchListings({stay}) {{ totalCount nodes {{ distanceMeters }} }} }}")).await;
        let error = answer.errors.first().unwrap_or_else(|| panic!("{check_in} was accepted"));
        assert!(error.message.starts_with("`stay.checkIn`"), "{}", error.message);
        assert_eq!(answer.data.into_json().unwrap(), serde_json::json!({ "searchListings": null }), "{check_in}");
    }
}

#[tokio::test]
async fn days_that_no_calendar_reaches_find_nothing() {
    let world = World::new(8, 10).await;
    for (check_in, check_out) in [("2042-01-01", "2042-01-02"), ("9999-12-30", "9999-12-31")] {
        let stay = format!(r#"stay: {{ checkIn: "{check_in}", checkOut: "{check_out}" }}"#);
        let answer =
            execute(&world, &format!("{{ searchListings({stay}) {{ totalCount nodes {{ distanceMeters }} }} }}")).await;
        let expected = serde_json::json!({ "searchListings": { "totalCount": 0, "nodes": [] } });
        assert_eq!((answer.errors.len(), answer.data.into_json().unwrap()), (0, expected), "{check_in}");
    }
}
