//! The operations of a whole journey, in the order in which they are run: a guest books, and a host is asked.
//!
//! A text `{{name}}` in the variables stands for a value that the page fills in: one that an earlier operation has found,
//! `{{checkIn}}` and `{{checkOut}}` for days some weeks from now, and a name that ends with `key` for a new idempotency key.

use serde_json::{Value, json};

use pages::{Example, Role};

/// The journey. With demo data the demo host is the one who is asked.
pub(super) fn journey(has_demo: bool) -> Vec<Example> {
    let mut steps = guest();
    steps.extend(request(has_demo));
    steps.extend(host());
    steps
}

/// Where the answer to `searchListings` has the first listing.
const FIRST_LISTING: &str = "/data/searchListings/nodes/0/listing/id";
const QUOTE: &str = "/data/quoteStay/quote/id";

/// What a guest does with a listing that can be booked at once.
fn guest() -> Vec<Example> {
    let booking = json!({ "bookingId": "{{booking}}", "idempotencyKey": "{{key}}" });
    let pay =
        json!({ "booking": { "id": "{{booking}}" }, "method": { "sandbox": "CARD_OK" }, "idempotencyKey": "{{key}}" });
    let watch = json!({ "bookingId": "{{booking}}", "after": "{{cursor}}" });
    vec![
        step("Search", "Search stays", Role::Anyone, include_str!("search.graphql"), &json!({ "stay": stay() }))
            .noted("For your dates and guests, lowest price first, with the price of the whole stay.")
            .finding(&[
                ("listing", FIRST_LISTING),
                ("checkIn", "/variables/stay/checkIn"),
                ("checkOut", "/variables/stay/checkOut"),
            ]),
        step("Quote", "Get a quote", Role::Guest, include_str!("quote.graphql"), &quote("{{listing}}"))
            .noted("A locked price, line by line, and the refund tiers.")
            .finding(&[("quote", QUOTE)]),
        step("Book", "Book", Role::Guest, include_str!("book.graphql"), &input(&book("{{quote}}")))
            .noted("The nights are held until the payment. No one else can book them.")
            .finding(&[
                ("booking", "/data/createBooking/booking/id"),
                ("cursor", "/data/createBooking/booking/eventCursor"),
            ]),
        step("Pay", "Pay", Role::Guest, include_str!("pay.graphql"), &input(&pay))
            .noted("With a test card of the sandbox. This confirms the booking."),
        step("Watch", "Watch live", Role::Guest, include_str!("watch.graphql"), &watch)
            .noted("Events are listed as they arrive, including missed ones."),
        step("Cancel", "Cancel", Role::Guest, include_str!("cancel.graphql"), &input(&booking))
            .noted("See the refund and the new events."),
    ]
}

/// How a guest asks a host.
fn request(has_demo: bool) -> Vec<Example> {
    let place = if has_demo {
        // The demo host's studio, and no listing of a host who cannot sign in.
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
        .noted("Some hosts accept or decline each request themselves.")
        .finding(&[("place", FIRST_LISTING)]),
        step(
            "QuoteRequest",
            "Get a quote for the request",
            Role::Guest,
            include_str!("quote_request.graphql"),
            &quote("{{place}}"),
        )
        .noted("The price is locked while you decide.")
        .finding(&[("requestquote", QUOTE)]),
        step(
            "Request",
            "Send the request",
            Role::Guest,
            include_str!("request.graphql"),
            &json!({ "book": book("{{requestquote}}"), "pay": pay }),
        )
        .noted("Booked and paid in one operation. The money is authorized, not captured."),
    ]
}

/// What the host does.
fn host() -> Vec<Example> {
    let answer = input(&json!({ "bookingId": "{{request}}", "idempotencyKey": "{{key}}" }));
    vec![
        step("Requests", "See the requests", Role::Host, include_str!("requests.graphql"), &json!({}))
            .noted("The guest, the dates and the host's earnings.")
            .finding(&[("request", "/data/me/hosting/bookings/nodes/0/id")]),
        step("Accept", "Accept", Role::Host, include_str!("accept.graphql"), &answer)
            .noted("The booking is confirmed, and the money is captured."),
        step("HostCancel", "Cancel as the host", Role::Host, include_str!("host_cancel.graphql"), &answer)
            .noted("The guest gets a full refund, and the nights are free again."),
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

/// Three nights for two. With all fields: GraphiQL marks those that are left to their defaults.
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
