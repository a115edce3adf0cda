//! A provider that fails or misbehaves: people are told so, other ways to sign in work, and the same request can succeed later.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;

use super::{
    super::{PASSWORD, register_ada, sign_in},
    *,
};
use crate::harness::identity_server::Failure;

const AWAY: &str = "ProviderUnavailableProblem";
const DISCOVERY: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn a_provider_that_misbehaves_is_unavailable_and_the_same_request_succeeds_later() {
    let (app, server) = started().await;
    begin(&app).await;
    for failure in [
        Failure::Drops,
        Failure::Endless,
        Failure::Redirects,
        Failure::Garbage,
        Failure::Status(500),
        Failure::Status(429),
    ] {
        let begun = begin(&app).await;
        let approval = server.approve(&begun.url, &ada(), app.app.now());
        server.fail("/token", failure);
        let answer = complete(&app, begun.answer(&approval)).await;
        assert_eq!((kind(&answer), &answer["retryable"]), (AWAY, &json!(true)), "{failure:?}");
        server.recover();
        assert_eq!(kind(&complete(&app, begun.answer(&approval)).await), SIGNED_IN, "after {failure:?}");
    }
}

/// Held connections would be missing: there are more sign-ins than connections, and the provider may take a minute.
#[tokio::test]
async fn a_provider_that_hangs_delays_nobody_else() {
    let server = IdentityServer::start().await;
    let providers =
        IdentityServer::all_within(Duration::minutes(1).to_std().unwrap(), vec![server.settings("example")]);
    let app = TestApp::with_providers(AttemptLimits::none(), providers).await;
    register_ada(&app).await;
    begin(&app).await;
    server.fail("/token", Failure::Hangs);
    let hanging = join_all((0..24).map(async |_| {
        let begun = begin(&app).await;
        complete(&app, begun.answer(&server.approve(&begun.url, &json!({ "sub": "1" }), app.app.now()))).await
    }));
    let others = async {
        while server.asked("/token") < 24 {
            tokio::task::yield_now().await;
        }
        sign_in(&app, EMAIL, PASSWORD).await
    };
    let entered = tokio::select! {
        entered = others => entered,
        _ = hanging => panic!("a provider that hangs has answered"),
    };
    assert_eq!(kind(&entered), "SignInSuccess");
}

#[tokio::test]
async fn a_provider_that_hangs_is_given_up_after_a_time() {
    let (app, server) = started().await;
    server.fail(DISCOVERY, Failure::Hangs);
    assert_eq!(kind(&try_begin(&app, "example", PAGE).await), AWAY);
    assert_eq!(kind(&try_begin(&app, "example", PAGE).await), AWAY, "at once, for a moment");
    assert_eq!(server.asked(DISCOVERY), 1);
    server.recover();
    app.pass(Duration::seconds(5));
    assert_eq!(kind(&try_begin(&app, "example", PAGE).await), "BeginProviderSignInSuccess");
}

#[tokio::test]
async fn a_discovery_document_that_cannot_be_trusted_is_not_used() {
    let (app, server) = started().await;
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("token_endpoint", json!("http://evil.example/token")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("userinfo_endpoint", json!("http://10.0.0.1/")),
        ("code_challenge_methods_supported", json!(["plain"])),
        ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"])),
        ("jwks_uri", json!(null)),
    ] {
        let other = IdentityServer::start().await;
        other.describe(name, value.clone());
        let app = TestApp::with_providers(AttemptLimits::none(), IdentityServer::all(vec![other.settings("example")]));
        assert_eq!(kind(&try_begin(&app.await, "example", PAGE).await), AWAY, "{name}: {value}");
    }
    assert_eq!(kind(&try_begin(&app, "example", PAGE).await), "BeginProviderSignInSuccess");
    drop(server);
}

#[tokio::test]
async fn one_that_is_away_is_listed_and_the_other_works() {
    let (away, here) = (IdentityServer::start().await, IdentityServer::start().await);
    let providers = IdentityServer::all(vec![away.settings("away"), here.settings("here")]);
    let app = TestApp::with_providers(AttemptLimits::none(), providers).await;
    drop(away);
    assert_eq!(kind(&try_begin(&app, "away", PAGE).await), AWAY);
    assert_eq!(kind(&try_begin(&app, "here", PAGE).await), "BeginProviderSignInSuccess");
}

#[tokio::test]
async fn a_known_person_signs_in_although_the_provider_does_not_say_more_about_them() {
    let (app, server) = started().await;
    let silent = json!({ "sub": "ada-1815" });
    server.say(&ada());
    assert_eq!(kind(&sign_in_as(&app, &server, &silent).await), SIGNED_IN);
    server.fail("/userinfo", Failure::Status(503));
    assert_eq!(kind(&sign_in_as(&app, &server, &silent).await), SIGNED_IN);
    assert_eq!(kind(&sign_in_as(&app, &server, &json!({ "sub": "2" })).await), AWAY, "somebody new needs an email");
}
