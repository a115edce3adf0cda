//! Parses schemas and documents.

use anyhow::{Result, bail};
use async_graphql::ServerError;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{Error as ParseError, parse_query};

use super::errors::{Code, error, quote};
use super::{Limits, duplicates, rewrite, token_limits};
use crate::sdl::{Schema, TypeDef, innermost};
use crate::weights;

/// Parses a schema with the costs of its fields.
///
/// # Errors
///
/// When it is invalid, uses a type that it does not define, or has a malformed cost.
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

/// The names of the types that a type uses.
fn names_in(ty: &TypeDef) -> impl Iterator<Item = &str> {
    let arguments = ty.fields.values().flat_map(|field| field.arguments.values());
    let inputs = ty.inputs.values().chain(arguments).map(|input| &input.ty);
    let types = inputs.chain(ty.fields.values().map(|field| &field.ty));
    types.map(innermost).chain(ty.implements.iter().chain(&ty.members).map(String::as_str))
}

/// Parses a document within the limits.
///
/// # Errors
///
/// When the text exceeds a limit or is not GraphQL.
pub(super) fn document(text: &str, limits: &Limits) -> Result<ExecutableDocument, ServerError> {
    token_limits::check_tokens(text, limits)?;
    let text = rewrite::rewrite(text)?;
    let document = parse_query(&*text).map_err(|error| syntax_error(&error))?;
    duplicates::check(&text)?;
    Ok(document)
}

/// An error for a syntax error, without the parser's quote of the whole line.
fn syntax_error(failure: &ParseError) -> ServerError {
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
            "An operation without a name must be the only one in its document.".to_owned()
        }
        ParseError::MissingOperation => "The document has no operation.".to_owned(),
        _ => "The document is nested too deeply.".to_owned(),
    };
    error(Code::ParseFailed, message, pos)
}
