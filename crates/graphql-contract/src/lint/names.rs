//! Conventions of names.

use super::Lint;

impl Lint<'_> {
    pub(super) fn check_type_name(&mut self, name: &str) {
        if !is_case(name, |first| first.is_ascii_uppercase(), |letter| letter.is_ascii_alphanumeric()) {
            self.report(name, "a type's name is PascalCase");
        }
    }

    /// Fields, arguments, input fields and directives.
    pub(super) fn check_field_name(&mut self, coordinate: &str, name: &str) {
        if !is_case(name, |first| first.is_ascii_lowercase(), |letter| letter.is_ascii_alphanumeric()) {
            self.report(coordinate, "its name is not camelCase");
        }
        if name.strip_prefix("get").is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase())) {
            self.report(coordinate, "a name says what it is, not `get`");
        }
    }

    pub(super) fn check_value_name(&mut self, coordinate: &str, name: &str) {
        let whole = |word: &str| {
            !word.is_empty() && word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
        };
        if !name.split('_').all(whole) || name.starts_with(|first: char| first.is_ascii_digit()) {
            self.report(coordinate, "an enum's value is UPPER_SNAKE_CASE");
        }
    }
}

fn is_case(name: &str, first: impl Fn(char) -> bool, rest: impl Fn(char) -> bool) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(first) && letters.all(rest)
}

/// `CreateBook` for `createBook`.
pub(super) fn pascal_case(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
