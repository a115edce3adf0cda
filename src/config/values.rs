use std::fmt;
use std::str::FromStr;

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

/// An origin of web pages, as browsers send it: `https://example.com` or `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The text that the `Origin` header must equal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let host = host_of(&text)?;
        if host.contains(['/', '?', '#', '@', '*', ' ']) {
            return Err("an origin is a scheme, a host and perhaps a port: https://example.com".to_owned());
        }
        Ok(Self(text))
    }
}

/// Where clients find the server: `https://api.example.com`, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_end_matches('/');
        let host = host_of(text)?;
        if host.contains(['/', '?', '#', '@', ' ']) {
            return Err("only a scheme, a host and perhaps a port: https://api.example.com".to_owned());
        }
        Ok(Self(text.to_owned()))
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

/// Accepts what the log's filter understands.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) if !text.trim().is_empty() => Ok(text.to_owned()),
        Ok(_) => Err("it is empty".to_owned()),
        Err(error) => Err(error.to_string()),
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
        for wrong in ["example.com", "https://", "https://example.com/", "https://*.example.com", "*"] {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
    }
}
