use super::*;
use types::SeededEntropy;

fn keys(ids: &[&str]) -> Keys {
    let mut keys = ids.iter().map(|id| SigningKey { id: (*id).into(), secret: id.repeat(32).into_bytes() });
    Keys::new(keys.next().unwrap(), &keys.collect::<Vec<_>>())
}

fn now() -> Timestamp {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap().into()
}

fn holder(entropy: &SeededEntropy) -> Holder {
    let (user, session) = (UserId::new(now(), entropy), SessionId::new(now(), entropy));
    Holder { user, session, has_verified_email: true, impersonator: None }
}

#[test]
fn a_token_proves_its_member_until_it_expires() {
    let entropy = SeededEntropy::new(1);
    let holder = holder(&entropy);
    let (token, member) = keys(&["a"]).sign(holder, now(), Duration::minutes(15)).unwrap();
    assert_eq!(keys(&["a"]).verify(&token.text, now()), Ok((member, now() + Duration::minutes(15))));
    let end = now() + Duration::minutes(15);
    assert_eq!(keys(&["a"]).verify(&token.text, end), Err(TokenError::Expired));
    assert!(keys(&["b", "a"]).verify(&token.text, now()).is_ok(), "an older key still verifies");
    assert_eq!(keys(&["b"]).verify(&token.text, now()), Err(TokenError::Invalid));
}

#[test]
fn a_token_says_whether_the_email_is_verified() {
    for has_verified_email in [true, false] {
        let holder = Holder { has_verified_email, ..holder(&SeededEntropy::new(1)) };
        let (token, member) = keys(&["a"]).sign(holder, now(), Duration::minutes(15)).unwrap();
        let (read, _) = keys(&["a"]).verify(&token.text, now()).unwrap();
        assert_eq!((read.verified().is_ok(), read), (has_verified_email, member));
    }
}

#[test]
fn a_token_names_who_acts_as_its_member_and_gives_no_proof_of_the_owner() {
    let own = holder(&SeededEntropy::new(1));
    let staff = UserId::new(now(), &SeededEntropy::new(2));
    let holder = Holder { impersonator: Some(staff), ..own };
    let (token, member) = keys(&["a"]).sign(holder, now(), Duration::minutes(15)).unwrap();
    let (read, _) = keys(&["a"]).verify(&token.text, now()).unwrap();
    assert_eq!(read, member);
    assert_eq!((read.id(), read.impersonation()), (own.user, Some((staff, own.session.into()))));
    assert!(read.verified().is_ok() && read.owner().is_err());
    let (token, _) = keys(&["a"]).sign(own, now(), Duration::minutes(15)).unwrap();
    let (read, _) = keys(&["a"]).verify(&token.text, now()).unwrap();
    assert!(read.owner().is_ok() && read.impersonation().is_none());
}

#[test]
fn a_token_contains_its_expiry_in_seconds() {
    let entropy = SeededEntropy::new(1);
    let holder = holder(&entropy);
    let at = now() + Duration::microseconds(999_999);
    let (token, _) = keys(&["a"]).sign(holder, at, Duration::minutes(15)).unwrap();
    let (_, expires_at) = keys(&["a"]).verify(&token.text, at).unwrap();
    assert_eq!(token.expires_at, expires_at);
}

#[test]
fn a_refresh_token_has_one_child_for_each_key() {
    let parent = RefreshToken::new(&SeededEntropy::new(1));
    let child = keys(&["a"]).child(&parent).unwrap();
    assert_eq!(child.text().len(), parent.text().len());
    assert_eq!(keys(&["a"]).child(&parent).unwrap(), child);
    assert_ne!(keys(&["b"]).child(&parent).unwrap(), child);
    assert_ne!(keys(&["a"]).child(&child).unwrap(), child);
    let found = |ids: &[&str]| keys(ids).child_with_hash(&parent, &child.hash()).unwrap();
    assert_eq!(found(&["b", "a"]), Some(child.clone()), "an older key derived it");
    assert_eq!(found(&["b"]), None);
}

#[test]
fn a_secret_shows_only_its_purpose() {
    let (refresh, device) = (RefreshToken::new(&SeededEntropy::new(1)), DeviceToken::new(&SeededEntropy::new(1)));
    assert!(refresh.text().starts_with("rt_") && device.text().starts_with("dev_"));
    assert_eq!(format!("{refresh:?} {device:?}"), "RefreshToken(…) DeviceToken(…)");
    assert_ne!(refresh.hash(), device.hash());
    assert_eq!(RefreshToken::sent(refresh.text().to_owned()), refresh);
}

#[test]
fn tokens_of_others_are_rejected() {
    let entropy = SeededEntropy::new(1);
    let holder = holder(&entropy);
    let (token, _) = keys(&["a"]).sign(holder, now(), Duration::minutes(15)).unwrap();
    let parts: Vec<_> = token.text.split('.').collect();
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"a"}"#), parts[1]);
    let other = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode("{}"), parts[2]);
    for forged in ["", "a.b.c", &unsigned, &other, "ä"] {
        assert_eq!(keys(&["a"]).verify(forged, now()), Err(TokenError::Invalid), "{forged}");
    }
}
