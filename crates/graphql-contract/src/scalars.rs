//! The formats of custom scalars, which only the owner of the contract knows.

use std::collections::HashMap;

use async_graphql::Value;

/// Checks a value; the error describes a valid one, for example `a day such as 2026-07-01`.
pub type Check = fn(&Value) -> Result<(), &'static str>;

/// The checks of custom scalars, and who reports a malformed value.
#[derive(Clone, Debug, Default)]
pub struct Scalars {
    checks: HashMap<&'static str, Check>,
    problem: Option<&'static str>,
}

impl Scalars {
    /// Adds a check for the scalar `name`.
    #[must_use]
    pub fn with(mut self, name: &'static str, check: Check) -> Self {
        self.checks.insert(name, check);
        self
    }

    /// Leaves malformed values in the arguments of a mutation to the mutation itself, if it is the
    /// only one in its document and can return the type `problem`.
    #[must_use]
    pub fn reported_by(mut self, problem: &'static str) -> Self {
        self.problem = Some(problem);
        self
    }

    /// A description of a valid value of the scalar `name`, if `value` is malformed.
    pub(super) fn expected(&self, name: &str, value: &Value) -> Option<&'static str> {
        self.checks.get(name).and_then(|check| check(value).err())
    }

    pub(super) fn problem(&self) -> Option<&'static str> {
        self.problem
    }
}
