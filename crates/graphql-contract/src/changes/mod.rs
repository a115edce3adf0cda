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
    changes.diff_roots(&old, &new);
    changes.diff_applied_directives("schema", &old.applied_directives, &new.applied_directives);
    changes.for_each_pair(&old.types, &new.types, |changes, name, types| match types {
        Pair::Removed(old) => changes.add_breaking(name, format!("{} removed", old.kind.keyword())),
        Pair::Added(new) => changes.add_safe(name, format!("{} added", new.kind.keyword())),
        Pair::Both(old, new) => changes.diff_type(name, old, new),
    });
    changes.for_each_pair(&old.directives, &new.directives, |changes, name, directives| {
        let coordinate = format!("@{name}");
        match directives {
            Pair::Removed(_) => changes.add_breaking(&coordinate, "directive removed"),
            Pair::Added(_) => changes.add_safe(&coordinate, "directive added"),
            Pair::Both(old, new) => changes.diff_directive(&coordinate, old, new),
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

    fn add_breaking(&mut self, coordinate: &str, message: impl Into<String>) {
        self.add(Severity::Breaking, coordinate, message);
    }

    fn add_dangerous(&mut self, coordinate: &str, message: impl Into<String>) {
        self.add(Severity::Dangerous, coordinate, message);
    }

    fn add_safe(&mut self, coordinate: &str, message: impl Into<String>) {
        self.add(Severity::Safe, coordinate, message);
    }

    /// Calls `each` for every name that is in at least one of the maps.
    fn for_each_pair<T>(&mut self, old: &Map<T>, new: &Map<T>, mut each: impl FnMut(&mut Self, &str, Pair<'_, T>)) {
        for (name, old) in old {
            let pair = new.get(name).map_or(Pair::Removed(old), |new| Pair::Both(old, new));
            each(self, name, pair);
        }
        for (name, new) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            each(self, name, Pair::Added(new));
        }
    }

    fn diff_roots(&mut self, old: &Schema, new: &Schema) {
        for operation in ["query", "mutation", "subscription"] {
            let coordinate = format!("schema {operation}");
            match (old.roots.get(operation), new.roots.get(operation)) {
                (Some(_), None) => self.add_breaking(&coordinate, "root type removed"),
                (None, Some(_)) => self.add_safe(&coordinate, "root type added"),
                (Some(old), Some(new)) if old != new => {
                    self.add_breaking(&coordinate, format!("root type changed from {old} to {new}"));
                }
                _ => {}
            }
        }
    }

    fn diff_type(&mut self, name: &str, old: &TypeDef, new: &TypeDef) {
        if old.kind != new.kind {
            let (old, new) = (old.kind.keyword(), new.kind.keyword());
            return self.add_breaking(name, format!("kind changed from {old} to {new}"));
        }
        self.diff_description(name, old.description.as_deref(), new.description.as_deref());
        self.diff_applied_directives(name, &old.applied_directives, &new.applied_directives);
        self.diff_implemented_interfaces(name, &old.implements, &new.implements);
        self.diff_members(name, &old.members, &new.members);
        self.diff_fields(name, &old.fields, &new.fields);
        self.diff_values(name, &old.values, &new.values);
        self.diff_input_fields(name, &old.inputs, &new.inputs);
    }

    fn diff_directive(&mut self, coordinate: &str, old: &DirectiveDef, new: &DirectiveDef) {
        for location in old.locations.difference(&new.locations) {
            self.add_breaking(coordinate, format!("no longer allowed on {location}"));
        }
        for location in new.locations.difference(&old.locations) {
            self.add_safe(coordinate, format!("now allowed on {location}"));
        }
        match (old.repeatable, new.repeatable) {
            (true, false) => self.add_breaking(coordinate, "no longer repeatable"),
            (false, true) => self.add_safe(coordinate, "now repeatable"),
            _ => {}
        }
        self.diff_description(coordinate, old.description.as_deref(), new.description.as_deref());
        self.diff_arguments(coordinate, &old.arguments, &new.arguments);
    }

    fn diff_description(&mut self, coordinate: &str, old: Option<&str>, new: Option<&str>) {
        match (old, new) {
            (Some(old), Some(new)) if old != new => {
                self.add_safe(coordinate, format!("description changed from \"{old}\" to \"{new}\""));
            }
            (Some(_), None) => self.add_safe(coordinate, "description removed"),
            (None, Some(_)) => self.add_safe(coordinate, "description added"),
            _ => {}
        }
    }

    /// Directives on a definition. Those of the specification matter to clients, others only to
    /// servers.
    fn diff_applied_directives(&mut self, coordinate: &str, old: &[AppliedDirective], new: &[AppliedDirective]) {
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
            let (before, after) = (text(old, name), text(new, name));
            if before == after {
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
            let message = match (before.is_empty(), after.is_empty()) {
                (true, _) => format!("{} added", join(after)),
                (_, true) => format!("{} removed", join(before)),
                _ => format!("{} changed to {}", join(before), join(after)),
            };
            self.add(severity, coordinate, message);
        }
    }
}
