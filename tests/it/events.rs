//! Live events of bookings.

use std::time::Duration;

use diesel_async::RunQueryDsl as _;
use futures_util::{Stream, StreamExt};
use providers::payments::IntentStatus;
use serde_json::{Value, json};
use store::events::OfBooking;
use types::Page;

use crate::{
    harness::{
        actors::{Actor, BOOK},
        app::TestApp,
        socket::Socket,
        wire,
    },
    payments::booked,
};

const OF_BOOKING: &str = "subscription ($id: ID!, $after: Cursor) {
    event: bookingEvents(bookingId: $id, after: $after) { id cursor kind booking { status } } }";
const OF_GUEST: &str =
    "subscription ($after: Cursor) { event: myTripEvents(after: $after) { id cursor kind booking { id status } } }";
const OF_HOST: &str =
    "subscription ($after: Cursor) { event: myHostingEvents(after: $after) { id cursor kind booking { id status } } }";

fn follow(actor: &Actor, subscription: &str, variables: Value) -> impl Stream<Item = Value> + use<> {
    Box::pin(actor.app.stream(Some(&actor.member), subscription, variables))
}

/// The next event of a stream, which must come soon.
async fn next(stream: &mut (impl Stream<Item = Value> + Unpin)) -> Value {
    let event = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("an event arrives");
    let event = event.expect("the stream continues");
    assert_eq!(event.get("errors"), None, "{event}");
    event["data"]["event"].clone()
}

async fn kinds(stream: &mut (impl Stream<Item = Value> + Unpin), count: usize) -> Vec<String> {
    let mut kinds = Vec::new();
    for _ in 0..count {
        kinds.push(next(stream).await["kind"].as_str().unwrap().to_owned());
    }
    kinds
}

/// Whether the stream has no event now and waits.
async fn is_silent(stream: &mut (impl Stream<Item = Value> + Unpin)) -> bool {
    tokio::time::timeout(Duration::from_millis(200), stream.next()).await.is_err()
}

#[tokio::test]
async fn a_stream_delivers_past_events_and_then_new_ones() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let first = guest.booking(&booking).await["timeline"]["nodes"][0].clone();
    let mut live = follow(&guest, OF_BOOKING, json!({ "id": booking }));
    let mut mine = follow(&guest, OF_GUEST, json!({ "after": "guest.0" }));
    let mut hosts = follow(&host, OF_HOST, json!({}));
    assert_eq!(next(&mut mine).await["id"], first["id"], "one event has one id in every stream");
    assert!(is_silent(&mut live).await && is_silent(&mut hosts).await, "without a cursor only new events");
    guest.pay(&booking).await;
    assert_eq!(kinds(&mut live, 2).await, ["PAYMENT_CAPTURED", "CONFIRMED"]);
    assert_eq!(kinds(&mut mine, 2).await, ["PAYMENT_CAPTURED", "CONFIRMED"]);
    assert_eq!(kinds(&mut hosts, 2).await, ["PAYMENT_CAPTURED", "CONFIRMED"]);
    host.cancel(&booking).await;
    let event = next(&mut live).await;
    assert_eq!((&event["kind"], &event["booking"]["status"]), (&json!("CANCELLED_BY_HOST"), &json!("CANCELLED")));
    let mut again = follow(&guest, OF_BOOKING, json!({ "id": booking, "after": first["cursor"] }));
    let told = ["PAYMENT_CAPTURED", "CONFIRMED", "CANCELLED_BY_HOST", "REFUND_CREATED"];
    assert_eq!(kinds(&mut again, 4).await, told);
}

#[tokio::test]
async fn another_viewer_sees_nothing_and_a_foreign_cursor_is_refused() {
    let app = TestApp::new().await;
    let (host, guest, stranger) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let refused = follow(&stranger, OF_BOOKING, json!({ "id": booking })).next().await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    let nobody = Box::pin(app.stream(None, OF_GUEST, json!({}))).next().await.unwrap();
    assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let mut theirs = follow(&stranger, OF_GUEST, json!({ "after": "guest.0" }));
    guest.pay(&booking).await;
    assert!(is_silent(&mut theirs).await);
    let foreign = follow(&guest, OF_BOOKING, json!({ "id": booking, "after": "guest.0" })).next().await.unwrap();
    assert_eq!(foreign["errors"][0]["extensions"]["code"], "BAD_CURSOR");
}

/// S6: a request and its events are hidden from its host until its payment is authorized.
#[tokio::test]
async fn a_host_follows_a_request_only_when_money_is_authorized() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = json!(false)).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let declined = guest.try_pay(&booking, "CARD_DECLINED", &app.key()).await;
    assert_eq!(declined["code"], "PAYMENT_DECLINED", "{declined}");
    let from_the_start = json!({ "id": booking, "after": format!("{booking}.0") });
    for variables in [json!({ "id": booking }), from_the_start.clone()] {
        let refused = follow(&host, OF_BOOKING, variables).next().await.unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    }
    // Histories are read in batches by the ids of bookings: the rule applies there for every viewer.
    let parts = [OfBooking { booking: booking.parse().unwrap(), page: Page { first: 10, after: None } }];
    let visible = async |actor: &Actor| {
        let events = store::events::visible(&mut app.conn().await, actor.member.id(), &parts).await.unwrap();
        events.len()
    };
    assert_eq!((visible(&guest).await, visible(&host).await), (2, 0));
    let mut hosts = follow(&host, OF_HOST, json!({ "after": "host.0" }));
    assert!(is_silent(&mut hosts).await);
    guest.pay(&booking).await;
    let told = ["REQUESTED", "PAYMENT_DECLINED", "PAYMENT_AUTHORIZED"];
    assert_eq!(kinds(&mut hosts, 3).await, told);
    assert_eq!(kinds(&mut follow(&host, OF_BOOKING, from_the_start), 3).await, told);
    assert_eq!((visible(&guest).await, visible(&host).await), (3, 3));
}

#[tokio::test]
async fn a_stream_loses_nothing_that_another_server_writes_meanwhile() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let mut stream = follow(&guest, OF_GUEST, json!({ "after": "guest.0" }));
    let elsewhere = guest.at(&other);
    let writing = async {
        for day in 1..=8 {
            elsewhere.book_and_pay(&listing, &format!("2026-04-0{day}"), &format!("2026-04-0{}", day + 1)).await;
            // As the worker of this server does twice a second.
            domain::events::wake_for_other_servers(&app.app).await.unwrap();
        }
    };
    let reading = async {
        let mut cursors = Vec::new();
        for _ in 0..24 {
            cursors.push(next(&mut stream).await["cursor"].as_str().unwrap().to_owned());
        }
        cursors
    };
    let (cursors, ()) = tokio::join!(reading, writing);
    let expected: Vec<_> = (1..=24).map(|place| format!("guest.{place}")).collect();
    assert_eq!(cursors, expected, "in order, without a gap");
}

#[tokio::test]
async fn an_interrupted_socket_resumes_from_its_cursor_at_another_server() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (served, elsewhere) = (app.serve().await, other.serve().await);
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let subscribe = |after: Value| {
        let variables = json!({ "after": after });
        json!({ "type": "subscribe", "id": "s", "payload": { "query": OF_GUEST, "variables": variables } })
    };
    let mut socket = Socket::open(&served.address.to_string(), &guest.access).await;
    socket.send(subscribe(json!("guest.0"))).await;
    let created = socket.event().await;
    assert_eq!((&created["kind"], &created["booking"]["id"]), (&json!("CREATED"), &json!(booking)));
    guest.pay(&booking).await;
    assert_eq!(socket.event().await["kind"], "PAYMENT_CAPTURED");
    // Disconnected without a close frame.
    drop(socket);
    let mut socket = Socket::open(&elsewhere.address.to_string(), &guest.access).await;
    socket.send(subscribe(created["cursor"].clone())).await;
    assert_eq!(socket.event().await["kind"], "PAYMENT_CAPTURED");
    assert_eq!(socket.event().await["kind"], "CONFIRMED");
    guest.at(&other).cancel(&booking).await;
    let cancelled = socket.event().await;
    assert_eq!(
        (&cancelled["kind"], &cancelled["booking"]["status"]),
        (&json!("CANCELLED_BY_GUEST"), &json!("CANCELLED"))
    );
}

const CONCERNS: &str = "query ($id: ID!) { booking(id: $id) { timeline { nodes {
    kind actor payment { id } refund { amount { minorUnits } } } } payments { id } } }";

/// Each event: its kind, its actor, whether its payment is the given one, and the amount of its refund.
fn concerns(page: &Value, payment: &str) -> Vec<(String, String, bool, Value)> {
    let say = |event: &Value| {
        let word = |field: &str| event[field].as_str().unwrap().to_owned();
        (
            word("kind"),
            word("actor"),
            event["payment"]["id"] == payment,
            event["refund"]["amount"]["minorUnits"].clone(),
        )
    };
    page["booking"]["timeline"]["nodes"].as_array().unwrap().iter().map(say).collect()
}

#[tokio::test]
async fn an_event_has_its_actor_and_for_the_guest_its_payment() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|input| input["instantBook"] = json!(false)).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-03").await;
    let payment = guest.pay(&booking).await;
    host.accept(&booking, &app.key()).await;
    guest.cancel(&booking).await;
    let seen = concerns(&guest.run(CONCERNS, json!({ "id": booking })).await, &payment);
    let say = |kind: &str, actor: &str, is_paid, refund: Value| (kind.to_owned(), actor.to_owned(), is_paid, refund);
    let refund = seen.last().unwrap().3.clone();
    assert!(refund.is_string() || refund.is_number(), "{seen:?}");
    let expected = [
        say("REQUESTED", "GUEST", false, Value::Null),
        say("PAYMENT_AUTHORIZED", "PAYMENT_PROVIDER", true, Value::Null),
        say("PAYMENT_CAPTURED", "PAYMENT_PROVIDER", true, Value::Null),
        say("CONFIRMED", "HOST", false, Value::Null),
        say("CANCELLED_BY_GUEST", "GUEST", false, Value::Null),
        say("REFUND_CREATED", "GUEST", true, refund),
    ];
    assert_eq!(seen, expected);
    let of_host = host.run(CONCERNS, json!({ "id": booking })).await;
    let nothing = expected.map(|(kind, actor, ..)| (kind, actor, false, Value::Null));
    assert_eq!(concerns(&of_host, &payment), nothing, "the guest's payments are hidden from the host");
    let late = guest.book(&listing, "2026-05-01", "2026-05-03").await;
    app.pass(chrono::Duration::hours(2));
    app.work().await;
    let seen = concerns(&guest.run(CONCERNS, json!({ "id": late })).await, &payment);
    assert_eq!(seen.last(), Some(&say("EXPIRED", "PLATFORM", false, Value::Null)));
}

/// The events of bookings, in order, with the kind and id of their causes.
async fn causes(app: &TestApp) -> Vec<[String; 3]> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        kind: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        cause: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        cause_id: String,
    }
    let causes = "SELECT kind, cause, cause_id FROM events WHERE subject = 'BOOKING' ORDER BY sequence";
    let rows: Vec<Row> = diesel::sql_query(causes).load(&mut app.conn().await).await.unwrap();
    rows.into_iter().map(|row| [row.kind, row.cause, row.cause_id]).collect()
}

#[tokio::test]
async fn an_event_names_the_message_of_the_provider_that_caused_it() {
    let app = TestApp::new().await;
    let (host, guest, booking) = booked(&app, false).await;
    guest.pay(&booking).await;
    host.decline(&booking, &app.key()).await;
    let payment = guest.booking(&booking).await["payments"][0]["id"].as_str().unwrap().parse().unwrap();
    let notice = app.bank.force_status(payment, IntentStatus::Captured(68_520));
    app.receive(&notice).await;
    let causes = causes(&app).await;
    let [captured, refunded] = &causes[causes.len() - 2..] else { unreachable!() };
    assert_eq!(*captured, ["PAYMENT_CAPTURED", "PROVIDER_EVENT", &notice.event]);
    assert_eq!(*refunded, ["REFUND_CREATED", "PROVIDER_EVENT", &notice.event]);
}

/// Events have causes, for operators who search the log for a request.
#[tokio::test]
async fn an_event_names_the_request_or_the_job_that_caused_it() {
    let app = TestApp::new().await;
    let served = app.serve().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
    let input = json!({ "quoteId": quote, "idempotencyKey": app.key() });
    let variables = json!({ "input": input });
    let sent = wire::send(&served.address.to_string(), &guest.access, BOOK, &variables).await.unwrap();
    let reply = wire::letters(sent).await.unwrap().to_lowercase();
    let request = reply.lines().find_map(|line| line.strip_prefix("x-request-id: ")).expect("the id of the request");
    app.pass(chrono::Duration::hours(2));
    app.work().await;
    assert_eq!(causes(&app).await, [["CREATED", "REQUEST", request], ["EXPIRED", "JOB", "worker"]]);
}
