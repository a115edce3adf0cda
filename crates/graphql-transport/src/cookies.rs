//! Cookies that authenticate pages in browsers, beside bearer tokens.
//!
//! A browser adds cookies to a request whatever page causes it. So they count only for pages of the
//! server's own origin and of the origins in the settings. A request with a token has no cookies:
//! the token alone decides who it is from.

use std::fmt;
use std::sync::Arc;

use poem::http::header::{COOKIE, ORIGIN};
use poem::http::{HeaderMap, HeaderName, StatusCode};

use super::origins::{is_origin_allowed, is_own_host};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The value of the header with which a client requests cookies.
const REQUESTED: &str = "cookie";

/// The cookies of a program, and the pages that may use them. Without names there are none.
#[derive(Clone, Debug, Default)]
pub struct CookieSettings {
    /// The names of cookies that authenticate.
    pub credentials: Vec<String>,
    /// The names of other cookies that operations read.
    pub others: Vec<String>,
    /// The request header, in lower case, with which a client asks for cookies: its value is
    /// `cookie`.
    pub header: Option<&'static str>,
    /// Origins, beside the server's own, whose pages may use the cookies. They may also call the
    /// API, like those of [`Settings::allowed_origins`](super::Settings::allowed_origins).
    pub origins: Vec<String>,
}

/// The cookies of a request, as far as its page may use them.
#[derive(Clone, Default)]
pub struct RequestCookies {
    /// Names and values.
    sent: Arc<[(String, String)]>,
    is_requested: bool,
    can_be_set: bool,
}

impl fmt::Debug for RequestCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.sent.iter().map(|(name, _)| name.as_str()).collect();
        let Self { is_requested, can_be_set, .. } = self;
        f.debug_struct("RequestCookies")
            .field("names", &names)
            .field("is_requested", is_requested)
            .field("can_be_set", can_be_set)
            .finish()
    }
}

impl RequestCookies {
    /// The value of a cookie. If it was sent twice, the first.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.sent.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.as_str())
    }

    /// Whether the client asks for cookies, with the header of the settings.
    pub fn is_requested(&self) -> bool {
        self.is_requested
    }

    /// Whether the response can set cookies. That of a websocket or of an event stream cannot,
    /// because its head is sent before the operation runs.
    pub fn can_be_set(&self) -> bool {
        self.can_be_set
    }

    /// The same cookies, for a response that cannot set any.
    #[must_use]
    pub(super) fn read_only(self) -> Self {
        Self { can_be_set: false, ..self }
    }
}

/// Why the cookies of a request are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CookieError {
    /// The page may not use cookies, or the request does not say which page it is from.
    Origin,
    /// The request asks for cookies, and has a token.
    TokenToo,
    /// The header that asks for cookies has another value.
    Header,
}

impl CookieError {
    pub fn status(self) -> StatusCode {
        match self {
            Self::Origin => StatusCode::FORBIDDEN,
            Self::TokenToo | Self::Header => StatusCode::BAD_REQUEST,
        }
    }

    /// What to do. Short enough for a close frame.
    pub fn message(self) -> &'static str {
        match self {
            Self::Origin => {
                "This page may not use cookies: its `Origin` is not allowed, or missing. Send a bearer token instead."
            }
            Self::TokenToo => "Send either a bearer token or the header that asks for cookies, not both.",
            Self::Header => "The header that asks for cookies must have the value `cookie`.",
        }
    }
}

impl CookieSettings {
    /// The cookies of a request without a token; none of one that `has_token`. `https`: whether
    /// clients use only HTTPS.
    ///
    /// # Errors
    ///
    /// When the request has a cookie that authenticates, or asks for cookies, and may not.
    pub(super) fn of_request(
        &self,
        headers: &HeaderMap,
        has_token: bool,
        https: bool,
    ) -> Result<RequestCookies, CookieError> {
        let is_requested = self.is_requested(headers)?;
        if has_token {
            return if is_requested { Err(CookieError::TokenToo) } else { Ok(RequestCookies::default()) };
        }
        let sent = self.sent(headers);
        let authenticates = sent.iter().any(|(name, _)| self.credentials.contains(name));
        match self.allows_page(headers, https) {
            true => Ok(RequestCookies { sent: sent.into(), is_requested, can_be_set: true }),
            false if is_requested || authenticates => Err(CookieError::Origin),
            false => Ok(RequestCookies::default()),
        }
    }

    /// Whether pages of an origin, beside the server's own, may use the cookies.
    pub(super) fn allows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| is_origin_allowed(allowed, origin))
    }

    fn is_requested(&self, headers: &HeaderMap) -> Result<bool, CookieError> {
        let Some(value) = self.header.and_then(|name| headers.get(name)) else { return Ok(false) };
        if value.as_bytes().eq_ignore_ascii_case(REQUESTED.as_bytes()) { Ok(true) } else { Err(CookieError::Header) }
    }

    /// The cookies with a name of the settings. In HTTP/2 each can have a header of its own.
    fn sent(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let is_known = |name: &str| self.credentials.iter().chain(&self.others).any(|known| known == name);
        pairs.filter(|(name, _)| is_known(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Whether the page that causes the request may use the cookies. A browser sends no `Origin`
    /// with a GET of the same origin, but says so in a header that pages cannot set.
    fn allows_page(&self, headers: &HeaderMap, https: bool) -> bool {
        let Some(origin) = headers.get(ORIGIN) else {
            return headers.get(SEC_FETCH_SITE).is_some_and(|site| site.as_bytes() == b"same-origin");
        };
        let Ok(origin) = origin.to_str() else { return false };
        // A page without TLS can be changed on its way, also one of the same host.
        let is_own = || is_own_host(origin, headers) && (!https || origin.starts_with("https://"));
        self.allows_origin(origin) || is_own()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> CookieSettings {
        CookieSettings {
            credentials: vec!["session".to_owned()],
            others: vec!["device".to_owned()],
            header: Some("x-session"),
            origins: vec!["https://app.example.com".to_owned()],
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "api.example.com")].iter().chain(pairs) {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn read(pairs: &[(&'static str, &str)], https: bool) -> Result<RequestCookies, CookieError> {
        settings().of_request(&headers(pairs), false, https)
    }

    #[test]
    fn only_pages_of_allowed_origins_use_cookies() {
        let cookie = ("cookie", "session=s");
        for page in [
            ("origin", "https://app.example.com"),
            ("origin", "HTTPS://APP.example.com"),
            ("origin", "https://api.example.com"),
            ("sec-fetch-site", "same-origin"),
        ] {
            assert_eq!(read(&[cookie, page], true).unwrap().get("session"), Some("s"), "{page:?}");
        }
        for page in [
            ("x", "no origin"),
            ("origin", "null"),
            ("origin", ""),
            ("origin", "http://app.example.com"),
            ("origin", "http://api.example.com"),
            ("origin", "https://api.example.com.evil.com"),
            ("origin", "https://evil.com"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "none"),
        ] {
            assert_eq!(read(&[cookie, page], true).unwrap_err(), CookieError::Origin, "{page:?}");
            assert_eq!(read(&[("x-session", "cookie"), page], true).unwrap_err(), CookieError::Origin, "{page:?}");
            assert_eq!(read(&[("cookie", "device=d"), page], true).unwrap().get("device"), None, "{page:?}");
        }
        let foreign = [cookie, ("origin", "https://evil.com"), ("sec-fetch-site", "same-origin")];
        assert_eq!(read(&foreign, true).unwrap_err(), CookieError::Origin, "the origin decides if it is sent");
        assert!(read(&[cookie, ("origin", "http://api.example.com")], false).is_ok(), "without TLS anywhere");
    }

    #[test]
    fn a_token_leaves_no_cookies() {
        let with_token = |pairs| settings().of_request(&headers(pairs), true, true);
        let cookies = with_token(&[("cookie", "session=s"), ("origin", "https://evil.com")]).unwrap();
        assert_eq!((cookies.get("session"), cookies.can_be_set()), (None, false));
        let both = with_token(&[("x-session", "cookie"), ("origin", "https://app.example.com")]);
        assert_eq!(both.unwrap_err(), CookieError::TokenToo);
    }

    #[test]
    fn cookies_are_found_among_others_and_not_shown() {
        let own = ("sec-fetch-site", "same-origin");
        let cookies =
            read(&[("cookie", "a=1; session=secret=; session=2;;x"), ("cookie", "device=d"), own], true).unwrap();
        assert_eq!(
            [cookies.get("session"), cookies.get("device"), cookies.get("a")],
            [Some("secret="), Some("d"), None]
        );
        assert!(!format!("{cookies:?}").contains("secret"));
        assert!(!cookies.is_requested() && cookies.can_be_set() && !cookies.read_only().can_be_set());
        assert_eq!(read(&[("x-session", "token"), own], true).unwrap_err(), CookieError::Header);
        let none = CookieSettings::default().of_request(&headers(&[("cookie", "session=s")]), false, true);
        assert_eq!(none.unwrap().get("session"), None);
    }
}
