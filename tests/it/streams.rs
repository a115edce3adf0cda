//! The cost and limits of live streams.

use std::time::Duration;

use futures_util::{FutureExt as _, Stream, StreamExt, future::join_all};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::harness::{actors::Actor, app::TestApp, wire};

const DETAILED: &str = "subscription ($id: ID!, $after: Cursor) { event: bookingEvents(bookingId: $id, after: $after) {
    id kind booking { status payments { status } host { displayName } listing { title } } } }";

type Live = std::pin::Pin<Box<dyn Stream<Item = Value> + Send>>;

async fn next(stream: &mut Live) -> Value {
    let event = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("an event arrives");
    event.expect("the stream continues")
}

/// A stream of a booking's events that has delivered the first one.
async fn watching(actor: &Actor, booking: &str) -> Live {
    let variables = json!({ "id": booking, "after": format!("{booking}.0") });
    let mut stream: Live = Box::pin(actor.app.stream(Some(&actor.member), DETAILED, variables));
    let event = next(&mut stream).await;
    assert_eq!(event["data"]["event"]["kind"], "CREATED", "{event}");
    stream
}

/// The cost of an event for this server when `each` streams of either side follow; the event is of another server, or of its own.
async fn cost(each: usize, elsewhere: bool) -> Vec<String> {
    let app = TestApp::new().await;
    let writer = if elsewhere { app.second_instance().await } else { app.clone() };
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let mut streams = Vec::new();
    for actor in [&guest, &host] {
        for _ in 0..each {
            streams.push(watching(actor, &booking).await);
        }
    }
    let waiting = streams.into_iter().map(|mut stream| {
        tokio::spawn(async move {
            let event = next(&mut stream).await;
            (event, stream)
        })
    });
    let waiting: Vec<_> = waiting.collect();
    let recording = app.app.database.statements().record();
    let declined = guest.at(&writer).try_pay(&booking, "CARD_DECLINED", &app.key()).await;
    assert_eq!(declined["code"], "PAYMENT_DECLINED", "{declined}");
    domain::events::wake_for_other_servers(&app.app).await.unwrap();
    for told in join_all(waiting).await {
        let (event, mut stream) = told.unwrap();
        let event = &event["data"]["event"];
        assert_eq!(
            (&event["kind"], &event["booking"]["status"]),
            (&json!("PAYMENT_DECLINED"), &json!("PENDING_PAYMENT"))
        );
        assert_eq!(event["booking"]["listing"]["title"], "Quiet flat by the river");
        assert!(stream.next().now_or_never().is_none(), "an event arrives once");
    }
    recording.texts()
}

/// S9.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_costs_a_constant_number_of_statements_however_many_follow() {
    // Checking for events of others and reading them; booking and listing for each side, the guest's payments, and the host's name for
    // both. Keys that are requested during a read are in one later batch; on a busy machine in more than one.
    let most = 2 + 3 * 2 * (2 + 2 + 1 + 1);
    for each in [1, 10, 100] {
        let statements = cost(each, true).await;
        println!("{} streams: {} statements", 2 * each, statements.len());
        assert!(statements.len() <= most, "{} streams: {}\n{}", 2 * each, statements.len(), statements.join("\n"));
    }
    for each in [1, 100] {
        let statements = cost(each, false).await;
        let reads = statements.iter().filter(|text| text.contains("FROM `events`")).count();
        assert!(reads <= 2, "{} streams: {reads} reads of the topic\n{}", 2 * each, statements.join("\n"));
    }
}

/// S9.
#[tokio::test]
async fn entries_that_were_read_are_not_read_again() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let mut stream = watching(&guest, &booking).await;
    guest.try_pay(&booking, "CARD_DECLINED", &app.key()).await;
    assert_eq!(next(&mut stream).await["data"]["event"]["kind"], "PAYMENT_DECLINED");
    let recording = app.app.database.statements().record();
    for _ in 0..3 {
        domain::events::wake_for_other_servers(&app.app).await.unwrap();
    }
    domain::events::check_all_topics(&app.app).await.unwrap();
    let silent = tokio::time::timeout(Duration::from_millis(200), stream.next()).await;
    assert!(silent.is_err(), "an event arrives once: {silent:?}");
    let statements = recording.texts();
    assert!(statements.iter().all(|text| !text.contains("`events`")), "{}", statements.join("\n"));
    assert_eq!(statements.len(), 4);
}

/// S9.
#[tokio::test]
async fn a_member_has_a_limited_number_of_streams_independent_of_others() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let mut streams = Vec::new();
    for _ in 0..app.app.streams.open.limit() {
        streams.push(watching(&guest, &booking).await);
    }
    let mut refused: Live =
        Box::pin(app.stream(Some(&guest.member), "subscription { myTripEvents { id } }", json!({})));
    let refusal = next(&mut refused).await;
    let extensions = &refusal["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["retryable"]), (&json!("TOO_MANY_SUBSCRIPTIONS"), &json!(true)));
    assert!(refused.next().await.is_none());
    drop(watching(&host, &booking).await);
    streams.pop();
    streams.push(watching(&guest, &booking).await);
    drop(streams);
    assert_eq!(
        (app.app.streams.open.owners(), app.app.streams.hub.is_followed()),
        (0, false),
        "nothing is left of them"
    );
}

/// S9: 300 declined cards cost the database more with each one.
#[tokio::test]
async fn a_declined_card_costs_the_same_however_many_were_declined_before() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let decline = async || {
        let recording = app.app.database.statements().record();
        let answer = guest.try_pay(&booking, "CARD_DECLINED", &app.key()).await;
        assert_eq!(answer["code"], "PAYMENT_DECLINED", "{answer}");
        recording.texts()
    };
    let first = decline().await;
    let of_events =
        first.iter().filter(|text| ["feeds", "feed_entries", "INTO events"].iter().any(|table| text.contains(table)));
    assert_eq!(of_events.count(), 3, "{}", first.join("\n"));
    // A booking has ten payments at the most.
    for _ in 0..8 {
        decline().await;
    }
    assert_eq!(decline().await.len(), first.len());
    let page = guest.run("{ me { tripEventCursor } }", json!({})).await;
    assert_eq!(page["me"]["tripEventCursor"], "guest.11");
}

/// Events of other servers are found even when a check was late.
#[tokio::test]
async fn checking_all_topics_finds_events_that_were_never_announced() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let mut stream = watching(&host, &booking).await;
    let mine = "subscription { event: myTripEvents(after: \"guest.1\") { kind } }";
    let mut feed: Live = Box::pin(app.stream(Some(&guest.member), mine, json!({})));
    assert!(tokio::time::timeout(Duration::from_millis(100), feed.next()).await.is_err());
    guest.at(&other).pay(&booking).await;
    let recording = app.app.database.statements().record();
    domain::events::check_all_topics(&app.app).await.unwrap();
    assert_eq!(recording.texts().len(), 2, "one statement for bookings, one for feeds");
    assert_eq!(next(&mut stream).await["data"]["event"]["kind"], "PAYMENT_CAPTURED");
    assert_eq!(next(&mut feed).await["data"]["event"]["kind"], "PAYMENT_CAPTURED");
}

/// A stream from a cursor ahead of it would be silent until it gets there.
#[tokio::test]
async fn a_cursor_ahead_of_the_stream_is_refused() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let feed = "subscription ($after: Cursor) { event: myTripEvents(after: $after) { kind } }";
    let of_booking = format!("{booking}.2");
    let cases = [
        (DETAILED, json!({ "id": booking, "after": of_booking })),
        (feed, json!({ "after": "guest.2" })),
        (feed, json!({ "after": format!("guest.{}", u64::MAX) })),
    ];
    for (query, variables) in cases {
        let mut stream: Live = Box::pin(app.stream(Some(&guest.member), query, variables.clone()));
        assert_eq!(next(&mut stream).await["errors"][0]["extensions"]["code"], "BAD_CURSOR", "{variables}");
    }
}

const LIVE_PAGE: &str = "query ($id: ID!) { booking(id: $id) { status eventCursor }
    me { trips { nodes { status } } tripEventCursor hosting { bookings { nodes { status } } eventCursor } } }";

/// C12: there is no gap between a query and a subscription from its cursor.
#[tokio::test]
async fn a_page_is_live_from_its_cursor_on() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let recording = app.app.database.statements().record();
    let page = guest.run(LIVE_PAGE, json!({ "id": booking })).await;
    let statements = recording.texts();
    let at = |part: &str| statements.iter().position(|text| text.contains(part)).unwrap_or_else(|| panic!("no {part}"));
    assert!(at("`feeds`") < at("ORDER BY `bookings`"), "the cursor is read first: {statements:?}");
    assert_eq!(page["booking"]["eventCursor"], format!("{booking}.1"));
    assert_eq!(
        (&page["me"]["tripEventCursor"], &page["me"]["hosting"]["eventCursor"]),
        (&json!("guest.1"), &json!("host.0"))
    );
    guest.pay(&booking).await;
    let feed = "subscription ($after: Cursor) { event: myTripEvents(after: $after) { kind cursor } }";
    for (query, variables) in [
        (DETAILED, json!({ "id": booking, "after": page["booking"]["eventCursor"] })),
        (feed, json!({ "after": page["me"]["tripEventCursor"] })),
    ] {
        let mut stream: Live = Box::pin(app.stream(Some(&guest.member), query, variables));
        for kind in ["PAYMENT_CAPTURED", "CONFIRMED"] {
            assert_eq!(next(&mut stream).await["data"]["event"]["kind"], kind);
        }
    }
    let page = host.run(LIVE_PAGE, json!({ "id": booking })).await;
    assert_eq!(
        (&page["me"]["tripEventCursor"], &page["me"]["hosting"]["eventCursor"]),
        (&json!("guest.0"), &json!("host.3"))
    );
}

/// Reads `count` server-sent events: their ids and kinds.
async fn server_sent(to: &str, actor: &Actor, last_event_id: &str, count: usize) -> Vec<(String, String)> {
    let body = json!({ "query": "subscription { event: myTripEvents(after: \"guest.0\") { kind } }" }).to_string();
    let authorization = format!("Bearer {}", actor.access);
    let headers = [
        wire::JSON,
        ("accept", "text/event-stream"),
        ("authorization", &authorization),
        ("last-event-id", last_event_id),
    ];
    // HTTP/1.0, so that the response is not chunked.
    let socket = wire::request(to, "POST /graphql HTTP/1.0", &headers, &body).await.unwrap();
    let mut lines = BufReader::new(socket).lines();
    let (mut events, mut id) = (Vec::new(), String::new());
    while events.len() < count {
        let line = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await.expect("an event arrives");
        let line = line.unwrap().expect("the stream continues");
        if let Some(cursor) = line.strip_prefix("id: ") {
            id = cursor.to_owned();
        } else if let Some(data) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data).unwrap();
            events.push((
                id.clone(),
                data["data"]["event"]["kind"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned(),
            ));
        }
    }
    events
}

/// C12.
#[tokio::test]
async fn server_sent_events_resume_from_the_last_id_at_another_server() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (served, elsewhere) = (app.serve().await, other.serve().await);
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    let events = server_sent(&served.address.to_string(), &guest, "", 2).await;
    let told = |events: &[(&str, &str)]| -> Vec<(String, String)> {
        events.iter().map(|(id, kind)| ((*id).to_owned(), (*kind).to_owned())).collect()
    };
    assert_eq!(events, told(&[("guest.1", "CREATED"), ("guest.2", "PAYMENT_CAPTURED")]));
    let events = server_sent(&elsewhere.address.to_string(), &guest, &events[1].0, 1).await;
    assert_eq!(events, told(&[("guest.3", "CONFIRMED")]));
}
