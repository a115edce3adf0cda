//! Keys of a provider, and the tokens that it signs with them. Written by hand, because a library would not sign what is wrong.

use aws_lc_rs::{
    digest::{SHA256, SHA512, digest},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

/// A signature that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// `alg` is `none`, and there is no signature.
    None,
    /// HS256, with the public key as the secret.
    PublicKeyAsSecret,
    /// With another key, under the name of the own one.
    OtherKey,
    /// With a name of the key that is not known.
    UnknownName,
    /// Without a name of the key, which is fine if there is one key.
    Nameless,
    /// The claims are changed after signing.
    Tampered,
    /// It needs an extension.
    Critical,
    /// The right hash of the access token is among the claims, which is fine.
    AccessTokenHash,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A key.
pub struct Key {
    kid: String,
    algorithm: Algorithm,
    pair: Pair,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub fn new(kid: &str, algorithm: Algorithm) -> Self {
        let pair = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            Algorithm::Es256 => Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            Algorithm::EdDsa => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
        };
        Self { kid: kid.to_owned(), algorithm, pair }
    }

    fn name(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Rs256 => "RS256",
            Algorithm::Ps256 => "PS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    /// The public key, as a JWK.
    pub fn public(&self) -> Value {
        let (kid, alg) = (&self.kid, self.name());
        match &self.pair {
            Pair::Rsa(pair) => {
                // The DER of a key of 2048 bits: heads of 9 and 2 bytes before modulus and exponent, 65537.
                let n = encode(&pair.public_key().as_ref()[9..265]);
                json!({ "kty": "RSA", "use": "sig", "kid": kid, "alg": alg, "n": n, "e": "AQAB" })
            }
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "alg": alg, "x": encode(x), "y": encode(y) })
            }
            Pair::Ed(pair) => {
                let x = encode(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": kid, "alg": alg, "x": x })
            }
        }
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value, forgery: Option<Forgery>) -> String {
        let mut claims = claims.clone();
        let mut header = json!({ "alg": self.name(), "kid": self.kid, "typ": "JWT" });
        match forgery {
            Some(Forgery::None) => header["alg"] = "none".into(),
            Some(Forgery::PublicKeyAsSecret) => header["alg"] = "HS256".into(),
            Some(Forgery::UnknownName) => header["kid"] = "unknown".into(),
            Some(Forgery::Nameless) => drop(header.as_object_mut().unwrap().remove("kid")),
            Some(Forgery::Critical) => header["crit"] = json!(["exp"]),
            Some(Forgery::AccessTokenHash) => {
                let function = if self.algorithm == Algorithm::EdDsa { &SHA512 } else { &SHA256 };
                let hash = digest(function, b"an access token");
                claims["at_hash"] = encode(&hash.as_ref()[..hash.as_ref().len() / 2]).into();
            }
            _ => {}
        }
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match forgery {
            Some(Forgery::None) => Vec::new(),
            Some(Forgery::PublicKeyAsSecret) => {
                let public = self.public();
                let secret = public["n"].as_str().or(public["x"].as_str()).unwrap().to_owned();
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes()).as_ref().to_vec()
            }
            Some(Forgery::OtherKey) => Self::new(&self.kid, self.algorithm).signature(&message),
            _ => self.signature(&message),
        };
        if forgery == Some(Forgery::Tampered) {
            claims["sub"] = "somebody else".into();
            return format!("{}.{}.{}", encode(header.to_string()), encode(claims.to_string()), encode(signature));
        }
        format!("{message}.{}", encode(signature))
    }

    fn signature(&self, message: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let padding = if self.algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        }
    }
}
