//! An authenticator with passkeys, and the browser in front of it.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::{
    actors::{Actor, data},
    app::TestApp,
};
use crate::operations::of_field;

/// The domain of passkeys in tests.
pub const DOMAIN: &str = "stays.example.org";
/// The page that uses them.
pub const ORIGIN: &str = "https://stays.example.org";

pub const PRESENT: u8 = 1;
pub const VERIFIED: u8 = 1 << 2;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// What browser and authenticator say of a ceremony: by default the truth.
#[derive(Clone)]
pub struct Claims {
    pub kind: Option<&'static str>,
    pub origin: &'static str,
    pub domain: &'static str,
    pub cross_origin: bool,
    pub flags: u8,
    pub count: u32,
    /// The bytes of the account's id; None: those of the registration.
    pub user_handle: Option<Vec<u8>>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            kind: None,
            origin: ORIGIN,
            domain: DOMAIN,
            cross_origin: false,
            flags: PRESENT | VERIFIED,
            count: 0,
            user_handle: None,
        }
    }
}

impl Claims {
    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let (kind, origin) = (self.kind.unwrap_or(kind), self.origin);
        let data = json!({ "type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": self.cross_origin });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        let domain = digest(&SHA256, self.domain.as_bytes());
        [domain.as_ref(), &[self.flags | flags], &self.count.to_be_bytes(), rest].concat()
    }
}

/// A passkey.
pub struct Passkey {
    key: EcdsaKeyPair,
    pub credential: Vec<u8>,
    user: Vec<u8>,
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn parsed(options: &str) -> Value {
    serde_json::from_str(options).unwrap()
}

impl Passkey {
    /// Makes a passkey, with a new credential. Returns the response of the browser too.
    pub fn make(options: &str, claims: &Claims) -> (Self, String) {
        let mut credential = vec![0; 32];
        aws_lc_rs::rand::fill(&mut credential).unwrap();
        Self::make_with(options, claims, credential)
    }

    /// The same, with a chosen credential.
    pub fn make_with(options: &str, claims: &Claims, credential: Vec<u8>) -> (Self, String) {
        let options = parsed(options);
        let user = URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let passkey = Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(), credential, user };
        let data = claims.authenticator_data(HAS_CREDENTIAL, &passkey.attested());
        let object = cbor(&Cbor::Map(vec![
            ("fmt".into(), "none".into()),
            ("attStmt".into(), Cbor::Map(Vec::new())),
            ("authData".into(), Cbor::Bytes(data)),
        ]));
        let response = json!({
            "clientDataJSON": b64(&claims.client_data("webauthn.create", &options)),
            "attestationObject": b64(&object),
            "transports": ["internal"],
        });
        let response = passkey.response(response);
        (passkey, response)
    }

    fn attested(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let field = |label: i64, value: Cbor| (Cbor::from(label), value);
        let cose = Cbor::Map(vec![
            field(1, 2.into()),
            field(3, (-7).into()),
            field(-1, 1.into()),
            field(-2, Cbor::Bytes(point[1..33].to_vec())),
            field(-3, Cbor::Bytes(point[33..].to_vec())),
        ]);
        let length = u16::try_from(self.credential.len()).unwrap().to_be_bytes();
        [&[0; 16][..], &length, &self.credential, &cbor(&cose)].concat()
    }

    /// Signs a challenge. Returns the response of the browser.
    pub fn sign(&self, options: &str, claims: &Claims) -> String {
        let client_data = claims.client_data("webauthn.get", &parsed(options));
        let data = claims.authenticator_data(0, &[]);
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.response(json!({
            "clientDataJSON": b64(&client_data),
            "authenticatorData": b64(&data),
            "signature": b64(signature.as_ref()),
            "userHandle": b64(claims.user_handle.as_ref().unwrap_or(&self.user)),
        }))
    }

    fn response(&self, response: Value) -> String {
        let id = b64(&self.credential);
        let extensions = json!({});
        json!({ "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": extensions, "response": response })
        .to_string()
    }

    /// Adds a passkey to the account of a member.
    pub async fn add(member: &Actor, name: &str) -> Self {
        let (passkey, response) = Self::make(&begin(member).await, &Claims::default());
        let answer = add(member, &response, name).await;
        assert_eq!(answer["passkey"]["name"], name, "{answer}");
        passkey
    }

    /// Signs in with it. Returns the payload.
    pub async fn sign_in(&self, app: &TestApp, claims: &Claims) -> Value {
        complete(app, &self.sign(&begin_sign_in(app).await, claims)).await
    }
}

/// The options with which a member adds a passkey.
pub async fn begin(member: &Actor) -> String {
    options(&member.run(&of_field("beginPasskey").text, json!({})).await["beginPasskey"])
}

/// The payload of adding a passkey.
pub async fn add(member: &Actor, response: &str, name: &str) -> Value {
    member.mutate(&of_field("addPasskey").text, json!({ "response": response, "name": name })).await
}

/// The options of a sign-in.
pub async fn begin_sign_in(app: &TestApp) -> String {
    let answer = data(app.run(None, &of_field("beginPasskeySignIn").text, json!({})).await);
    options(&answer["beginPasskeySignIn"])
}

/// The options with which a member proves who they are.
pub async fn begin_confirmation(member: &Actor) -> String {
    options(&member.run(&of_field("beginPasskeyConfirmation").text, json!({})).await["beginPasskeyConfirmation"])
}

/// The payload of the end of a sign-in.
pub async fn complete(app: &TestApp, response: &str) -> Value {
    let input = json!({ "input": { "response": response } });
    data(app.run(None, &of_field("completePasskeySignIn").text, input).await)["completePasskeySignIn"].clone()
}

fn options(payload: &Value) -> String {
    payload["options"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
}
