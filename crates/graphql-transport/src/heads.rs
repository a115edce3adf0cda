//! Checks the request line and headers of every request.

use std::sync::Arc;

use poem::http::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderName, ORIGIN, USER_AGENT};
use poem::http::{HeaderMap, HeaderValue, StatusCode, Version};
use poem::{Request, Response};

use super::server::MAX_HEAD;

/// Headers that may occur only once: with two, a proxy could use a different one than this server.
const SINGLE_HEADERS: [HeaderName; 4] = [HOST, CONTENT_TYPE, ORIGIN, HeaderName::from_static("last-event-id")];
/// The most bytes of a `User-Agent` that are kept.
const MAX_USER_AGENT: usize = 1_000;
/// Bytes of separators in a header and in the request line.
const HEADER_OVERHEAD: usize = 4;
const REQUEST_LINE_OVERHEAD: usize = 12;

/// Why a head is rejected.
pub(super) struct HeadError {
    pub status: StatusCode,
    pub message: String,
}

/// The size of a head in HTTP/1.1 format, in bytes.
pub(super) fn size(request: &Request) -> usize {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let line = request.method().as_str().len() + target + REQUEST_LINE_OVERHEAD;
    line + headers + HEADER_OVERHEAD * request.headers().len()
}

/// The start of the `User-Agent`; bytes that are not UTF-8 are replaced.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let bytes = headers.get(USER_AGENT)?.as_bytes();
    Some(String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_USER_AGENT)]).into())
}

/// Tells the client that the connection closes, if the body of a request that is refused was not read: HTTP/1 cannot skip it.
pub(super) fn close_unless_read(request: &mut Request, refusal: &mut Response) {
    if request.version() <= Version::HTTP_11 && !request.take_body().is_empty() {
        refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Checks a head, and adds the `Host` header to an HTTP/2 request.
///
/// # Errors
///
/// When it is too long, has two hosts or media types, or no host.
pub(super) fn check(request: &mut Request) -> Result<(), HeadError> {
    let bad_request = |message: String| HeadError { status: StatusCode::BAD_REQUEST, message };
    if size(request) > MAX_HEAD {
        let message = format!("The request line and headers must have at most {MAX_HEAD} bytes.");
        return Err(HeadError { status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, message });
    }
    let is_repeated = |name: &&HeaderName| request.headers().get_all(*name).iter().nth(1).is_some();
    if let Some(name) = SINGLE_HEADERS.iter().find(is_repeated) {
        return Err(bad_request(format!("The header `{name}` is repeated.")));
    }
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let host = request.headers().get(HOST);
    match (host, authority) {
        (Some(host), Some(authority)) if !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()) => {
            Err(bad_request("The `host` header does not match the URL.".to_owned()))
        }
        (Some(_), _) => Ok(()),
        (None, Some(authority)) => {
            let host = HeaderValue::try_from(authority).map_err(|_| bad_request("The host is invalid.".to_owned()))?;
            request.headers_mut().insert(HOST, host);
            Ok(())
        }
        (None, None) if request.version() == Version::HTTP_11 => {
            Err(bad_request("The `host` header is missing.".to_owned()))
        }
        (None, None) => Ok(()),
    }
}
