//! Hostile documents.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::stranger::Generator;
use crate::costs::{deep, wide};

/// A document of a stranger.
pub struct Attack {
    pub query: String,
    pub variables: Value,
    /// The stranger who sends it; None: any.
    pub sender: Option<usize>,
    /// Whether it is allowed, and answered without an error.
    pub is_fine: bool,
}

/// How many documents of each kind there are.
#[derive(Clone, Copy)]
pub struct Numbers {
    /// Random documents.
    pub random: usize,
    /// Different documents that are prepared and cached.
    pub different: usize,
    /// How often the documents of the reports are sent.
    pub reported: usize,
}

/// All documents of an attack, in a random order that is always the same.
pub fn documents(numbers: Numbers, listings: &[String], stay: &Value, today: NaiveDate) -> Vec<Attack> {
    let variables = json!({ "id": listings[0], "stay": stay });
    let reported = |query| Attack { query, variables: variables.clone(), sender: None, is_fine: false };
    let mut documents: Vec<_> = (0..numbers.reported)
        .flat_map(|_| [deep(), wide(), deepest_allowed(), widest_allowed()].map(reported))
        .chain((0..numbers.different).map(different))
        .collect();
    let mut generator = Generator::new(11, listings.to_vec(), today);
    documents.extend((0..numbers.random).map(|_| Attack {
        query: generator.document(),
        variables: json!({}),
        sender: None,
        is_fine: false,
    }));
    generator.shuffle(&mut documents);
    documents
}

/// Two levels of pages.
pub fn deepest_allowed() -> String {
    "query($id: ID!) { listing(id: $id) { reviews(first: 100) { nodes { id rating createdAt author { id displayName
        memberSince listings(first: 10) { nodes { id title maxGuests status place { city } } } } } } } }"
        .to_owned()
}

/// A large page of a search.
pub fn widest_allowed() -> String {
    "query($stay: StayInput) { searchListings(stay: $stay, orderBy: PRICE_ASC, first: 100) { totalCount
        nodes { listing { description reviews(first: 5) { nodes { text } } } } } }"
        .to_owned()
}

/// S10: a text of 1.3 kB whose forms are much larger. It is valid, and so it is cached. Each comes from one of 200 addresses, so that no
/// budget refuses it.
fn different(number: usize) -> Attack {
    let id = format!("lst_{number:026}");
    let spreads: String = (0..20).map(|n| format!("alias{n}: node(id: \"{id}\") {{ id ...F }} ")).collect();
    let query = format!(
        "query Q{number}($x: Boolean!) {{ {spreads} }} fragment F on Node {{ __typename @include(if: $x) ... on Listing {{ title
            host {{ displayName }} reviews(first: 1) {{ nodes {{ id }} }} }} ... on User {{ displayName }} }}"
    );
    let variables = json!({ "x": number.is_multiple_of(2) });
    Attack { query, variables, sender: Some(number % 200), is_fine: true }
}

#[test]
fn the_different_documents_are_of_the_size_that_was_reported() {
    let lengths: Vec<_> = [0, 7_999].map(|number| different(number).query.len()).to_vec();
    assert!(lengths.iter().all(|length| (1_200..1_700).contains(length)), "{lengths:?}");
}
