//! Changes to what clients send.

use super::super::sdl::{InputDef, Map, narrows};
use super::{Changes, Pair};

impl Changes {
    pub(super) fn diff_arguments(&mut self, field: &str, old: &Map<InputDef>, new: &Map<InputDef>) {
        self.for_each_pair(old, new, |changes, argument, inputs| {
            changes.diff_input(&format!("{field}({argument}:)"), "argument", inputs);
        });
    }

    pub(super) fn diff_input_fields(&mut self, ty: &str, old: &Map<InputDef>, new: &Map<InputDef>) {
        self.for_each_pair(old, new, |changes, field, inputs| {
            changes.diff_input(&format!("{ty}.{field}"), "input field", inputs);
        });
    }

    fn diff_input(&mut self, coordinate: &str, what: &str, inputs: Pair<'_, InputDef>) {
        match inputs {
            Pair::Removed(_) => self.add_breaking(coordinate, format!("{what} removed")),
            Pair::Added(new) if new.is_required() => self.add_breaking(coordinate, format!("required {what} added")),
            Pair::Added(_) => self.add_dangerous(coordinate, format!("optional {what} added")),
            Pair::Both(old, new) => {
                self.diff_input_type(coordinate, old, new);
                self.diff_default(coordinate, old, new);
                self.diff_description(coordinate, old.description.as_deref(), new.description.as_deref());
                self.diff_applied_directives(coordinate, &old.applied_directives, &new.applied_directives);
            }
        }
    }

    fn diff_input_type(&mut self, coordinate: &str, old: &InputDef, new: &InputDef) {
        if old.ty == new.ty {
            return;
        }
        let message = format!("type changed from {} to {}", old.ty, new.ty);
        if narrows(&new.ty, &old.ty) {
            self.add_safe(coordinate, message);
        } else {
            self.add_breaking(coordinate, message);
        }
    }

    fn diff_default(&mut self, coordinate: &str, old: &InputDef, new: &InputDef) {
        let message = match (old.default_text(), new.default_text()) {
            (old, new) if old == new => return,
            (Some(old), Some(new)) => format!("default changed from {old} to {new}"),
            (Some(old), None) => format!("default {old} removed"),
            (None, Some(new)) => format!("default {new} added"),
            (None, None) => return,
        };
        if new.is_required() {
            self.add_breaking(coordinate, format!("{message}: now required"));
        } else if old.is_required() {
            // Every client sends it already.
            self.add_safe(coordinate, message);
        } else {
            self.add_dangerous(coordinate, message);
        }
    }
}
