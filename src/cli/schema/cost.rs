//! `staygate schema cost`: the costs that the server computes, without a server.

use super::read;
use crate::config::OperationLimit;
use anyhow::{Context, bail};
use async_graphql::{ServerError, Variables};
use async_graphql_parser::parse_query;
use graphql::CONTRACT;
use graphql_contract::documents;
use graphql_contract::documents::{Documents, Limits};
use std::path::Path;
use std::process::ExitCode;

/// Prints a line for each operation in `file`: its cost, the limit, and whether it is allowed.
///
/// # Errors
/// When a file cannot be read, or an operation is not valid against the contract.
pub(super) fn print(file: &Path, variables: Option<&Path>, limit: &OperationLimit) -> anyhow::Result<ExitCode> {
    let text = read(file)?;
    let variables = variables.map_or_else(|| Ok(Variables::default()), variables_in)?;
    let documents = Documents::new(CONTRACT, Limits { max_cost: limit.max_cost.into(), ..Limits::default() })?;
    let parsed = parse_query(&text).with_context(|| format!("{} is not a GraphQL document", file.display()))?;
    let mut names: Vec<_> = parsed.operations.iter().map(|(name, operation)| (operation.pos, name)).collect();
    names.sort();
    let mut all_allowed = true;
    for (_, name) in names {
        let name = name.map(async_graphql::Name::as_str);
        let priced = price(&documents, &text, name, &variables)?;
        let (cost, most) = (priced.cost(), documents.limits().max_cost(priced.operation()));
        let verdict = match documents.prepare(&text, name, &variables) {
            Ok(_) => "allowed".to_owned(),
            Err(errors) => {
                all_allowed = false;
                messages(&errors)
            }
        };
        let introspection = match cost.introspection {
            0 => String::new(),
            cost => format!(", introspection {cost}"),
        };
        println!("{}: {} of {most}{introspection}: {verdict}", name.unwrap_or("(without a name)"), cost.requested);
    }
    Ok(if all_allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn price(
    documents: &Documents,
    text: &str,
    name: Option<&str>,
    variables: &Variables,
) -> anyhow::Result<documents::Prepared> {
    match documents.prepare_without_cost_limit(text, name, variables) {
        Ok(priced) => Ok(priced),
        Err(errors) => bail!("{}: {}", name.unwrap_or("(without a name)"), messages(&errors)),
    }
}

fn variables_in(file: &Path) -> anyhow::Result<Variables> {
    let json: serde_json::Value =
        serde_json::from_str(&read(file)?).with_context(|| format!("{} is not JSON", file.display()))?;
    if !json.is_object() {
        bail!("{}: variables are an object", file.display());
    }
    Ok(Variables::from_json(json))
}

fn messages(errors: &[ServerError]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
}
