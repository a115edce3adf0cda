//! Where mails go, as one text: `smtp://…`, `smtps://…`, `file:FOLDER` or `off`.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use percent_encoding::percent_decode_str;
use url::Url;

use crate::{MailFolder, MailTransport, Off, Sender, Smtp};

/// Where mails go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailSettings {
    /// `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`: an SMTP server.
    Smtp(SmtpSettings),
    /// `file:FOLDER`: a folder, one file for each mail.
    File(PathBuf),
    /// `off`: nowhere.
    Off,
}

/// An SMTP server, and how to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// The name or the IP address.
    pub host: String,
    /// The port: by default 465 for `smtps`, 587 with STARTTLS, 25 without encryption.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// The account at the server.
    pub credentials: Option<Credentials>,
    /// `ca=FILE`: trust only the authorities in this PEM file, instead of those of the system.
    pub ca: Option<PathBuf>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// How a connection to an SMTP server is encrypted. There is no "if possible": an attacker could
/// decide that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte: `smtps://`.
    Tls,
    /// STARTTLS, without which nothing is sent: `smtp://`, the default for hosts other than this
    /// machine.
    StartTls,
    /// Not encrypted: `smtp://` with `tls=none`, and the default for this machine.
    None,
}

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// How long to wait for an SMTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to one address of the host.
    pub connect: Duration,
    /// For the answer to one command.
    pub command: Duration,
    /// For everything: the longest time that sending one mail takes.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), command: seconds(30), total: seconds(90) }
    }
}

/// Why settings are not valid. Never has the user or the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSettings(pub String);

fn invalid(why: &str) -> InvalidSettings {
    InvalidSettings(why.to_owned())
}

impl MailSettings {
    /// The adapter for these settings.
    ///
    /// # Errors
    /// The certificates of the authorities cannot be read.
    pub fn transport(&self, sender: Sender) -> Result<Arc<dyn MailTransport>, InvalidSettings> {
        Ok(match self {
            Self::Smtp(settings) => Arc::new(Smtp::new(settings.clone(), sender)?),
            Self::File(folder) => Arc::new(MailFolder::new(folder, sender)),
            Self::Off => Arc::new(Off),
        })
    }
}

impl FromStr for MailSettings {
    type Err = InvalidSettings;
    fn from_str(text: &str) -> Result<Self, InvalidSettings> {
        let text = text.trim();
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Some(path) = text.strip_prefix("file:") {
            return folder(path).map(Self::File);
        }
        // The error of a URL does not quote it.
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => unknown(),
            error => InvalidSettings(format!("not a URL: {error}. Write special characters of the password as %XX")),
        })?;
        match url.scheme() {
            "smtp" | "smtps" => SmtpSettings::from_url(&url).map(Self::Smtp),
            _ => Err(unknown()),
        }
    }
}

fn unknown() -> InvalidSettings {
    invalid("write smtp://USER:PASSWORD@HOST, smtps://USER:PASSWORD@HOST, file:FOLDER or off")
}

/// `file:FOLDER`, or the same as a URL: `file:///FOLDER`.
fn folder(path: &str) -> Result<PathBuf, InvalidSettings> {
    let path = match path.strip_prefix("//") {
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) => return Err(invalid("file://FOLDER would be a host: write file:FOLDER")),
        None => path,
    };
    if path.is_empty() { Err(invalid("file: needs a folder")) } else { Ok(PathBuf::from(path)) }
}

impl SmtpSettings {
    fn from_url(url: &Url) -> Result<Self, InvalidSettings> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(invalid("the URL of the mail server has no host"));
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(invalid(
                "the URL of the mail server has a path. Write special characters of the password as %XX",
            ));
        }
        let Parameters { tls, ca } = Parameters::of(url)?;
        let security = security(url.scheme(), tls.as_deref(), host)?;
        let credentials = credentials(url)?;
        if security == Security::None && credentials.is_some() && !is_loopback(host) {
            return Err(invalid("tls=none would send the password unencrypted"));
        }
        if security == Security::None && ca.is_some() {
            return Err(invalid("ca contradicts tls=none"));
        }
        let port = url.port().unwrap_or(match security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::None => 25,
        });
        Ok(Self { host: host.to_owned(), port, security, credentials, ca, timeouts: Timeouts::default() })
    }
}

/// The parameters of a URL.
#[derive(Default)]
struct Parameters {
    tls: Option<String>,
    ca: Option<PathBuf>,
}

impl Parameters {
    fn of(url: &Url) -> Result<Self, InvalidSettings> {
        let mut found = Self::default();
        for (name, value) in url.query_pairs() {
            let is_duplicate = match &*name {
                "tls" => found.tls.replace(value.into_owned()).is_some(),
                "ca" => found.ca.replace(Path::new(&*value).to_path_buf()).is_some(),
                _ => return Err(invalid("the URL of the mail server has an unknown parameter: known are tls and ca")),
            };
            if is_duplicate {
                return Err(InvalidSettings(format!("{name} is given twice")));
            }
        }
        Ok(found)
    }
}

fn security(scheme: &str, tls: Option<&str>, host: &str) -> Result<Security, InvalidSettings> {
    match (scheme, tls) {
        ("smtps", None | Some("required")) => Ok(Security::Tls),
        ("smtps", Some("none")) => Err(invalid("tls=none contradicts smtps://")),
        (_, None) if is_loopback(host) => Ok(Security::None),
        (_, None | Some("required")) => Ok(Security::StartTls),
        (_, Some("none")) => Ok(Security::None),
        _ => Err(invalid("tls is required or none")),
    }
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, InvalidSettings> {
    let decode = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().ok()?;
        let is_usable = !text.is_empty() && !text.contains(char::is_control);
        is_usable.then(|| text.into_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, password) => match (decode(user), decode(password.unwrap_or_default())) {
            (Some(user), Some(password)) => Ok(Some(Credentials { user, password })),
            _ => Err(invalid("the URL of the mail server needs a user and a password, or neither")),
        },
    }
}

/// Without the user and the password.
impl fmt::Display for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(settings) => settings.fmt(f),
            Self::File(folder) => write!(f, "file:{}", folder.display()),
            Self::Off => f.write_str("off"),
        }
    }
}

/// Without the user and the password.
impl fmt::Display for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.security == Security::Tls { "smtps" } else { "smtp" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        let tls = if self.security == Security::None { "?tls=none" } else { "" };
        write!(f, "{scheme}://{open}{}{close}:{}{tls}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests;
