//! Passwords from different keyboards (C19).

use argon2::{Argon2, PasswordHasher, password_hash::phc::Salt};
use serde_json::json;
use store::sessions;

use super::{EMAIL, register, sign_in};
use crate::harness::app::TestApp;

const COMPOSED: &str = "\u{e9}t\u{e9} \u{e0} la plage";
const DECOMPOSED: &str = "e\u{301}te\u{301} a\u{300} la plage";

#[tokio::test]
async fn a_password_is_the_same_however_its_letters_are_composed() {
    let app = TestApp::new().await;
    assert_eq!(register(&app, EMAIL, COMPOSED).await["__typename"], "RegisterUserSuccess");
    assert_eq!(register(&app, "eve@example.org", DECOMPOSED).await["__typename"], "RegisterUserSuccess");
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
    assert_eq!(register(&app, EMAIL, &"e\u{301}".repeat(9)).await["path"], json!(["input", "password"]));
    assert_eq!(register(&app, EMAIL, &"e\u{301}".repeat(128)).await["__typename"], "RegisterUserSuccess");
}

/// Older servers hashed unprepared characters.
#[tokio::test]
async fn an_old_hash_of_decomposed_letters_matches_and_is_replaced() {
    let app = TestApp::new().await;
    register(&app, EMAIL, "another password").await;
    let salt = Salt::new(&[7; 16]).unwrap();
    let old = Argon2::default().hash_password_with_salt(DECOMPOSED.as_bytes(), &salt).unwrap().to_string();
    let hash = async || sessions::credentials(&mut app.conn().await, EMAIL).await.unwrap().unwrap();
    sessions::set_password(&mut app.conn().await, hash().await.user, &old, app.app.now()).await.unwrap();
    assert_eq!(sign_in(&app, EMAIL, COMPOSED).await["__typename"], "SignInSuccess");
    let renewed = hash().await.password_hash;
    assert_ne!(renewed.as_deref(), Some(old.as_str()));
    for password in [COMPOSED, DECOMPOSED] {
        assert_eq!(sign_in(&app, EMAIL, password).await["__typename"], "SignInSuccess");
    }
    assert_eq!(hash().await.password_hash, renewed, "once is enough");
}
