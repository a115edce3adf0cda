//! Forged cursors: each is refused before a statement is sent.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp};

/// Every connection, as `$after` of a page of one.
const LISTS: [(&str, &str); 6] = [
    (
        "reviews",
        "query ($id: ID!, $after: Cursor) { listing(id: $id) { reviews(first: 1, after: $after) { pageInfo { endCursor } } } }",
    ),
    (
        "listings of a host",
        "query ($id: ID!, $after: Cursor) { listing(id: $id) { host { listings(first: 1, after: $after) { pageInfo { endCursor } } } } }",
    ),
    ("trips", "query ($after: Cursor) { me { trips(first: 1, after: $after) { pageInfo { endCursor } } } }"),
    (
        "own listings",
        "query ($after: Cursor) { me { hosting { listings(first: 1, after: $after) { pageInfo { endCursor } } } } }",
    ),
    (
        "own bookings",
        "query ($after: Cursor) { me { hosting { bookings(first: 1, after: $after) { pageInfo { endCursor } } } } }",
    ),
    (
        "newest",
        "query ($after: Cursor) { searchListings(orderBy: NEWEST, first: 1, after: $after) { pageInfo { endCursor } } }",
    ),
];

/// The code of the only error, or the cursor of the page.
async fn outcome(who: &Actor, list: &str, listing: &str, after: Option<&str>) -> Result<Option<String>, String> {
    let answer = who.app.run(Some(&who.member), list, json!({ "id": listing, "after": after })).await;
    if let Some(error) = answer.errors.first() {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).cloned();
        return Err(serde_json::to_value(code).unwrap().as_str().unwrap_or_default().to_owned());
    }
    let data = serde_json::to_value(answer.data).unwrap();
    Ok(cursor_in(&data).map(str::to_owned))
}

fn cursor_in(value: &Value) -> Option<&str> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match value {
            Value::String(cursor) if name == "endCursor" => Some(cursor.as_str()),
            value => cursor_in(value),
        }),
        _ => None,
    }
}

/// Forged positions, before any id.
fn positions(rng: &mut StdRng) -> Vec<String> {
    let number: i64 = rng.random();
    let mut positions = vec![
        number.to_string(),
        (number % 10_000_000_000_000_000).to_string(),
        format!("+{}-01-01", rng.random_range(10_000..99_999)),
        format!("-{:04}-06-30", rng.random_range(1..9_999)),
        format!("{:04}-12-31", rng.random_range(0..1_000)),
    ];
    positions.extend(["2147000000000000000", "-62198755200000001", "253402300800000000", "0", ""].map(str::to_owned));
    positions
}

/// Changes one letter of `cursor`.
fn mutated(cursor: &str, rng: &mut StdRng) -> String {
    let mut letters: Vec<char> = cursor.chars().collect();
    let at = rng.random_range(0..letters.len());
    letters[at] = *['A', 'z', '0', '9', '-', '_', '=', '.', 'é'].choose(rng).unwrap();
    letters.into_iter().collect()
}

/// S3: `reviews(after: <base64 of 2147000000000000000.rev_…>)`, and the same of every list.
#[tokio::test]
async fn a_forged_cursor_is_refused_before_any_batch_and_never_an_internal_error() {
    let app = TestApp::new().await;
    let owner = app.host().await;
    let listing = owner.listing(|_| {}).await;
    let guest = app.guest().await;
    let booking = guest.book_and_pay(&listing, "2026-04-06", "2026-04-09").await;
    let ids = [
        listing.clone(),
        booking.clone(),
        format!("rev_{}", booking.trim_start_matches("bk_")),
        format!("rev_{}", "7".repeat(26)),
        "rev_8zzzzzzzzzzzzzzzzzzzzzzzzz".to_owned(),
        "x".repeat(300),
    ];
    let mut rng = StdRng::seed_from_u64(3);
    for who in [&owner, &guest] {
        for (name, list) in LISTS {
            let own = outcome(who, list, &listing, None).await.unwrap();
            let mut texts: Vec<String> =
                (0..20).filter_map(|_| own.as_deref().map(|own| mutated(own, &mut rng))).collect();
            for position in positions(&mut rng) {
                texts.extend(ids.iter().map(|id| URL_SAFE_NO_PAD.encode(format!("{position}.{id}"))));
            }
            for text in texts {
                let recording = app.app.database.statements().record();
                let found = outcome(who, list, &listing, Some(&text)).await;
                let is_plausible = found.is_ok();
                let codes = ["BAD_CURSOR", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"];
                assert!(
                    is_plausible || found.as_ref().is_err_and(|code| codes.contains(&code.as_str())),
                    "{name} {text}: {found:?}"
                );
                let asks = recording.texts().iter().filter(|text| text.contains("ORDER BY")).count();
                assert!(is_plausible || asks == 0, "{name} {text}: a refused cursor was asked for");
            }
        }
    }
}

/// S3: forged cursors of some clients do not affect the pages of others.
#[tokio::test]
async fn a_forged_cursor_does_not_affect_other_pages() {
    let app = TestApp::new().await;
    let owner = app.host().await;
    let listing = owner.listing(|_| {}).await;
    let forged = URL_SAFE_NO_PAD.encode(format!("2147000000000000000.rev_{}", "0".repeat(26)));
    let asked = (0..60).map(|number| {
        let (owner, listing, forged) = (&owner, listing.as_str(), forged.as_str());
        async move {
            let after = (number % 3 == 0).then_some(forged);
            (after.is_some(), outcome(owner, LISTS[0].1, listing, after).await)
        }
    });
    for (is_forged, found) in futures_util::future::join_all(asked).await {
        let expected = if is_forged { Err("BAD_CURSOR".to_owned()) } else { Ok(None) };
        assert_eq!(found, expected);
    }
}
