//! What the authenticator says: the authenticator data, a binary format.

use ciborium::Value;

use super::{Rejection, RelyingParty, public_key::PublicKey};

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Most bytes of a credential ID.
const MAX_CREDENTIAL_ID: usize = 1_023;
/// How deep CBOR may be nested: keys are flat, and extensions nearly so.
const MAX_DEPTH: usize = 8;

/// The authenticator data.
#[derive(Debug, Clone)]
pub(super) struct AuthenticatorData {
    domain_hash: [u8; 32],
    flags: u8,
    pub sign_count: u32,
    pub credential: Option<NewCredential>,
}

/// A new credential.
#[derive(Debug, Clone)]
pub(super) struct NewCredential {
    pub id: Vec<u8>,
    /// The COSE key as the authenticator wrote it.
    pub cose: Vec<u8>,
    pub key: PublicKey,
}

impl AuthenticatorData {
    /// Parses all of `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let rest = &mut &*bytes;
        let domain_hash = *take_array::<32>(rest)?;
        let [flags] = *take_array::<1>(rest)?;
        let sign_count = u32::from_be_bytes(*take_array(rest)?);
        let credential = if flags & HAS_CREDENTIAL != 0 { Some(NewCredential::read(rest)?) } else { None };
        if flags & HAS_EXTENSIONS != 0 && !read_cbor(rest)?.is_map() {
            return Err(Rejection::Malformed);
        }
        if !rest.is_empty() {
            return Err(Rejection::Malformed);
        }
        Ok(Self { domain_hash, flags, sign_count, credential })
    }

    /// Checks that it was made for the domain, with a user who was present and verified.
    pub fn check(&self, party: &RelyingParty) -> Result<(), Rejection> {
        if self.domain_hash != party.domain_hash {
            return Err(Rejection::Domain);
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(Rejection::UserPresence);
        }
        if self.flags & USER_VERIFIED == 0 {
            return Err(Rejection::UserVerification);
        }
        if self.flags & BACKED_UP != 0 && !self.is_backup_eligible() {
            return Err(Rejection::Backup);
        }
        Ok(())
    }

    /// Whether the passkey may be copied to other devices. It never changes.
    pub fn is_backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }
}

impl NewCredential {
    fn read(rest: &mut &[u8]) -> Result<Self, Rejection> {
        let _model: &[u8; 16] = take_array(rest)?;
        let length = usize::from(u16::from_be_bytes(*take_array(rest)?));
        if !(1..=MAX_CREDENTIAL_ID).contains(&length) {
            return Err(Rejection::Malformed);
        }
        let id = take(rest, length)?.to_vec();
        let before = *rest;
        let key = PublicKey::of_cose(&read_cbor(rest)?)?;
        let cose = before[..before.len() - rest.len()].to_vec();
        Ok(Self { id, cose, key })
    }
}

/// Reads one CBOR value, and leaves what follows it.
pub(super) fn read_cbor(rest: &mut &[u8]) -> Result<Value, Rejection> {
    ciborium::de::from_reader_with_recursion_limit(rest, MAX_DEPTH).map_err(|_| Rejection::Malformed)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Rejection> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Rejection::Malformed)?;
    *rest = left;
    Ok(taken)
}

fn take_array<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], Rejection> {
    let (taken, left) = rest.split_first_chunk().ok_or(Rejection::Malformed)?;
    *rest = left;
    Ok(taken)
}
