//! The operations of a whole journey, in the order they are run: a guest books instantly, and then
//! sends a request to a host.
//!
//! A placeholder `{{name}}` in the variables is replaced by the page: by a value that an earlier
//! operation has returned, `{{checkIn}}` and `{{checkOut}}` by days some weeks from now, and a name
//! that ends with `key` by a new idempotency key.

use serde_json::{Value, json};

use pages::{Example, Role};

/// The journey. With demo data, the request goes to the demo host.
pub(super) fn journey(has_demo: bool) -> Vec<Example> {
    let mut steps = guest();
    steps.extend(request(has_demo));
    steps.extend(host());
    steps
}

/// The path of the first listing in the response to `searchListings`.
const FIRST_LISTING: &str = "/data/searchListings/nodes/0/listing/id";
const QUOTE: &str = "/data/quoteStay/quote/id";

/// A guest books a listing with instant book.
fn guest() -> Vec<Example> {
    let booking = json!({ "bookingId": "{{booking}}", "idempotencyKey": "{{key}}" });
    let pay =
        json!({ "booking": { "id": "{{booking}}" }, "method": { "sandbox": "CARD_OK" }, "idempotencyKey": "{{key}}" });
    let watch = json!({ "bookingId": "{{booking}}", "after": "{{cursor}}" });
    vec![
        step("Search", "Search stays", Role::Anyone, include_str!("search.graphql"), &json!({ "stay": stay() }))
            .with_note("For your dates and guests, lowest price first, with the price of the whole stay.")
            .with_values(&[
                ("listing", FIRST_LISTING),
                ("checkIn", "/variables/stay/checkIn"),
                ("checkOut", "/variables/stay/checkOut"),
            ]),
        step("Quote", "Get a quote", Role::Guest, include_str!("quote.graphql"), &quote("{{listing}}"))
            .with_note("A locked price, line by line, and the refund tiers.")
            .with_values(&[("quote", QUOTE)]),
        step("Book", "Book", Role::Guest, include_str!("book.graphql"), &input(&book("{{quote}}")))
            .with_note("The nights are held until the payment. No one else can book them.")
            .with_values(&[
                ("booking", "/data/createBooking/booking/id"),
                ("cursor", "/data/createBooking/booking/eventCursor"),
            ]),
        step("Pay", "Pay", Role::Guest, include_str!("pay.graphql"), &input(&pay))
            .with_note("With a test card of the sandbox. This confirms the booking."),
        step("Watch", "Watch live", Role::Guest, include_str!("watch.graphql"), &watch)
            .with_note("Events are listed as they arrive, including missed ones."),
        step("Cancel", "Cancel", Role::Guest, include_str!("cancel.graphql"), &input(&booking))
            .with_note("See the refund and the new events."),
    ]
}

/// A guest sends a request to book.
fn request(has_demo: bool) -> Vec<Example> {
    let place = if has_demo {
        // The studio of the demo host, not a listing of a host who cannot sign in.
        json!({ "instantBook": false, "place": "Singapore River", "propertyTypes": ["APARTMENT"] })
    } else {
        json!({ "instantBook": false })
    };
    let pay = json!({
        "booking": { "createdWith": "{{key}}" }, "method": { "sandbox": "CARD_OK" }, "idempotencyKey": "{{paymentkey}}"
    });
    vec![
        step(
            "FindHost",
            "Find a listing without instant book",
            Role::Anyone,
            include_str!("find_host.graphql"),
            &json!({ "where": place, "stay": stay() }),
        )
        .with_note("Some hosts accept or decline each request themselves.")
        .with_values(&[("place", FIRST_LISTING)]),
        step(
            "QuoteRequest",
            "Get a quote for the request",
            Role::Guest,
            include_str!("quote_request.graphql"),
            &quote("{{place}}"),
        )
        .with_note("The price is locked while you decide.")
        .with_values(&[("requestquote", QUOTE)]),
        step(
            "Request",
            "Send the request",
            Role::Guest,
            include_str!("request.graphql"),
            &json!({ "book": book("{{requestquote}}"), "pay": pay }),
        )
        .with_note("Booked and paid in one operation. The money is authorized, not captured."),
    ]
}

/// The host accepts the request.
fn host() -> Vec<Example> {
    let answer = input(&json!({ "bookingId": "{{request}}", "idempotencyKey": "{{key}}" }));
    vec![
        step("Requests", "See the requests", Role::Host, include_str!("requests.graphql"), &json!({}))
            .with_note("The guest, the dates and the host's earnings.")
            .with_values(&[("request", "/data/me/hosting/bookings/nodes/0/id")]),
        step("Accept", "Accept", Role::Host, include_str!("accept.graphql"), &answer)
            .with_note("The booking is confirmed, and the money is captured."),
        step("HostCancel", "Cancel as the host", Role::Host, include_str!("host_cancel.graphql"), &answer)
            .with_note("The guest gets a full refund, and the nights are free again."),
    ]
}

fn input(value: &Value) -> Value {
    json!({ "input": value })
}

fn book(quote: &str) -> Value {
    json!({ "quoteId": quote, "idempotencyKey": "{{key}}" })
}

fn quote(listing: &str) -> Value {
    input(&json!({ "listingId": listing, "stay": stay() }))
}

/// Three nights for two. With all fields, because GraphiQL marks missing ones.
fn stay() -> Value {
    let guests = json!({ "adults": 2, "children": 0, "infants": 0, "pets": 0 });
    json!({ "checkIn": "{{checkIn}}", "checkOut": "{{checkOut}}", "guests": guests })
}

fn step(name: &str, title: &str, role: Role, query: &str, variables: &Value) -> Example {
    let is_empty = variables.as_object().is_some_and(serde_json::Map::is_empty);
    Example {
        name: name.to_owned(),
        title: title.to_owned(),
        note: String::new(),
        role,
        query: query.to_owned(),
        variables: if is_empty { String::new() } else { format!("{variables:#}") },
        finds: Vec::new(),
    }
}
