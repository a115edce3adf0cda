//! Settings of personal data.

use chrono::Duration;
use clap::Args;

use super::between;
use domain::privacy::consents::LegalVersions;

/// What people agree to, and how their accounts end.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Privacy")]
pub struct Privacy {
    /// The current version of the terms, 1 to 40 characters of A-Z a-z 0-9 . - _. With a new version
    /// nobody can hold nights or publish listings before they accept it. Unset: nobody has to
    /// accept any.
    #[arg(long, env = "STAYGATE_TERMS_VERSION", value_name = "VERSION", value_parser = version)]
    pub terms_version: Option<String>,

    /// The current version of the privacy policy, as --terms-version.
    #[arg(long, env = "STAYGATE_PRIVACY_VERSION", value_name = "VERSION", value_parser = version)]
    pub privacy_version: Option<String>,

    /// The current version of the text with which people agree to offers by mail. It is recorded
    /// with their consent, and is never required.
    #[arg(long, env = "STAYGATE_MARKETING_VERSION", value_name = "VERSION", value_parser = version)]
    pub marketing_version: Option<String>,

    /// How long after deleteAccount an account is erased, in days; until then its owner can cancel.
    /// With 0 it is erased at once.
    #[arg(long, env = "STAYGATE_ERASURE_GRACE_DAYS", value_name = "DAYS", default_value_t = 0, value_parser = between(0, 90))]
    pub erasure_grace_days: u32,

    /// How long an export of a person's data can be read, in days.
    #[arg(long, env = "STAYGATE_EXPORT_DAYS", value_name = "DAYS", default_value_t = 7, value_parser = between(1, 30))]
    pub export_days: u32,
}

/// The version of a document.
fn version(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    let is_version = (1..=40).contains(&text.len()) && text.chars().all(is_plain);
    if is_version { Ok(text.to_owned()) } else { Err("1 to 40 of A-Z a-z 0-9 . - _ are expected".to_owned()) }
}

impl Privacy {
    /// The current versions of documents.
    pub fn legal(&self) -> LegalVersions {
        LegalVersions {
            terms: self.terms_version.clone(),
            privacy: self.privacy_version.clone(),
            marketing: self.marketing_version.clone(),
        }
    }

    /// How long after its deletion was requested an account is erased.
    pub fn erasure_grace(&self) -> Duration {
        Duration::days(self.erasure_grace_days.into())
    }

    /// How long an export can be read.
    pub fn export_lifetime(&self) -> Duration {
        Duration::days(self.export_days.into())
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_version_is_a_short_plain_word() {
        assert_eq!(version("2026-11.a_1"), Ok("2026-11.a_1".to_owned()));
        for wrong in ["", "two words", "é", &"1".repeat(41)] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }
}
