//! The media types of requests and responses.

use poem::http::HeaderMap;
use poem::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};

/// The media types of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status reports the result.
    GraphQl,
    /// `application/json`: a well-formed request gets a 200.
    Json,
    /// `text/event-stream`, and no other supported type.
    Events,
}

impl Media {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            // A request that is not an operation has no events.
            Self::Json | Self::Events => "application/json; charset=utf-8",
        }
    }
}

/// One media range of an `Accept` header.
struct MediaRange {
    essence: String,
    quality: f32,
    is_utf8: bool,
}

fn ranges(headers: &HeaderMap) -> Vec<MediaRange> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter(|range| !range.trim().is_empty()).map(parse_range).collect()
}

fn parse_range(text: &str) -> MediaRange {
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let (mut quality, mut is_utf8) = (1.0, true);
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => quality = value.trim().parse().unwrap_or(0.0),
            "charset" => is_utf8 = is_utf8_charset(value),
            _ => {}
        }
    }
    MediaRange { essence, quality, is_utf8 }
}

fn is_utf8_charset(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// The supported media type that the client prefers; none when it accepts none. JSON takes
/// precedence over events, which some clients accept in addition for every request. Without an
/// `Accept` header it is `application/json`, which every client understands.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Media> {
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return Some(Media::Json);
    }
    let graphql = quality(&ranges, "application/graphql-response+json", false);
    let json = quality(&ranges, "application/json", true);
    match (graphql > 0.0, json > 0.0) {
        (true, _) if graphql >= json => Some(Media::GraphQl),
        (_, true) => Some(Media::Json),
        _ if accepts_events(headers) => Some(Media::Events),
        _ => None,
    }
}

/// Whether the client accepts `text/event-stream` explicitly.
pub(super) fn accepts_events(headers: &HeaderMap) -> bool {
    quality(&ranges(headers), "text/event-stream", false) > 0.0
}

/// The quality value of a media type; the most specific matching range decides.
fn quality(ranges: &[MediaRange], essence: &str, matches_wildcards: bool) -> f32 {
    let patterns = if matches_wildcards { &[essence, "application/*", "*/*"][..] } else { &[essence][..] };
    for pattern in patterns {
        let matching = ranges.iter().filter(|range| range.essence == *pattern && range.is_utf8);
        if let Some(best) = matching.map(|range| range.quality).reduce(f32::max) {
            return best;
        }
    }
    0.0
}

/// Whether the client names a supported media type explicitly, which browsers do not.
pub(super) fn names_json(headers: &HeaderMap) -> bool {
    let json_types = ["application/graphql-response+json", "application/json"];
    ranges(headers).iter().any(|range| json_types.contains(&range.essence.as_str()) && range.quality > 0.0)
}

/// Whether the client is a browser that requests a page.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    !names_json(headers) && ranges(headers).iter().any(|range| range.essence == "text/html" && range.quality > 0.0)
}

/// Checks that a body is declared as uncompressed JSON in UTF-8.
pub(super) fn check_body(headers: &HeaderMap) -> Result<(), &'static str> {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.into_iter().any(|encoding| !encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")) {
        return Err("Compressed bodies are not supported.");
    }
    let Some(content_type) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return Err("The content type must be application/json.");
    };
    let content_type = parse_range(content_type);
    if content_type.essence != "application/json" {
        return Err("The content type must be application/json.");
    }
    if content_type.is_utf8 { Ok(()) } else { Err("The charset must be utf-8.") }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn accept(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_media_type_is_the_one_that_the_client_prefers() {
        let cases = [
            ("application/graphql-response+json", Some(Media::GraphQl)),
            ("application/json", Some(Media::Json)),
            ("application/graphql-response+json, application/json", Some(Media::GraphQl)),
            ("application/graphql-response+json;q=0.5, application/json", Some(Media::Json)),
            ("application/json; charset=utf-8", Some(Media::Json)),
            ("application/json; charset=latin1", None),
            ("application/json;q=0, application/graphql-response+json;q=0.1", Some(Media::GraphQl)),
            ("*/*", Some(Media::Json)),
            ("application/*;q=0.2", Some(Media::Json)),
            ("text/html, */*;q=0.1", Some(Media::Json)),
            ("application/json;q=0, */*", None),
            ("text/event-stream", Some(Media::Events)),
            ("text/event-stream;q=0", None),
            ("application/json;q=0.1, text/event-stream", Some(Media::Json)),
            (
                "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
                Some(Media::GraphQl),
            ),
            ("text/html", None),
            ("image/png, nonsense", None),
        ];
        for (value, media) in cases {
            assert_eq!(accepted(&accept(value)), media, "{value}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Some(Media::Json));
    }

    #[test]
    fn only_browsers_get_a_page() {
        assert!(wants_page(&accept("text/html,application/xhtml+xml,*/*;q=0.8")));
        assert!(!wants_page(&accept("text/html, application/json")));
        assert!(!wants_page(&accept("*/*")));
    }

    #[test]
    fn bodies_must_be_uncompressed_json() {
        let body = |content_type: &'static str| {
            check_body(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]))
        };
        assert!(body("application/json").is_ok() && body("application/JSON; charset=\"UTF-8\"").is_ok());
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json; charset=utf-16",
        ] {
            assert!(body(bad).is_err(), "{bad}");
        }
        assert!(check_body(&HeaderMap::new()).is_err());
    }
}
