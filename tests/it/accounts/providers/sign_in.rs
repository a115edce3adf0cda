//! Signing in: new people, known ones, and those whom the provider does not vouch for.

use chrono::Duration;
use domain::app::AttemptLimits;
use serde_json::{Value, json};
use store::one_time_codes;
use types::{CodePurpose, Rule, StaffRole};

use super::{
    super::{PASSWORD, execute_from, register, register_ada, sign_in},
    *,
};
use crate::{
    desk::act,
    harness::{authenticator::Authenticator, browser::Browser, mailbox::code_in},
};

const ME: &str = "{ me { email emailVerified hasPassword user { id displayName } linkedProviders { id name isAvailable linkedAt } } }";

#[tokio::test]
async fn somebody_new_gets_an_account_and_comes_back_to_it() {
    let (app, server) = started().await;
    let listed = crate::harness::actors::data(app.run(None, "{ identityProviders { id name } }", json!({})).await);
    assert_eq!(listed["identityProviders"], json!([{ "id": "example", "name": "example ID" }]));
    let first = sign_in_as(&app, &server, &ada()).await;
    assert_eq!(kind(&first), SIGNED_IN, "{first}");
    let me = Actor::of(&app, &first).run(ME, json!({})).await["me"].clone();
    assert_eq!((&me["email"], &me["emailVerified"], &me["hasPassword"]), (&json!(EMAIL), &json!(true), &json!(false)));
    assert_eq!(me["user"]["displayName"], "Ada Lovelace");
    let linked =
        json!([{ "id": "example", "name": "example ID", "isAvailable": true, "linkedAt": "2026-03-02T04:00:00Z" }]);
    assert_eq!(me["linkedProviders"], linked);
    // Another email and name at the provider are still the same person.
    let renamed =
        json!({ "sub": "ada-1815", "email": "countess@example.org", "email_verified": true, "name": "The Countess" });
    let again = Actor::of(&app, &sign_in_as(&app, &server, &renamed).await).run(ME, json!({})).await;
    assert_eq!(again["me"], me);
    // And the same email with another subject is another person.
    let other = json!({ "sub": "ADA-1815", "email": EMAIL, "email_verified": true });
    assert_eq!(kind(&sign_in_as(&app, &server, &other).await), "LinkRequiredProblem");
}

#[tokio::test]
async fn an_email_never_opens_an_account_that_was_made_with_it() {
    let (app, server) = started().await;
    register_ada(&app).await;
    for person in [ada(), json!({ "sub": "eve", "email": "ADA@example.org", "email_verified": true })] {
        let answer = sign_in_as(&app, &server, &person).await;
        assert_eq!((kind(&answer), &answer["tokens"]), ("LinkRequiredProblem", &Value::Null));
    }
    assert_eq!(kind(&sign_in(&app, EMAIL, PASSWORD).await), "SignInSuccess");
}

#[tokio::test]
async fn an_email_for_which_the_provider_does_not_vouch_makes_no_account() {
    let (app, server) = started().await;
    for claims in [
        json!({ "email": EMAIL }),
        json!({ "email": EMAIL, "email_verified": false }),
        json!({ "email": EMAIL, "email_verified": "false" }),
        json!({ "email": "not an email", "email_verified": true }),
        json!({ "email_verified": true }),
    ] {
        let mut person = claims.clone();
        person["sub"] = "eve".into();
        assert_eq!(kind(&sign_in_as(&app, &server, &person).await), "ProviderEmailNotVerifiedProblem", "{claims}");
    }
    assert_eq!(domain::accounts::verified(&app.app, &EMAIL.parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn whoever_registers_first_with_a_strangers_email_does_not_get_their_account() {
    let (app, server) = started().await;
    let squatter = Actor::of(&app, &register(&app, EMAIL, PASSWORD).await);
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    assert_ne!(own.member.id(), squatter.member.id());
    let conn = &mut app.conn().await;
    let code = one_time_codes::lock(conn, squatter.member.id(), CodePurpose::VerifyEmail).await.unwrap().unwrap();
    let code = app.app.keys.code(code.id).unwrap();
    let taken = squatter.mutate(&of_field("verifyEmail").text, json!({ "code": code })).await;
    assert_eq!(taken["code"], "EMAIL_TAKEN");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["code"], "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn a_name_is_cleaned_and_never_an_email() {
    let (app, server) = started().await;
    for (name, shown) in [
        (json!("  Ada\u{202e}\n Lovelace "), "Ada Lovelace"),
        (json!("ada@example.org"), "New member"),
        (json!(42), "New member"),
    ] {
        let number = app.number();
        let person = json!({ "sub": format!("p{number}"), "email": format!("p{number}@example.org"), "email_verified": true, "name": name });
        let me = Actor::of(&app, &sign_in_as(&app, &server, &person).await).run(ME, json!({})).await;
        assert_eq!(me["me"]["user"]["displayName"], shown);
    }
}

#[tokio::test]
async fn an_email_that_is_only_told_when_asked_counts_if_it_is_of_the_same_person() {
    let (app, server) = started().await;
    let silent = json!({ "sub": "ada-1815" });
    server.say(&json!({ "sub": "somebody else", "email": EMAIL, "email_verified": true }));
    assert_eq!(kind(&sign_in_as(&app, &server, &silent).await), "ProviderEmailNotVerifiedProblem");
    server.say(&ada());
    let me = Actor::of(&app, &sign_in_as(&app, &server, &silent).await).run(ME, json!({})).await;
    assert_eq!((&me["me"]["email"], &me["me"]["user"]["displayName"]), (&json!(EMAIL), &json!("Ada Lovelace")));
}

#[tokio::test]
async fn an_account_with_a_second_factor_still_needs_it() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    let (authenticator, _) = Authenticator::enable(&own).await;
    app.pass(Duration::seconds(30));
    let answer = sign_in_as(&app, &server, &ada()).await;
    assert_eq!((kind(&answer), &answer["tokens"]), ("SecondFactorRequiredProblem", &Value::Null));
    let input = json!({ "challenge": answer["challenge"], "code": authenticator.code(&app) });
    let completed = execute(&app, &of_field("completeSignIn").text, input).await;
    assert_eq!(Actor::of(&app, &completed).member.id(), own.member.id());
}

#[tokio::test]
async fn a_suspended_account_does_not_open() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    let admin = Actor::staff(&app, StaffRole::Admin).await;
    act(&admin, "suspendPerson", json!({ "personId": own.member.id().to_string() })).await;
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), "AccountSuspendedProblem");
}

#[tokio::test]
async fn an_account_without_a_password_gets_one_by_a_reset_only() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    for guess in ["", "correct horse", "null"] {
        assert_eq!(sign_in(&app, EMAIL, guess).await["code"], "INVALID_CREDENTIALS");
    }
    let change = json!({ "currentPassword": "", "newPassword": "correct horse battery" });
    assert_eq!(own.mutate(&of_field("changePassword").text, change).await["code"], "INVALID_CREDENTIALS");
    execute(&app, &of_field("requestPasswordReset").text, json!({ "email": EMAIL })).await;
    app.work().await;
    let code = code_in(&app.mailbox.last_to(EMAIL));
    let reset = json!({ "code": code, "newPassword": "correct horse battery" });
    let reset = execute(&app, &of_field("resetPassword").text, reset).await;
    assert_eq!(Actor::of(&app, &reset).member.id(), own.member.id());
    assert_eq!(kind(&sign_in(&app, EMAIL, "correct horse battery").await), "SignInSuccess");
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN, "both ways open it");
}

#[tokio::test]
async fn after_ten_minutes_an_account_without_a_password_signs_in_again_for_a_sensitive_change() {
    let (app, server) = started().await;
    let own = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    app.pass(Duration::minutes(10));
    let refused = unlink(&own).await;
    assert_eq!((&refused["code"], &refused["methods"]), (&json!("RECENT_SIGN_IN_REQUIRED"), &json!([])));
    let again = Actor::of(&app, &sign_in_as(&app, &server, &ada()).await);
    assert_eq!(unlink(&again).await["code"], "STATE_CONFLICT", "the proof is there");
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_device_and_a_known_one_stays_known() {
    let (app, server) = started().await;
    let first = sign_in_as(&app, &server, &ada()).await;
    app.work().await;
    assert!(app.mailbox.to(EMAIL).is_empty(), "a new account has no other device");
    let from = async |address: &str, device: Value| {
        let begun = begin(&app).await;
        let approval = server.approve(&begun.url, &ada(), app.app.now());
        let mut input = begun.answer(&approval);
        input["deviceToken"] = device;
        execute_from(&app, Some(address), &of_field("completeProviderSignIn").text, input).await
    };
    let known = from("203.0.113.9", first["deviceToken"].clone()).await;
    assert_eq!(known["deviceToken"], first["deviceToken"]);
    app.work().await;
    assert!(app.mailbox.to(EMAIL).is_empty());
    let new = from("198.51.100.7", Value::Null).await;
    assert_ne!(new["deviceToken"], first["deviceToken"]);
    app.work().await;
    assert_eq!(app.mailbox.to(EMAIL).len(), 1);
}

#[tokio::test]
async fn a_page_in_cookie_mode_gets_cookies_and_no_token() {
    let (app, server) = started().await;
    let served = app.serve().await;
    let browser = Browser::new(served.address);
    let begun = Begun::of(
        &browser
            .mutate(&of_field("beginProviderSignIn").text, json!({ "provider": "example", "redirectUri": PAGE }))
            .await,
    );
    let approval = server.approve(&begun.url, &ada(), app.app.now());
    let page = browser.run(&of_field("completeProviderSignIn").text, json!({ "input": begun.answer(&approval) })).await;
    assert_eq!((kind(page.field()), page.set.len()), (SIGNED_IN, 3));
    let text = page.body.to_string();
    assert!(!["rt_", "dev_", "eyJ"].iter().any(|start| text.contains(start)), "{text}");
    assert_eq!(browser.run("{ me { email } }", json!({})).await.field()["email"], EMAIL);
}

#[tokio::test]
async fn only_known_providers_and_listed_pages_are_accepted() {
    let (app, _server) = started().await;
    let unknown = try_begin(&app, "other", PAGE).await;
    assert_eq!((&unknown["code"], &unknown["path"]), (&json!("INVALID_INPUT"), &json!(["input", "provider"])));
    for page in [
        "https://evil.example/",
        "https://stays.example.org/sign-in/provider/",
        "https://stays.example.org/sign-in/provider?next=x",
        "https://stays.example.org.evil.example/sign-in/provider",
        "",
    ] {
        let refused = try_begin(&app, "example", page).await;
        assert_eq!(
            (&refused["code"], &refused["path"]),
            (&json!("INVALID_INPUT"), &json!(["input", "redirectUri"])),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_response_has_either_a_code_or_an_error() {
    let (app, server) = started().await;
    let begun = begin(&app).await;
    let approval = server.approve(&begun.url, &ada(), app.app.now());
    let base = json!({ "handle": begun.handle, "state": approval.state });
    assert_eq!(complete(&app, base.clone()).await["code"], "INVALID_INPUT");
    let mut both = begun.answer(&approval);
    both["error"] = "access_denied".into();
    assert_eq!(complete(&app, both).await["code"], "INVALID_INPUT");
    for (error, expected) in [
        ("access_denied", "ProviderDeniedProblem"),
        ("login_required", "ProviderDeniedProblem"),
        ("temporarily_unavailable", "ProviderUnavailableProblem"),
        ("invalid_scope", INVALID),
        ("'; DROP TABLE users", INVALID),
    ] {
        let begun = begin(&app).await;
        let state = server.approve(&begun.url, &ada(), app.app.now()).state;
        let answer = complete(&app, json!({ "handle": begun.handle, "state": state, "error": error })).await;
        assert_eq!(kind(&answer), expected, "{error}");
    }
    assert_eq!(server.asked("/token"), 0);
}

#[tokio::test]
async fn attempts_are_limited_by_address() {
    let few = |rule: Rule| Rule { burst: 3, ..rule };
    let limits = AttemptLimits::none();
    let limits = AttemptLimits {
        provider_sign_in_by_address: few(AttemptLimits::default().provider_sign_in_by_address),
        ..limits
    };
    let (app, _server) = limited(limits).await;
    let input = json!({ "provider": "example", "redirectUri": PAGE });
    let from = async |address: &str| {
        execute_from(&app, Some(address), &of_field("beginProviderSignIn").text, input.clone()).await
    };
    for _ in 0..3 {
        assert_eq!(kind(&from("203.0.113.9").await), "BeginProviderSignInSuccess");
    }
    assert_eq!(from("203.0.113.9").await["code"], "TOO_MANY_ATTEMPTS");
    assert_eq!(kind(&from("198.51.100.7").await), "BeginProviderSignInSuccess");
}

#[tokio::test]
async fn while_registrations_are_off_nobody_new_gets_an_account() {
    let (app, server) = started().await;
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN);
    let admin = Actor::staff(&app, StaffRole::Admin).await;
    act(&admin, "setFeature", json!({ "feature": "REGISTRATIONS", "isOn": false })).await;
    let new = json!({ "sub": "eve", "email": "eve@example.org", "email_verified": true, "name": "Eve" });
    assert_eq!(kind(&sign_in_as(&app, &server, &new).await), "FeatureOffProblem");
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN, "others sign in");
}
