//! Suggestions of places, compared with the searches to which they lead.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use types::{ListingStatus, countries, search_key};

use super::servers::Servers;

const SUGGEST: &str =
    "query ($text: String!, $first: Int) { suggestPlaces(text: $text, first: $first) { kind name place listings } }";

async fn suggest(servers: &Servers, text: &str) -> Vec<Value> {
    let answer = servers.memory(SUGGEST, json!({ "text": text, "first": 20 })).await;
    answer["suggestPlaces"].as_array().unwrap().clone()
}

/// The fewest changes that turn `typed` into the beginning of a name: a table of all beginnings of both.
fn typos(typed: &[char], name: &[char]) -> usize {
    let mut table = vec![vec![0; name.len() + 1]; typed.len() + 1];
    for i in 0..=typed.len() {
        for j in 0..=name.len() {
            let mut best = if i == 0 {
                j
            } else if j == 0 {
                i
            } else {
                usize::MAX
            };
            if i > 0 && j > 0 {
                best = (table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                best = best.min(table[i - 1][j - 1] + usize::from(typed[i - 1] != name[j - 1]));
                if i > 1 && j > 1 && typed[i - 1] == name[j - 2] && typed[i - 2] == name[j - 1] {
                    best = best.min(table[i - 2][j - 2] + 1);
                }
            }
            table[i][j] = best;
        }
    }
    *table[typed.len()].iter().min().unwrap()
}

/// The typos in a text for a name, and whether a later word matches; None: too many.
fn quality(text: &str, names: &[&str], context: &str) -> Option<(usize, bool)> {
    let typed: Vec<char> = search_key(text).chars().collect();
    let most = [0, 1, 2][usize::from(typed.len() >= 4) + usize::from(typed.len() >= 8)];
    let of = |name: &&str| {
        let words: Vec<&str> = name.split([' ', '-', '_']).collect();
        (0..words.len())
            .map(|word| {
                let rest: Vec<char> = (search_key(&words[word..].concat()) + &search_key(context)).chars().collect();
                (typos(&typed, &rest), word > 0)
            })
            .collect::<Vec<_>>()
    };
    names.iter().flat_map(of).filter(|(typos, _)| *typos <= most).min()
}

/// All names of published listings.
fn names(servers: &Servers) -> BTreeSet<String> {
    let published = servers.world.samples.iter().filter(|sample| sample.listing.status == ListingStatus::Published);
    let names = published.flat_map(|sample| {
        let place = &sample.listing.place;
        let country = place.country_code.as_deref().map(|code| countries::country_names(code)[0].to_owned());
        [Some(place.city.clone()), place.region.clone(), place.neighborhood.clone(), country].into_iter().flatten()
    });
    names.collect()
}

/// A beginning of a name, with some letters changed.
fn random_text(rng: &mut StdRng, names: &[String]) -> String {
    let mut letters: Vec<char> = names.choose(rng).unwrap().chars().collect();
    letters.truncate(rng.random_range(1..12));
    for _ in 0..rng.random_range(0..3) {
        let at = rng.random_range(0..letters.len());
        match rng.random_range(0..4) {
            0 => letters[at] = 'e',
            1 => letters.insert(at, 'n'),
            2 if letters.len() > 1 => drop(letters.remove(at)),
            _ => letters.swap(0, at),
        }
    }
    letters.into_iter().collect()
}

#[tokio::test]
async fn a_suggestion_leads_to_a_search_that_finds_as_many_listings() {
    let servers = Servers::new(51, 200).await;
    let mut rng = StdRng::seed_from_u64(51);
    let all: Vec<String> = names(&servers).into_iter().collect();
    let (mut checked, mut with_typos) = (BTreeSet::new(), 0);
    for _ in 0..60 {
        let text = random_text(&mut rng, &all);
        if text.trim().is_empty() {
            continue;
        }
        let found = suggest(&servers, &text).await;
        let mut order = Vec::new();
        for suggestion in &found {
            let [name, place] = ["name", "place"].map(|field| suggestion[field].as_str().unwrap());
            let listings = suggestion["listings"].as_i64().unwrap();
            let codes = ["SG", "DE"].map(countries::country_names);
            let same = codes.iter().find(|names| suggestion["kind"] == "COUNTRY" && names[0] == name);
            let context = place.split_once(", ").map_or("", |(_, context)| context);
            let quality = quality(&text, same.map_or(&[name], |names| names), context);
            let quality = quality.unwrap_or_else(|| panic!("{text}: {suggestion}"));
            with_typos += usize::from(quality.0 > 0);
            order.push((quality, -listings));
            if checked.insert(place.to_owned()) {
                let hits = servers.walk(&json!({ "place": place }), &Value::Null, "RATING").await;
                assert_eq!(hits.len() as i64, listings, "{suggestion}");
                assert!(listings > 0);
            }
        }
        assert!(order.is_sorted(), "{text}: {found:#?}");
        let suggested: BTreeSet<_> =
            found.iter().map(|suggestion| search_key(suggestion["name"].as_str().unwrap())).collect();
        let missed =
            all.iter().find(|name| quality(&text, &[name], "").is_some() && !suggested.contains(&search_key(name)));
        assert!(missed.is_none() || found.len() == 20, "{text}: {missed:?} {found:#?}");
    }
    assert!(checked.len() > 20 && with_typos > 20, "{checked:?}, {with_typos}");
}

#[tokio::test]
async fn places_are_found_by_any_word_in_any_spelling_with_typos() {
    let servers = Servers::new(52, 200).await;
    for (text, name, kind) in [
        ("sing", "Singapore", "COUNTRY"),
        ("SINGAPROE", "Singapore", "COUNTRY"),
        ("deutschl", "Germany", "COUNTRY"),
        ("germnay", "Germany", "COUNTRY"),
        ("giessen, ger", "Gießen", "CITY"),
        ("Zuerich", "Zürich", "CITY"),
        ("denis", "Saint-Denis", "CITY"),
        ("saint den", "Saint-Denis", "CITY"),
        ("region", "Central Region", "REGION"),
        ("central  reg", "Central Region", "REGION"),
        ("north", "100% North", "REGION"),
    ] {
        let found = suggest(&servers, text).await;
        let first = found.first().unwrap_or_else(|| panic!("{text}"));
        assert_eq!((&first["name"], &first["kind"]), (&json!(name), &json!(kind)), "{text}: {found:#?}");
    }
    for text in ["xyz", "sni", "gxyr", "%", "!"] {
        assert_eq!(suggest(&servers, text).await, [""; 0], "{text}");
    }
}

#[tokio::test]
async fn suggestions_are_null_without_an_index_and_have_limits() {
    let servers = Servers::new(53, 10).await;
    let right = json!({ "text": "sing" });
    assert_eq!(servers.database(SUGGEST, right.clone()).await["suggestPlaces"], Value::Null);
    assert!(servers.memory(SUGGEST, right).await["suggestPlaces"].is_array());
    for (variables, message) in [
        (json!({ "text": "" }), "`text`: must have 1 to 100 characters."),
        (json!({ "text": "  " }), "`text`: must have 1 to 100 characters."),
        (json!({ "text": "x".repeat(101) }), "`text`: must have 1 to 100 characters."),
        (json!({ "text": "sing", "first": 0 }), "`first` must be from 1 to 20."),
        (json!({ "text": "sing", "first": 21 }), "`first` must be from 1 to 20."),
    ] {
        for (code, found) in servers.errors(SUGGEST, variables.clone()).await {
            assert_eq!((&*code, &*found), ("BAD_USER_INPUT", message), "{variables}");
        }
    }
}
