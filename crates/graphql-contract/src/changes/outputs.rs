//! Changes to what clients read.

use std::collections::BTreeSet;

use super::super::sdl::{FieldDef, Map, ValueDef, narrows};
use super::{Changes, Pair};

impl Changes {
    pub(super) fn implements(&mut self, name: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        for interface in old.difference(new) {
            self.breaking(name, format!("no longer implements {interface}"));
        }
        for interface in new.difference(old) {
            self.dangerous(name, format!("now implements {interface}"));
        }
    }

    pub(super) fn members(&mut self, name: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        for member in old.difference(new) {
            self.breaking(name, format!("member {member} removed"));
        }
        for member in new.difference(old) {
            self.dangerous(name, format!("member {member} added"));
        }
    }

    pub(super) fn values(&mut self, name: &str, old: &Map<ValueDef>, new: &Map<ValueDef>) {
        self.pairs(old, new, |changes, value, values| {
            let coordinate = format!("{name}.{value}");
            match values {
                Pair::Removed(_) => changes.breaking(&coordinate, "value removed"),
                Pair::Added(_) => changes.dangerous(&coordinate, "value added"),
                Pair::Both(old, new) => {
                    changes.description(&coordinate, old.description.as_deref(), new.description.as_deref());
                    changes.applied_directives(&coordinate, &old.applied_directives, &new.applied_directives);
                }
            }
        });
    }

    pub(super) fn fields(&mut self, name: &str, old: &Map<FieldDef>, new: &Map<FieldDef>) {
        self.pairs(old, new, |changes, field, fields| {
            let coordinate = format!("{name}.{field}");
            match fields {
                Pair::Removed(_) => changes.breaking(&coordinate, "field removed"),
                Pair::Added(_) => changes.safe(&coordinate, "field added"),
                Pair::Both(old, new) => changes.of_field(&coordinate, old, new),
            }
        });
    }

    fn of_field(&mut self, coordinate: &str, old: &FieldDef, new: &FieldDef) {
        if old.ty != new.ty {
            let message = format!("type changed from {} to {}", old.ty, new.ty);
            if narrows(&old.ty, &new.ty) {
                self.safe(coordinate, message);
            } else {
                self.breaking(coordinate, message);
            }
        }
        self.description(coordinate, old.description.as_deref(), new.description.as_deref());
        self.applied_directives(coordinate, &old.applied_directives, &new.applied_directives);
        self.arguments(coordinate, &old.arguments, &new.arguments);
    }
}
