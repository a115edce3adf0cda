//! The forms of a contract's own scalars, which only the contract's owner knows.

use std::collections::HashMap;

use async_graphql::Value;

/// What a value of a scalar has to be, for people, when it is not: `a day such as 2026-07-01`.
pub type Check = fn(&Value) -> Result<(), &'static str>;

/// How values of a contract's scalars are checked before anything runs, and where a malformed one is no error of the request.
#[derive(Clone, Debug, Default)]
pub struct Scalars {
    checks: HashMap<&'static str, Check>,
    problem: Option<&'static str>,
}

impl Scalars {
    /// Checks values of the scalar `name`.
    #[must_use]
    pub fn with(mut self, name: &'static str, check: Check) -> Self {
        self.checks.insert(name, check);
        self
    }

    /// Leaves malformed values in the arguments of a mutation to the mutation itself, if it is the only one of its document and can
    /// answer with the type `problem`.
    #[must_use]
    pub fn reported_by(mut self, problem: &'static str) -> Self {
        self.problem = Some(problem);
        self
    }

    /// What a value of the scalar `name` had to be, when it is not.
    pub(super) fn expected(&self, name: &str, value: &Value) -> Option<&'static str> {
        self.checks.get(name).and_then(|check| check(value).err())
    }

    pub(super) fn problem(&self) -> Option<&'static str> {
        self.problem
    }
}
