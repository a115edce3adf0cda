use diesel_async::SimpleAsyncConnection;
use domain::{calendar, listings};
use serde_json::json;
use types::{ListingId, NightHold, Stay, UnavailableReason};

use super::world::{World, hex};

fn range(from: &str, to: &str) -> Stay {
    Stay::new(from.parse().unwrap(), to.parse().unwrap(), calendar::MAX_NIGHTS).unwrap()
}

#[tokio::test]
async fn only_the_host_sees_what_holds_a_night() {
    let world = World::new().await;
    let (host, guest) = (world.member("Ada").await, world.member("Bob").await);
    let id: ListingId = world.listing(&host).await.parse().unwrap();
    let key = hex(id.as_bytes());
    let sql = format!(
        "INSERT INTO nights (listing_id, night, kind) VALUES (X'{key}', '2026-07-02', 'BLOCK'), (X'{key}', '2026-07-03', 'EXTERNAL')"
    );
    world.test.conn().await.batch_execute(&sql).await.unwrap();
    let week = range("2026-07-01", "2026-07-05");
    let nights = calendar::host_calendars(&world.app, &host, &[(id, week)]).await.unwrap().remove(&(id, week)).unwrap();
    let holds: Vec<_> = nights.iter().map(|night| night.hold).collect();
    assert_eq!(holds, [None, Some(NightHold::Block), Some(NightHold::External), None]);
    assert_eq!(nights[1].view.reasons, [UnavailableReason::Blocked]);
    assert_eq!(nights[0].price.decimal(), "150.00");
    assert!(calendar::host_calendars(&world.app, &guest, &[(id, week)]).await.unwrap().is_empty());
}

#[tokio::test]
async fn calendars_of_many_listings_cost_two_statements() {
    const NIGHTS: &str = "{ availability(from: \"2026-07-01\", to: \"2026-08-01\") { bookable } }";
    let world = World::new().await;
    let host = world.member("Ada").await;
    let mut fields = String::new();
    for number in 0..5 {
        let id = world.listing(&host).await;
        fields.push_str(&format!("l{number}: listing(id: \"{id}\") {NIGHTS} "));
    }
    let recording = world.app.database.statements().record();
    let answer = world.run_query(None, &format!("{{ {fields} }}"), json!({})).await;
    let statements = recording.texts();
    assert_eq!(statements.len(), 3, "{statements:#?}");
    assert_eq!(answer["l4"]["availability"].as_array().unwrap().len(), 31);
}

#[tokio::test]
async fn a_guest_still_sees_a_quoted_listing_after_it_is_unlisted() {
    let world = World::new().await;
    let (host, guest, other) = (world.member("Ada").await, world.member("Bob").await, world.member("Eve").await);
    let id: ListingId = world.draft(&host, json!({})).await.parse().unwrap();
    let sql = format!(
        "INSERT INTO quotes (id, listing_id, guest_id, check_in, check_out, adults, children, infants, pets, currency, price_lines, \
         total, host_payout, rules, cancellation_policy, instant_book, content_hash, created_at, expires_at) VALUES \
         (X'{}', X'{}', X'{}', '2026-07-01', '2026-07-02', 1, 0, 0, 0, 'SGD', '[]', 1, 1, 'x', 'FLEXIBLE', FALSE, X'{}', \
         '2026-03-01', '2026-03-01')",
        "01".repeat(16),
        hex(id.as_bytes()),
        hex(guest.id().as_bytes()),
        "00".repeat(32),
    );
    world.test.conn().await.batch_execute(&sql).await.unwrap();
    for (viewer, is_known, is_visible) in [(&host, true, true), (&guest, true, false), (&other, false, false)] {
        assert_eq!(listings::known(&world.app, viewer, &[id]).await.unwrap().len(), usize::from(is_known));
        assert_eq!(listings::visible(&world.app, viewer, &[id]).await.unwrap().len(), usize::from(is_visible));
    }
    assert!(listings::by_ids(&world.app, &[id]).await.unwrap().is_empty());
}
