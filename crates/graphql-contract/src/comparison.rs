//! The contract against what the code serves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::promises::{Aspect, Promise, promises};
use super::sdl::SdlError;

/// Directives that say what a field costs: they are for those who count, here and in clients, and no code serves them.
const COSTS: [&str; 2] = ["cost", "listSize"];

/// A promise that contract and code do not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What it is about, such as `Listing.title`.
    pub coordinate: String,
    /// Which side of it.
    pub aspect: Aspect,
    /// What the contract says; nothing if it does not speak of it.
    pub contract: Option<String>,
    /// What the code says; nothing if it does not speak of it.
    pub code: Option<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.coordinate)?;
        match &self.aspect {
            Aspect::Definition => {}
            Aspect::Implements => f.write_str(" implements")?,
            Aspect::Member => f.write_str(" members")?,
            Aspect::Mark(name) => write!(f, " @{name}")?,
            Aspect::Description => f.write_str(" description")?,
        }
        match (&self.contract, &self.code) {
            (Some(contract), Some(code)) => write!(f, ": contract says {contract}, code says {code}"),
            (Some(contract), None) => write!(f, ": contract says {contract}, code has nothing"),
            (None, Some(code)) => write!(f, ": code says {code}, contract has nothing"),
            (None, None) => write!(f, ": nobody says anything"),
        }
    }
}

/// Where `other`, what the code serves, differs from `authority`, the contract: promises not kept, and things served but
/// never promised. Empty exactly when both make the same promises. Of something that one side lacks altogether only that
/// is said, not each of its parts. Costs are left out: `@cost`, `@listSize` and their definitions. Sorted by coordinate.
///
/// # Errors
/// [`SdlError`] when one of them is not a schema.
pub fn compare(authority: &str, other: &str) -> Result<Vec<Broken>, SdlError> {
    let (contract, code) = (promises(authority)?, promises(other)?);
    let (contract, code) = (grouped(&contract), grouped(&code));
    let keys: BTreeSet<_> = contract.keys().chain(code.keys()).copied().collect();
    let one_sided = |coordinate: &str| {
        let key = (coordinate, &Aspect::Definition);
        contract.contains_key(&key) != code.contains_key(&key)
    };
    let mut broken = Vec::new();
    for key @ (coordinate, aspect) in keys {
        let (contract, code) = (contract.get(&key), code.get(&key));
        let told = *aspect != Aspect::Definition && one_sided(coordinate) || parents(coordinate).any(one_sided);
        if contract != code && !told {
            let (contract, code) = (contract.map(|says| says.join(", ")), code.map(|says| says.join(", ")));
            broken.push(Broken { coordinate: coordinate.to_owned(), aspect: aspect.clone(), contract, code });
        }
    }
    Ok(broken)
}

/// What is said about each aspect of each coordinate. Interfaces, members and repeated directives are several sayings.
fn grouped(promises: &BTreeSet<Promise>) -> BTreeMap<(&str, &Aspect), Vec<&str>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for promise in promises.iter().filter(|promise| !is_cost(promise)) {
        groups.entry((promise.coordinate.as_str(), &promise.aspect)).or_default().push(promise.says.as_str());
    }
    groups
}

fn is_cost(promise: &Promise) -> bool {
    let definition = promise.coordinate.strip_prefix('@').map(|name| name.split('(').next().unwrap_or(name));
    let mark = match &promise.aspect {
        Aspect::Mark(name) => Some(name.as_str()),
        _ => None,
    };
    definition.or(mark).is_some_and(|name| COSTS.contains(&name))
}

/// `Listing.reviews` and `Listing` for `Listing.reviews(first:)`.
fn parents(coordinate: &str) -> impl Iterator<Item = &str> {
    let field = coordinate.split_once('(').map(|(field, _)| field);
    let ty = coordinate.split_once('.').map(|(ty, _)| ty);
    field.into_iter().chain(ty)
}
