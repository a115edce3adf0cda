//! What is stored, for how long, and what is not.

use chrono::Duration;
use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl as _;
use domain::retention::Sweeper;
use serde_json::json;

use super::{super::register_ada, *};
use crate::harness::database::strings;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let query = format!("SELECT COUNT(*) AS count FROM {table}");
    diesel::sql_query(query).get_result::<Count>(&mut app.conn().await).await.unwrap().count
}

#[tokio::test]
async fn the_database_has_neither_the_handle_nor_what_is_derived_from_it_nor_the_subject() {
    let (app, server) = started().await;
    let begun = begin(&app).await;
    let handle = auth::ProviderHandle::sent(begun.handle.clone());
    sign_in_as(&app, &server, &ada()).await;
    let owner = app.guest().await;
    link(&owner, &server, &json!({ "sub": "grace-1906", "name": "Grace Hopper" })).await;
    let secrets = [begun.handle, handle.state(), handle.nonce(), handle.verifier(), handle.code_challenge()];
    for text in strings(&app).await {
        assert!(!secrets.iter().any(|secret| text.contains(secret.as_str())), "{text}");
        assert!(!text.contains("ada-1815") && !text.contains("grace-1906") && !text.contains("Hopper"), "{text}");
    }
}

#[tokio::test]
async fn an_expired_attempt_is_deleted() {
    let (app, server) = started().await;
    begin(&app).await;
    sign_in_as(&app, &server, &ada()).await;
    assert_eq!(count(&app, "provider_attempts").await, 1, "a completed one is gone at once");
    app.pass(Duration::minutes(11));
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(count(&app, "provider_attempts").await, 0);
    assert_eq!(count(&app, "provider_links").await, 1);
}

#[tokio::test]
async fn a_deleted_account_has_no_links_and_the_person_can_come_back() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    begin_link(&own, &server, &ada()).await;
    let deleted = own.mutate(&of_field("deleteAccount").text, json!({ "email": EMAIL })).await;
    assert_eq!(kind(&deleted), "DeleteAccountSuccess", "{deleted}");
    assert_eq!((count(&app, "provider_links").await, count(&app, "provider_attempts").await), (0, 0));
    let again = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    assert_ne!(again.member.id(), own.member.id());
}

/// The public password of a demo account lets anybody link it; when it is locked, that must not open it.
#[tokio::test]
async fn a_locked_account_has_no_links() {
    let (app, server) = started().await;
    let owner = register_ada(&app).await;
    link(&owner, &server, &json!({ "sub": "1" })).await;
    domain::accounts::lock(&app.app, &EMAIL.parse().unwrap()).await.unwrap();
    assert_eq!(kind(&sign_in_as(&app, &server, &json!({ "sub": "1" })).await), "ProviderEmailNotVerifiedProblem");
}
