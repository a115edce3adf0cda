//! What is deleted after its time.

use chrono::Duration;
use mail::SendError;
use serde_json::json;
use store::one_time_codes;
use types::CodePurpose;

use super::{is_stored, sweep};
use crate::{
    harness::{actors::Actor, app::TestApp},
    operations::of_field,
};

#[tokio::test]
async fn a_mail_that_cannot_be_sent_is_deleted_after_thirty_days() {
    const EMAIL: &str = "gone@example.org";
    let app = TestApp::new().await;
    app.mailbox.expect([SendError::Rejected("550 unknown".to_owned())]);
    app.run(None, &of_field("requestPasswordReset").text, json!({ "input": { "email": EMAIL } })).await;
    app.work().await;
    for (days, is_there) in [(29, true), (2, false)] {
        app.pass(Duration::days(days));
        sweep(&app).await;
        assert_eq!(is_stored(&app, EMAIL).await, is_there, "after {days} more days");
    }
}

#[tokio::test]
async fn a_mailed_code_is_deleted_a_week_after_it_has_expired() {
    let app = TestApp::new().await;
    let una = Actor::register_unverified(&app, "Una").await;
    let is_there = async || {
        let code = one_time_codes::lock(&mut app.conn().await, una.member.id(), CodePurpose::VerifyEmail).await;
        code.unwrap().is_some()
    };
    assert!(is_there().await);
    // It is valid for a day.
    for (hours, expected) in [(8 * 24 - 1, true), (2, false)] {
        app.pass(Duration::hours(hours));
        sweep(&app).await;
        assert_eq!(is_there().await, expected, "after {hours} more hours");
    }
    let account = store::accounts::find(&mut app.conn().await, una.member.id()).await.unwrap();
    assert!(account.is_some(), "the account stays, and can get another code");
}
