//! Public keys of passkeys: COSE keys (RFC 9052, RFC 9053, RFC 8230) of the three kinds that authenticators have.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use ciborium::Value;

use super::{Rejection, authenticator_data::read_cbor};

/// COSE algorithms, in the order in which authenticators should choose: `EdDSA`, `ES256`, `RS256`.
pub(super) const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];
const EDDSA: i64 = -8;
const ES256: i64 = -7;
const RS256: i64 = -257;

/// Labels of COSE keys.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const MODULUS: i64 = -1;
const EXPONENT: i64 = -2;

/// Types of keys, and curves.
const OCTET_PAIR: i64 = 1;
const ELLIPTIC: i64 = 2;
const RSA: i64 = 3;
const P256: i64 = 1;
const CURVE_25519: i64 = 6;

/// Bytes of an RSA modulus: 2,048 to 4,096 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// Most bytes of an RSA exponent.
const MAX_EXPONENT: usize = 8;

/// The base point of P-256, with which a signature is verified when there is no passkey.
const PLACEHOLDER: [u8; 65] = *b"\x04\
    \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
    \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
    \x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
    \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// ECDSA with P-256 and SHA-256: an uncompressed point.
    Es256([u8; 65]),
    /// Ed25519.
    EdDsa([u8; 32]),
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// The key that verifies for credentials which do not exist. What it says does not count.
    pub const fn placeholder() -> Self {
        Self::Es256(PLACEHOLDER)
    }

    /// A stored key.
    pub fn parse(cose: &[u8]) -> Result<Self, Rejection> {
        Self::of_cose(&read_cbor(&mut &*cose)?)
    }

    /// A key as authenticators write it. Other algorithms, and points that are not on their curve, are refused.
    pub fn of_cose(value: &Value) -> Result<Self, Rejection> {
        let map = value.as_map().ok_or(Rejection::Key)?;
        let fields = Fields(map);
        let key = match (fields.number(KEY_TYPE)?, fields.number(ALGORITHM)?) {
            (ELLIPTIC, ES256) if fields.number(CURVE)? == P256 => {
                let mut point = [4; 65];
                point[1..33].copy_from_slice(fields.array::<32>(X)?);
                point[33..].copy_from_slice(fields.array::<32>(Y)?);
                Self::Es256(point)
            }
            (OCTET_PAIR, EDDSA) if fields.number(CURVE)? == CURVE_25519 => Self::EdDsa(*fields.array(X)?),
            (RSA, RS256) => Self::Rs256 { n: fields.bytes(MODULUS)?.to_vec(), e: fields.bytes(EXPONENT)?.to_vec() },
            _ => return Err(Rejection::Key),
        };
        key.is_valid().then_some(key).ok_or(Rejection::Key)
    }

    fn is_valid(&self) -> bool {
        match self {
            Self::Es256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).is_ok(),
            Self::EdDsa(bytes) => ParsedPublicKey::new(&ED25519, bytes).is_ok(),
            Self::Rs256 { n, e } => {
                MODULUS_BYTES.contains(&n.len()) && n[0] != 0 && (1..=MAX_EXPONENT).contains(&e.len()) && e[0] != 0
            }
        }
    }

    /// The COSE algorithm.
    pub fn algorithm(&self) -> i64 {
        match self {
            Self::Es256(_) => ES256,
            Self::EdDsa(_) => EDDSA,
            Self::Rs256 { .. } => RS256,
        }
    }

    /// Verifies a signature of `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        let verified = match self {
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::EdDsa(bytes) => UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| Rejection::Signature)
    }
}

/// The fields of a COSE key, by their labels.
struct Fields<'a>(&'a [(Value, Value)]);

impl<'a> Fields<'a> {
    /// The field with this label. One that is there twice is refused, because readers would disagree.
    fn get(&self, label: i64) -> Result<&'a Value, Rejection> {
        let mut found = self.0.iter().filter(|(key, _)| key.as_integer() == Some(label.into())).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(Rejection::Key),
        }
    }

    fn number(&self, label: i64) -> Result<i64, Rejection> {
        let number = self.get(label)?.as_integer().and_then(|number| number.try_into().ok());
        number.ok_or(Rejection::Key)
    }

    fn bytes(&self, label: i64) -> Result<&'a [u8], Rejection> {
        Ok(self.get(label)?.as_bytes().ok_or(Rejection::Key)?)
    }

    fn array<const N: usize>(&self, label: i64) -> Result<&'a [u8; N], Rejection> {
        self.bytes(label)?.try_into().map_err(|_| Rejection::Key)
    }
}
