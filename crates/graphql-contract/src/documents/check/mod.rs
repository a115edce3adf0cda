//! Validates a document against the contract: the rules of the specification that do not depend on
//! the values of variables.
//!
//! Every operation and fragment is checked once, including `__typename` and selections that `@skip`
//! removes.

mod operations;
mod selections;
mod values;

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Type};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::Value;

use super::errors::{Code, error, quote};
use super::value_errors::{Problem, error_of};
use super::{expanded_size, overlap};
use crate::sdl::{InputDef, Map, Schema, innermost};

/// The maximum number of errors recorded for one document.
const MAX_ERRORS: usize = 100;

/// Validates the document; `chosen` is the operation to run. Returns the variables whose malformed
/// values `chosen` reports itself.
///
/// # Errors
///
/// All violated rules; if there are none, one error for all malformed values in the document.
pub(super) fn check(
    document: &ExecutableDocument,
    schema: &Schema,
    chosen: &OperationDefinition,
) -> Result<HashSet<Name>, Vec<ServerError>> {
    let mut checker = Checker::new(document, schema, Some(chosen));
    checker.check_document();
    if !checker.errors.is_empty() {
        return Err(checker.errors);
    }
    match error_of(checker.malformed) {
        None => Ok(checker.tolerated),
        Some(error) => Err(vec![error]),
    }
}

/// All errors of the document, for every operation in it.
pub(super) fn all_errors(document: &ExecutableDocument, schema: &Schema) -> Vec<ServerError> {
    let mut checker = Checker::new(document, schema, None);
    let is_acyclic = checker.check_document();
    let mut errors = checker.errors;
    for (_, operation) in document.operations.iter().filter(|_| is_acyclic) {
        errors.extend(overlap::check(document, operation, schema).err().into_iter().flatten());
    }
    errors
}

/// A use of a variable.
struct Usage<'a> {
    name: &'a Name,
    pos: Pos,
    /// The type that is expected there; none inside a custom scalar.
    expected: Option<Type>,
    has_default: bool,
    /// Whether it is a field of a `@oneOf` input.
    in_one_of: bool,
    /// Whether it is in the arguments of a mutation that can report malformed values.
    reports: bool,
}

/// What one operation or fragment uses.
#[derive(Default)]
struct Usages<'a> {
    variables: Vec<Usage<'a>>,
    spreads: Vec<&'a Positioned<Name>>,
    /// Response keys of mutations.
    mutations: HashSet<&'a Name>,
    /// Malformed values, and whether each is in the arguments of a mutation that can report them.
    malformed: Vec<(Problem, bool)>,
}

struct Checker<'a> {
    document: &'a ExecutableDocument,
    schema: &'a Schema,
    chosen: Option<&'a OperationDefinition>,
    errors: Vec<ServerError>,
    malformed: Vec<Problem>,
    tolerated: HashSet<Name>,
    usages: Usages<'a>,
    /// The current argument, and the path to the value inside it.
    path: Vec<String>,
    /// Whether the next value is a field of a `@oneOf` input.
    one_of: bool,
    /// Whether the current arguments are those of a mutation that can report malformed values.
    reports: bool,
}

type Arguments = [(Positioned<Name>, Positioned<Value>)];

impl<'a> Checker<'a> {
    fn new(document: &'a ExecutableDocument, schema: &'a Schema, chosen: Option<&'a OperationDefinition>) -> Self {
        Self {
            document,
            schema,
            chosen,
            errors: Vec::new(),
            malformed: Vec::new(),
            tolerated: HashSet::new(),
            usages: Usages::default(),
            path: Vec::new(),
            one_of: false,
            reports: false,
        }
    }

    fn report_error(&mut self, pos: Pos, message: String) {
        self.add(error(Code::ValidationFailed, message, Some(pos)));
    }

    /// Records an error, up to the maximum.
    fn add(&mut self, error: ServerError) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    /// Checks the whole document. Returns whether no fragment spreads itself.
    fn check_document(&mut self) -> bool {
        let mut fragments = HashMap::new();
        let mut names: Vec<_> = self.document.fragments.iter().collect();
        names.sort_unstable_by_key(|(_, fragment)| fragment.pos);
        for (name, fragment) in &names {
            self.check_fragment(fragment);
            fragments.insert(*name, std::mem::take(&mut self.usages));
        }
        let mut used = HashSet::new();
        for (_, operation) in self.document.operations.iter() {
            self.check_operation(operation);
            let own = std::mem::take(&mut self.usages);
            let parts = operations::reachable_usages(&own, &fragments, &mut used);
            self.check_variables(operation, &parts);
            self.collect_malformed(&operation.node, &parts);
        }
        for (name, fragment) in names.iter().filter(|(name, _)| !used.contains(name)) {
            self.report_error(fragment.pos, format!("The fragment `{}` is never used.", quote(name)));
        }
        let cycles = operations::find_cycles(names.iter().map(|(name, _)| *name), &fragments);
        for spread in &cycles {
            self.add(expanded_size::spreads_itself(spread));
        }
        cycles.is_empty()
    }

    /// Whether a field of this type, of a mutation, can report a malformed value in its payload.
    fn reports_malformed(&self, ty: &Type) -> bool {
        let union = self.schema.get(innermost(ty));
        let problem = self.schema.scalars.problem();
        problem.zip(union).is_some_and(|(problem, union)| union.possible_types.contains(problem))
    }

    fn check_directives(&mut self, directives: &'a [Positioned<Directive>], location: &str) {
        for (index, directive) in directives.iter().enumerate() {
            let name = &directive.node.name.node;
            let schema = self.schema;
            let Some(known) = schema.directives.get(name.as_str()) else {
                self.report_error(directive.pos, format!("There is no directive `@{}`.", quote(name)));
                continue;
            };
            if !known.locations.contains(location) {
                self.report_error(directive.pos, format!("The directive `@{name}` is not allowed here."));
            }
            if !known.repeatable && directives[..index].iter().any(|earlier| earlier.node.name.node == *name) {
                self.report_error(directive.pos, format!("The directive `@{name}` is used twice here."));
            }
            let owner = format!("@{name}");
            self.check_arguments(&directive.node.arguments, &known.arguments, directive.pos, &owner);
        }
    }

    /// Checks the arguments of a field or directive, `owner`.
    fn check_arguments(&mut self, given: &'a Arguments, known: &Map<InputDef>, pos: Pos, owner: &str) {
        for (index, (name, value)) in given.iter().enumerate() {
            if given[..index].iter().any(|(earlier, _)| earlier.node == name.node) {
                self.report_error(name.pos, format!("The argument `{}` is given twice.", quote(&name.node)));
            }
            match known.get(name.node.as_str()) {
                Some(argument) => {
                    let place = format!("The argument `{}` of `{owner}`", name.node);
                    self.path.push(name.node.to_string());
                    self.check_value(&value.node, Some(&argument.ty), argument.default.is_some(), value.pos, &place);
                    self.path.pop();
                }
                None => self.report_error(name.pos, format!("`{owner}` has no argument `{}`.", quote(&name.node))),
            }
        }
        for (name, argument) in known.iter().filter(|(_, argument)| argument.is_required()) {
            if !given.iter().any(|(given, _)| given.node == *name) {
                let message = format!("`{owner}` needs the argument `{name}: {}`.", argument.ty);
                self.report_error(pos, message);
            }
        }
    }
}
