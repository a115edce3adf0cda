//! Bookings when time zone rules change: local times stay, so instants move.

use diesel_async::SimpleAsyncConnection as _;
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};

use super::{BERLIN, CASABLANCA, City, VANCOUVER, listing_in, rules, stay};
use crate::harness::{
    actors::Actor,
    app::{NOW, TestApp, instant},
};

/// A server with the rules of 2026f and one with those of 2025b, a host and a guest who uses the second.
async fn servers() -> (TestApp, TestApp, Actor, Actor) {
    let first = TestApp::new().await;
    let (new, old) = (first.with_rules(rules("2026f")).await, first.with_rules(rules("2025b")).await);
    let (host, guest) = (new.host().await, old.guest().await);
    (new, old, host, guest)
}

/// A paid stay of three nights in Vancouver, booked by the old rules: from 23:00Z to 19:00Z, where by the new ones it is an hour less.
async fn booked_in(city: City, host: &Actor, guest: &Actor, policy: &str) -> String {
    let listing = listing_in(host, city, |input| input["cancellationPolicy"] = json!(policy)).await;
    guest.book_and_pay(&listing, "2026-12-20", "2026-12-23").await
}

/// The number of events about changed times, for both sides.
async fn time_changes(actor: &Actor, booking: &str) -> usize {
    actor.history(booking).await.iter().filter(|kind| *kind == "TIMES_CHANGED").count()
}

/// The next event of a stream.
async fn next(stream: &mut (impl Stream<Item = Value> + Unpin)) -> Value {
    let event =
        tokio::time::timeout(std::time::Duration::from_secs(60), stream.next()).await.expect("an event arrives");
    event.expect("the stream continues")["data"]["event"].clone()
}

fn pair(from: &str, until: &str) -> (String, String) {
    (from.to_owned(), until.to_owned())
}

/// M9: instants of bookings are computed again when rules change, and both sides get an event.
#[tokio::test]
async fn new_rules_move_the_instants_of_bookings_and_both_sides_get_one_event() {
    let (new, old, host, guest) = servers().await;
    let booking = booked_in(VANCOUVER, &host, &guest, "FLEXIBLE").await;
    assert_eq!(stay(&guest, &booking).await, pair("2026-12-20T23:00:00Z", "2026-12-23T19:00:00Z"));
    new.work().await;
    for (actor, feed) in [(&guest, "myTripEvents(after: \"guest.0\")"), (&host, "myHostingEvents(after: \"host.0\")")] {
        let text = format!("subscription {{ event: {feed} {{ kind booking {{ details {{ checkInAt }} }} }} }}");
        let mut stream = Box::pin(old.stream(Some(&actor.member), &text, json!({})));
        let mut event = next(&mut stream).await;
        while event["kind"] != "TIMES_CHANGED" {
            event = next(&mut stream).await;
        }
        assert_eq!(event["booking"]["details"]["checkInAt"], "2026-12-20T22:00:00Z");
    }
    assert_eq!(stay(&guest, &booking).await, pair("2026-12-20T22:00:00Z", "2026-12-23T18:00:00Z"));
    assert_eq!(time_changes(&guest, &booking).await, 1);
    assert_eq!(time_changes(&host, &booking).await, 1);
    for _ in 0..2 {
        new.work().await;
        old.work().await;
    }
    assert_eq!(time_changes(&guest, &booking).await, 1, "nothing is left to do, and an old server undoes nothing");
    assert_eq!(stay(&guest, &booking).await, pair("2026-12-20T22:00:00Z", "2026-12-23T18:00:00Z"));
}

/// M9: the preview for an instant equals the cancellation then, even after the rules have changed.
#[tokio::test]
async fn after_new_rules_a_preview_equals_the_cancellation() {
    let (new, _, host, guest) = servers().await;
    let query = "query ($id: ID!, $at: DateTime) { booking(id: $id) { cancellationPreview(at: $at) {
        refund { total { minorUnits } } } } }";
    for (at, expected) in [
        ("2026-12-19T21:59:59Z", 34_260),
        ("2026-12-19T22:00:00Z", 34_260),
        // By the old rules it would be a full refund until 23:00Z.
        ("2026-12-19T22:00:01Z", 20_000),
        ("2026-12-20T22:30:00Z", 20_000),
        ("2026-12-21T18:00:00Z", 20_000),
        ("2026-12-21T18:30:00Z", 10_000),
    ] {
        new.clock.set(instant(NOW));
        let booking = booked_in(VANCOUVER, &host, &guest, "FLEXIBLE").await;
        new.work().await;
        let said = guest.run(query, json!({ "id": booking, "at": at })).await["booking"]["cancellationPreview"].clone();
        new.clock.set(instant(at));
        let done = guest.at(&new).cancel(&booking).await;
        assert_eq!(done["refund"]["total"], said["refund"]["total"], "{at}: {done}");
        assert_eq!(said["refund"]["total"]["minorUnits"], expected, "{at}");
    }
}

/// M9: the host's time to answer ends at check-in, wherever the rules move that, and so do the nights that wait for it.
#[tokio::test]
async fn a_deadline_at_check_in_moves_with_it() {
    let (new, old, host, guest) = servers().await;
    let listing = listing_in(&host, VANCOUVER, |input| input["instantBook"] = json!(false)).await;
    new.clock.set(instant("2026-12-20T10:00:00Z"));
    let booking = guest.book(&listing, "2026-12-20", "2026-12-23").await;
    guest.pay(&booking).await;
    assert_eq!(guest.booking(&booking).await["deadline"], "2026-12-20T23:00:00Z");
    new.work().await;
    assert_eq!(guest.booking(&booking).await["deadline"], "2026-12-20T22:00:00Z");
    assert_eq!(time_changes(&guest, &booking).await, 1);
    new.clock.set(instant("2026-12-20T22:00:00Z"));
    assert_eq!(guest.status(&booking).await, "EXPIRED");
    let mut conn = old.conn().await;
    let nights = store::nights::of_listing(
        &mut conn,
        listing.parse().unwrap(),
        types::Stay::stored("2026-12-20".parse().unwrap(), "2026-12-23".parse().unwrap()),
    );
    let nights = nights.await.unwrap();
    assert_eq!(nights.len(), 3);
    assert!(nights.iter().all(|night| !night.holds_at(new.app.now())), "the nights are free when the time is over");
}

/// M9: an unpaid hold lasts as long as there is time to pay. It ends at check-in at the latest, by the old rules in ten minutes and by
/// the new ones in an hour and ten.
#[tokio::test]
async fn a_hold_lasts_until_the_deadline_that_the_rules_moved() {
    let (new, old, host, guest) = servers().await;
    let listing = listing_in(&host, CASABLANCA, |_| {}).await;
    new.clock.set(instant("2026-12-20T13:50:00Z"));
    let booking = guest.book(&listing, "2026-12-20", "2026-12-23").await;
    assert_eq!(guest.booking(&booking).await["deadline"], "2026-12-20T14:00:00Z");
    new.work().await;
    assert_eq!(guest.booking(&booking).await["deadline"], "2026-12-20T15:00:00Z");
    new.clock.set(instant("2026-12-20T14:30:00Z"));
    let another = guest.quote(&listing, "2027-01-10", "2027-01-12").await;
    let refused = guest.try_book(&another, &old.key()).await;
    // Half an hour of the hold, and the wait after an unpaid one.
    assert_eq!(refused["retryAfterSeconds"], (30 + 15) * 60, "{refused}");
    guest.pay(&booking).await;
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
}

/// M9: only affected sides get an event.
#[tokio::test]
async fn without_a_moved_instant_there_is_no_event() {
    let (new, _, host, guest) = servers().await;
    let booking = booked_in(BERLIN, &host, &guest, "MODERATE").await;
    let before = guest.booking(&booking).await;
    new.work().await;
    assert_eq!(guest.booking(&booking).await, before);
    let mut conn = new.conn().await;
    let version = "2026f".parse().unwrap();
    assert_eq!(store::booking_times::outdated(&mut conn, &version, 10).await.unwrap(), []);
    let older = "2026e".parse().unwrap();
    assert_eq!(store::booking_times::outdated(&mut conn, &older, 10).await.unwrap(), []);
}

/// M9: a server with old rules must store confirmations, and one with newer rules corrects them.
#[tokio::test]
async fn confirmations_of_an_old_server_are_corrected() {
    let (new, _, host, guest) = servers().await;
    let listing = listing_in(&host, VANCOUVER, |input| input["cancellationPolicy"] = json!("MODERATE")).await;
    // The clocks that the old rules expect to change on 1 November are between check-in and the end of the full refund.
    let booking = guest.at(&new).book(&listing, "2026-11-04", "2026-11-07").await;
    guest.pay(&booking).await;
    let query = "query ($id: ID!) { booking(id: $id) { cancellationTimeline { until } } }";
    let full_until = async || {
        guest.run(query, json!({ "id": booking })).await["booking"]["cancellationTimeline"][0]["until"].clone()
    };
    assert_eq!(full_until().await, "2026-10-30T21:00:00Z");
    new.work().await;
    assert_eq!(full_until().await, "2026-10-30T22:00:00Z");
    assert_eq!(
        (time_changes(&guest, &booking).await, stay(&guest, &booking).await.0),
        (1, "2026-11-04T22:00:00Z".to_owned())
    );
}

/// M9: bookings of programs that did not store the version of their rules: only those in changed zones are computed again, because later
/// changes of the host are unknown.
#[tokio::test]
async fn bookings_without_a_rules_version_move_only_where_rules_changed() {
    let (new, old, host, guest) = servers().await;
    let vancouver = booked_in(VANCOUVER, &host, &guest, "FLEXIBLE").await;
    let berlin = booked_in(BERLIN, &host, &guest, "FLEXIBLE").await;
    let forget = "UPDATE bookings SET time_zone_rules = ''; \
                  UPDATE listings SET check_in_from = '17:00:00' WHERE time_zone = 'Europe/Berlin'";
    old.conn().await.batch_execute(forget).await.unwrap();
    new.work().await;
    assert_eq!(stay(&guest, &vancouver).await.0, "2026-12-20T22:00:00Z");
    assert_eq!(stay(&guest, &berlin).await.0, "2026-12-20T14:00:00Z");
    assert_eq!((time_changes(&guest, &vancouver).await, time_changes(&guest, &berlin).await), (1, 0));
}

/// M9: instants that have passed under the old rules stay.
#[tokio::test]
async fn passed_instants_do_not_change() {
    let (new, _, host, guest) = servers().await;
    let later = booked_in(CASABLANCA, &host, &guest, "FLEXIBLE").await;
    // By the old rules the stay began half an hour ago, by the new ones it begins in half an hour.
    new.clock.set(instant("2026-12-20T14:30:00Z"));
    new.work().await;
    assert_eq!(stay(&guest, &later).await, pair("2026-12-20T14:00:00Z", "2026-12-23T11:00:00Z"));
    assert_eq!(guest.status(&later).await, "CHECKED_IN");
    new.clock.set(instant(NOW));
    let sooner = booked_in(VANCOUVER, &host, &guest, "FLEXIBLE").await;
    // The other way round.
    new.clock.set(instant("2026-12-20T22:30:00Z"));
    assert_eq!(guest.status(&sooner).await, "CONFIRMED");
    new.work().await;
    assert_eq!(guest.status(&sooner).await, "CHECKED_IN");
    new.work().await;
    let history = guest.history(&sooner).await;
    assert_eq!(history[history.len() - 2..], ["TIMES_CHANGED", "CHECKED_IN"]);
}

/// M9: any number of servers do the work once.
#[tokio::test]
async fn servers_that_work_at_once_move_each_booking_once() {
    let (new, old, host, guest) = servers().await;
    let mut bookings = Vec::new();
    for _ in 0..6 {
        bookings.push(booked_in(VANCOUVER, &host, &guest, "FLEXIBLE").await);
    }
    let another = new.with_rules(rules("2026f")).await;
    tokio::join!(new.work(), another.work(), old.work());
    new.work().await;
    for booking in bookings {
        assert_eq!(
            (time_changes(&guest, &booking).await, stay(&guest, &booking).await.0),
            (1, "2026-12-20T22:00:00Z".to_owned())
        );
    }
}
