//! Whether a document is valid by the contract: the rules of the specification that need no variables' values.
//!
//! Every operation and fragment is looked at once, `__typename` and what `@skip` leaves out included.

mod operations;
mod selections;
mod values;

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{Directive, DirectiveLocation, ExecutableDocument, OperationDefinition, Type};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use super::catalogue::{Catalogue, Input};
use super::problems::{Problem, error_of};
use super::refusal::{Code, error, quote};

/// Checks the document, of which `chosen` is to run. Answers with the variables whose malformed values `chosen` reports itself.
///
/// # Errors
///
/// Every rule that the document breaks; if it breaks none, one error for all malformed values in it.
pub(super) fn check(
    document: &ExecutableDocument,
    catalogue: &Catalogue,
    chosen: &OperationDefinition,
) -> Result<HashSet<Name>, Vec<ServerError>> {
    let mut checker = Checker {
        document,
        catalogue,
        chosen,
        errors: Vec::new(),
        malformed: Vec::new(),
        tolerated: HashSet::new(),
        part: Part::default(),
        path: Vec::new(),
        reports: false,
    };
    checker.document();
    if !checker.errors.is_empty() {
        return Err(checker.errors);
    }
    match error_of(checker.malformed) {
        None => Ok(checker.tolerated),
        Some(error) => Err(vec![error]),
    }
}

/// Where a variable stands.
struct Usage<'a> {
    name: &'a Name,
    pos: Pos,
    /// The type that is expected there; none inside a scalar of the contract's own.
    expected: Option<Type>,
    has_default: bool,
    /// Whether it is in the arguments of a mutation that can report malformed values.
    reports: bool,
}

/// What one operation or fragment uses.
#[derive(Default)]
struct Part<'a> {
    variables: Vec<Usage<'a>>,
    spreads: Vec<&'a Name>,
    /// Response keys of mutations.
    mutations: HashSet<&'a Name>,
    /// Malformed values, and whether each is in the arguments of a mutation that can report them.
    malformed: Vec<(Problem, bool)>,
}

struct Checker<'a> {
    document: &'a ExecutableDocument,
    catalogue: &'a Catalogue,
    chosen: &'a OperationDefinition,
    errors: Vec<ServerError>,
    malformed: Vec<Problem>,
    tolerated: HashSet<Name>,
    part: Part<'a>,
    /// The argument that is looked at, and the way to the value inside it.
    path: Vec<String>,
    /// Whether the arguments that are looked at are those of a mutation that can report malformed values.
    reports: bool,
}

type Arguments = [(Positioned<Name>, Positioned<Value>)];

impl<'a> Checker<'a> {
    fn refuse(&mut self, pos: Pos, message: String) {
        // A document of nothing but mistakes does not earn a list of them all.
        if self.errors.len() < 100 {
            self.errors.push(error(Code::ValidationFailed, message, Some(pos)));
        }
    }

    fn document(&mut self) {
        let mut fragments = HashMap::new();
        for (name, fragment) in &self.document.fragments {
            self.fragment(fragment);
            fragments.insert(name, std::mem::take(&mut self.part));
        }
        let mut used = HashSet::new();
        for (_, operation) in self.document.operations.iter() {
            self.operation(operation);
            let own = std::mem::take(&mut self.part);
            let parts = operations::reachable(&own, &fragments, &mut used);
            self.variables(operation, &parts);
            self.malformed(&operation.node, &parts);
        }
        for (name, fragment) in &self.document.fragments {
            if !used.contains(name) {
                self.refuse(fragment.pos, format!("The fragment `{}` is never used.", quote(name)));
            }
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>], location: DirectiveLocation) {
        for (index, directive) in directives.iter().enumerate() {
            let name = &directive.node.name.node;
            let catalogue = self.catalogue;
            let Some(known) = catalogue.directive(name) else {
                self.refuse(directive.pos, format!("There is no directive `@{}`.", quote(name)));
                continue;
            };
            if !known.locations.contains(&location) {
                self.refuse(directive.pos, format!("The directive `@{name}` may not stand here."));
            }
            if !known.repeatable && directives[..index].iter().any(|earlier| earlier.node.name.node == *name) {
                self.refuse(directive.pos, format!("The directive `@{name}` stands here twice."));
            }
            let owner = format!("@{name}");
            self.arguments(&directive.node.arguments, &known.arguments, directive.pos, &owner);
        }
    }

    /// Checks the arguments of a field or directive, `owner`.
    fn arguments(&mut self, given: &'a Arguments, known: &[Input], pos: Pos, owner: &str) {
        for (index, (name, value)) in given.iter().enumerate() {
            if given[..index].iter().any(|(earlier, _)| earlier.node == name.node) {
                self.refuse(name.pos, format!("The argument `{}` is given twice.", quote(&name.node)));
            }
            match known.iter().find(|argument| argument.name == name.node) {
                Some(argument) => {
                    let place = format!("The argument `{}` of `{owner}`", argument.name);
                    self.path.push(argument.name.to_string());
                    self.value(&value.node, Some(&argument.ty), argument.has_default, value.pos, &place);
                    self.path.pop();
                }
                None => self.refuse(name.pos, format!("`{owner}` has no argument `{}`.", quote(&name.node))),
            }
        }
        for argument in known.iter().filter(|argument| argument.is_required()) {
            if !given.iter().any(|(name, _)| name.node == argument.name) {
                let message = format!("`{owner}` needs the argument `{}: {}`.", argument.name, argument.ty);
                self.refuse(pos, message);
            }
        }
    }
}
