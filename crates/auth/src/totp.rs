//! Codes of authenticator apps: RFC 6238 with what every app supports, HMAC-SHA-1, six digits and
//! steps of 30 seconds. A clock may differ by one step.

use anyhow::anyhow;
use totp_rs::{Builder, Totp};

use super::{Keys, Sealed};
use types::{
    Entropy, Timestamp, UserId,
    error::{Error, Result},
};

/// What the secrets are encrypted for.
const PURPOSE: &str = "totp";
/// The most characters of a typed code, spaces included, that are read.
const LONGEST_CODE: usize = 16;

/// The secret that an authenticator app and the server share: 160 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// A new secret.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The secret in base 32, for apps in which it is typed.
    ///
    /// # Errors
    /// Never.
    pub fn text(&self) -> Result<String> {
        Ok(self.totp("", "")?.secret().to_base32())
    }

    /// The `otpauth://` URI that an app scans as a QR code. `issuer` is the site, `account` the email.
    ///
    /// # Errors
    /// Never.
    pub fn uri(&self, issuer: &str, account: &str) -> Result<String> {
        self.totp(issuer, account)?.to_url().map_err(internal)
    }

    /// The time step of which `typed` is the code, if it is one of the current step, the previous or
    /// the next one at `now`. The caller must not accept a step twice.
    ///
    /// # Errors
    /// Never.
    pub fn step_of(&self, typed: &str, now: Timestamp) -> Result<Option<u64>> {
        let code: String = typed.chars().take(LONGEST_CODE).filter(|letter| !letter.is_whitespace()).collect();
        let seconds = u64::try_from(now.unix_seconds()).unwrap_or_default();
        Ok(self.totp("", "")?.check(&code, seconds))
    }

    /// The secret of `owner`, encrypted for the database.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn seal(&self, keys: &Keys, owner: UserId, entropy: &dyn Entropy) -> Result<Sealed> {
        keys.seal((owner, PURPOSE), &self.0, entropy)
    }

    /// The secret of `owner`, from the database.
    ///
    /// # Errors
    /// When it cannot be decrypted.
    pub fn open(keys: &Keys, owner: UserId, sealed: &Sealed) -> Result<Self> {
        let bytes = keys.open((owner, PURPOSE), sealed)?;
        Ok(Self(bytes.try_into().map_err(|_| Error::Internal(anyhow!("a secret has the wrong length")))?))
    }

    fn totp(&self, issuer: &str, account: &str) -> Result<Totp> {
        // A colon separates the two in the URI.
        let name = |text: &str| text.replace(':', " ");
        let issuer = Some(name(issuer)).filter(|issuer| !issuer.is_empty());
        let builder = Builder::new().with_secret(self.0).with_issuer(issuer).with_account_name(name(account));
        builder.build().map_err(internal)
    }
}

fn internal(error: totp_rs::TotpError) -> Error {
    Error::Internal(anyhow!("a code cannot be computed: {error}"))
}

/// Without the secret.
impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;
    use types::SeededEntropy;

    /// The secret of the test vectors in RFC 6238.
    const SECRET: TotpSecret = TotpSecret(*b"12345678901234567890");

    fn at(seconds: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(seconds, 0).unwrap().into()
    }

    /// Appendix B, the last six of eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(SECRET.step_of(code, at(seconds)).unwrap(), Some(step), "{code}");
        }
    }

    #[test]
    fn a_clock_may_differ_by_one_step() {
        // The step 37,037,036 begins at 1,111,111,080.
        for (seconds, is_valid) in [
            (1_111_111_049, false),
            (1_111_111_050, true),
            (1_111_111_080, true),
            (1_111_111_139, true),
            (1_111_111_140, false),
        ] {
            let found = SECRET.step_of("081804", at(seconds)).unwrap();
            assert_eq!(found, is_valid.then_some(37_037_036), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_six_digits_with_spaces_anywhere() {
        for typed in ["081804", " 081 804 ", "0 8 1 8 0 4"] {
            assert!(SECRET.step_of(typed, at(1_111_111_109)).unwrap().is_some(), "{typed}");
        }
        let long = "0".repeat(1_000_000);
        for typed in ["", "81804", "0081804", "+81804", "08180a", "٠٨١٨٠٤", long.as_str()] {
            assert!(SECRET.step_of(typed, at(1_111_111_109)).unwrap().is_none(), "{typed}");
        }
    }

    #[test]
    fn the_uri_names_site_and_account() {
        let uri = SECRET.uri("Stay: gate", "ada@example.org").unwrap();
        let secret = SECRET.text().unwrap();
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let expected = format!("otpauth://totp/Stay%20%20gate:ada%40example.org?secret={secret}&issuer=Stay%20%20gate");
        assert_eq!(uri, expected);
        assert_eq!(format!("{SECRET:?}"), "TotpSecret(…)");
    }

    #[test]
    fn a_secret_comes_back_from_the_database() {
        let keys = Keys::new(SigningKey { id: "a".into(), secret: vec![7; 32] }, &[]);
        let entropy = SeededEntropy::new(1);
        let (owner, secret) = (UserId::new(at(0), &entropy), TotpSecret::new(&entropy));
        let sealed = secret.seal(&keys, owner, &entropy).unwrap();
        assert!(!sealed.bytes.windows(20).any(|part| part == secret.0));
        assert_eq!(TotpSecret::open(&keys, owner, &sealed).unwrap(), secret);
    }
}
