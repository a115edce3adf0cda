//! Invalid values, and the error that lists them.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Pos, ServerError, Value};

use super::errors::{Code, clip, error};

/// The maximum number of values that one error lists.
const MAX_PROBLEMS: usize = 20;
/// The maximum length of a name in an error, in characters.
const MAX_NAME: usize = 60;

/// An invalid value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub pos: Pos,
    /// The argument, or the variable with its dollar sign, followed by field names and list
    /// indices.
    pub path: Vec<String>,
    pub message: String,
}

/// One error for all of these values: `extensions.problems` lists them, `path` is that of the
/// first.
pub(super) fn error_of(mut problems: Vec<Problem>) -> Option<ServerError> {
    problems.sort_by_key(|problem| (problem.pos.line, problem.pos.column));
    let first = problems.first()?;
    let mut refused = error(Code::BadUserInput, &first.message, Some(first.pos));
    if let Some(extensions) = &mut refused.extensions {
        extensions.set("path", path(first));
        let problems = problems.iter().take(MAX_PROBLEMS).map(|problem| {
            let message = Value::String(clip(&problem.message));
            let fields = [(Name::new("path"), path(problem)), (Name::new("message"), message)];
            Value::Object(IndexMap::from_iter(fields))
        });
        extensions.set("problems", Value::List(problems.collect()));
    }
    Some(refused)
}

fn path(problem: &Problem) -> Value {
    let short = |name: &String| Value::String(name.chars().take(MAX_NAME).collect());
    Value::List(problem.path.iter().take(MAX_PROBLEMS).map(short).collect())
}
