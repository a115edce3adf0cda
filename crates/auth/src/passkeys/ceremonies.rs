//! The checks of the standard (sections 7.1 and 7.2), in its order where that matters. The caller has checked, and used up, the challenge.

use ciborium::Value;
use types::UserId;

use super::{
    AssertionResponse, RegistrationResponse, Rejection, RelyingParty,
    authenticator_data::{AuthenticatorData, NewCredential, read_cbor},
    client_data::Ceremony,
    public_key::PublicKey,
};

/// A passkey that was made a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// The ID that its authenticator gave it.
    pub credential_id: Vec<u8>,
    /// Its public key, a COSE key.
    pub public_key: Vec<u8>,
    /// How often it has signed; 0 for authenticators that do not count.
    pub sign_count: u32,
    /// Whether it may be copied to other devices.
    pub is_backup_eligible: bool,
    /// How browsers reach its authenticator, separated by commas.
    pub transports: String,
}

/// What of a stored passkey verifies an assertion.
#[derive(Debug, Clone, Copy)]
pub struct StoredPasskey<'a> {
    /// Whose it is.
    pub owner: UserId,
    /// Its public key, a COSE key.
    pub public_key: &'a [u8],
    /// Whether it may be copied to other devices.
    pub is_backup_eligible: bool,
    /// Whether the authenticator must name the account: it was not told which passkeys there are.
    pub is_discovered: bool,
}

/// A verified assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assertion {
    /// How often the passkey has signed; 0 for authenticators that do not count.
    pub sign_count: u32,
}

impl RelyingParty {
    /// Verifies that an authenticator has made a passkey.
    ///
    /// # Errors
    /// Why not.
    pub fn verify_registration(&self, response: &RegistrationResponse) -> Result<NewPasskey, Rejection> {
        response.client_data.check(Ceremony::Registration, self)?;
        let object = AttestationObject::parse(&response.attestation_object)?;
        let data = AuthenticatorData::parse(&object.authenticator_data)?;
        data.check(self)?;
        let credential = data.credential.as_ref().ok_or(Rejection::Malformed)?;
        object.check(credential, &response.client_data.hash)?;
        if credential.id != response.credential_id {
            return Err(Rejection::Malformed);
        }
        Ok(NewPasskey {
            credential_id: credential.id.clone(),
            public_key: credential.cose.clone(),
            sign_count: data.sign_count,
            is_backup_eligible: data.is_backup_eligible(),
            transports: response.transports.join(","),
        })
    }

    /// Verifies that the authenticator with this passkey has signed.
    ///
    /// # Errors
    /// Why not.
    pub fn verify_assertion(
        &self,
        response: &AssertionResponse,
        passkey: StoredPasskey<'_>,
    ) -> Result<Assertion, Rejection> {
        match &response.user_handle {
            Some(handle) if handle.as_slice() != passkey.owner.as_bytes() => return Err(Rejection::Account),
            None if passkey.is_discovered => return Err(Rejection::Account),
            _ => {}
        }
        response.client_data.check(Ceremony::Assertion, self)?;
        let data = &response.authenticator_data;
        data.check(self)?;
        if data.is_backup_eligible() != passkey.is_backup_eligible {
            return Err(Rejection::Backup);
        }
        PublicKey::parse(passkey.public_key)?.verify(&response.signed, &response.signature)?;
        Ok(Assertion { sign_count: data.sign_count })
    }

    /// Takes as long as verifying an assertion, for a passkey that does not exist.
    pub fn verify_nothing(&self, response: &AssertionResponse) {
        let _ = response.client_data.check(Ceremony::Assertion, self);
        let _ = PublicKey::placeholder().verify(&response.signed, &response.signature);
    }
}

/// The attestation object, in CBOR.
struct AttestationObject {
    format: String,
    statement: Vec<(Value, Value)>,
    authenticator_data: Vec<u8>,
}

impl AttestationObject {
    fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let rest = &mut &*bytes;
        let map = read_cbor(rest)?.into_map().map_err(|_| Rejection::Malformed)?;
        if !rest.is_empty() {
            return Err(Rejection::Malformed);
        }
        let get = |name: &str| only(&map, name).ok_or(Rejection::Malformed);
        Ok(Self {
            format: get("fmt")?.as_text().ok_or(Rejection::Malformed)?.to_owned(),
            statement: get("attStmt")?.as_map().ok_or(Rejection::Malformed)?.clone(),
            authenticator_data: get("authData")?.as_bytes().ok_or(Rejection::Malformed)?.clone(),
        })
    }

    /// Accepts no statement at all, and one that the new key itself has signed.
    fn check(&self, credential: &NewCredential, client_data_hash: &[u8; 32]) -> Result<(), Rejection> {
        match self.format.as_str() {
            "none" if self.statement.is_empty() => Ok(()),
            "packed" => self.check_self(credential, client_data_hash),
            _ => Err(Rejection::Attestation),
        }
    }

    fn check_self(&self, credential: &NewCredential, client_data_hash: &[u8; 32]) -> Result<(), Rejection> {
        let algorithm = only(&self.statement, "alg").and_then(Value::as_integer);
        let signature = only(&self.statement, "sig").and_then(Value::as_bytes);
        let is_own = algorithm == Some(credential.key.algorithm().into()) && self.statement.len() == 2;
        let signature = signature.filter(|_| is_own).ok_or(Rejection::Attestation)?;
        let signed = [self.authenticator_data.as_slice(), client_data_hash].concat();
        credential.key.verify(&signed, signature).map_err(|_| Rejection::Attestation)
    }
}

/// The value of a name that is there once.
fn only<'a>(map: &'a [(Value, Value)], name: &str) -> Option<&'a Value> {
    let mut found = map.iter().filter(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value);
    found.next().filter(|_| found.next().is_none())
}
