//! Changes to what clients read.

use std::collections::BTreeSet;

use super::super::sdl::{FieldDef, Map, ValueDef, narrows};
use super::{Changes, Pair};

impl Changes {
    pub(super) fn diff_implemented_interfaces(&mut self, name: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        for interface in old.difference(new) {
            self.add_breaking(name, format!("no longer implements {interface}"));
        }
        for interface in new.difference(old) {
            self.add_dangerous(name, format!("now implements {interface}"));
        }
    }

    pub(super) fn diff_members(&mut self, name: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        for member in old.difference(new) {
            self.add_breaking(name, format!("member {member} removed"));
        }
        for member in new.difference(old) {
            self.add_dangerous(name, format!("member {member} added"));
        }
    }

    pub(super) fn diff_values(&mut self, name: &str, old: &Map<ValueDef>, new: &Map<ValueDef>) {
        self.for_each_pair(old, new, |changes, value, values| {
            let coordinate = format!("{name}.{value}");
            match values {
                Pair::Removed(_) => changes.add_breaking(&coordinate, "value removed"),
                Pair::Added(_) => changes.add_dangerous(&coordinate, "value added"),
                Pair::Both(old, new) => {
                    changes.diff_description(&coordinate, old.description.as_deref(), new.description.as_deref());
                    changes.diff_applied_directives(&coordinate, &old.applied_directives, &new.applied_directives);
                }
            }
        });
    }

    pub(super) fn diff_fields(&mut self, name: &str, old: &Map<FieldDef>, new: &Map<FieldDef>) {
        self.for_each_pair(old, new, |changes, field, fields| {
            let coordinate = format!("{name}.{field}");
            match fields {
                Pair::Removed(_) => changes.add_breaking(&coordinate, "field removed"),
                Pair::Added(_) => changes.add_safe(&coordinate, "field added"),
                Pair::Both(old, new) => changes.diff_field(&coordinate, old, new),
            }
        });
    }

    fn diff_field(&mut self, coordinate: &str, old: &FieldDef, new: &FieldDef) {
        if old.ty != new.ty {
            let message = format!("type changed from {} to {}", old.ty, new.ty);
            if narrows(&old.ty, &new.ty) {
                self.add_safe(coordinate, message);
            } else {
                self.add_breaking(coordinate, message);
            }
        }
        self.diff_description(coordinate, old.description.as_deref(), new.description.as_deref());
        self.diff_applied_directives(coordinate, &old.applied_directives, &new.applied_directives);
        self.diff_arguments(coordinate, &old.arguments, &new.arguments);
    }
}
