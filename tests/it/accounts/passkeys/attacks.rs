//! Responses that are not what was asked for.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde_json::{Value, json};

use super::{
    super::{PASSWORD, found, register_ada},
    CONFIRM, Claims, Passkey, add, begin, begin_confirmation, begin_sign_in, complete, own,
};
use crate::harness::{
    actors::Actor,
    app::TestApp,
    passkeys::{PRESENT, VERIFIED},
};

/// What the page, the browser or the authenticator may be wrong about.
fn wrong_claims() -> Vec<(&'static str, Claims)> {
    let with = |change: fn(&mut Claims)| {
        let mut claims = Claims::default();
        change(&mut claims);
        claims
    };
    vec![
        ("another page", with(|claims| claims.origin = "https://stays.example.com")),
        ("a page that looks like ours", with(|claims| claims.origin = "https://stays.example.org.evil.example")),
        ("another port", with(|claims| claims.origin = "https://stays.example.org:8443")),
        ("a page without TLS", with(|claims| claims.origin = "http://stays.example.org")),
        ("a page in a page", with(|claims| claims.cross_origin = true)),
        ("another domain", with(|claims| claims.domain = "example.org")),
        ("an authenticator that verified nobody", with(|claims| claims.flags = PRESENT)),
        ("an authenticator that nobody touched", with(|claims| claims.flags = VERIFIED)),
        ("contradictory flags", with(|claims| claims.flags |= 1 << 4)),
        ("the other ceremony", with(|claims| claims.kind = Some("payment.get"))),
    ]
}

/// The response with a bit of one of its parts changed.
fn tampered(response: &str, part: &str, byte: usize) -> String {
    let mut response: Value = serde_json::from_str(response).unwrap();
    let text = response["response"][part].as_str().unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    bytes[byte] ^= 1;
    response["response"][part] = URL_SAFE_NO_PAD.encode(bytes).into();
    response.to_string()
}

#[tokio::test]
async fn a_sign_in_for_another_page_domain_or_user_is_refused_and_every_refusal_is_the_same() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let refused = complete(&app, "no json").await;
    assert_eq!(refused["code"], "INVALID_PASSKEY", "{refused}");
    for (what, claims) in wrong_claims() {
        assert_eq!(phone.sign_in(&app, &claims).await, refused, "{what}");
    }
    let eligible = Claims { flags: PRESENT | VERIFIED | 1 << 3, ..Claims::default() };
    assert_eq!(phone.sign_in(&app, &eligible).await, refused, "another kind of passkey than was registered");
    assert!(phone.sign_in(&app, &Claims::default()).await["tokens"].is_object());
}

#[tokio::test]
async fn a_signature_is_of_all_that_was_sent() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    for (part, byte) in
        [("signature", 9), ("signature", 60), ("authenticatorData", 36), ("userHandle", 0), ("clientDataJSON", 3)]
    {
        let response = phone.sign(&begin_sign_in(&app).await, &Claims::default());
        assert_eq!(complete(&app, &tampered(&response, part, byte)).await["code"], "INVALID_PASSKEY", "{part}");
        assert_eq!(complete(&app, &response).await["tokens"].is_object(), part == "clientDataJSON", "{part}: used up");
    }
}

#[tokio::test]
async fn a_passkey_that_is_not_known_here_is_refused() {
    let app = TestApp::new().await;
    let (ada, eve) = (register_ada(&app).await, found(&app, "eve@example.org", PASSWORD).await);
    let phone = Passkey::add(&ada, "Phone").await;
    let (stranger, _) = Passkey::make(&begin(&eve).await, &Claims::default());
    assert_eq!(stranger.sign_in(&app, &Claims::default()).await["code"], "INVALID_PASSKEY", "it was never added");
    let (forged, _) = Passkey::make_with(&begin(&ada).await, &Claims::default(), phone.credential.clone());
    assert_eq!(
        forged.sign_in(&app, &Claims::default()).await["code"],
        "INVALID_PASSKEY",
        "the name of one, another key"
    );
    let other = Claims { user_handle: Some(eve.member.id().as_bytes().to_vec()), ..Claims::default() };
    assert_eq!(phone.sign_in(&app, &other).await["code"], "INVALID_PASSKEY", "of another account than it says");
}

#[tokio::test]
async fn a_challenge_is_for_one_purpose_and_expires_after_five_minutes() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let confirm = async |response: String| ada.mutate(CONFIRM, json!({ "passkey": response })).await;
    for options in [begin(&ada).await, begin_confirmation(&ada).await] {
        let response = phone.sign(&options, &Claims::default());
        assert_eq!(complete(&app, &response).await["code"], "INVALID_PASSKEY", "{options}");
    }
    let sign_in = begin_sign_in(&app).await;
    assert_eq!(confirm(phone.sign(&sign_in, &Claims::default())).await["code"], "INVALID_PASSKEY");
    let mut of_sign_in: Value = serde_json::from_str(&begin(&ada).await).unwrap();
    of_sign_in["challenge"] = serde_json::from_str::<Value>(&sign_in).unwrap()["challenge"].clone();
    let (_, made) = Passkey::make(&of_sign_in.to_string(), &Claims::default());
    assert_eq!(add(&ada, &made, "Signed in").await["code"], "INVALID_PASSKEY");
    let options = begin_sign_in(&app).await;
    app.pass(Duration::minutes(5));
    assert_eq!(complete(&app, &phone.sign(&options, &Claims::default())).await["code"], "INVALID_PASSKEY", "expired");
    let options = begin_sign_in(&app).await;
    app.pass(Duration::seconds(299));
    assert!(complete(&app, &phone.sign(&options, &Claims::default())).await["tokens"].is_object());
    let invented = json!({ "challenge": URL_SAFE_NO_PAD.encode([7; 32]) }).to_string();
    assert_eq!(complete(&app, &phone.sign(&invented, &Claims::default())).await["code"], "INVALID_PASSKEY");
}

#[tokio::test]
async fn a_passkey_is_added_by_the_account_that_has_begun_and_once() {
    let app = TestApp::new().await;
    let (ada, eve) = (register_ada(&app).await, found(&app, "eve@example.org", PASSWORD).await);
    for (what, claims) in wrong_claims() {
        let (_, made) = Passkey::make(&begin(&ada).await, &claims);
        assert_eq!(add(&ada, &made, "Wrong").await["code"], "INVALID_PASSKEY", "{what}");
    }
    let options = begin(&ada).await;
    let (_, made) = Passkey::make(&options, &Claims::default());
    assert_eq!(add(&eve, &made, "Eve's").await["code"], "INVALID_PASSKEY", "the challenge of another account");
    assert_eq!(add(&ada, &made, "Phone").await["passkey"]["name"], "Phone", "which is not used up by that");
    assert_eq!(add(&ada, &made, "Again").await["code"], "INVALID_PASSKEY", "replayed");
    let earlier = begin(&ada).await;
    begin(&ada).await;
    let (_, made) = Passkey::make(&earlier, &Claims::default());
    assert_eq!(add(&ada, &made, "Replaced").await["code"], "INVALID_PASSKEY", "a second begin replaces the first");
    assert_eq!((own(&ada).await.len(), own(&eve).await.len()), (1, 0));
}

#[tokio::test]
async fn a_credential_belongs_to_one_account() {
    let app = TestApp::new().await;
    let (ada, eve) = (register_ada(&app).await, found(&app, "eve@example.org", PASSWORD).await);
    let phone = Passkey::add(&ada, "Phone").await;
    for thief in [&eve, &ada] {
        let (_, made) = Passkey::make_with(&begin(thief).await, &Claims::default(), phone.credential.clone());
        assert_eq!(add(thief, &made, "Stolen").await["code"], "INVALID_PASSKEY");
    }
    let signed_in = Actor::of(&app, &phone.sign_in(&app, &Claims::default()).await);
    assert_eq!(signed_in.member.id(), ada.member.id());
}

#[tokio::test]
async fn malformed_responses_are_refused() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let response = phone.sign(&begin_sign_in(&app).await, &Claims::default());
    let large = format!("{}{}", response, " ".repeat(20_000));
    let padded = response.replace("\"rawId\":\"", "\"rawId\":\"A");
    let other_kind = response.replace("public-key", "password");
    for wrong in ["", "null", "[]", "{}", "\u{0}", &large, &padded, &other_kind] {
        assert_eq!(complete(&app, wrong).await["code"], "INVALID_PASSKEY", "{wrong}");
        assert_eq!(add(&ada, wrong, "Wrong").await["code"], "INVALID_PASSKEY", "{wrong}");
    }
    assert!(complete(&app, &response).await["tokens"].is_object(), "none of them has used the challenge up");
}
