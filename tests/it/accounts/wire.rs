//! Access tokens on the wire, as clients send them (C10).

use chrono::Duration;
use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, REFRESH, SIGN_IN, SIGN_OUT, register_ada};
use crate::harness::{actors::REGISTER, app::TestApp, wire::post};

#[tokio::test]
async fn a_client_whose_token_has_expired_can_refresh_sign_in_and_sign_out_with_it() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let ada = app.guest().await;
    let served = app.serve().await;
    let to = served.address.to_string();
    let me = json!({});
    app.pass(Duration::minutes(16));
    for token in [ada.access.as_str(), "garbage", "null"] {
        let stale = post(&to, token, "{ me { id } }", &me).await.unwrap();
        assert_eq!((stale.status, stale.code()), (401, Some("UNAUTHENTICATED")), "the sign to refresh: {token}");
        let public = post(&to, token, "{ searchListings(first: 1) { nodes { listing { id } } } }", &me).await.unwrap();
        assert_eq!((public.status, public.code()), (401, Some("UNAUTHENTICATED")), "also for public data: {token}");
    }
    let execute = async |token: &str, mutation: &str, input: Value| {
        let reply = post(&to, token, mutation, &json!({ "input": input })).await.unwrap();
        reply.field().clone()
    };
    let refreshed = execute(&ada.access, REFRESH, json!({ "refreshToken": ada.refresh })).await;
    let tokens = &refreshed["tokens"];
    assert!(tokens["accessToken"].is_string(), "{refreshed}");
    let input = json!({ "email": EMAIL, "password": PASSWORD });
    assert_eq!(execute(&ada.access, SIGN_IN, input.clone()).await["__typename"], "SignInSuccess");
    assert_eq!(execute("garbage", SIGN_IN, input).await["me"]["email"], EMAIL);
    let input = json!({ "email": "eve@example.org", "password": PASSWORD, "displayName": "Eve" });
    assert_eq!(execute(&ada.access, REGISTER, input).await["__typename"], "RegisterUserSuccess");
    let out = execute(&ada.access, SIGN_OUT, json!({ "refreshToken": tokens["refreshToken"] })).await;
    assert_eq!(out["ended"], true);
}

#[tokio::test]
async fn a_stale_token_is_checked_when_an_operation_does_more_than_signing_in() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let served = app.serve().await;
    let both = format!(
        "mutation {{ signIn(input: {{email: \"{EMAIL}\", password: \"{PASSWORD}\"}}) {{ __typename }}
         unlistListing(input: {{listingId: \"lst_0\"}}) {{ __typename }} }}"
    );
    let reply = post(&served.address.to_string(), "garbage", &both, &json!({})).await.unwrap();
    assert_eq!(reply.code(), Some("UNAUTHENTICATED"));
}
