//! Prepared documents: what stands between a client's text and the executor.
//!
//! A document is read once: bounded, parsed, checked by the contract and brought into a normal form in which each field
//! stands once. The prepared form is kept, so that a document that comes again costs a look-up and a copy. Only the values
//! of variables are checked for each request.

mod cache;
mod check;
mod cost;
mod duplicates;
mod footprint;
mod limits;
mod merge;
mod overlap;
mod problems;
mod read;
mod refusal;
mod rewrite;
mod scan;
mod size;
#[cfg(test)]
mod tests;
mod tokens;
mod usages;
mod validate;
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
pub use limits::Limits;
use refusal::{Code, error, quote};
pub use validate::validate;
pub(super) use variables::constant_faults;

/// How many combinations of conditions are kept of one document.
const MAX_FORMS: usize = 8;

/// The documents that were prepared, and the contract they are prepared by. Shared by all requests.
pub struct Documents {
    schema: Schema,
    limits: Limits,
    cache: Cache<Checked>,
}

/// One operation that may run, with its variables and what it costs.
#[derive(Debug, Clone)]
pub struct Prepared {
    form: Arc<Form>,
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

    /// The operation's name, where it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The document in normal form: one operation, fragments inlined, fields merged, conditions decided.
    pub fn document(&self) -> &ExecutableDocument {
        &self.form.document
    }

    /// The names of its fields at the root, without `__typename`. In normal form fragments are inlined there.
    pub fn root_fields(&self) -> Vec<&str> {
        let operations = self.form.document.operations.iter();
        let selections = operations.flat_map(|(_, operation)| &operation.node.selection_set.node.items);
        let names = selections.map(|selection| match &selection.node {
            Selection::Field(field) => field.node.name.node.as_str(),
            // None is left here; if one were, it would be like no field that is known.
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => "",
        });
        names.filter(|name| *name != "__typename").collect()
    }

    /// The variables that the operation defines and that were given.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// What running it costs; of a subscription, one event.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// How many bytes the document holds, about, each time that it runs.
    pub fn bytes(&self) -> usize {
        self.form.bytes
    }

    /// The request for the executor. It carries no text: the parsed document stands for it.
    pub fn into_request(self) -> Request {
        let mut document = ExecutableDocument::clone(&self.form.document);
        usages::leave_out_undefined(&mut document, &self.variables);
        let mut request = Request::new(String::new()).variables(self.variables);
        request.operation_name = self.name;
        request.set_parsed_query(document);
        request
    }
}

/// A document that is valid by the contract, before its conditions are decided.
struct Checked {
    /// The operation without its selection: what the values of variables are checked by.
    head: Positioned<OperationDefinition>,
    name: Option<String>,
    conditions: Vec<Name>,
    /// Variables whose malformed values the operation reports itself.
    tolerated: HashSet<Name>,
    /// The whole document, as long as other conditions can make other forms of it.
    source: Option<ExecutableDocument>,
    forms: Mutex<HashMap<Vec<bool>, Arc<Form>>>,
}

/// A normal form, ready to run.
#[derive(Debug)]
struct Form {
    document: ExecutableDocument,
    plan: Plan,
    bytes: usize,
}

impl Documents {
    /// Prepares documents by the contract in `sdl`.
    ///
    /// # Errors
    ///
    /// The contract cannot be read.
    pub fn new(sdl: &str, limits: Limits) -> anyhow::Result<Self> {
        let cache = Cache::new(limits.cache_entries, limits.cache_bytes);
        Ok(Self { schema: read::schema(sdl)?, limits, cache })
    }

    /// Checks the contract's own scalars by `scalars`, before anything runs.
    #[must_use]
    pub fn with_scalars(mut self, scalars: Scalars) -> Self {
        self.schema.scalars = scalars;
        self
    }

    /// The limits by which documents are refused.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many documents are kept, and how many bytes they hold, about.
    pub fn held(&self) -> (usize, usize) {
        self.cache.held()
    }

    /// Prepares one operation of a document, or finds it prepared, checks the values of its variables and works out its cost.
    ///
    /// # Errors
    ///
    /// What is wrong with the document or the variables: a few short errors with locations and, in `extensions`, `code`
    /// (`DOCUMENT_TOO_LARGE`, `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`, `INTROSPECTION_DISABLED`,
    /// `BAD_REQUEST`, `BAD_USER_INPUT`,
    /// `OPERATION_TOO_EXPENSIVE`) and `retryable: false`.
    pub fn prepare(
        &self,
        query: &str,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Prepared, Vec<ServerError>> {
        let prepared = self.price(query, operation_name, variables)?;
        self.afford(&prepared).map_err(|error| vec![error])?;
        Ok(prepared)
    }

    /// As [`Self::prepare`], but whatever the operation costs.
    ///
    /// # Errors
    ///
    /// As [`Self::prepare`], without `OPERATION_TOO_EXPENSIVE`.
    pub fn price(
        &self,
        query: &str,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Prepared, Vec<ServerError>> {
        let (key, checked) = self.checked(query, operation_name).map_err(|errors| self.shorten(errors))?;
        let variables = variables::coerce(&self.schema, &checked.head.node, variables, &checked.tolerated)
            .map_err(|error| vec![error])?;
        let conditions = decide(&checked, &variables).map_err(|error| vec![error])?;
        let form = self.form(&key, &checked, conditions).map_err(|error| vec![error])?;
        let (operation, name, cost) = (checked.head.node.ty, checked.name.clone(), form.plan.cost(&variables));
        Ok(Prepared { form, operation, name, variables, cost })
    }

    fn afford(&self, prepared: &Prepared) -> Result<(), ServerError> {
        let Some((cost, limit)) = self.limits.over(prepared.operation, prepared.cost) else { return Ok(()) };
        Err(refusal::too_expensive(cost, limit, &prepared.form.plan.most_expensive(&prepared.variables)))
    }

    /// Whether a document is kept, in the form that these variables ask for: preparing it then takes next to no time.
    pub fn is_kept(&self, query: &str, operation_name: Option<&str>, variables: &Variables) -> bool {
        let fits = scan::measure(query, &self.limits).is_ok();
        let kept = self.cache.get(&cache::key(query, operation_name)).filter(|_| fits);
        let Some(checked) = kept else { return false };
        let coerced = variables::coerce(&self.schema, &checked.head.node, variables, &checked.tolerated);
        // What is refused for its variables takes no time either.
        let Ok(conditions) = coerced.and_then(|variables| decide(&checked, &variables)) else { return true };
        checked.forms().contains_key(&conditions.iter().map(|(_, value)| *value).collect::<Vec<_>>())
    }

    fn shorten(&self, errors: Vec<ServerError>) -> Vec<ServerError> {
        refusal::in_order(errors, self.limits.max_errors)
    }

    fn checked(
        &self,
        query: &str,
        operation_name: Option<&str>,
    ) -> Result<(cache::Key, Arc<Checked>), Vec<ServerError>> {
        scan::measure(query, &self.limits).map_err(|error| vec![error])?;
        let key = cache::key(query, operation_name);
        if let Some(checked) = self.cache.get(&key) {
            return Ok((key, checked));
        }
        let document = read::document(query, &self.limits).map_err(|error| vec![error])?;
        let checked = Arc::new(self.check(document, operation_name)?);
        self.cache.put(key, Arc::clone(&checked), checked.bytes());
        Ok((key, checked))
    }

    fn check(&self, document: ExecutableDocument, operation_name: Option<&str>) -> Result<Checked, Vec<ServerError>> {
        let (name, operation) = choose(&document, operation_name).map_err(|error| vec![error])?;
        size::check(&document, operation, &self.limits).map_err(|error| vec![error])?;
        let tolerated = check::check(&document, &self.schema, &operation.node)?;
        overlap::check(&document, operation, &self.schema)?;
        let conditions = merge::conditions(&document, &operation.node);
        let (name, head) = (name.map(ToString::to_string), head(operation));
        let checked = Checked { head, name, conditions, tolerated, source: None, forms: Mutex::default() };
        if !checked.conditions.is_empty() {
            return Ok(Checked { source: Some(document), ..checked });
        }
        let form = self.normalize(&checked, &document, &[]).map_err(|error| vec![error])?;
        Ok(Checked { forms: Mutex::new(HashMap::from([(Vec::new(), Arc::new(form))])), ..checked })
    }

    /// The normal form for these values of the conditions.
    fn form(
        &self,
        key: &cache::Key,
        checked: &Arc<Checked>,
        conditions: Vec<(Name, bool)>,
    ) -> Result<Arc<Form>, ServerError> {
        let values: Vec<bool> = conditions.iter().map(|(_, value)| *value).collect();
        if let Some(form) = checked.forms().get(&values) {
            return Ok(form.clone());
        }
        let Some(source) = &checked.source else {
            return Err(error(Code::BadRequest, "The document cannot be prepared.", None));
        };
        let form = Arc::new(self.normalize(checked, source, &conditions)?);
        let is_kept = {
            let mut forms = checked.forms();
            let is_kept = forms.len() < MAX_FORMS && !forms.contains_key(&values);
            if is_kept {
                forms.insert(values, form.clone());
            }
            is_kept
        };
        if is_kept {
            self.cache.grow(key, checked, form.bytes);
        }
        Ok(form)
    }

    fn normalize(
        &self,
        checked: &Checked,
        source: &ExecutableDocument,
        conditions: &[(Name, bool)],
    ) -> Result<Form, ServerError> {
        let (_, operation) = choose(source, checked.name.as_deref())?;
        // Selections of an interface may have to be written out for each object that it can be.
        let max_fields = (self.limits.max_fields + self.limits.max_introspection_fields).saturating_mul(2);
        let set = merge::normalize(source, &operation.node, &self.schema, conditions, max_fields)?;
        let mut used = HashSet::new();
        usages::used_variables(&set.node, &mut used);
        let mut definition = checked.head.node.clone();
        definition.variable_definitions.retain(|definition| used.contains(&definition.node.name.node));
        definition.selection_set = set;
        let plan = cost::plan(&definition, &self.schema);
        let definition = Positioned::new(definition, operation.pos);
        let operations = match &checked.name {
            Some(name) => DocumentOperations::Multiple(HashMap::from([(Name::new(name), definition)])),
            None => DocumentOperations::Single(definition),
        };
        let document = ExecutableDocument { operations, fragments: HashMap::new() };
        let bytes = footprint::document(&document) + plan.bytes();
        Ok(Form { document, plan, bytes })
    }
}

impl Checked {
    fn forms(&self) -> MutexGuard<'_, HashMap<Vec<bool>, Arc<Form>>> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes on the heap, about.
    fn bytes(&self) -> usize {
        let source = self.source.as_ref().map_or(0, footprint::document);
        let forms = self.forms().values().map(|form| form.bytes + size_of::<Form>()).sum::<usize>();
        size_of::<Self>() + footprint::operation(&self.head.node) + source + forms
    }
}

/// An operation without its selection.
fn head(operation: &Positioned<OperationDefinition>) -> Positioned<OperationDefinition> {
    let node = &operation.node;
    let head = OperationDefinition {
        ty: node.ty,
        variable_definitions: node.variable_definitions.clone(),
        directives: node.directives.clone(),
        selection_set: Positioned::default(),
    };
    Positioned::new(head, operation.pos)
}

/// The values of a document's conditions.
fn decide(checked: &Checked, variables: &Variables) -> Result<Vec<(Name, bool)>, ServerError> {
    let decide = |name: &Name| {
        let value = variables::condition(variables, name).ok_or_else(|| {
            let message = format!("The variable `${}` decides about a selection and cannot be null.", quote(name));
            error(Code::BadUserInput, message, Some(checked.head.pos))
        })?;
        Ok((name.clone(), value))
    };
    checked.conditions.iter().map(decide).collect()
}

/// The operation that the request means.
fn choose<'a>(
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
                let message = "The document has several operations; `operationName` has to say which one to run.";
                Err(error(Code::BadRequest, message, None))
            }
        },
    }
}
