//! Regression tests of inputs: complete requests to a complete server.

use chrono::Duration;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::harness::{
    actors::{Actor, CREATE_LISTING, QUOTE},
    app::{TestApp, instant},
    wire,
};

const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename
    ... on UpdateListingSuccess { listing { checkInFrom checkOutBy pricing { currency } photos { url } } }
    ... on UserError { code message path } } }";
const TIMELINE: &str = "mutation ($input: QuoteStayInput!) { quoteStay(input: $input) { __typename
    ... on QuoteStaySuccess { quote { id cancellationTimeline { from until refund { minorUnits } } price { total { minorUnits } } } }
    ... on UserError { code message } } }";
const NIGHTS: &str = "query ($id: ID!, $from: Date!, $to: Date!) { listing(id: $id) {
    availability(from: $from, to: $to) { night bookable reasons } } }";
const SET_NIGHTS: &str = "mutation ($input: SetNightPricesInput!) { setNightPrices(input: $input) { __typename
    ... on UserError { code message path } } }";

/// C27: `15:00:00` was refused, and the scalars cited specifications that they did not keep.
#[tokio::test]
async fn times_are_read_as_the_specifications_that_they_cite_write_them() {
    let app = TestApp::new().await;
    let host = app.host().await;
    for (scalar, cited) in [
        ("DateTime", "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"),
        ("LocalTime", "https://html.spec.whatwg.org/multipage/common-microsyntaxes.html#valid-time-string"),
    ] {
        let found =
            host.run("query ($name: String!) { __type(name: $name) { specifiedByURL } }", json!({ "name": scalar }));
        assert_eq!(found.await["__type"]["specifiedByURL"], cited);
    }
    let listing = host.listing(|_| {}).await;
    for (sent, kept) in [("15:00:00", "15:00"), ("16:30:00.000", "16:30"), ("17:00", "17:00")] {
        let input = json!({ "listingId": listing, "checkInFrom": sent });
        let answer = host.mutate(UPDATE, input).await;
        assert_eq!(answer["listing"]["checkInFrom"], kept, "{sent}: {answer}");
    }
    for wrong in ["15:00:01", "15", "15:00Z", "24:00", "3:00 PM"] {
        let answer = host.mutate(UPDATE, json!({ "listingId": listing, "checkInFrom": wrong })).await;
        assert_eq!((&answer["code"], &answer["path"]), (&json!("INVALID_INPUT"), &json!(["input", "checkInFrom"])));
    }
    // An instant with any offset, and with more or fewer digits than three.
    let guest = app.guest().await;
    let booking = guest.book(&listing, "2026-04-10", "2026-04-12").await;
    let preview =
        "query ($id: ID!, $at: DateTime!) { booking(id: $id) { cancellationPreview(at: $at) { __typename } } }";
    for at in [
        "2026-04-01T00:00:00Z",
        "2026-04-01T08:00:00.123456+08:00",
        "2026-04-01T00:00:00.1z",
        "2026-04-01t00:00:00-00:00",
    ] {
        assert!(guest.run(preview, json!({ "id": booking, "at": at })).await["booking"].is_object(), "{at}");
    }
}

/// The tiers of a quote: until when, and how much.
async fn tiers(guest: &Actor, listing: &str, check_in: &str, check_out: &str) -> Vec<(Value, Value)> {
    let stay = json!({ "checkIn": check_in, "checkOut": check_out });
    let answer = guest.mutate(TIMELINE, json!({ "listingId": listing, "stay": stay })).await;
    let tiers = answer["quote"]["cancellationTimeline"].as_array().unwrap_or_else(|| panic!("{answer}"));
    tiers.iter().map(|tier| (tier["until"].clone(), tier["refund"]["minorUnits"].clone())).collect()
}

/// M10: "24 hours" over the change of the clocks in March were 23.
#[tokio::test]
async fn twenty_four_hours_are_elapsed_hours_when_the_clocks_change() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let at = |city: &'static str, country: &'static str, latitude: f64, longitude: f64| {
        move |input: &mut Value| {
            input["place"] =
                json!({ "city": city, "countryCode": country, "latitude": latitude, "longitude": longitude });
        }
    };
    let new_york = host.listing(at("New York", "US", 40.713, -74.006)).await;
    // Clocks go forward on the night before: check-in is at 15:00 -04:00, and a day before was 14:00 -05:00.
    let march = tiers(&guest, &new_york, "2026-03-08", "2026-03-10").await;
    assert_eq!(march[0], (json!("2026-03-07T19:00:00Z"), json!(22_840)), "{march:?}");
    let quote = guest.quote(&new_york, "2026-03-08", "2026-03-10").await;
    let booking = guest.try_book(&quote, &app.key()).await["booking"]["id"].as_str().unwrap().to_owned();
    guest.pay(&booking).await;
    let preview = "query ($id: ID!, $at: DateTime!) { booking(id: $id) { cancellationPreview(at: $at) { refund { total { minorUnits } } } } }";
    for (at, refund) in [("2026-03-07T19:00:00Z", 22_840), ("2026-03-07T19:00:01Z", 10_000)] {
        let seen = guest.run(preview, json!({ "id": booking, "at": at })).await;
        assert_eq!(seen["booking"]["cancellationPreview"]["refund"]["total"]["minorUnits"], refund, "{at}");
    }
    app.clock.set(instant("2026-03-07T19:00:00Z"));
    assert_eq!(guest.cancel(&booking).await["refund"]["total"]["minorUnits"], 22_840, "in the last instant");
    // The other way: the day before has 25 hours.
    let berlin = host.listing(at("Berlin", "DE", 52.52, 13.405)).await;
    let october = tiers(&guest, &berlin, "2026-10-25", "2026-10-27").await;
    assert_eq!(october[0].0, json!("2026-10-24T14:00:00Z"), "{october:?}");
}

/// C7: a field that an input object has twice was accepted.
#[tokio::test]
async fn an_input_object_with_a_field_twice_is_refused_and_nothing_runs() {
    let app = TestApp::new().await;
    let served = app.serve().await;
    let to = served.address.to_string();
    let user = |name: &str| format!("email: \"ada@example.org\", password: \"correct horse\", {name}");
    for input in [
        user("displayName: \"Ada\", displayName: \"Eve\""),
        user("displayName: \"Ada\", displayName: \"Ada\""),
        user("displayName: \"Ada\", displayName: $name"),
    ] {
        let variable = if input.contains('$') { "($name: String = \"Ada\") " } else { "" };
        let document = format!("mutation {variable}{{ registerUser(input: {{ {input} }}) {{ __typename }} }}");
        let reply = wire::post(&to, "", &document, &json!({})).await.unwrap();
        assert_eq!(reply.code(), Some("GRAPHQL_VALIDATION_FAILED"), "{document}: {reply:?}");
    }
    let nested = "{ searchListings(filter: { price: { min: 1, min: 2 } }) { nodes { listing { id } } } }";
    assert!(wire::post(&to, "", nested, &json!({})).await.unwrap().code().is_some());
    let document =
        format!("mutation {{ registerUser(input: {{ {} }}) {{ __typename }} }}", user("displayName: \"Ada\""));
    let reply = wire::post(&to, "", &document, &json!({})).await.unwrap();
    assert_eq!(reply.field()["__typename"], "RegisterUserSuccess", "the address is still free");
}

/// C8: `... on Listing {a} id ... on Listing {b}` gave a, b, id.
#[tokio::test]
async fn the_keys_of_a_response_have_the_order_of_the_document() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let served = app.serve().await;
    let to = served.address.to_string();
    for (selection, keys) in [
        ("... on Listing { title } id ... on Listing { maxGuests }", ["title", "id", "maxGuests"]),
        ("...A id ...B", ["title", "id", "maxGuests"]),
        ("id ... on Node { ... on Listing { maxGuests title id } }", ["id", "maxGuests", "title"]),
        (
            "... on Listing { title @skip(if: true) maxGuests } id ... on Listing { title }",
            ["maxGuests", "id", "title"],
        ),
    ] {
        let fragments = "fragment A on Listing { title } fragment B on Listing { maxGuests }";
        let fragments = if selection.contains("...A") { fragments } else { "" };
        let query = format!("query ($id: ID!) {{ node(id: $id) {{ {selection} }} }} {fragments}");
        let sent = wire::send(&to, &host.access, &query, &json!({ "id": listing })).await.unwrap();
        let body = wire::letters(sent).await.unwrap();
        let places = keys.map(|key| body.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key}: {body}")));
        assert!(places.is_sorted(), "{selection}: {body}");
    }
}

/// Each night from the first to the last: whether it can be booked, and why not.
async fn nights(guest: &Actor, listing: &str, from: &str, to: &str) -> Vec<(bool, Value)> {
    let seen = guest.run(NIGHTS, json!({ "id": listing, "from": from, "to": to })).await;
    let nights = seen["listing"]["availability"].as_array().unwrap().clone();
    nights.iter().map(|night| (night["bookable"] == true, night["reasons"].clone())).collect()
}

/// C16: nights that no stay can have were called bookable: a hole of 2 where 3 is the minimum, one closed to arrival, one closed to
/// departure.
#[tokio::test]
async fn a_night_is_bookable_only_if_some_stay_with_it_is() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    for (rules, set, reason) in [
        (json!({ "minNights": 3 }), None, "MIN_NIGHTS"),
        (json!({}), Some(("2026-04-05", "2026-04-07", "checkInAllowed")), "CLOSED_TO_ARRIVAL"),
        (json!({}), Some(("2026-04-06", "2026-04-08", "checkOutAllowed")), "CLOSED_TO_DEPARTURE"),
        (json!({}), Some(("2026-04-05", "2026-04-07", "minNights")), "MIN_NIGHTS"),
    ] {
        let listing = host.listing(|input| input["rules"] = rules.clone()).await;
        // A gap of two nights, the fifth and the sixth of April.
        for (check_in, check_out) in [("2026-04-01", "2026-04-05"), ("2026-04-07", "2026-04-11")] {
            let booking = guest.book_and_pay(&listing, check_in, check_out).await;
            assert_eq!(guest.status(&booking).await, "CONFIRMED");
        }
        if let Some((from, to, field)) = set {
            let mut input = json!({ "listingId": listing, "from": from, "to": to });
            input[field] = if field == "minNights" { json!(3) } else { json!(false) };
            assert_eq!(host.mutate(SET_NIGHTS, input).await["__typename"], "SetNightPricesSuccess");
        }
        for (bookable, reasons) in nights(&guest, &listing, "2026-04-05", "2026-04-07").await {
            assert!(!bookable && reasons.as_array().unwrap().contains(&json!(reason)), "{reason}: {reasons}");
        }
        for (check_in, check_out) in
            [("2026-04-05", "2026-04-06"), ("2026-04-05", "2026-04-07"), ("2026-04-06", "2026-04-07")]
        {
            let answer = guest.try_quote(&listing, check_in, check_out).await;
            assert_eq!(answer["code"], "STAY_NOT_ALLOWED", "{reason}, {check_in} to {check_out}: {answer}");
        }
        assert!(nights(&guest, &listing, "2026-04-12", "2026-04-16").await.iter().all(|(bookable, _)| *bookable));
    }
}

/// C29: XCG, a currency of 2025, was refused.
#[tokio::test]
async fn every_active_currency_is_accepted_and_no_other() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    for currency in ["XCG", "VED", "SLE", "JPY", "KWD"] {
        let listing = host.listing(|input| input["pricing"]["currency"] = json!(currency)).await;
        let stay = json!({ "checkIn": "2026-04-01", "checkOut": "2026-04-03" });
        let quote = "mutation ($input: QuoteStayInput!) { quoteStay(input: $input) { ... on QuoteStaySuccess { quote {
            price { total { currency minorUnits } } } } } }";
        let answer = guest.mutate(quote, json!({ "listingId": listing, "stay": stay })).await;
        assert_eq!(answer["quote"]["price"]["total"], json!({ "currency": currency, "minorUnits": 22_840 }));
    }
    for wrong in ["HRK", "xcg", "XXX", "XTS", "XAU", "ABC", ""] {
        let mut input = crate::harness::actors::home();
        input["pricing"]["currency"] = json!(wrong);
        let answer = host.mutate(CREATE_LISTING, input).await;
        assert_eq!(
            (&answer["code"], &answer["path"]),
            (&json!("INVALID_INPUT"), &json!(["input", "pricing", "currency"])),
            "{wrong}"
        );
    }
}

/// C30: URLs with international letters, and with a scheme in capitals, were refused.
#[tokio::test]
async fn addresses_of_pictures_are_read_by_the_url_standard() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let photos = async |urls: &[&str]| {
        let photos: Vec<Value> = urls.iter().map(|url| json!({ "url": url })).collect();
        host.mutate(UPDATE, json!({ "listingId": listing, "photos": photos })).await
    };
    let answer =
        photos(&["https://österreich.example/a.jpg", "HTTPS://Example.org/a.jpg", "https://例え.テスト/写真.jpg"])
            .await;
    let kept: Vec<_> = answer["listing"]["photos"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    assert_eq!(
        kept.iter().map(|photo| photo["url"].as_str().unwrap()).collect::<Vec<_>>(),
        [
            "https://xn--sterreich-z7a.example/a.jpg",
            "https://example.org/a.jpg",
            "https://xn--r8jz45g.xn--zckzah/%E5%86%99%E7%9C%9F.jpg"
        ]
    );
    // They are public: no credentials, and no hosts in the reader's own network.
    for wrong in [
        "https://user:pass@example.org/a.jpg",
        "https://user@example.org/a.jpg",
        "http://localhost:8080/a.jpg",
        "http://127.0.0.1/a.jpg",
        "http://2130706433/a.jpg",
        "http://192.168.1.1/a.jpg",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/a.jpg",
        "http://[::ffff:10.0.0.1]/a.jpg",
        "http://intranet/a.jpg",
        "http://printer.local/a.jpg",
    ] {
        let answer = photos(&["https://example.org/a.jpg", wrong]).await;
        assert_eq!(
            (&answer["code"], &answer["path"]),
            (&json!("INVALID_INPUT"), &json!(["input", "photos", "1", "url"])),
            "{wrong}: {answer}"
        );
    }
    let both = photos(&["http://localhost/a.jpg", "https://example.org/a.jpg", "ftp://example.org/a.jpg"]).await;
    assert_eq!(both["code"], "INVALID_INPUT");
}

/// O1: a mutation got UNAVAILABLE because the machine was busy: the health probe ran late, and the database was believed unresponsive.
#[tokio::test]
async fn a_busy_machine_does_not_make_mutations_unavailable() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let stay = json!({ "checkIn": "2026-04-01", "checkOut": "2026-04-03" });
    let input = json!({ "input": { "listingId": listing, "stay": stay } });
    let quoting = guest.app.run(Some(&guest.member), QUOTE, input);
    // Blocks the only thread repeatedly, for longer than the probe's former timeout.
    let busy = async {
        for _ in 0..4 {
            std::thread::sleep(std::time::Duration::from_millis(700));
            tokio::task::yield_now().await;
        }
    };
    let (answer, ()) = join(quoting, busy).await;
    let answer = crate::harness::actors::data(answer);
    assert_eq!(answer["quoteStay"]["__typename"], "QuoteStaySuccess", "{answer}");
    app.pass(Duration::minutes(1));
    guest.book(&listing, "2026-04-05", "2026-04-07").await;
}
