//! Calendars at the ends of time.

use serde_json::{Value, json};

use crate::harness::app::TestApp;

const NIGHTS: &str = "query ($id: ID!, $from: Date!, $to: Date!, $stay: StayInput!) {
    listing(id: $id) { availability(from: $from, to: $to) { night bookable } price(stay: $stay) { bookable } }
    me { hosting { calendar(listingId: $id, from: $from, to: $to) { night } } } }";

/// S3, C5: for any days, a client gets nights or an argument error, never an internal error.
#[tokio::test]
async fn any_range_of_days_is_answered_or_refused_with_its_argument() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let id = host.listing(|input| input["rules"] = json!({ "preparationNights": 30 })).await;
    for (from, to, is_range) in [
        ("0000-01-01", "0000-02-01", true),
        ("0000-12-31", "0001-01-02", true),
        ("0001-01-01", "0001-12-31", true),
        ("0999-12-31", "1000-01-02", true),
        ("9998-12-31", "9999-12-31", true),
        ("9999-12-30", "9999-12-31", true),
        ("9999-12-31", "0000-01-01", false),
        ("2026-04-06", "2026-04-06", false),
        ("2026-04-06", "2027-04-08", false),
    ] {
        let variables = json!({ "id": id, "from": from, "to": to, "stay": { "checkIn": from, "checkOut": to } });
        let answer = app.run(Some(&host.member), NIGHTS, variables).await;
        for error in &answer.errors {
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).cloned();
            assert_eq!(code, Some("BAD_USER_INPUT".into()), "{from} to {to}: {}", error.message);
        }
        let data = serde_json::to_value(answer.data).unwrap();
        assert_eq!(data["listing"]["availability"].is_array(), is_range, "{from} to {to}: {data}");
        assert_eq!(data["me"]["hosting"]["calendar"].is_array(), is_range, "{from} to {to}: {data}");
        assert_ne!(data["listing"], Value::Null, "{from} to {to}");
    }
}
