//! Time zones whose rules change: check-in by old and new rules, what the rules are, and what happens to bookings.

mod changes;

use std::path::PathBuf;

use providers::tzdata::Tzdata;
use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp, wire};

/// The rules of `version`, as a system has them.
fn rules(version: &str) -> Tzdata {
    Tzdata::open(Some(&folder(version))).unwrap()
}

fn folder(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tzdata").join(version)
}

/// A city, and a point in it.
type City = (&'static str, &'static str, f64, f64);

const VANCOUVER: City = ("Vancouver", "CA", 49.2827, -123.1207);
const CALGARY: City = ("Calgary", "CA", 51.0447, -114.0719);
const WINNIPEG: City = ("Winnipeg", "CA", 49.8951, -97.1384);
const CASABLANCA: City = ("Casablanca", "MA", 33.5731, -7.5898);
const HAVANA: City = ("Havana", "CU", 23.1136, -82.3666);
const BERLIN: City = ("Berlin", "DE", 52.52, 13.405);

/// A listing there, with check-in from 15:00 and check-out by 11:00.
async fn listing_in(
    host: &Actor,
    (city, country, latitude, longitude): City,
    change: impl FnOnce(&mut Value),
) -> String {
    let place = json!({ "city": city, "countryCode": country, "latitude": latitude, "longitude": longitude });
    host.listing(|input| {
        input["place"] = place;
        input["checkInFrom"] = json!("15:00");
        input["checkOutBy"] = json!("11:00");
        change(input);
    })
    .await
}

/// The start and end of the stay of a booking.
async fn stay(actor: &Actor, booking: &str) -> (String, String) {
    let query = "query ($id: ID!) { booking(id: $id) { details { checkInAt checkOutAt } } }";
    let details = actor.run(query, json!({ "id": booking })).await["booking"]["details"].clone();
    let text = |name: &str| details[name].as_str().unwrap_or_else(|| panic!("{details}")).to_owned();
    (text("checkInAt"), text("checkOutAt"))
}

/// M9: with rules of 2025 check-in was an hour late in provinces and countries that changed their clocks in 2026.
#[tokio::test]
async fn check_in_follows_the_rules_that_are_in_force() {
    let new = TestApp::new().await;
    let old = new.with_rules(rules("2025b")).await;
    let (host, guest) = (new.host().await, new.guest().await);
    for (city, by_old_rules, by_new_rules) in [
        (VANCOUVER, "2026-12-20T23:00:00Z", "2026-12-20T22:00:00Z"),
        (CALGARY, "2026-12-20T22:00:00Z", "2026-12-20T21:00:00Z"),
        (WINNIPEG, "2026-12-20T21:00:00Z", "2026-12-20T20:00:00Z"),
        (CASABLANCA, "2026-12-20T14:00:00Z", "2026-12-20T15:00:00Z"),
        (HAVANA, "2026-12-20T20:00:00Z", "2026-12-20T19:00:00Z"),
        (BERLIN, "2026-12-20T14:00:00Z", "2026-12-20T14:00:00Z"),
    ] {
        for (app, expected) in [(&old, by_old_rules), (&new, by_new_rules)] {
            let listing = listing_in(&host, city, |_| {}).await;
            let guest = guest.at(app);
            let booking = guest.book_and_pay(&listing, "2026-12-20", "2026-12-23").await;
            assert_eq!(stay(&guest, &booking).await.0, expected, "{city:?}");
        }
    }
}

/// M9: the last moment for a stay with a day of notice follows the rules too, in quotes and in searches.
#[tokio::test]
async fn notice_follows_the_rules_that_are_in_force() {
    let new = TestApp::new().await;
    let old = new.with_rules(rules("2025b")).await;
    let (host, guest) = (new.host().await, new.guest().await);
    let listing = listing_in(&host, VANCOUVER, |input| input["rules"] = json!({ "advanceNoticeHours": 24 })).await;
    new.clock.set(crate::harness::app::instant("2026-12-19T22:30:00Z"));
    let search = "query ($stay: StayInput!) { searchListings(stay: $stay) { nodes { listing { id } } } }";
    let stay = json!({ "stay": { "checkIn": "2026-12-20", "checkOut": "2026-12-22" } });
    for (app, is_offered) in [(&old, true), (&new, false)] {
        let guest = guest.at(app);
        let answer = guest.try_quote(&listing, "2026-12-20", "2026-12-22").await;
        assert_eq!(answer["__typename"] == "QuoteStaySuccess", is_offered, "{answer}");
        let found = guest.run(search, stay.clone()).await["searchListings"]["nodes"].clone();
        assert_eq!(found.as_array().unwrap().len(), usize::from(is_offered), "{found}");
    }
}

#[tokio::test]
async fn readiness_reports_the_rules_in_force() {
    let app = TestApp::new().await;
    let old = app.with_rules(rules("2025b")).await;
    let (served, metrics) = old.serve_with_metrics().await;
    let ready = wire::get(&metrics, "/readyz").await.unwrap().body;
    // 2025b is of 22 March 2025; tests begin on 2 March 2026.
    assert_eq!(ready["timeZones"], json!({ "version": "2025b", "source": "system", "ageInDays": 345 }));
    let strangers = wire::get(&served.address.to_string(), "/readyz").await.unwrap();
    assert_eq!(strangers.body, json!({ "status": "ready" }), "only operators see the rules");
    let (_served, metrics) = app.serve_with_metrics().await;
    let ready = wire::get(&metrics, "/readyz").await.unwrap().body;
    assert_eq!(ready["timeZones"]["source"], "builtIn");
    assert!(ready["statements"].is_u64() && ready["transactionRetries"].is_u64(), "{ready}");
}
