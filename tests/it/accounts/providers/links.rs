//! Links: made and removed by the owner of an account, who is told.

use chrono::Duration;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{
    super::{PASSWORD, register_ada},
    *,
};
use crate::harness::{
    mailbox::code_in,
    passkeys::{Claims, Passkey},
};

const LINKED: &str = "CompleteProviderLinkSuccess";
const LOCALE: &str = "mutation ($input: RegisterUserInput!) { registerUser(input: $input) {
    ... on RegisterUserSuccess { tokens { accessToken refreshToken } } } }";

#[tokio::test]
async fn an_owner_links_an_account_and_signs_in_with_both_from_then_on() {
    let (app, server) = started().await;
    let owner = register_ada(&app).await;
    // The email at the provider means nothing.
    let person = json!({ "sub": "1", "email": "other@example.org", "email_verified": false });
    let linked = link(&owner, &server, &person).await;
    assert_eq!(linked["me"]["linkedProviders"][0]["id"], "example", "{linked}");
    assert_eq!(Actor::of(&app, &sign_in_as(&app, &server, &person).await).member.id(), owner.member.id());
    app.work().await;
    let mail = app.mailbox.last_to(EMAIL);
    assert!(mail.subject.contains("linked") && mail.text.contains("example ID"), "{}", mail.text);
    assert_eq!(kind(&link(&owner, &server, &person).await), LINKED, "once more changes nothing");
    assert_eq!(link(&owner, &server, &json!({ "sub": "2" })).await["code"], "STATE_CONFLICT");
    assert_eq!(kind(&unlink(&owner).await), "UnlinkProviderSuccess");
    app.work().await;
    assert!(app.mailbox.last_to(EMAIL).subject.contains("unlinked"));
    assert_eq!(kind(&sign_in_as(&app, &server, &person).await), "ProviderEmailNotVerifiedProblem");
    assert_eq!(unlink(&owner).await["code"], "NOT_FOUND");
    assert_eq!(kind(&link(&owner, &server, &json!({ "sub": "2" })).await), LINKED);
}

#[tokio::test]
async fn a_link_needs_a_verified_owner_who_has_just_proved_who_they_are() {
    let (app, server) = started().await;
    let unverified = Actor::register_unverified(&app, "Nora New").await;
    let input = json!({ "provider": "example", "redirectUri": PAGE });
    let begun = unverified.mutate(&of_field("beginProviderLink").text, input.clone()).await;
    assert_eq!(begun["code"], "EMAIL_NOT_VERIFIED");
    let owner = register_ada(&app).await;
    let pending = begin_link(&owner, &server, &ada()).await;
    app.pass(Duration::minutes(10) - Duration::seconds(1));
    let late = begin_link(&owner, &server, &ada()).await;
    app.pass(Duration::seconds(1));
    for refused in [
        owner.mutate(&of_field("beginProviderLink").text, input).await,
        complete_link(&owner, pending).await,
        complete_link(&owner, late.clone()).await,
        unlink(&owner).await,
    ] {
        assert_eq!((&refused["code"], &refused["methods"]), (&json!("RECENT_SIGN_IN_REQUIRED"), &json!(["PASSWORD"])));
    }
    owner.mutate(&of_field("confirmIdentity").text, json!({ "password": PASSWORD })).await;
    assert_eq!(kind(&complete_link(&owner, late).await), LINKED);
}

/// Somebody who has stolen a session, or tricks a page of the owner, cannot link their own person with the owner's account.
#[tokio::test]
async fn what_one_member_has_begun_another_cannot_complete() {
    let (app, server) = started().await;
    let (owner, eve) = (register_ada(&app).await, app.guest().await);
    let forced = begin_link(&eve, &server, &json!({ "sub": "eve" })).await;
    assert_eq!(kind(&complete_link(&owner, forced.clone()).await), INVALID);
    assert_eq!(kind(&complete(&app, forced.clone()).await), INVALID, "nor is it a sign-in");
    assert_eq!(kind(&complete_link(&eve, forced).await), LINKED);
    let begun = begin(&app).await;
    let sign_in = begun.answer(&server.approve(&begun.url, &ada(), app.app.now()));
    assert_eq!(kind(&complete_link(&owner, sign_in).await), INVALID, "nor is a sign-in a link");
}

#[tokio::test]
async fn a_person_is_linked_with_one_account_at_a_time() {
    let (app, server) = started().await;
    let (one, other) = (app.guest().await, app.guest().await);
    let person = json!({ "sub": "1" });
    assert_eq!(kind(&link(&one, &server, &person).await), LINKED);
    assert_eq!(kind(&link(&other, &server, &person).await), "ProviderTakenProblem");
    unlink(&one).await;
    assert_eq!(kind(&link(&other, &server, &person).await), LINKED);
}

#[tokio::test]
async fn the_only_way_to_sign_in_is_not_unlinked() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    let refused = unlink(&own).await;
    assert_eq!(refused["code"], "STATE_CONFLICT");
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN, "it is still linked");
    execute(&app, &of_field("requestPasswordReset").text, json!({ "email": EMAIL })).await;
    app.work().await;
    let input = json!({ "code": code_in(&app.mailbox.last_to(EMAIL)), "newPassword": "correct horse battery" });
    let reset = Actor::of(&app, &execute(&app, &of_field("resetPassword").text, input).await);
    let unlinked = unlink(&reset).await;
    assert_eq!((&unlinked["me"]["hasPassword"], &unlinked["me"]["linkedProviders"]), (&json!(true), &json!([])));
}

#[tokio::test]
async fn a_passkey_is_another_way_to_sign_in_and_the_last_way_is_not_removed() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    let passkey = Passkey::add(&own, "Phone").await;
    let listed = own.run("{ me { passkeys { id } } }", json!({})).await["me"]["passkeys"][0]["id"].clone();
    let remove =
        async |actor: &Actor| actor.mutate(&of_field("removePasskey").text, json!({ "passkeyId": listed })).await;
    assert_eq!(kind(&unlink(&own).await), "UnlinkProviderSuccess");
    let signed_in = Actor::of(&app, &passkey.sign_in(&app, &Claims::default()).await);
    assert_eq!(signed_in.member.id(), own.member.id());
    assert_eq!(remove(&signed_in).await["code"], "STATE_CONFLICT", "it is the only way now");
    assert_eq!(kind(&link(&signed_in, &server, &ada()).await), LINKED);
    assert_eq!(kind(&remove(&signed_in).await), "RemovePasskeySuccess");
    assert_eq!(unlink(&signed_in).await["code"], "STATE_CONFLICT");
}

/// Whatever commits first: one way remains.
#[tokio::test]
async fn of_an_unlink_and_a_removal_at_once_one_way_remains() {
    let (app, server) = started().await;
    let other = app.second_instance().await;
    for number in 0..4 {
        let person =
            json!({ "sub": number.to_string(), "email": format!("p{number}@example.com"), "email_verified": true });
        let own = Actor::of(&app, &sign_in_as(&app, &server, &person).await);
        Passkey::add(&own, "Phone").await;
        let listed = own.run("{ me { passkeys { id } } }", json!({})).await["me"]["passkeys"][0]["id"].clone();
        let elsewhere = own.at(&other);
        let removal = of_field("removePasskey").text;
        let (unlinked, removed) = join(unlink(&own), elsewhere.mutate(&removal, json!({ "passkeyId": listed }))).await;
        let outcomes = [&unlinked["code"], &removed["code"]];
        assert_eq!(outcomes.iter().filter(|code| **code == "STATE_CONFLICT").count(), 1, "{unlinked} {removed}");
    }
}

#[tokio::test]
async fn a_session_that_has_ended_links_nothing() {
    let (app, server) = started().await;
    let owner = register_ada(&app).await;
    let input = begin_link(&owner, &server, &ada()).await;
    let out = execute(&app, &of_field("signOut").text, json!({ "refreshToken": owner.refresh })).await;
    assert_eq!(out["ended"], true);
    let response =
        app.run(Some(&owner.member), &of_field("completeProviderLink").text, json!({ "input": input })).await;
    let response: Value = serde_json::to_value(response).unwrap();
    assert_eq!(response["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{response}");
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), "LinkRequiredProblem");
}

#[tokio::test]
async fn the_mails_are_in_the_language_of_the_owner() {
    let (app, server) = started().await;
    let input = json!({ "email": EMAIL, "password": PASSWORD, "displayName": "Ada", "locale": "de-AT" });
    let owner = Actor::of(&app, &execute(&app, LOCALE, input).await).verified().await;
    link(&owner, &server, &json!({ "sub": "1" })).await;
    app.work().await;
    assert!(app.mailbox.last_to(EMAIL).subject.contains("verknüpft"));
    unlink(&owner).await;
    app.work().await;
    assert!(app.mailbox.last_to(EMAIL).subject.contains("entfernt"));
}

#[tokio::test]
async fn a_provider_that_is_not_offered_any_more_is_shown_and_does_not_count_as_a_way_to_sign_in() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    let link = store::provider_links::ProviderLink {
        identity: vec![9; 32],
        user_id: own.member.id(),
        provider: "gone".to_owned(),
        linked_at: app.app.now(),
    };
    store::provider_links::insert(&mut app.conn().await, &link).await.unwrap();
    let shown = own.run("{ me { linkedProviders { id name isAvailable } } }", json!({})).await;
    let expected = json!([
        { "id": "example", "name": "example ID", "isAvailable": true },
        { "id": "gone", "name": "gone", "isAvailable": false },
    ]);
    assert_eq!(shown["me"]["linkedProviders"], expected);
    assert_eq!(unlink(&own).await["code"], "STATE_CONFLICT");
    let gone = own.mutate(&of_field("unlinkProvider").text, json!({ "provider": "gone" })).await;
    assert_eq!(kind(&gone), "UnlinkProviderSuccess");
}
