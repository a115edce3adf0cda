//! The changes between two versions of a schema, and what they mean for clients.
//!
//! The rules are the usual ones: what a client can read and send may grow, but not shrink. Some are
//! stricter than in common tools: for example, removing the default that made an argument optional
//! is breaking.

mod inputs;
mod outputs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use super::applied_directives::{AppliedDirective, applied_directive};
use super::sdl::{DirectiveDef, Map, Schema, SdlError, TypeDef};

/// What a change means for existing clients, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Some valid operation fails, or its response has another shape.
    Breaking,
    /// Operations stay valid, but a client may receive something that it does not know.
    Dangerous,
    /// No client is affected.
    Safe,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Breaking => "BREAKING",
            Self::Dangerous => "DANGEROUS",
            Self::Safe => "SAFE",
        })
    }
}

/// One change. Ordered by severity, then by coordinate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The effect on clients.
    pub severity: Severity,
    /// The coordinate of the changed element, such as `Listing.title`.
    pub coordinate: String,
    /// The change, such as `type changed from String! to String`.
    pub message: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9} {}  {}", self.severity, self.coordinate, self.message)
    }
}

/// The changes from `old` to `new`, breaking ones first. Empty if and only if both schemas have the
/// same elements.
///
/// # Errors
/// [`SdlError`] when one of the texts is not a schema.
pub fn diff(old: &str, new: &str) -> Result<Vec<Change>, SdlError> {
    let (old, new) = (Schema::read(old)?, Schema::read(new)?);
    let mut changes = Changes::default();
    changes.roots(&old, &new);
    changes.applied_directives("schema", &old.applied_directives, &new.applied_directives);
    changes.pairs(&old.types, &new.types, |changes, name, types| match types {
        Pair::Removed(old) => changes.breaking(name, format!("{} removed", old.kind.word())),
        Pair::Added(new) => changes.safe(name, format!("{} added", new.kind.word())),
        Pair::Both(old, new) => changes.of_type(name, old, new),
    });
    changes.pairs(&old.directives, &new.directives, |changes, name, directives| {
        let coordinate = format!("@{name}");
        match directives {
            Pair::Removed(_) => changes.breaking(&coordinate, "directive removed"),
            Pair::Added(_) => changes.safe(&coordinate, "directive added"),
            Pair::Both(old, new) => changes.of_directive(&coordinate, old, new),
        }
    });
    changes.0.sort();
    Ok(changes.0)
}

/// The highest severity among `changes`, for an exit code; `None` without changes.
pub fn max_severity(changes: &[Change]) -> Option<Severity> {
    changes.iter().map(|change| change.severity).min()
}

/// An element in two versions.
enum Pair<'a, T> {
    Removed(&'a T),
    Added(&'a T),
    Both(&'a T, &'a T),
}

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, severity: Severity, coordinate: &str, message: impl Into<String>) {
        self.0.push(Change { severity, coordinate: coordinate.to_owned(), message: message.into() });
    }

    fn breaking(&mut self, coordinate: &str, message: impl Into<String>) {
        self.add(Severity::Breaking, coordinate, message);
    }

    fn dangerous(&mut self, coordinate: &str, message: impl Into<String>) {
        self.add(Severity::Dangerous, coordinate, message);
    }

    fn safe(&mut self, coordinate: &str, message: impl Into<String>) {
        self.add(Severity::Safe, coordinate, message);
    }

    /// Calls `each` for every name in one of the maps.
    fn pairs<T>(&mut self, old: &Map<T>, new: &Map<T>, mut each: impl FnMut(&mut Self, &str, Pair<'_, T>)) {
        for (name, old) in old {
            let pair = new.get(name).map_or(Pair::Removed(old), |new| Pair::Both(old, new));
            each(self, name, pair);
        }
        for (name, new) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            each(self, name, Pair::Added(new));
        }
    }

    fn roots(&mut self, old: &Schema, new: &Schema) {
        for operation in ["query", "mutation", "subscription"] {
            let coordinate = format!("schema {operation}");
            match (old.roots.get(operation), new.roots.get(operation)) {
                (Some(_), None) => self.breaking(&coordinate, "root type removed"),
                (None, Some(_)) => self.safe(&coordinate, "root type added"),
                (Some(old), Some(new)) if old != new => {
                    self.breaking(&coordinate, format!("root type changed from {old} to {new}"));
                }
                _ => {}
            }
        }
    }

    fn of_type(&mut self, name: &str, old: &TypeDef, new: &TypeDef) {
        if old.kind != new.kind {
            let (old, new) = (old.kind.word(), new.kind.word());
            return self.breaking(name, format!("kind changed from {old} to {new}"));
        }
        self.description(name, old.description.as_deref(), new.description.as_deref());
        self.applied_directives(name, &old.applied_directives, &new.applied_directives);
        self.implements(name, &old.implements, &new.implements);
        self.members(name, &old.members, &new.members);
        self.fields(name, &old.fields, &new.fields);
        self.values(name, &old.values, &new.values);
        self.input_fields(name, &old.inputs, &new.inputs);
    }

    fn of_directive(&mut self, coordinate: &str, old: &DirectiveDef, new: &DirectiveDef) {
        for location in old.locations.difference(&new.locations) {
            self.breaking(coordinate, format!("no longer allowed on {location}"));
        }
        for location in new.locations.difference(&old.locations) {
            self.safe(coordinate, format!("now allowed on {location}"));
        }
        match (old.repeatable, new.repeatable) {
            (true, false) => self.breaking(coordinate, "no longer repeatable"),
            (false, true) => self.safe(coordinate, "now repeatable"),
            _ => {}
        }
        self.description(coordinate, old.description.as_deref(), new.description.as_deref());
        self.arguments(coordinate, &old.arguments, &new.arguments);
    }

    fn description(&mut self, coordinate: &str, old: Option<&str>, new: Option<&str>) {
        match (old, new) {
            (Some(old), Some(new)) if old != new => {
                self.safe(coordinate, format!("description changed from \"{old}\" to \"{new}\""));
            }
            (Some(_), None) => self.safe(coordinate, "description removed"),
            (None, Some(_)) => self.safe(coordinate, "description added"),
            _ => {}
        }
    }

    /// Directives on a definition. Those of the specification matter to clients, others only to
    /// servers.
    fn applied_directives(&mut self, coordinate: &str, old: &[AppliedDirective], new: &[AppliedDirective]) {
        let text = |applied_directives: &[AppliedDirective], name: &str| -> BTreeSet<String> {
            applied_directives
                .iter()
                .filter(|applied_directive| applied_directive.name == name)
                .map(ToString::to_string)
                .collect()
        };
        let names: BTreeSet<_> =
            old.iter().chain(new).map(|applied_directive| applied_directive.name.as_str()).collect();
        for name in names {
            let (was, is) = (text(old, name), text(new, name));
            if was == is {
                continue;
            }
            let severity = match (name, applied_directive(old, name), applied_directive(new, name)) {
                // Inputs with several fields were valid before.
                ("oneOf", None, Some(_)) => Severity::Breaking,
                // Another specification may mean another format.
                ("specifiedBy", Some(_), _) => Severity::Dangerous,
                _ => Severity::Safe,
            };
            let join =
                |applied_directives: BTreeSet<String>| applied_directives.into_iter().collect::<Vec<_>>().join(" ");
            let message = match (was.is_empty(), is.is_empty()) {
                (true, _) => format!("{} added", join(is)),
                (_, true) => format!("{} removed", join(was)),
                _ => format!("{} changed to {}", join(was), join(is)),
            };
            self.add(severity, coordinate, message);
        }
    }
}
