//! What is deleted after its time.

use chrono::Duration;
use mail::SendError;
use serde_json::json;

use super::{is_stored, sweep};
use crate::{harness::app::TestApp, operations::of_field};

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
