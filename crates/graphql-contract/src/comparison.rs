//! Compares the contract with the schema that the code serves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::elements::{Aspect, Element, elements};
use super::sdl::SdlError;

/// The directives for costs. Servers and clients use them to compute costs; the schema that the
/// code serves does not contain them.
const COST_DIRECTIVES: [&str; 2] = ["cost", "listSize"];

/// A difference between contract and code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The coordinate of the element, such as `Listing.title`.
    pub coordinate: String,
    /// The part of the element.
    pub aspect: Aspect,
    /// Its content in the contract, if it is there.
    pub contract: Option<String>,
    /// Its content in the code, if it is there.
    pub code: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.coordinate)?;
        match &self.aspect {
            Aspect::Definition => {}
            Aspect::Implements => f.write_str(" implements")?,
            Aspect::Member => f.write_str(" members")?,
            Aspect::AppliedDirective(name) => write!(f, " @{name}")?,
            Aspect::Description => f.write_str(" description")?,
        }
        match (&self.contract, &self.code) {
            (Some(contract), Some(code)) => write!(f, ": contract says {contract}, code says {code}"),
            (Some(contract), None) => write!(f, ": contract says {contract}, code has nothing"),
            (None, Some(code)) => write!(f, ": code says {code}, contract has nothing"),
            (None, None) => write!(f, ": no difference"),
        }
    }
}

/// The differences between `contract` and `code`, the schema that the code serves. Empty if and
/// only if both have the same elements. The parts of an element that is missing entirely are not
/// listed. `@cost`, `@listSize` and their definitions are ignored. Sorted by coordinate.
///
/// # Errors
/// [`SdlError`] when one of the texts is not a schema.
pub fn compare(contract: &str, code: &str) -> Result<Vec<Difference>, SdlError> {
    let (contract, code) = (elements(contract)?, elements(code)?);
    let (contract, code) = (group_by_aspect(&contract), group_by_aspect(&code));
    let keys: BTreeSet<_> = contract.keys().chain(code.keys()).copied().collect();
    let one_sided = |coordinate: &str| {
        let key = (coordinate, &Aspect::Definition);
        contract.contains_key(&key) != code.contains_key(&key)
    };
    let mut differences = Vec::new();
    for key @ (coordinate, aspect) in keys {
        let (contract, code) = (contract.get(&key), code.get(&key));
        let is_covered = *aspect != Aspect::Definition && one_sided(coordinate) || parents(coordinate).any(one_sided);
        if contract != code && !is_covered {
            let (contract, code) = (contract.map(|content| content.join(", ")), code.map(|content| content.join(", ")));
            differences.push(Difference { coordinate: coordinate.to_owned(), aspect: aspect.clone(), contract, code });
        }
    }
    Ok(differences)
}

/// The contents of each aspect of each coordinate. Several interfaces, members and repeated
/// directives have several.
fn group_by_aspect(elements: &BTreeSet<Element>) -> BTreeMap<(&str, &Aspect), Vec<&str>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for element in elements.iter().filter(|element| !is_cost(element)) {
        groups.entry((element.coordinate.as_str(), &element.aspect)).or_default().push(element.content.as_str());
    }
    groups
}

fn is_cost(element: &Element) -> bool {
    let definition = element.coordinate.strip_prefix('@').map(|name| name.split('(').next().unwrap_or(name));
    let applied_directive = match &element.aspect {
        Aspect::AppliedDirective(name) => Some(name.as_str()),
        _ => None,
    };
    definition.or(applied_directive).is_some_and(|name| COST_DIRECTIVES.contains(&name))
}

/// `Listing.reviews` and `Listing` for `Listing.reviews(first:)`.
fn parents(coordinate: &str) -> impl Iterator<Item = &str> {
    let field = coordinate.split_once('(').map(|(field, _)| field);
    let ty = coordinate.split_once('.').map(|(ty, _)| ty);
    field.into_iter().chain(ty)
}
