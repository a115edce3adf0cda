//! Stays that cost nothing.

use serde_json::{Value, json};

use crate::{harness::app::TestApp, races::walk};

const PAYOUT: &str = "query ($id: ID!) { booking(id: $id) { hostPayout { minorUnits }
    availableActions { action allowed moneyEffect { minorUnits } } } }";

/// Seven nights at one cent, less 99 percent.
fn free(input: &mut Value) {
    input["pricing"] = json!({ "currency": "SGD", "basePrice": 1, "weeklyDiscountPercent": 99 });
}

/// M5: `payBooking` always failed with an internal error.
#[tokio::test]
async fn a_free_stay_is_confirmed_without_a_payment() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(free).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-08").await;
    let booked = guest.try_book(&quote, &app.key()).await;
    assert_eq!(booked["booking"]["price"]["total"]["minorUnits"], 0);
    assert_eq!(booked["booking"]["status"], "CONFIRMED");
    let booking = booked["booking"]["id"].as_str().unwrap();
    assert_eq!(guest.history(booking).await, ["CREATED", "CONFIRMED"]);
    assert_eq!(guest.booking(booking).await["details"]["address"], "1 River Road");
    assert_eq!(guest.try_pay(booking, "CARD_OK", &app.key()).await["code"], "STATE_CONFLICT");
    let seen = guest.booking(booking).await;
    assert_eq!(seen["cancellationPreview"]["refund"]["total"]["minorUnits"], 0);
    assert_eq!(host.run(PAYOUT, json!({ "id": booking })).await["booking"]["hostPayout"]["minorUnits"], 0);
    let cancelled = guest.cancel(booking).await;
    assert_eq!(
        (&cancelled["booking"]["status"], &cancelled["refund"]["total"]["minorUnits"]),
        (&json!("CANCELLED"), &json!(0))
    );
    let again = app.guest().await.book(&listing, "2026-04-01", "2026-04-08").await;
    assert_eq!(host.cancel(&again).await["refund"]["total"]["minorUnits"], 0);
    app.work().await;
    assert_eq!(app.bank.calls(), 0);
    walk::check(&app).await;
}

/// M5: the host could not accept.
#[tokio::test]
async fn a_free_request_reaches_its_host_at_once_and_is_accepted_without_a_payment() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host
        .listing(|input| {
            free(input);
            input["instantBook"] = json!(false);
        })
        .await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-08").await;
    assert_eq!(guest.try_pay(&booking, "CARD_OK", &app.key()).await["code"], "STATE_CONFLICT");
    let seen = host.run(PAYOUT, json!({ "id": booking })).await;
    let accept = json!({ "action": "ACCEPT", "allowed": true, "moneyEffect": null });
    assert_eq!(seen["booking"]["availableActions"][0], accept);
    let key = app.key();
    assert_eq!(host.accept(&booking, &key).await["booking"]["status"], "CONFIRMED");
    assert_eq!(host.accept(&booking, &key).await["replayed"], true);
    assert_eq!(guest.history(&booking).await, ["REQUESTED", "CONFIRMED"]);
    let declined = guest.book(&listing, "2026-04-10", "2026-04-17").await;
    assert_eq!(host.decline(&declined, &app.key()).await["booking"]["status"], "DECLINED");
    walk::check(&app).await;
}
