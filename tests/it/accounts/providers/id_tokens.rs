//! What a provider says is believed only if it is an answer to this sign-in: every lie makes no session.

use chrono::Duration;
use serde_json::{Map, Value, json};

use super::*;
use crate::harness::identity_server::{Algorithm, Forgery};

type Claims = Map<String, Value>;

/// A lie that sets a claim.
fn set(name: &'static str, value: Value) -> impl Fn(&mut Claims) + Send + Sync + 'static {
    move |claims| drop(claims.insert(name.to_owned(), value.clone()))
}

#[tokio::test]
async fn a_token_that_says_something_else_is_rejected() {
    let (app, server) = started().await;
    let now = app.app.now().unix_seconds();
    let lies: Vec<(&'static str, Value)> = vec![
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("aud", json!("another client")),
        ("aud", json!([])),
        ("aud", json!(["staygate", "another client"])),
        ("azp", json!("another client")),
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{}/", server.issuer))),
        ("iss", json!([server.issuer])),
        ("exp", json!(now - 60)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("iat", json!(now + 61)),
        ("iat", json!(now - 61)),
        ("iat", Value::Null),
        ("nbf", json!(now + 61)),
        ("sub", json!("")),
        ("sub", Value::Null),
        ("sub", json!("s".repeat(256))),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("at_hash", json!("")),
    ];
    for (name, value) in lies {
        server.lie(set(name, value.clone()));
        assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), INVALID, "{name}: {value}");
    }
    server.recover();
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN);
}

#[tokio::test]
async fn clocks_may_differ_by_less_than_a_minute_and_several_audiences_need_an_authorized_party() {
    type Change = Box<dyn Fn(&mut Claims) + Send + Sync>;
    let (app, server) = started().await;
    let now = app.app.now().unix_seconds();
    let fine: Vec<Change> = vec![
        Box::new(set("exp", json!(now - 59))),
        Box::new(set("iat", json!(now + 59))),
        Box::new(set("iat", json!(f64::from(i32::try_from(now).unwrap()) + 0.5))),
        Box::new(set("azp", json!("staygate"))),
        Box::new(set("aud", json!(["staygate"]))),
        Box::new(|claims: &mut Claims| {
            claims.insert("aud".to_owned(), json!(["another client", "staygate"]));
            claims.insert("azp".to_owned(), json!("staygate"));
        }),
    ];
    for lie in fine {
        server.lie(lie);
        assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN);
    }
}

#[tokio::test]
async fn a_token_that_the_provider_has_not_signed_is_rejected() {
    let (app, server) = started().await;
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        server.rotate(&format!("{algorithm:?}"), algorithm);
        app.pass(Duration::minutes(2));
        assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN, "{algorithm:?}");
        for forgery in [
            Forgery::None,
            Forgery::PublicKeyAsSecret,
            Forgery::OtherKey,
            Forgery::UnknownName,
            Forgery::Tampered,
            Forgery::Critical,
        ] {
            server.forge(forgery);
            assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), INVALID, "{algorithm:?} {forgery:?}");
        }
        for fine in [Forgery::Nameless, Forgery::AccessTokenHash] {
            server.forge(fine);
            assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN, "{algorithm:?} {fine:?}");
        }
        server.recover();
    }
}

#[tokio::test]
async fn a_code_works_once_and_a_handle_too() {
    let (app, server) = started().await;
    let (one, other) = (begin(&app).await, begin(&app).await);
    let approval = server.approve(&one.url, &ada(), app.app.now());
    assert_eq!(kind(&complete(&app, one.answer(&approval)).await), SIGNED_IN);
    assert_eq!(kind(&complete(&app, one.answer(&approval)).await), INVALID, "the handle is used");
    let own = server.approve(&other.url, &ada(), app.app.now());
    let replayed = Approval { code: approval.code, state: own.state };
    assert_eq!(kind(&complete(&app, other.answer(&replayed)).await), INVALID, "the code is used");
}

/// An attacker who has a code of somebody else, from an address or a log, cannot use it: the provider compares the verifier.
#[tokio::test]
async fn a_stolen_code_does_not_sign_in_another_page() {
    let (app, server) = started().await;
    let (victim, thief) = (begin(&app).await, begin(&app).await);
    let stolen = server.approve(&victim.url, &ada(), app.app.now());
    let own = server.approve(&thief.url, &json!({ "sub": "thief" }), app.app.now());
    let injected = Approval { code: stolen.code, state: own.state };
    assert_eq!(kind(&complete(&app, thief.answer(&injected)).await), INVALID);
}

/// Nor can an attacker make a victim's page complete the attacker's own sign-in.
#[tokio::test]
async fn a_response_to_another_attempt_is_rejected_and_does_not_end_the_own_one() {
    let (app, server) = started().await;
    let (victim, attacker) = (begin(&app).await, begin(&app).await);
    let forced = server.approve(&attacker.url, &json!({ "sub": "attacker" }), app.app.now());
    assert_eq!(kind(&complete(&app, victim.answer(&forced)).await), INVALID);
    for state in ["", "x", &forced.code] {
        let input = json!({ "handle": victim.handle, "state": state, "code": forced.code });
        assert_eq!(kind(&complete(&app, input).await), INVALID);
    }
    assert_eq!(server.asked("/token"), 0, "the provider is not even asked");
    let own = server.approve(&victim.url, &ada(), app.app.now());
    assert_eq!(kind(&complete(&app, victim.answer(&own)).await), SIGNED_IN);
}

#[tokio::test]
async fn an_attempt_expires_after_ten_minutes() {
    let (app, server) = started().await;
    let (late, timely) = (begin(&app).await, begin(&app).await);
    app.pass(Duration::minutes(10) - Duration::seconds(1));
    let approval = server.approve(&timely.url, &ada(), app.app.now());
    assert_eq!(kind(&complete(&app, timely.answer(&approval)).await), SIGNED_IN);
    let approval = server.approve(&late.url, &ada(), app.app.now());
    app.pass(Duration::seconds(1));
    assert_eq!(kind(&complete(&app, late.answer(&approval)).await), INVALID);
}

/// RFC 9207: with several providers, one of them could pass on what belongs to another.
#[tokio::test]
async fn a_response_that_names_another_issuer_is_rejected() {
    let (app, server) = started().await;
    let answer = async |iss: Value| {
        let begun = begin(&app).await;
        let mut input = begun.answer(&server.approve(&begun.url, &ada(), app.app.now()));
        input["iss"] = iss;
        complete(&app, input).await
    };
    assert_eq!(kind(&answer(json!("https://evil.example")).await), INVALID);
    assert_eq!(server.asked("/token"), 0, "it gets neither the code nor the secret");
    assert_eq!(kind(&answer(json!(server.issuer)).await), SIGNED_IN);
    assert_eq!(kind(&answer(Value::Null).await), SIGNED_IN);
    server.describe("authorization_response_iss_parameter_supported", true.into());
    app.pass(Duration::hours(1));
    assert_eq!(kind(&answer(Value::Null).await), INVALID, "one that says that it names itself must do so");
    assert_eq!(kind(&answer(json!(server.issuer)).await), SIGNED_IN);
}

#[tokio::test]
async fn people_of_two_providers_with_one_subject_are_two() {
    let (first, second) = (IdentityServer::start().await, IdentityServer::start().await);
    let providers = IdentityServer::all(vec![first.settings("first"), second.settings("second")]);
    let app = TestApp::with_providers(AttemptLimits::none(), providers).await;
    let enter = async |server: &IdentityServer, id: &str, email: &str| {
        let begun = Begun::of(&try_begin(&app, id, PAGE).await);
        let person = json!({ "sub": "1", "email": email, "email_verified": true });
        Actor::of(&app, &complete(&app, begun.answer(&server.approve(&begun.url, &person, app.app.now()))).await)
            .member
            .id()
    };
    let one = enter(&first, "first", "one@example.org").await;
    let other = enter(&second, "second", "other@example.org").await;
    assert_ne!(one, other);
    assert_eq!(enter(&first, "first", "other@example.org").await, one);
}

#[tokio::test]
async fn new_keys_are_found_but_read_once_a_minute_at_most() {
    let (app, server) = started().await;
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN);
    server.rotate("second", Algorithm::Es256);
    app.pass(Duration::seconds(59));
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), INVALID);
    assert_eq!(server.asked("/keys"), 1);
    app.pass(Duration::seconds(1));
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN);
    server.forge(Forgery::UnknownName);
    for _ in 0..3 {
        assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), INVALID);
    }
    assert_eq!((server.asked("/keys"), server.asked("/.well-known/openid-configuration")), (2, 1));
    server.recover();
    app.pass(Duration::hours(1));
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN);
    assert_eq!(
        (server.asked("/keys"), server.asked("/.well-known/openid-configuration")),
        (3, 2),
        "they are not used forever"
    );
}

#[tokio::test]
async fn a_provider_that_takes_the_secret_in_the_form_gets_it_there() {
    let (app, server) = started().await;
    server.describe("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    assert_eq!(kind(&sign_in_as(&app, &server, &ada()).await), SIGNED_IN);
}
