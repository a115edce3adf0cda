//! Whether a document is valid by the contract: the rules of the specification that need no variables' values.
//!
//! Every operation and fragment is looked at once, `__typename` and what `@skip` leaves out included.

mod operations;
mod selections;
mod values;

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, DirectiveLocation, ExecutableDocument, Type};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use super::catalogue::{Catalogue, Input};
use super::refusal::{Code, error, quote};

/// Every rule that the document breaks.
pub(super) fn check(document: &ExecutableDocument, catalogue: &Catalogue) -> Vec<ServerError> {
    let mut checker = Checker { document, catalogue, errors: Vec::new(), part: Part::default() };
    checker.document();
    checker.errors
}

/// Where a variable stands.
struct Usage<'a> {
    name: &'a Name,
    pos: Pos,
    /// The type that is expected there; none inside a scalar of the contract's own.
    expected: Option<Type>,
    has_default: bool,
}

/// What one operation or fragment uses.
#[derive(Default)]
struct Part<'a> {
    variables: Vec<Usage<'a>>,
    spreads: Vec<&'a Name>,
}

struct Checker<'a> {
    document: &'a ExecutableDocument,
    catalogue: &'a Catalogue,
    errors: Vec<ServerError>,
    part: Part<'a>,
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
        let mut used = std::collections::HashSet::new();
        for (_, operation) in self.document.operations.iter() {
            self.operation(operation);
            let own = std::mem::take(&mut self.part);
            let parts = operations::reachable(&own, &fragments, &mut used);
            self.variables(operation, &parts);
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
                    self.value(&value.node, Some(&argument.ty), argument.has_default, value.pos, &place);
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
