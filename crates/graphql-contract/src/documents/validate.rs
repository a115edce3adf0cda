//! Whether a document fits the contract, without a server.

use async_graphql::ServerError;

use super::{Limits, check, read};

/// What is wrong with `operation`, an executable document, under the schema `schema_sdl`: one line
/// for each fault with its place, `3:5: …`, in the order of the text. Empty if the document is
/// valid; of more than a hundred faults some are left out. These are the checks that
/// [`Documents`](super::Documents) applies, to every operation of the document, without limits on
/// its size and cost, and without the forms of custom scalars, which only their owner knows.
pub fn validate(schema_sdl: &str, operation: &str) -> Vec<String> {
    let schema = match read::schema(schema_sdl) {
        Ok(schema) => schema,
        Err(error) => return vec![format!("The contract is not valid: {error:#}.")],
    };
    let limits = Limits { max_tokens: usize::MAX, ..Limits::default() };
    let mut faults = match read::document(operation, &limits) {
        Ok(document) => check::faults(&document, &schema),
        Err(error) => vec![error],
    };
    faults.sort_by(|one, other| (&one.locations, &one.message).cmp(&(&other.locations, &other.message)));
    // What is wrong in a fragment can be found by every operation that uses it.
    faults.dedup_by(|one, other| one.locations == other.locations && one.message == other.message);
    faults.iter().map(line).collect()
}

fn line(fault: &ServerError) -> String {
    let place = fault.locations.first().map(|at| format!("{}:{}: ", at.line, at.column));
    place.unwrap_or_default() + &fault.message
}
