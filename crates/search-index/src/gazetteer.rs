//! The names of places that can be suggested: those of published listings, as their hosts spell them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use roaring::RoaringBitmap;

use crate::{Index, typos::Typed};
use store::search::places::{PlaceKeys, PlaceName};
use types::{PlaceKind, countries, search_key, word_keys};

/// The longest text that `where.place` takes, in characters.
const MAX_TEXT: usize = 100;

/// A place, as some of its listings spell it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpelledPlace {
    /// Its keys.
    pub keys: PlaceKeys,
    /// City, region and neighborhood.
    pub names: [Option<String>; 3],
}

/// A place that somebody may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What it is; the largest, if several have the name.
    pub kind: PlaceKind,
    /// Its name alone.
    pub name: String,
    /// The text with which a search finds the listings there.
    pub text: String,
    /// How many that search finds.
    pub listings: u64,
}

/// A name with its kind, and the places that have it.
#[derive(Debug)]
struct Known {
    kind: PlaceKind,
    name: String,
    text: String,
    /// The text without its spelling.
    key: String,
    /// The keys of the text from each word of a name on, and whether it is a later word.
    starts: Vec<(String, bool)>,
    places: Vec<u32>,
}

/// How well a name matches: typos, then whether a later word of it does.
type Quality = (usize, bool);

/// A name that matches.
struct Candidate<'a> {
    quality: Quality,
    /// Of one name in several spellings or kinds the first is suggested.
    rank: (PlaceKind, Reverse<u64>, &'a str),
    known: &'a Known,
}

/// All names.
#[derive(Debug, Default)]
pub struct Gazetteer {
    numbers: HashMap<(PlaceKind, String), usize>,
    known: Vec<Known>,
    places: Vec<PlaceKeys>,
    /// Places by the keys of their names, and by their countries.
    by_key: BTreeMap<String, Vec<u32>>,
    by_country: HashMap<String, Vec<u32>>,
}

impl Index {
    /// Up to `most` places whose name has a word that begins with `text`, nearly: those with the fewest typos first, then those that begin with it,
    /// then those with the most listings.
    pub fn suggest(&self, text: &str, most: usize) -> Vec<Suggestion> {
        let (gazetteer, in_place) = self.names.gazetteer();
        gazetteer.suggest(&Typed::new(&search_key(text)), most, in_place)
    }
}

impl Gazetteer {
    /// Adds the names of a place with the next number.
    pub fn add(&mut self, number: u32, place: &SpelledPlace) {
        for key in place.keys.names.iter().flatten() {
            self.by_key.entry(key.clone()).or_default().push(number);
        }
        if let Some(country) = &place.keys.country {
            self.by_country.entry(country.clone()).or_default().push(number);
        }
        self.places.push(place.keys.clone());
        let country = place.keys.country.as_deref().map(countries::country_names).unwrap_or_default();
        let [city, region, neighborhood] = place.names.each_ref().map(Option::as_deref);
        let whole: Vec<&str> = city.into_iter().chain(country.first().copied()).collect();
        for (kind, name) in [(PlaceKind::Region, region), (PlaceKind::Neighborhood, neighborhood)] {
            self.note(number, kind, name.as_slice(), &whole);
        }
        self.note(number, PlaceKind::City, city.as_slice(), country.get(..1).unwrap_or_default());
        self.note(number, PlaceKind::Country, &country, &[]);
    }

    /// Notes that a place has a name, the first of these, and what it is in.
    fn note(&mut self, number: u32, kind: PlaceKind, names: &[&str], whole: &[&str]) {
        let Some(name) = names.first() else { return };
        let (text, key) = text_of(name, whole);
        // A name without letters or digits can be one that no text finds.
        let Some(rest) = key.strip_prefix(&search_key(name)).filter(|_| !text.is_empty()) else { return };
        let rest = rest.replace(',', "");
        let next = self.known.len();
        let index = *self.numbers.entry((kind, text.clone())).or_insert(next);
        if index == next {
            let starts_of = |name: &&str| {
                let starts = word_keys(name).into_iter().enumerate();
                starts.map(|(word, start)| (start + &rest, word > 0)).collect::<Vec<_>>()
            };
            let (name, starts) = (name.trim().to_owned(), names.iter().flat_map(starts_of).collect());
            self.known.push(Known { kind, name, text, key, starts, places: Vec::new() });
        }
        self.known[index].places.push(number);
    }

    fn suggest(&self, typed: &Typed, most: usize, in_place: &[RoaringBitmap]) -> Vec<Suggestion> {
        let mut found: HashMap<&str, Candidate<'_>> = HashMap::new();
        for known in &self.known {
            let Some(quality) = known.quality(typed) else { continue };
            let own = listings(known.places.iter().copied(), in_place);
            if own > 0 {
                let candidate = Candidate { quality, rank: (known.kind, Reverse(own), &known.text), known };
                found.entry(&known.key).and_modify(|same| same.merge(&candidate)).or_insert(candidate);
            }
        }
        let counted = |Candidate { quality, known, .. }| (quality, Reverse(self.count(&known.text, in_place)), known);
        let mut suggestions: Vec<_> = found.into_values().map(counted).collect();
        suggestions.sort_unstable_by_key(|(quality, listings, known)| (*quality, *listings, &known.text));
        suggestions.truncate(most);
        suggestions.into_iter().map(|(_, listings, known)| known.suggestion(listings.0)).collect()
    }

    /// How many listings a search with this text as its place finds.
    fn count(&self, text: &str, in_place: &[RoaringBitmap]) -> u64 {
        let name = PlaceName::new(text);
        let Some(first) = name.first() else { return 0 };
        let named = self.by_key.range(first.key.to_owned()..).take_while(|(key, _)| key.starts_with(first.key));
        let respelled = first.respelled.and_then(|key| self.by_key.get(key));
        let country = first.country.and_then(|country| self.by_country.get(country));
        let places = named.map(|(_, places)| places).chain(respelled).chain(country);
        let candidates: BTreeSet<u32> = places.flatten().copied().collect();
        let matches = |place: &u32| self.places.get(*place as usize).is_some_and(|keys| name.matches(keys));
        listings(candidates.into_iter().filter(matches), in_place)
    }

    /// About its memory.
    pub fn bytes(&self) -> usize {
        let start = |(start, _): &(String, bool)| size_of::<(String, bool)>() + start.len();
        let of = |known: &Known| {
            let texts = known.name.len() + known.key.len() + known.text.len() * 2;
            size_of::<Known>() + texts + known.starts.iter().map(start).sum::<usize>()
        };
        self.known.iter().map(of).sum()
    }
}

impl<'a> Candidate<'a> {
    fn merge(&mut self, other: &Candidate<'a>) {
        self.quality = self.quality.min(other.quality);
        if other.rank < self.rank {
            (self.rank, self.known) = (other.rank, other.known);
        }
    }
}

impl Known {
    fn quality(&self, typed: &Typed) -> Option<Quality> {
        self.starts.iter().filter_map(|(start, is_later)| Some((typed.typos(start)?, *is_later))).min()
    }

    fn suggestion(&self, listings: u64) -> Suggestion {
        Suggestion { kind: self.kind, name: self.name.clone(), text: self.text.clone(), listings }
    }
}

fn listings(places: impl Iterator<Item = u32>, in_place: &[RoaringBitmap]) -> u64 {
    places.filter_map(|place| in_place.get(place as usize)).map(RoaringBitmap::len).sum()
}

/// The text of a search for what has this name in a whole that has the others, and the same without its spelling. Commas separate names, so that
/// no name can have one; and of a city in a country of the same name, one is enough.
fn text_of(name: &str, whole: &[&str]) -> (String, String) {
    let spaced = |name: &str| name.replace(',', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text: String = spaced(name).chars().take(MAX_TEXT).collect();
    let mut keys = vec![search_key(&text)];
    for name in whole {
        let (name, key) = (spaced(name), search_key(name));
        if !key.is_empty() && !keys.contains(&key) && text.chars().count() + 2 + name.chars().count() <= MAX_TEXT {
            text = format!("{text}, {name}");
            keys.push(key);
        }
    }
    (text, keys.join(","))
}
