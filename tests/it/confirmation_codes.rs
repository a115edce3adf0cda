//! Short codes of bookings, for people.

use serde_json::json;

use crate::harness::app::TestApp;

const BY_CODE: &str = "query ($code: String!) { bookingByCode(confirmationCode: $code) { id confirmationCode } }";

#[tokio::test]
async fn a_booking_is_found_by_its_code_by_its_guest_and_its_host() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-03").await;
    other.book(&listing, "2026-05-01", "2026-05-03").await;
    let found =
        guest.run("query ($id: ID!) { booking(id: $id) { id confirmationCode } }", json!({ "id": booking })).await;
    let code = found["booking"]["confirmationCode"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 10, "{found}");
    for written in [code.to_lowercase(), format!("{}-{}", &code[..5], &code[5..])] {
        for side in [&guest, &host] {
            let by_code = side.run(BY_CODE, json!({ "code": written })).await;
            assert_eq!(by_code["bookingByCode"], found["booking"], "{written}");
        }
    }
    assert_eq!(other.run(BY_CODE, json!({ "code": code })).await["bookingByCode"], json!(null));
    assert_eq!(guest.run(BY_CODE, json!({ "code": "0000000000" })).await["bookingByCode"], json!(null));
}

#[tokio::test]
async fn a_text_that_is_no_code_is_an_error_of_the_argument() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let answer = app.run(Some(&guest.member), BY_CODE, json!({ "code": "K7QM2-XWD9U" })).await;
    let error = serde_json::to_value(&answer.errors).unwrap();
    assert_eq!(error[0]["extensions"]["code"], "BAD_USER_INPUT", "{error}");
}
