//! Sign-in with identity providers, and the links of accounts with them. The provider runs in this process and can lie.

mod id_tokens;
mod links;
mod outages;
mod races;
mod secrets;
mod sign_in;

use domain::app::AttemptLimits;
use serde_json::{Value, json};

use super::{EMAIL, execute};
use crate::{
    harness::{
        actors::Actor,
        app::TestApp,
        identity_server::{Approval, IdentityServer, PAGE},
    },
    operations::of_field,
};

/// A provider, under the key `example`, and an application that knows it.
async fn started() -> (TestApp, IdentityServer) {
    limited(AttemptLimits::none()).await
}

/// The same, with limits.
async fn limited(limits: AttemptLimits) -> (TestApp, IdentityServer) {
    let server = IdentityServer::start().await;
    let app = TestApp::with_providers(limits, IdentityServer::all(vec![server.settings("example")])).await;
    (app, server)
}

/// Ada at the provider, which vouches for her email.
fn ada() -> Value {
    json!({ "sub": "ada-1815", "email": EMAIL, "email_verified": true, "name": "Ada Lovelace" })
}

/// A page that has begun something at the provider.
#[derive(Debug, Clone)]
struct Begun {
    url: String,
    handle: String,
}

impl Begun {
    fn of(payload: &Value) -> Self {
        let text = |name: &str| payload[name].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned();
        Self { url: text("url"), handle: text("handle") }
    }

    /// What the page sends after the provider's response.
    fn answer(&self, approval: &Approval) -> Value {
        json!({ "handle": self.handle, "state": approval.state, "code": approval.code })
    }
}

/// Begins a sign-in.
async fn begin(app: &TestApp) -> Begun {
    Begun::of(&try_begin(app, "example", PAGE).await)
}

async fn try_begin(app: &TestApp, provider: &str, page: &str) -> Value {
    let input = json!({ "provider": provider, "redirectUri": page });
    execute(app, &of_field("beginProviderSignIn").text, input).await
}

async fn complete(app: &TestApp, input: Value) -> Value {
    execute(app, &of_field("completeProviderSignIn").text, input).await
}

/// A whole sign-in of a person.
async fn sign_in_as(app: &TestApp, server: &IdentityServer, person: &Value) -> Value {
    let begun = begin(app).await;
    let approval = server.approve(&begun.url, person, app.app.now());
    complete(app, begun.answer(&approval)).await
}

/// Begins a link, and the person approves it at the provider.
async fn begin_link(member: &Actor, server: &IdentityServer, person: &Value) -> Value {
    let input = json!({ "provider": "example", "redirectUri": PAGE });
    let begun = Begun::of(&member.mutate(&of_field("beginProviderLink").text, input).await);
    begun.answer(&server.approve(&begun.url, person, member.app.app.now()))
}

async fn complete_link(member: &Actor, input: Value) -> Value {
    member.mutate(&of_field("completeProviderLink").text, input).await
}

/// A whole link of a member with a person.
async fn link(member: &Actor, server: &IdentityServer, person: &Value) -> Value {
    let input = begin_link(member, server, person).await;
    complete_link(member, input).await
}

async fn unlink(member: &Actor) -> Value {
    member.mutate(&of_field("unlinkProvider").text, json!({ "provider": "example" })).await
}

/// The kind of a payload.
fn kind(payload: &Value) -> &str {
    payload["__typename"].as_str().unwrap_or_else(|| panic!("{payload}"))
}

const SIGNED_IN: &str = "CompleteProviderSignInSuccess";
const INVALID: &str = "InvalidProviderSignInProblem";
