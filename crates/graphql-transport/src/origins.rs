//! The origins and host names that are allowed.

use poem::http::header::HOST;
use poem::http::{HeaderMap, Uri};

/// Whether `origin`, as sent by a browser, matches `allowed`: the same origin, or a pattern such as
/// `https://app-*.example.com`, whose `*` stands for letters, digits and hyphens of the first
/// label.
pub(super) fn is_origin_allowed(allowed: &str, origin: &str) -> bool {
    let (allowed, origin) = (allowed.trim_end_matches('/').to_ascii_lowercase(), origin.to_ascii_lowercase());
    let Some((before, after)) = allowed.split_once('*') else { return allowed == origin };
    let rest = origin.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    rest.is_some_and(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// Whether `host` (a name or address, perhaps with a port) matches one of the `allowed` names. An
/// allowed name without a port allows every port.
pub(super) fn is_host_allowed(allowed: &[String], host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let name = without_port(&host);
    allowed.iter().any(|allowed| {
        let allowed = allowed.to_ascii_lowercase();
        allowed == host || (without_port(&allowed) == allowed && allowed == name)
    })
}

/// `example.com` of `example.com:8080`, `[::1]` of `[::1]:8080`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

/// Whether an origin is the host that the request was sent to.
pub(super) fn is_own_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = origin.parse::<Uri>().ok();
    let authority = origin.as_ref().and_then(Uri::authority);
    matches!((host, authority), (Some(host), Some(authority)) if authority.as_str().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_one_label_only() {
        let allowed = "https://app-*.example.com";
        for good in ["https://app-1.example.com", "https://APP-pr-12.example.com"] {
            assert!(is_origin_allowed(allowed, good), "{good}");
        }
        for bad in [
            "https://app-.example.com",
            "https://app-1.evil.com/.example.com",
            "https://app-1.evil.example.com",
            "http://app-1.example.com",
            "https://app-1.example.com.evil.com",
            "https://example.com",
            "null",
        ] {
            assert!(!is_origin_allowed(allowed, bad), "{bad}");
        }
        assert!(is_origin_allowed("https://example.com/", "https://EXAMPLE.com"));
    }

    #[test]
    fn a_host_without_a_port_allows_every_port() {
        let allowed = ["api.example.com".to_owned(), "[::1]:8080".to_owned()];
        for good in ["api.example.com", "API.example.com:443", "[::1]:8080"] {
            assert!(is_host_allowed(&allowed, good), "{good}");
        }
        for bad in ["evil.com", "api.example.com.evil.com", "[::1]", "[::1]:80", "", "api.example.com:x"] {
            assert!(!is_host_allowed(&allowed, bad), "{bad}");
        }
    }
}
