//! Cursors, IDs, keys, amounts, days and the other scalars of the contract, and texts of people:
//! one text is parsed as each of them.
//!
//! Any text is accepted or rejected, and an accepted value is printed as it was parsed.

#![no_main]

use std::{fmt::Display, str::FromStr, sync::LazyLock};

use async_graphql::Value;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use domain::{
    events::EventPosition,
    search::{Filter, Search},
};
use libfuzzer_sys::fuzz_target;
use types::{
    BookingId, CoHostId, ConsentId, Currency, DataExportId, Email, GeoBox, IdempotencyKey, ImpersonationId, LegalHoldId, ListingId,
    ListingOrder, MAX_KEY, MeId, Money, Newest, NodeId, PasskeyId, PaymentId, QuoteId, RefundId, ReviewId, RoleGrantId, SessionId, SupportCaseId,
    Timestamp, UserId, WishlistId, WishlistItemId, amenity_of,
    cursor::{Position, from_cursor, to_cursor},
    search_key, search_words, slug_of, text,
};

static SEARCHES: LazyLock<Vec<Search>> = LazyLock::new(|| {
    let filter = || Filter { area: GeoBox::new(1.0, 103.0, 2.0, 104.0), ..Filter::default() };
    ListingOrder::ALL.iter().map(|order| Search::new(filter(), None, *order).expect("a search")).collect()
});

fuzz_target!(|data: &[u8]| {
    let Ok(raw) = std::str::from_utf8(data) else { return };
    ids(raw);
    cursors(raw);
    // An attacker would encode the cursor correctly.
    cursors(&URL_SAFE_NO_PAD.encode(raw));
    values(raw);
    texts(raw);
});

fn ids(raw: &str) {
    let known = [
        id::<UserId>(raw),
        id::<MeId>(raw),
        id::<SessionId>(raw),
        id::<ListingId>(raw),
        id::<QuoteId>(raw),
        id::<BookingId>(raw),
        id::<PaymentId>(raw),
        id::<RefundId>(raw),
        id::<ReviewId>(raw),
        id::<CoHostId>(raw),
        id::<SupportCaseId>(raw),
        id::<WishlistId>(raw),
        id::<WishlistItemId>(raw),
        id::<ConsentId>(raw),
        id::<DataExportId>(raw),
        id::<LegalHoldId>(raw),
        id::<ImpersonationId>(raw),
        id::<PasskeyId>(raw),
    ];
    let kinds = known.iter().filter(|known| **known).count();
    assert!(kinds <= 1, "{raw}: of several kinds");
    assert_eq!(raw.parse::<NodeId>().is_ok(), kinds == 1, "{raw}");
}

/// Whether it is an ID, which has exactly one text.
fn id<T: FromStr + Display>(raw: &str) -> bool {
    let id = raw.parse::<T>().ok().map(|id| id.to_string());
    assert!(id.as_ref().is_none_or(|id| id == raw), "{raw} is read as {id:?}");
    id.is_some()
}

fn cursors(raw: &str) {
    cursor::<Timestamp, ListingId>(raw);
    cursor::<Timestamp, ReviewId>(raw);
    cursor::<Timestamp, SupportCaseId>(raw);
    cursor::<NaiveDate, BookingId>(raw);
    cursor::<u32, String>(raw);
    if let Ok(place) = Newest::<ReviewId>::from_cursor(raw) {
        assert_eq!(place.to_cursor(), raw);
    }
    if let Ok(place) = Newest::<SessionId>::from_cursor(raw) {
        assert_eq!(place.to_cursor(), raw);
    }
    if let Ok(position) = EventPosition::from_cursor(raw) {
        assert_eq!(position.to_cursor(), raw);
    }
    for search in SEARCHES.iter() {
        let _ = search.key(raw);
    }
}

fn cursor<P: Position, Id: FromStr + Display>(raw: &str) {
    if let Ok((position, id)) = from_cursor::<P, Id>(raw) {
        assert_eq!(to_cursor(&position, &id), raw);
    }
}

fn values(raw: &str) {
    graphql::fuzzing::scalars(&Value::String(raw.to_owned()));
    if let Ok(number) = raw.parse::<serde_json::Number>() {
        graphql::fuzzing::scalars(&Value::Number(number));
    }
    import::fuzzing::price(raw);
    if let Ok(email) = raw.parse::<Email>() {
        assert_eq!(email.as_str().parse::<Email>().ok().as_ref(), Some(&email));
    }
    if let Ok(key) = raw.parse::<IdempotencyKey>() {
        assert_eq!(key.as_str(), raw);
    }
    if let (Some(code), Some(Ok(minor))) = (raw.get(..3), raw.get(3..).map(str::parse::<i64>)) {
        if let Ok(currency) = code.parse::<Currency>() {
            let shown = Money::new(minor, currency).decimal();
            assert_eq!(shown.replace('.', "").parse::<i64>(), Ok(minor), "{shown}");
        }
    }
}

fn texts(raw: &str) {
    if let Ok(line) = text::line(raw, 0..=10_000) {
        assert_eq!(text::line(&line, 0..=10_000).as_ref(), Ok(&line), "{raw:?}");
        assert!(!line.contains('\n'), "{line:?}");
    }
    if let Ok(paragraphs) = text::paragraphs(raw, 0..=10_000) {
        assert_eq!(text::paragraphs(&paragraphs, 0..=10_000).as_ref(), Ok(&paragraphs), "{raw:?}");
    }
    if let Some(line) = text::cut_line(raw, 200) {
        assert_eq!(text::line(&line, 1..=200).as_ref(), Ok(&line), "{raw:?}");
    }
    let key = search_key(raw);
    assert!(key.chars().count() <= MAX_KEY && key.is_empty() == raw.trim().is_empty(), "{raw:?}");
    assert!(search_words(raw).iter().all(|word| !word.is_empty()));
    for slug in [slug_of(raw), amenity_of(raw).0] {
        assert!((1..=100).contains(&slug.len()) && slug_of(&slug) == slug, "{raw:?} is {slug}");
    }
}
