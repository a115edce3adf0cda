//! From texts to a schema and to documents.

use anyhow::{Result, bail};
use async_graphql::ServerError;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{Error as ParseError, parse_query};

use super::refusal::{Code, error, quote};
use super::{Limits, duplicates, rewrite, scan};
use crate::sdl::{Schema, TypeDef, innermost};
use crate::weights;

/// The schema in `sdl`, with what its fields cost.
///
/// # Errors
///
/// It cannot be read, names a type that it does not define, or has a malformed cost.
pub(super) fn schema(sdl: &str) -> Result<Schema> {
    let mut schema = Schema::read(sdl)?;
    for ty in schema.types.values() {
        if let Some(name) = names_in(ty).find(|name| !schema.types.contains_key(*name)) {
            bail!("`{}` names the type `{name}`, which the contract does not define", ty.name);
        }
    }
    weights::read(&mut schema)?;
    Ok(schema)
}

/// The types that a type names.
fn names_in(ty: &TypeDef) -> impl Iterator<Item = &str> {
    let arguments = ty.fields.values().flat_map(|field| field.arguments.values());
    let inputs = ty.inputs.values().chain(arguments).map(|input| &input.ty);
    let types = inputs.chain(ty.fields.values().map(|field| &field.ty));
    types.map(innermost).chain(ty.implements.iter().chain(&ty.members).map(String::as_str))
}

/// The document in a text within the limits.
///
/// # Errors
///
/// The text is over a limit or is no GraphQL.
pub(super) fn document(text: &str, limits: &Limits) -> Result<ExecutableDocument, ServerError> {
    scan::scan(text, limits)?;
    let text = rewrite::rewrite(text)?;
    let document = parse_query(&*text).map_err(|failure| unreadable(&failure))?;
    duplicates::check(&text)?;
    Ok(document)
}

/// What the parser did not understand, without the line that it quotes at full length.
fn unreadable(failure: &ParseError) -> ServerError {
    let pos = failure.positions().next();
    let message = match failure {
        ParseError::Syntax { message, .. } => {
            let expected = message.lines().rev().find_map(|line| line.trim_start().strip_prefix("= "));
            format!("Syntax error: {}.", expected.unwrap_or("this is not GraphQL"))
        }
        ParseError::OperationDuplicated { operation, .. } => {
            format!("The operation `{}` is defined twice.", quote(operation))
        }
        ParseError::FragmentDuplicated { fragment, .. } => {
            format!("The fragment `{}` is defined twice.", quote(fragment))
        }
        ParseError::MultipleOperations { .. } => {
            "An operation without a name has to be the only one in its document.".to_owned()
        }
        ParseError::MissingOperation => "The document has no operation.".to_owned(),
        _ => "The document nests too deep.".to_owned(),
    };
    error(Code::ParseFailed, message, pos)
}
