//! Personal data: what is stored, what people agree to, what they can take with them, and how it ends.

mod consents;
mod erasures;
mod exports;
mod holds;
mod inventory;
mod proof;
mod retention;

use domain::{
    app::{AttemptLimits, Terms},
    retention::Sweeper,
};
use serde_json::{Value, json};
use types::StaffRole;

use crate::{
    desk::act,
    harness::{
        actors::Actor,
        app::TestApp,
        database::strings,
        identity_server::{IdentityServer, PAGE},
    },
    operations::of_field,
};

/// Deletes the account of `actor`.
pub async fn delete(actor: &Actor) -> Value {
    let email = actor.run("{ me { email } }", json!({})).await["me"]["email"].clone();
    actor.mutate(&of_field("deleteAccount").text, json!({ "email": email })).await
}

/// An admin.
async fn admin(app: &TestApp) -> Actor {
    let admin = Actor::register(app, "Ann Admin").await;
    admin.grant(StaffRole::Admin).await;
    admin
}

/// What the worker does with old data.
async fn sweep(app: &TestApp) {
    Sweeper::default().sweep(&app.app).await.unwrap();
}

/// A hold on the data of `person` that expires in a year.
async fn hold(admin: &Actor, person: &Actor) -> Value {
    let expires_at = admin.app.app.now() + chrono::Duration::days(365);
    let input = json!({ "personId": person.member.id().to_string(), "expiresAt": expires_at, "reason": "Case 12" });
    act(admin, "placeLegalHold", input).await
}

/// Whether a text of a table contains `needle`.
async fn is_stored(app: &TestApp, needle: &str) -> bool {
    strings(app).await.iter().any(|text| text.contains(needle))
}

/// A server on the same database that erases accounts after a week.
async fn with_grace(app: &TestApp) -> TestApp {
    let terms = Terms { erasure_grace: chrono::Duration::days(7), ..app.app.terms };
    app.with_settings(|builder| builder.terms(terms)).await
}

/// An application, and a provider with which one can sign in.
async fn with_provider() -> (TestApp, IdentityServer) {
    let server = IdentityServer::start().await;
    let providers = IdentityServer::all(vec![server.settings("example")]);
    (TestApp::with_providers(AttemptLimits::none(), providers).await, server)
}

/// Links the account of `actor` with a person at the provider.
async fn link(actor: &Actor, server: &IdentityServer, person: &Value) {
    let input = json!({ "provider": "example", "redirectUri": PAGE });
    let begun = actor.mutate(&of_field("beginProviderLink").text, input).await;
    let url = begun["url"].as_str().unwrap_or_else(|| panic!("{begun}"));
    let approval = server.approve(url, person, actor.app.app.now());
    let response = json!({ "handle": begun["handle"], "state": approval.state, "code": approval.code });
    let linked = actor.mutate(&of_field("completeProviderLink").text, response).await;
    assert_eq!(linked["__typename"], "CompleteProviderLinkSuccess", "{linked}");
}
