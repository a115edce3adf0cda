//! Whether an operation fits the contract, without a server.

mod directives;
mod merging;
mod selections;
#[cfg(test)]
mod tests;
pub(super) mod values;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use async_graphql_parser::types::{ExecutableDocument, FragmentDefinition, OperationDefinition, VariableDefinition};
use async_graphql_parser::{Pos, Positioned, parse_query};

use super::sdl::Schema;

/// What is wrong with `operation`, an executable document, under the schema `schema_sdl`: one line for each fault with its
/// place, `3:5: …`, in the order of the text. Empty if the document is valid. Literals of custom scalars are not checked,
/// since only their specifications know them; the insides of `__schema` and `__type` are not either.
pub fn validate(schema_sdl: &str, operation: &str) -> Vec<String> {
    let schema = match Schema::read(schema_sdl) {
        Ok(schema) => schema,
        Err(error) => return vec![format!("the contract: {error}")],
    };
    let document = match parse_query(operation) {
        Ok(document) => document,
        Err(error) => return vec![error.to_string()],
    };
    let mut check = Check::new(&schema, &document);
    check.document();
    check.faults.into_iter().map(|(line, column, message)| format!("{line}:{column}: {message}")).collect()
}

/// One document under inspection. Fragments are read anew for every operation, because its variables reach into them.
struct Check<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    /// The variables of the operation being read; none in a fragment that no operation uses.
    variables: Option<BTreeMap<&'a str, &'a VariableDefinition>>,
    used: BTreeSet<String>,
    /// Fragments read for this operation, and those being read now.
    seen: BTreeSet<&'a str>,
    path: Vec<&'a str>,
    /// Fragments that some operation uses.
    spread: BTreeSet<&'a str>,
    cyclic: bool,
    /// A set, because what is wrong in a fragment is found by every operation that uses it.
    faults: BTreeSet<(usize, usize, String)>,
}

impl<'a> Check<'a> {
    fn new(schema: &'a Schema, document: &'a ExecutableDocument) -> Self {
        Self {
            schema,
            document,
            variables: None,
            used: BTreeSet::new(),
            seen: BTreeSet::new(),
            path: Vec::new(),
            spread: BTreeSet::new(),
            cyclic: false,
            faults: BTreeSet::new(),
        }
    }

    fn fault(&mut self, at: Pos, message: impl Into<String>) {
        self.faults.insert((at.line, at.column, message.into()));
    }

    fn document(&mut self) {
        for (_, operation) in self.document.operations.iter() {
            self.operation(operation);
        }
        let unused: Vec<_> =
            self.document.fragments.iter().filter(|(name, _)| !self.spread.contains(name.as_str())).collect();
        for (name, fragment) in unused {
            self.fault(fragment.pos, format!("fragment {name} is never used"));
            self.variables = None;
            self.fragment(name, fragment);
        }
        if !self.cyclic {
            for (_, operation) in self.document.operations.iter() {
                self.merge(&operation.node);
            }
        }
    }

    fn operation(&mut self, operation: &'a Positioned<OperationDefinition>) {
        let definition = &operation.node;
        let keyword = definition.ty.to_string();
        self.variables = Some(BTreeMap::new());
        self.used.clear();
        self.seen.clear();
        self.directives(&definition.directives, &keyword.to_uppercase());
        self.define_variables(&definition.variable_definitions);
        let Some(root) = self.schema.roots.get(keyword.as_str()) else {
            return self.fault(operation.pos, format!("the contract has no {keyword} type"));
        };
        self.selections(root, &definition.selection_set.node);
        self.unused_variables(&definition.variable_definitions);
    }

    /// Reads a fragment, once for each operation.
    fn fragment(&mut self, name: &'a str, fragment: &'a Positioned<FragmentDefinition>) {
        if !self.seen.insert(name) {
            return;
        }
        self.path.push(name);
        self.directives(&fragment.node.directives, "FRAGMENT_DEFINITION");
        let condition = &fragment.node.type_condition;
        if let Some(on) = self.condition(condition) {
            self.selections(on, &fragment.node.selection_set.node);
        }
        self.path.pop();
    }
}
