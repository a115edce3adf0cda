//! Document preparation, between a client's text and the executor.
//!
//! A document is limited in size, parsed, validated against the contract and normalized, so that
//! each field is selected once. The result is cached: the same document again costs a lookup and a
//! copy. Only the values of variables are validated for each request.

mod cache;
mod check;
mod cost;
mod duplicates;
mod errors;
mod expanded_size;
mod footprint;
mod limits;
mod merge;
mod overlap;
mod parse;
mod rewrite;
#[cfg(test)]
mod tests;
mod token_limits;
mod tokens;
mod usages;
mod validate;
mod value_errors;
mod variables;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::{Name, Positioned, Request, ServerError, Variables};

pub use crate::scalars::Scalars;
use crate::sdl::Schema;
use cache::Cache;
pub use cost::Cost;
use cost::Plan;
use errors::{Code, error, quote};
pub use limits::Limits;
pub use validate::validate;
pub(super) use variables::constant_errors;

/// The maximum number of cached normal forms of one document, by values of its conditions.
const MAX_FORMS: usize = 8;

/// Prepares documents against a contract, and caches them. Shared by all requests.
pub struct Documents {
    schema: Schema,
    limits: Limits,
    cache: Cache<ValidatedDocument>,
}

/// An operation that may run, with its variables and its cost.
#[derive(Debug, Clone)]
pub struct Prepared {
    form: Arc<NormalForm>,
    operation: OperationType,
    name: Option<String>,
    variables: Variables,
    cost: Cost,
}

impl Prepared {
    /// Query, mutation or subscription.
    pub fn operation(&self) -> OperationType {
        self.operation
    }

    /// The name of the operation, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The document in normal form: one operation, fragments inlined, fields merged, conditions
    /// evaluated.
    pub fn document(&self) -> &ExecutableDocument {
        &self.form.document
    }

    /// The names of its root fields, without `__typename`. In normal form, fragments at the root
    /// are inlined.
    pub fn root_fields(&self) -> Vec<&str> {
        let operations = self.form.document.operations.iter();
        let selections = operations.flat_map(|(_, operation)| &operation.node.selection_set.node.items);
        let names = selections.map(|selection| match &selection.node {
            Selection::Field(field) => field.node.name.node.as_str(),
            // A normal form has none at the root.
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => "",
        });
        names.filter(|name| *name != "__typename").collect()
    }

    /// The variables that the operation defines and that have a value.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The cost; for a subscription, of one event.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The approximate bytes of the document, each time that it runs.
    pub fn bytes(&self) -> usize {
        self.form.bytes
    }

    /// The request for the executor. It has no text, only the parsed document.
    pub fn into_request(self) -> Request {
        let mut document = ExecutableDocument::clone(&self.form.document);
        usages::remove_undefined_arguments(&mut document, &self.variables);
        let mut request = Request::new(String::new()).variables(self.variables);
        request.operation_name = self.name;
        request.set_parsed_query(document);
        request
    }
}

/// A valid document, before its conditions are evaluated.
struct ValidatedDocument {
    /// The operation without its selection, for checking the values of variables.
    header: Positioned<OperationDefinition>,
    name: Option<String>,
    conditions: Vec<Name>,
    /// Variables whose malformed values the operation reports itself.
    tolerated: HashSet<Name>,
    /// The whole document, if its conditions allow more than one normal form.
    source: Option<ExecutableDocument>,
    forms: Mutex<HashMap<Vec<bool>, Arc<NormalForm>>>,
}

/// A normal form, ready to run.
#[derive(Debug)]
struct NormalForm {
    document: ExecutableDocument,
    plan: Plan,
    bytes: usize,
}

impl Documents {
    /// Prepares documents against the contract in `sdl`.
    ///
    /// # Errors
    ///
    /// When the contract cannot be read.
    pub fn new(sdl: &str, limits: Limits) -> anyhow::Result<Self> {
        let cache = Cache::new(limits.cache_entries, limits.cache_bytes);
        Ok(Self { schema: parse::schema(sdl)?, limits, cache })
    }

    /// Checks custom scalars with `scalars` before an operation runs.
    #[must_use]
    pub fn with_scalars(mut self, scalars: Scalars) -> Self {
        self.schema.scalars = scalars;
        self
    }

    /// The limits of documents.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The number of cached documents, and their approximate bytes.
    pub fn size(&self) -> (usize, usize) {
        self.cache.size()
    }

    /// Prepares one operation of a document, or finds it in the cache; checks the values of its
    /// variables and computes its cost.
    ///
    /// # Errors
    ///
    /// The errors of the document or the variables: few and short, with locations and, in
    /// `extensions`, `code` (`DOCUMENT_TOO_LARGE`, `GRAPHQL_PARSE_FAILED`,
    /// `GRAPHQL_VALIDATION_FAILED`, `INTROSPECTION_DISABLED`, `BAD_REQUEST`, `BAD_USER_INPUT`,
    /// `OPERATION_TOO_EXPENSIVE`) and `retryable: false`.
    pub fn prepare(
        &self,
        query: &str,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Prepared, Vec<ServerError>> {
        let prepared = self.prepare_without_cost_limit(query, operation_name, variables)?;
        self.check_cost(&prepared).map_err(|error| vec![error])?;
        Ok(prepared)
    }

    /// Like [`Self::prepare`], but without a limit on the cost.
    ///
    /// # Errors
    ///
    /// Like [`Self::prepare`], without `OPERATION_TOO_EXPENSIVE`.
    pub fn prepare_without_cost_limit(
        &self,
        query: &str,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Prepared, Vec<ServerError>> {
        let (key, validated) =
            self.find_or_validate(query, operation_name).map_err(|errors| self.limit_errors(errors))?;
        let variables = variables::coerce(&self.schema, &validated.header.node, variables, &validated.tolerated)
            .map_err(|error| vec![error])?;
        let conditions = evaluate_conditions(&validated, &variables).map_err(|error| vec![error])?;
        let form = self.normal_form(&key, &validated, conditions).map_err(|error| vec![error])?;
        let (operation, name, cost) = (validated.header.node.ty, validated.name.clone(), form.plan.cost(&variables));
        Ok(Prepared { form, operation, name, variables, cost })
    }

    fn check_cost(&self, prepared: &Prepared) -> Result<(), ServerError> {
        let Some((cost, limit)) = self.limits.exceeded(prepared.operation, prepared.cost) else { return Ok(()) };
        Err(errors::too_expensive(cost, limit, &prepared.form.plan.most_expensive(&prepared.variables)))
    }

    /// Whether a document is cached in the normal form for these variables, so that preparing it
    /// takes almost no time.
    pub fn is_cached(&self, query: &str, operation_name: Option<&str>, variables: &Variables) -> bool {
        let is_in_limit = token_limits::check_bytes(query, &self.limits).is_ok();
        let cached = self.cache.get(&cache::key(query, operation_name)).filter(|_| is_in_limit);
        let Some(validated) = cached else { return false };
        let coerced = variables::coerce(&self.schema, &validated.header.node, variables, &validated.tolerated);
        // A request with invalid variables takes no time either.
        let Ok(conditions) = coerced.and_then(|variables| evaluate_conditions(&validated, &variables)) else {
            return true;
        };
        validated.forms().contains_key(&conditions.iter().map(|(_, value)| *value).collect::<Vec<_>>())
    }

    fn limit_errors(&self, errors: Vec<ServerError>) -> Vec<ServerError> {
        errors::sort_and_truncate(errors, self.limits.max_errors)
    }

    fn find_or_validate(
        &self,
        query: &str,
        operation_name: Option<&str>,
    ) -> Result<(cache::Key, Arc<ValidatedDocument>), Vec<ServerError>> {
        token_limits::check_bytes(query, &self.limits).map_err(|error| vec![error])?;
        let key = cache::key(query, operation_name);
        if let Some(validated) = self.cache.get(&key) {
            return Ok((key, validated));
        }
        let document = parse::document(query, &self.limits).map_err(|error| vec![error])?;
        let validated = Arc::new(self.validate(document, operation_name)?);
        self.cache.put(key, Arc::clone(&validated), validated.bytes());
        Ok((key, validated))
    }

    fn validate(
        &self,
        document: ExecutableDocument,
        operation_name: Option<&str>,
    ) -> Result<ValidatedDocument, Vec<ServerError>> {
        let (name, operation) = select_operation(&document, operation_name).map_err(|error| vec![error])?;
        expanded_size::check(&document, operation, &self.limits).map_err(|error| vec![error])?;
        let tolerated = check::check(&document, &self.schema, &operation.node)?;
        overlap::check(&document, operation, &self.schema)?;
        let conditions = merge::conditions(&document, &operation.node);
        let (name, header) = (name.map(ToString::to_string), header(operation));
        let validated =
            ValidatedDocument { header, name, conditions, tolerated, source: None, forms: Mutex::default() };
        if !validated.conditions.is_empty() {
            return Ok(ValidatedDocument { source: Some(document), ..validated });
        }
        let form = self.normalize(&validated, &document, &[]).map_err(|error| vec![error])?;
        Ok(ValidatedDocument { forms: Mutex::new(HashMap::from([(Vec::new(), Arc::new(form))])), ..validated })
    }

    /// The normal form for these values of the conditions.
    fn normal_form(
        &self,
        key: &cache::Key,
        validated: &Arc<ValidatedDocument>,
        conditions: Vec<(Name, bool)>,
    ) -> Result<Arc<NormalForm>, ServerError> {
        let values: Vec<bool> = conditions.iter().map(|(_, value)| *value).collect();
        if let Some(form) = validated.forms().get(&values) {
            return Ok(form.clone());
        }
        let Some(source) = &validated.source else {
            return Err(error(Code::BadRequest, "The document cannot be prepared.", None));
        };
        let form = Arc::new(self.normalize(validated, source, &conditions)?);
        let is_cached = {
            let mut forms = validated.forms();
            let is_cached = forms.len() < MAX_FORMS && !forms.contains_key(&values);
            if is_cached {
                forms.insert(values, form.clone());
            }
            is_cached
        };
        if is_cached {
            self.cache.grow(key, validated, form.bytes);
        }
        Ok(form)
    }

    fn normalize(
        &self,
        validated: &ValidatedDocument,
        source: &ExecutableDocument,
        conditions: &[(Name, bool)],
    ) -> Result<NormalForm, ServerError> {
        let (_, operation) = select_operation(source, validated.name.as_deref())?;
        // A selection on an interface may be repeated for each of its object types.
        let max_fields = (self.limits.max_fields + self.limits.max_introspection_fields).saturating_mul(2);
        let set = merge::normalize(source, &operation.node, &self.schema, conditions, max_fields)?;
        let mut used = HashSet::new();
        usages::used_variables(&set.node, &mut used);
        let mut definition = validated.header.node.clone();
        definition.variable_definitions.retain(|definition| used.contains(&definition.node.name.node));
        definition.selection_set = set;
        let plan = cost::build_plan(&definition, &self.schema);
        let definition = Positioned::new(definition, operation.pos);
        let operations = match &validated.name {
            Some(name) => DocumentOperations::Multiple(HashMap::from([(Name::new(name), definition)])),
            None => DocumentOperations::Single(definition),
        };
        let document = ExecutableDocument { operations, fragments: HashMap::new() };
        let bytes = footprint::document(&document) + plan.bytes();
        Ok(NormalForm { document, plan, bytes })
    }
}

impl ValidatedDocument {
    fn forms(&self) -> MutexGuard<'_, HashMap<Vec<bool>, Arc<NormalForm>>> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Approximate bytes on the heap.
    fn bytes(&self) -> usize {
        let source = self.source.as_ref().map_or(0, footprint::document);
        let forms = self.forms().values().map(|form| form.bytes + size_of::<NormalForm>()).sum::<usize>();
        size_of::<Self>() + footprint::operation(&self.header.node) + source + forms
    }
}

/// An operation without its selection.
fn header(operation: &Positioned<OperationDefinition>) -> Positioned<OperationDefinition> {
    let node = &operation.node;
    let header = OperationDefinition {
        ty: node.ty,
        variable_definitions: node.variable_definitions.clone(),
        directives: node.directives.clone(),
        selection_set: Positioned::default(),
    };
    Positioned::new(header, operation.pos)
}

/// The values of the document's conditions.
fn evaluate_conditions(validated: &ValidatedDocument, variables: &Variables) -> Result<Vec<(Name, bool)>, ServerError> {
    let evaluate = |name: &Name| {
        let value = variables::condition_value(variables, name).ok_or_else(|| {
            let message = format!("The variable `${}` is a condition and cannot be null.", quote(name));
            error(Code::BadUserInput, message, Some(validated.header.pos))
        })?;
        Ok((name.clone(), value))
    };
    validated.conditions.iter().map(evaluate).collect()
}

/// The operation that the request selects.
fn select_operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<&'a Name>, &'a Positioned<OperationDefinition>), ServerError> {
    let mut operations = document.operations.iter();
    match name.filter(|name| !name.is_empty()) {
        Some(name) => operations
            .find(|(known, _)| known.is_some_and(|known| known == name))
            .ok_or_else(|| error(Code::BadRequest, format!("The document has no operation `{}`.", quote(name)), None)),
        None => match (operations.next(), operations.next()) {
            (Some(only), None) => Ok(only),
            _ => {
                let message = "The document has several operations; set `operationName` to select one.";
                Err(error(Code::BadRequest, message, None))
            }
        },
    }
}
