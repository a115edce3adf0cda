//! The file of identity providers.

use std::path::{Path, PathBuf};

use providers::identity::{ClientSecret, ProviderSettings, check_address};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use types::text;

use super::ConfigError;

/// The setting that names the file.
const SETTING: &str = "STAYGATE_IDENTITY_PROVIDERS";
/// The most providers: a person chooses one of them.
const MOST: usize = 20;
/// The most pages to which they may send people back.
const MOST_PAGES: usize = 20;
/// The most characters of a key: the column has as many.
const MAX_ID: usize = 40;
/// The most characters of a name.
const MAX_NAME: usize = 50;
/// The most characters of the other texts: the column of pages has as many.
const MAX_TEXT: usize = 500;

/// What the file says.
#[derive(Debug, Clone, Default)]
pub struct IdentityProviderSettings {
    /// The providers, in their order for people.
    pub providers: Vec<ProviderSettings>,
    /// Pages to which they may send people back, besides that of the single-page app.
    pub redirect_uris: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    providers: Vec<Value>,
    #[serde(default)]
    redirect_uris: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Provider {
    id: String,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<SecretText>,
    client_secret_file: Option<PathBuf>,
    #[serde(default = "usual_scopes")]
    scopes: Vec<String>,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

/// A secret. An error does not quote it.
struct SecretText(String);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("`clientSecret` must be a text")),
        }
    }
}

/// Reads the file of identity providers.
///
/// # Errors
/// [`ConfigError`], with the file and the key.
pub(super) fn read(path: &Path) -> Result<IdentityProviderSettings, ConfigError> {
    let text = read_file(path)?;
    let invalid =
        |reason: String| ConfigError::Invalid { setting: SETTING, reason: format!("{}: {reason}", path.display()) };
    let file: File = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    if file.providers.len() > MOST {
        return Err(invalid(format!("providers: at most {MOST}")));
    }
    check_pages(&file.redirect_uris).map_err(invalid)?;
    let mut providers: Vec<ProviderSettings> = Vec::new();
    for (index, value) in file.providers.into_iter().enumerate() {
        let at = |reason: String| invalid(format!("providers[{index}]: {reason}"));
        let provider: Provider = serde_json::from_value(value).map_err(|error| at(error.to_string()))?;
        provider.check().map_err(|(key, reason)| at(format!("{key}: {reason}")))?;
        if providers.iter().any(|other| other.id == provider.id) {
            return Err(at(format!("id: another provider has `{}`", provider.id)));
        }
        if providers.iter().any(|other| other.issuer == provider.issuer) {
            return Err(at("issuer: another provider has the same".to_owned()));
        }
        let secret = match (&provider.client_secret, &provider.client_secret_file) {
            (Some(secret), None) => secret.0.clone(),
            (None, Some(file)) => read_file(&path.parent().unwrap_or(Path::new("")).join(file))?.trim().to_owned(),
            _ => return Err(at("needs either clientSecret or clientSecretFile".to_owned())),
        };
        if secret.is_empty() {
            return Err(at("clientSecret: is empty".to_owned()));
        }
        providers.push(provider.with_secret(secret));
    }
    Ok(IdentityProviderSettings { providers, redirect_uris: file.redirect_uris })
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        setting: SETTING,
        path: path.to_owned(),
        source,
    })
}

impl Provider {
    /// The key that is invalid, and why.
    fn check(&self) -> Result<(), (&'static str, String)> {
        let is_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=MAX_ID).contains(&self.id.len()) || !self.id.bytes().all(is_key) {
            return Err(("id", format!("must have 1 to {MAX_ID} characters of a-z, 0-9 and -")));
        }
        text::line(&self.name, 1..=MAX_NAME).map_err(|unfit| ("name", unfit.to_string()))?;
        let issuer = check_address(&self.issuer).map_err(|unfit| ("issuer", unfit.to_string()))?;
        if issuer.query().is_some() || self.issuer.len() > MAX_TEXT {
            return Err(("issuer", "must have no query, and not be longer than 500 characters".to_owned()));
        }
        if !is_token(&self.client_id) {
            return Err(("clientId", "must be a text of visible characters".to_owned()));
        }
        match self.scopes.iter().find(|scope| !is_token(scope)) {
            Some(_) => Err(("scopes", "must each be a text of visible characters without spaces".to_owned())),
            None if !self.scopes.iter().any(|scope| scope == "openid") => {
                Err(("scopes", "must have `openid` among them".to_owned()))
            }
            None => Ok(()),
        }
    }

    fn with_secret(self, secret: String) -> ProviderSettings {
        ProviderSettings {
            id: self.id,
            name: self.name,
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret: ClientSecret::new(secret),
            scopes: self.scopes,
        }
    }
}

fn is_token(text: &str) -> bool {
    let is_visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=MAX_TEXT).contains(&text.len()) && text.bytes().all(is_visible)
}

fn check_pages(pages: &[String]) -> Result<(), String> {
    if pages.len() > MOST_PAGES {
        return Err(format!("redirectUris: at most {MOST_PAGES}"));
    }
    match pages.iter().find(|page| !is_page(page)) {
        Some(page) => Err(format!(
            "redirectUris: `{page}` must be an https URL, or an address of an app such as com.example.app:/sign-in"
        )),
        None => Ok(()),
    }
}

/// Whether a browser may be sent there: to a page with TLS or on this machine, or to an app (RFC 8252, section 7.1).
fn is_page(page: &str) -> bool {
    let scheme = page.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_app =
        scheme.contains('.') && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    is_token(page) && !page.contains('#') && (is_app || check_address(page).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn provider() -> Value {
        json!({ "id": "example", "name": "Example ID", "issuer": "https://id.example.org", "clientId": "staygate", "clientSecret": "hunter2" })
    }

    fn read_value(file: &Value) -> Result<IdentityProviderSettings, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("providers.json");
        std::fs::write(&path, file.to_string()).unwrap();
        std::fs::write(folder.path().join("secret"), "from a file\n").unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_has_the_usual_scopes_and_its_secret_is_not_printed() {
        let read =
            read_value(&json!({ "providers": [provider()], "redirectUris": ["com.example.app:/sign-in"] })).unwrap();
        assert_eq!(read.providers[0].scopes, ["openid", "email", "profile"]);
        assert_eq!(read.redirect_uris, ["com.example.app:/sign-in"]);
        assert!(!format!("{read:?}").contains("hunter2"));
    }

    #[test]
    fn a_secret_can_be_in_a_file_beside_it() {
        let mut other = provider();
        other.as_object_mut().unwrap().remove("clientSecret");
        other["clientSecretFile"] = "secret".into();
        assert!(read_value(&json!({ "providers": [other] })).is_ok());
        other["clientSecretFile"] = "missing".into();
        assert!(read_value(&json!({ "providers": [other] })).unwrap_err().contains("missing"));
        other["clientSecret"] = "hunter2".into();
        let error = read_value(&json!({ "providers": [other] })).unwrap_err();
        assert!(error.contains("providers[0]: needs either") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_error_names_the_file_and_the_key_and_no_secret() {
        for (key, value, named) in [
            ("id", json!("Example"), "id: "),
            ("id", json!("a".repeat(41)), "id: "),
            ("name", json!(""), "name: "),
            ("issuer", json!("http://id.example.org"), "issuer: must begin with https"),
            ("issuer", json!("id.example.org"), "issuer: "),
            ("issuer", json!("https://id.example.org?a=b"), "issuer: "),
            ("clientId", json!("a b"), "clientId: "),
            ("clientSecret", json!(["hunter2"]), "`clientSecret` must be a text"),
            ("clientSecret", json!(""), "clientSecret: is empty"),
            ("scopes", json!(["email"]), "scopes: must have `openid`"),
            ("scopes", json!(["openid", "a b"]), "scopes: "),
            ("clientsecret", json!("hunter2"), "clientsecret"),
        ] {
            let mut provider = provider();
            provider[key] = value;
            let error = read_value(&json!({ "providers": [provider] })).unwrap_err();
            let begins = error.starts_with(SETTING) && error.contains("providers.json: providers[0]: ");
            assert!(begins && error.contains(named) && !error.contains("hunter2"), "{error}");
        }
        let mut twin = provider();
        twin["id"] = "twin".into();
        for (other, named) in [(provider(), "id: another"), (twin, "issuer: another")] {
            let error = read_value(&json!({ "providers": [provider(), other] })).unwrap_err();
            assert!(error.contains("providers[1]") && error.contains(named), "{error}");
        }
    }

    #[test]
    fn people_are_sent_only_to_pages_with_tls_and_to_apps() {
        for fit in ["https://example.org/sign-in", "http://localhost:3000/a", "com.example.app:/sign-in"] {
            assert!(is_page(fit), "{fit}");
        }
        for unfit in
            ["http://example.org/a", "javascript:alert(1)", "data:text/html,a", "https://example.org/#a", "a b", ""]
        {
            assert!(!is_page(unfit), "{unfit}");
        }
    }
}
