//! From a quote to the end of a stay.

use crate::harness::app::TestApp;

#[tokio::test]
async fn a_stay_is_booked_and_paid() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    assert_eq!(guest.status(&booking).await, "PENDING_PAYMENT");
    guest.pay(&booking).await;
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
    assert_eq!(guest.history(&booking).await, ["CREATED", "PAYMENT_CAPTURED", "CONFIRMED"]);
    assert_eq!(app.bank.balance(), 68_520);
}
