use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use clap::ValueEnum;

/// A number of bytes: `65536`, `256KiB`, `1MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(usize);

impl Size {
    /// The number of bytes.
    pub fn bytes(self) -> usize {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MOST: usize = 64 * 1024 * 1024;
        let (number, unit) = match text.strip_suffix("KiB") {
            Some(number) => (number, 1024),
            None => match text.strip_suffix("MiB") {
                Some(number) => (number, 1024 * 1024),
                None => (text, 1),
            },
        };
        let number: usize = number.trim().parse().map_err(|_| "write a number of bytes, such as 256KiB".to_owned())?;
        let bytes = number.checked_mul(unit).filter(|bytes| (1024..=MOST).contains(bytes));
        bytes.map(Self).ok_or_else(|| "between 1KiB and 64MiB".to_owned())
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// On.
    On,
    /// Off.
    Off,
}

impl OnOff {
    /// Whether it is on.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

/// An origin of web pages, as browsers send it: `https://example.com` or `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The text that the `Origin` header must equal, or a pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let host = host_of(&text)?;
        if host.contains(['/', '?', '#', '@', ' ']) {
            return Err("an origin is a scheme, a host and an optional port: https://example.com".to_owned());
        }
        // A pattern stands for hosts of one owner, so at least two labels are fixed.
        let (label, domain) = host.split_once('.').unwrap_or((host, ""));
        let is_pattern = host.contains('*');
        if is_pattern && (label.matches('*').count() != 1 || domain.contains('*') || !domain.contains('.')) {
            return Err(
                "a pattern has one * in its first label, followed by a domain: https://app-*.example.com".to_owned()
            );
        }
        Ok(Self(text))
    }
}

/// Parses an origin that is not a pattern: whoever gets a host of a pattern would get its sessions.
pub(super) fn exact_origin(text: &str) -> Result<Origin, String> {
    let origin: Origin = text.parse()?;
    if origin.as_str().contains('*') {
        Err("name each origin; patterns are not allowed here".to_owned())
    } else {
        Ok(origin)
    }
}

/// The name of a request header, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName(String);

impl HeaderName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim().to_ascii_lowercase();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if is_name { Ok(Self(name)) } else { Err("write the name of a header, such as x-client-version".to_owned()) }
    }
}

/// A host name under which the server may be called: `api.example.com`, with an optional port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// The name, with its port if it has one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() || text.contains(['/', '?', '#', '@', '*', ' ']) {
            return Err("write a host name and an optional port: api.example.com".to_owned());
        }
        Ok(Self(text))
    }
}

/// Where to report a vulnerability: `mailto:security@example.com` or a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact(String);

impl Contact {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Contact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let is_address =
            ["mailto:", "https://", "tel:"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
        if is_address && !text.contains(char::is_whitespace) && !text.contains(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        Err("// or tel:".to_owned())
    }
}

/// The URL of the server for clients: `https://api.example.com`, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_end_matches('/');
        let host = host_of(text)?;
        if host.contains(['/', '?', '#', '@', ' ']) {
            return Err("write only a scheme, a host and an optional port: https://api.example.com".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl PublicUrl {
    /// The host name and port in the `Host` header.
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or(&self.0, |(_, host)| host)
    }

    /// Whether clients use HTTPS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn host_of(url: &str) -> Result<&str, String> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.filter(|host| !host.is_empty()).ok_or_else(|| "it must start with http:// or https://".to_owned())
}

/// Accepts a filter for the log. A word that is not a level would be read as a module name, and
/// turn off all other logs.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    let is_level = |word: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&word);
    let known = |word: &str| is_level(&word.to_ascii_lowercase()) || word.contains(['=', '[']) || word.contains("::");
    if let Some(word) = text.split(',').map(str::trim).find(|word| !known(word)) {
        return Err(format!(
            "`{word}` is not a level: write error, warn, info, debug, trace or off, or MODULE=LEVEL, separated by commas"
        ));
    }
    tracing_subscriber::EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Parses an address and port to listen on. A port alone, or `localhost`, means this machine only.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    if let Ok(port) = text.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse::<u16>().ok());
    match port {
        Some(port) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        None => text.parse().map_err(|_| {
            "write ADDRESS:PORT: 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080; a port alone, 8080, listens on this machine only".to_owned()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_bounds() {
        let bytes = |text: &str| text.parse::<Size>().map(Size::bytes);
        assert_eq!(bytes("2048"), Ok(2048));
        assert_eq!(bytes("256KiB"), Ok(262_144));
        assert_eq!(bytes("1MiB"), Ok(1_048_576));
        assert!(bytes("1").is_err() && bytes("65MiB").is_err() && bytes("1GB").is_err() && bytes("-1").is_err());
    }

    #[test]
    fn origins_have_no_path() {
        assert_eq!("HTTPS://Example.com".parse::<Origin>().unwrap().as_str(), "https://example.com");
        assert!(
            "https://app-*.example.com".parse::<Origin>().is_ok() && "https://*.example.com".parse::<Origin>().is_ok()
        );
        let wrong = [
            "example.com",
            "https://",
            "https://example.com/",
            "*",
            "https://*",
            "https://*.com",
            "https://a.*.example.com",
        ];
        for wrong in wrong.into_iter().chain(["https://*-*.example.com"]) {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn sessions_are_not_given_to_patterns() {
        assert_eq!(exact_origin("https://App.example.com").unwrap().as_str(), "https://app.example.com");
        assert!(exact_origin("https://app-*.example.com").is_err() && exact_origin("app.example.com").is_err());
    }

    /// O3: a misspelled level turned off the log.
    #[test]
    fn a_log_level_is_a_level_or_names_its_module() {
        for good in ["info", "INFO", "off", "info,staygate::store=debug", "warn,poem=info", "staygate::access"] {
            assert!(log_level(good).is_ok(), "{good}");
        }
        for bad in ["loud", "", "info,loud", "staygate=loud", "poem"] {
            assert!(log_level(bad).is_err(), "{bad}");
        }
        assert!(log_level("loud").unwrap_err().contains("`loud`"));
    }

    /// O3: a port alone was rejected without an example.
    #[test]
    fn a_port_alone_listens_on_this_machine_only() {
        let read = |text: &str| listen(text).map(|address| address.to_string());
        assert_eq!(read("9000").as_deref(), Ok("127.0.0.1:9000"));
        assert_eq!(read("localhost:9000").as_deref(), Ok("127.0.0.1:9000"));
        assert_eq!(read("0.0.0.0:80").as_deref(), Ok("0.0.0.0:80"));
        assert_eq!(read("[::]:80").as_deref(), Ok("[::]:80"));
        for bad in ["", "70000", "localhost", "example.com:80", "127.0.0.1", ":80"] {
            assert!(read(bad).unwrap_err().contains("127.0.0.1:8080"), "{bad}");
        }
    }
}
