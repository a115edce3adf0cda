//! Formats, with keys that are made here. What servers do with them is tested through the API.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use ciborium::Value as Cbor;
use proptest::prelude::*;
use serde_json::{Value, json};
use types::{SeededEntropy, Timestamp, UserId};

use super::{public_key::PublicKey, *};

const ORIGIN: &str = "https://example.com";

fn party() -> RelyingParty {
    RelyingParty::new("example.com", "Example", &[ORIGIN.to_owned()]).unwrap()
}

fn owner() -> UserId {
    let now: Timestamp = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap().into();
    UserId::new(now, &SeededEntropy::new(1))
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn cose(fields: &[(i64, Cbor)]) -> Vec<u8> {
    cbor(&Cbor::Map(fields.iter().map(|(label, value)| (Cbor::from(*label), value.clone())).collect()))
}

/// A key of each kind: its COSE form, and what signs with it.
type Signs = Box<dyn Fn(&[u8]) -> Vec<u8>>;

fn keys() -> Vec<(Vec<u8>, Signs)> {
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let point = ec.public_key().as_ref().to_vec();
    let es256 = cose(&[
        (1, 2.into()),
        (3, (-7).into()),
        (-1, 1.into()),
        (-2, Cbor::Bytes(point[1..33].to_vec())),
        (-3, Cbor::Bytes(point[33..].to_vec())),
    ]);
    let ed = Ed25519KeyPair::generate().unwrap();
    let x = Cbor::Bytes(ed.public_key().as_ref().to_vec());
    let eddsa = cose(&[(1, 1.into()), (3, (-8).into()), (-1, 6.into()), (-2, x)]);
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let parts: PublicKeyComponents<Vec<u8>> = rsa.public_key().into();
    let rs256 = cose(&[(1, 3.into()), (3, (-257).into()), (-1, Cbor::Bytes(parts.n)), (-2, Cbor::Bytes(parts.e))]);
    let rsa_sign = move |message: &[u8]| {
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    };
    vec![
        (es256, Box::new(move |message| ec.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())),
        (eddsa, Box::new(move |message| ed.sign(message).as_ref().to_vec())),
        (rs256, Box::new(rsa_sign)),
    ]
}

fn client_data(kind: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": b64(b"challenge"), "origin": ORIGIN, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

fn data(flags: u8, rest: &[u8]) -> Vec<u8> {
    [sha256(b"example.com").as_slice(), &[flags], &7_u32.to_be_bytes(), rest].concat()
}

fn credential(cose: &[u8]) -> Vec<u8> {
    [&[0; 16][..], &[0, 4], b"cred", cose].concat()
}

fn registration(format: &str, statement: Cbor, data: &[u8]) -> String {
    let object = cbor(&Cbor::Map(vec![
        (Cbor::from("fmt"), Cbor::from(format)),
        (Cbor::from("attStmt"), statement),
        (Cbor::from("authData"), Cbor::Bytes(data.to_vec())),
    ]));
    let response = json!({
        "clientDataJSON": b64(&client_data("webauthn.create")),
        "attestationObject": b64(&object),
        "transports": ["usb", "cable", "internal"],
    });
    json!({ "id": b64(b"cred"), "rawId": b64(b"cred"), "type": "public-key", "response": response }).to_string()
}

fn registered(format: &str, statement: Cbor, data: &[u8]) -> Result<NewPasskey, Rejection> {
    party().verify_registration(&RegistrationResponse::parse(&registration(format, statement, data))?)
}

fn none() -> Cbor {
    Cbor::Map(Vec::new())
}

#[test]
fn passkeys_of_each_kind_register_and_sign() {
    for (cose, sign) in keys() {
        let made = registered("none", none(), &data(0x4d, &credential(&cose))).unwrap();
        assert_eq!((made.public_key.as_slice(), made.transports.as_str()), (cose.as_slice(), "internal,usb"));
        assert_eq!((made.sign_count, made.is_backup_eligible), (7, true));
        let (client, signed) = (client_data("webauthn.get"), data(0x1d, &[]));
        let signature = sign(&[signed.as_slice(), &sha256(&client)].concat());
        let response = |signature: &[u8], data: &[u8]| {
            let response = json!({
                "clientDataJSON": b64(&client), "authenticatorData": b64(data), "signature": b64(signature),
                "userHandle": b64(owner().as_bytes()),
            });
            let text = json!({ "id": "Y3JlZA", "rawId": "Y3JlZA", "type": "public-key", "response": response });
            AssertionResponse::parse(&text.to_string()).unwrap()
        };
        let stored = StoredPasskey {
            owner: owner(),
            public_key: &made.public_key,
            is_backup_eligible: true,
            is_discovered: true,
        };
        let verify = |response: &AssertionResponse, stored| party().verify_assertion(response, stored);
        assert_eq!(verify(&response(&signature, &signed), stored), Ok(Assertion { sign_count: 7 }));
        for index in 0..signature.len() {
            let mut forged = signature.clone();
            forged[index] ^= 1;
            assert_eq!(verify(&response(&forged, &signed), stored), Err(Rejection::Signature), "{index}");
        }
        assert_eq!(verify(&response(&[], &signed), stored), Err(Rejection::Signature));
        assert_eq!(verify(&response(&signature, &data(0x0d, &[])), stored), Err(Rejection::Signature), "other data");
        let other = StoredPasskey { is_backup_eligible: false, ..stored };
        assert_eq!(verify(&response(&signature, &signed), other), Err(Rejection::Backup));
    }
}

#[test]
fn self_attestation_is_verified_and_any_other_is_refused() {
    for (cose, sign) in keys() {
        let data = data(0x45, &credential(&cose));
        let signature = sign(&[data.as_slice(), &sha256(&client_data("webauthn.create"))].concat());
        let alg = PublicKey::parse(&cose).unwrap().algorithm();
        let statement = |alg: i64, signature: &[u8], more: Option<&str>| {
            let more = more.map(|name| (Cbor::from(name), Cbor::Array(Vec::new())));
            let fields = vec![(Cbor::from("alg"), alg.into()), (Cbor::from("sig"), Cbor::Bytes(signature.to_vec()))];
            Cbor::Map(fields.into_iter().chain(more).collect())
        };
        assert!(registered("packed", statement(alg, &signature, None), &data).is_ok());
        for (format, wrong) in [
            ("packed", statement(alg, &signature[1..], None)),
            ("packed", statement(-36, &signature, None)),
            ("packed", statement(alg, &signature, Some("x5c"))),
            ("packed", none()),
            ("none", statement(alg, &signature, None)),
            ("fido-u2f", none()),
            ("tpm", none()),
        ] {
            assert_eq!(registered(format, wrong.clone(), &data), Err(Rejection::Attestation), "{format} {wrong:?}");
        }
    }
}

#[test]
fn authenticator_data_must_be_of_this_domain_and_verify_its_user() {
    let (cose, _) = keys().swap_remove(0);
    let with = |flags, rest: &[u8]| registered("none", none(), &data(flags, rest));
    let credential = credential(&cose);
    assert!(with(0x45, &credential).is_ok());
    let extensions = [credential.as_slice(), &cbor(&Cbor::Map(vec![("credProtect".into(), 2.into())]))].concat();
    assert!(with(0xc5, &extensions).is_ok());
    for (flags, rest, expected) in [
        (0x44, credential.as_slice(), Rejection::UserPresence),
        (0x41, &credential, Rejection::UserVerification),
        (0x55, &credential, Rejection::Backup),
        (0x05, &[], Rejection::Malformed),
        (0x05, &credential, Rejection::Malformed),
        (0x45, &extensions, Rejection::Malformed),
        (0xc5, &credential, Rejection::Malformed),
        (0x45, &credential[..30], Rejection::Malformed),
    ] {
        assert_eq!(with(flags, rest), Err(expected), "{flags:x} {}", rest.len());
    }
    let mut other = data(0x45, &credential);
    other[..32].copy_from_slice(&sha256(b"example.org"));
    assert_eq!(registered("none", none(), &other), Err(Rejection::Domain));
}

#[test]
fn keys_that_are_not_what_was_requested_are_refused() {
    let (good, _) = keys().swap_remove(0);
    let Ok(Cbor::Map(good)) = ciborium::from_reader(good.as_slice()) else { panic!("a map") };
    let parse = |fields: Vec<(Cbor, Cbor)>| PublicKey::of_cose(&Cbor::Map(fields));
    assert!(parse(good.clone()).is_ok());
    let changed = |index: usize, value: Cbor| {
        let mut fields = good.clone();
        fields[index].1 = value;
        fields
    };
    for (index, value) in [
        (0, Cbor::from(1)),
        (0, Cbor::from("2")),
        (1, Cbor::from(-257)),
        (1, Cbor::from(-35)),
        (2, Cbor::from(2)),
        (3, Cbor::Bytes(vec![1; 32])),
        (3, Cbor::Bytes(Vec::new())),
        (4, Cbor::Bytes(vec![0; 33])),
        (4, Cbor::from(true)),
    ] {
        assert_eq!(parse(changed(index, value.clone())), Err(Rejection::Key), "{index} {value:?}");
    }
    assert_eq!(parse([good.clone(), vec![good[3].clone()]].concat()), Err(Rejection::Key), "a field twice");
    assert_eq!(parse(good[..4].to_vec()), Err(Rejection::Key));
    assert_eq!(PublicKey::of_cose(&Cbor::from(1)), Err(Rejection::Key));
    let rsa = |bytes: usize| {
        let fields =
            [(1, Cbor::from(3)), (3, (-257).into()), (-1, Cbor::Bytes(vec![9; bytes])), (-2, Cbor::Bytes(vec![3]))];
        PublicKey::parse(&cose(&fields)).is_ok()
    };
    assert_eq!([rsa(128), rsa(256), rsa(512), rsa(1_024)], [false, true, true, false]);
}

#[test]
fn pages_get_what_browsers_read() {
    let challenge = PasskeyChallenge::new(&SeededEntropy::new(3));
    let existing = [Credential { id: b"cred".to_vec(), transports: "internal,usb".to_owned() }];
    let person = PasskeyOwner { id: owner(), email: "ada@example.org".into(), display_name: "Ada \"A\"".into() };
    let options = party().creation_options(&challenge, &person, &existing, Duration::minutes(5));
    let options: Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options["user"]["displayName"], "Ada \"A\"");
    assert_eq!(options["challenge"].as_str().map(str::len), Some(43));
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    let known = json!([{ "type": "public-key", "id": "Y3JlZA", "transports": ["internal", "usb"] }]);
    assert_eq!(options["excludeCredentials"], known);
    let options: Value = serde_json::from_str(&party().request_options(&challenge, &[], Duration::minutes(5))).unwrap();
    assert_eq!((&options["rpId"], &options["allowCredentials"]), (&json!("example.com"), &json!([])));
    assert_eq!(format!("{challenge:?}"), "PasskeyChallenge(…)");
}

proptest! {
    #[test]
    fn no_bytes_crash_a_parser(bytes in proptest::collection::vec(any::<u8>(), 0..400), flags: u8) {
        let _ = PublicKey::parse(&bytes);
        let _ = registered("none", none(), &bytes);
        let _ = registered("none", none(), &data(flags, &bytes));
        let text = String::from_utf8_lossy(&bytes);
        let _ = (RegistrationResponse::parse(&text).is_ok(), AssertionResponse::parse(&text).is_ok());
    }
}
