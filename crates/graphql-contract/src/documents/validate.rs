//! Validates a document against the contract, without a server.

use async_graphql::ServerError;

use super::{Limits, check, parse};

/// The errors of `operation`, an executable document, against the schema `schema_sdl`: one line for
/// each with its position, `3:5: …`, in the order of the text. Empty if the document is valid; at
/// most about a hundred are reported. These are the checks of [`Documents`](super::Documents),
/// applied to every operation, without limits on size and cost, and without the formats of custom
/// scalars.
pub fn validate(schema_sdl: &str, operation: &str) -> Vec<String> {
    let schema = match parse::schema(schema_sdl) {
        Ok(schema) => schema,
        Err(error) => return vec![format!("The contract is not valid: {error:#}.")],
    };
    let limits = Limits { max_tokens: usize::MAX, ..Limits::default() };
    let mut errors = match parse::document(operation, &limits) {
        Ok(document) => check::all_errors(&document, &schema),
        Err(error) => vec![error],
    };
    errors.sort_by(|one, other| (&one.locations, &one.message).cmp(&(&other.locations, &other.message)));
    // An error in a fragment can be found by every operation that uses it.
    errors.dedup_by(|one, other| one.locations == other.locations && one.message == other.message);
    errors.iter().map(line).collect()
}

fn line(error: &ServerError) -> String {
    let place = error.locations.first().map(|at| format!("{}:{}: ", at.line, at.column));
    place.unwrap_or_default() + &error.message
}
