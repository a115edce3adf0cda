//! Passwords: from different keyboards (C19), weak ones, and hashes with older parameters.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, Version,
    password_hash::phc::{PasswordHash, Salt},
};
use serde_json::json;
use store::accounts;

use super::{EMAIL, PASSWORD, execute, found, register, register_ada, sign_in};
use crate::harness::app::TestApp;

const COMPOSED: &str = "\u{e9}t\u{e9} \u{e0} la plage";
const DECOMPOSED: &str = "e\u{301}te\u{301} a\u{300} la plage";

#[tokio::test]
async fn a_password_is_the_same_however_its_letters_are_composed() {
    let app = TestApp::new().await;
    found(&app, EMAIL, COMPOSED).await;
    found(&app, "eve@example.org", DECOMPOSED).await;
    for email in [EMAIL, "eve@example.org"] {
        for password in [COMPOSED, DECOMPOSED] {
            assert_eq!(sign_in(&app, email, password).await["__typename"], "SignInSuccess", "{email} {password}");
        }
        assert_eq!(sign_in(&app, email, "ete a la plage").await["code"], "INVALID_CREDENTIALS");
        assert_eq!(sign_in(&app, email, &COMPOSED.to_uppercase()).await["code"], "INVALID_CREDENTIALS");
    }
}

#[tokio::test]
async fn a_password_is_counted_in_composed_characters() {
    let app = TestApp::new().await;
    // Letters of which each is two characters before the composition; `a` to `y`, in a mixed order.
    let letters = |length| -> String {
        (0..length).flat_map(|index| [char::from(b"aeiouyncsz"[(index * index + index / 7) % 10]), '\u{301}']).collect()
    };
    for (length, is_valid) in [(7, false), (8, true), (256, true), (257, false)] {
        let answer = register(&app, &format!("ada{length}@example.org"), &letters(length)).await;
        assert_eq!(answer["__typename"] == "RegisterUserSuccess", is_valid, "{length}: {answer}");
        assert_eq!(answer["path"] == json!(["input", "password"]), !is_valid, "{length}: {answer}");
    }
}

#[tokio::test]
async fn weak_passwords_are_refused_with_the_reason() {
    let app = TestApp::new().await;
    let weak = "mutation ($input: RegisterUserInput!) { registerUser(input: $input) { __typename
        ... on InvalidInputProblem { code path message } } }";
    for (password, reason) in [
        ("1234567", "A password must have 8 to 256 characters."),
        ("password1", "This password is too common. Choose another one."),
        ("Summer2026!", "This password is too easy to guess. Choose a longer one, for example several words."),
        ("lovelace.ada", "This password is too easy to guess. Choose a longer one, for example several words."),
        ("Ada_Lovelace7", "This password is too similar to your email address or name. Choose another one."),
        ("!ecalevoladA", "This password is too similar to your email address or name. Choose another one."),
        ("countess@example.org", "This password is too similar to your email address or name. Choose another one."),
        ("Countess-99", "This password is too similar to your email address or name. Choose another one."),
    ] {
        let input = json!({ "email": "countess@example.org", "password": password, "displayName": "Ada Lovelace" });
        let expected = json!({ "__typename": "InvalidInputProblem", "code": "INVALID_INPUT",
            "path": ["input", "password"], "message": reason });
        assert_eq!(execute(&app, weak, input).await, expected, "{password}");
    }
    let answer = register(&app, "countess@example.org", PASSWORD).await;
    assert_eq!(answer["__typename"], "RegisterUserSuccess", "no account was created before");
}

/// Older servers hashed unprepared characters.
#[tokio::test]
async fn an_old_hash_of_decomposed_letters_matches_and_is_replaced() {
    let app = TestApp::new().await;
    found(&app, EMAIL, "another password").await;
    let salt = Salt::new(&[7; 16]).unwrap();
    let old = Argon2::default().hash_password_with_salt(DECOMPOSED.as_bytes(), &salt).unwrap().to_string();
    let hash = async || accounts::credentials(&mut app.conn().await, EMAIL).await.unwrap().unwrap();
    accounts::set_password(&mut app.conn().await, hash().await.user, &old, app.app.now()).await.unwrap();
    assert_eq!(sign_in(&app, EMAIL, COMPOSED).await["__typename"], "SignInSuccess");
    let renewed = hash().await.password_hash;
    assert_ne!(renewed.as_deref(), Some(old.as_str()));
    for password in [COMPOSED, DECOMPOSED] {
        assert_eq!(sign_in(&app, EMAIL, password).await["__typename"], "SignInSuccess");
    }
    assert_eq!(hash().await.password_hash, renewed, "once is enough");
}

/// An account keeps its password when the parameters of new hashes change, and gets a new hash.
#[tokio::test]
async fn a_hash_with_older_parameters_is_replaced_when_its_owner_signs_in() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let params = Params::new(8 * 1024, 1, 1, None).unwrap();
    let salt = Salt::new(&[7; 16]).unwrap();
    let old: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(PASSWORD.as_bytes(), &salt)
        .unwrap();
    let old = old.to_string();
    let stored = async || accounts::credentials(&mut app.conn().await, EMAIL).await.unwrap().unwrap();
    let parameters = |hash: &str| hash.rsplitn(3, '$').last().unwrap().to_owned();
    let current = parameters(&stored().await.password_hash.unwrap());
    assert_ne!(current, parameters(&old));
    accounts::set_password(&mut app.conn().await, stored().await.user, &old, app.app.now()).await.unwrap();
    assert_eq!(sign_in(&app, EMAIL, "another horse").await["code"], "INVALID_CREDENTIALS");
    assert_eq!(stored().await.password_hash.as_deref(), Some(old.as_str()), "a wrong password changes nothing");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess");
    let renewed = stored().await.password_hash;
    assert_eq!(renewed.as_deref().map(parameters), Some(current), "{renewed:?}");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess");
    assert_eq!(stored().await.password_hash, renewed, "once is enough");
}
