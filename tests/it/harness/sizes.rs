//! Compares the sizes of lists in every response of the tests with the cost formula of docs/api.md. Implemented from the document and the
//! contract, independent of the server's code.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::{
    Name, Positioned,
    parser::{parse_query, parse_schema, types::*},
};
use async_graphql_value::{ConstValue, Value as Literal};
use graphql::CONTRACT;
use serde_json::{Map, Value};

/// The items of a list without a size in the contract.
const DEFAULT_SIZE: usize = 10;

static TYPES: LazyLock<HashMap<String, HashMap<String, FieldDefinition>>> = LazyLock::new(|| {
    let types = parse_schema(CONTRACT).unwrap().definitions.into_iter().filter_map(|definition| {
        let TypeSystemDefinition::Type(definition) = definition else { return None };
        let fields = match definition.node.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            _ => Vec::new(),
        };
        let fields = fields.into_iter().map(|field| (field.node.name.node.to_string(), field.node)).collect();
        Some((definition.node.name.node.to_string(), fields))
    });
    types.collect()
});

/// Fails when a list in `data`, the response to `query`, is longer than its cost assumes.
#[track_caller]
pub fn check(query: &str, variables: &Value, data: &Value) {
    if let Some(fault) = longer(query, variables, data) {
        panic!("{fault}: {query}");
    }
}

/// The first list that is longer than its cost assumes.
fn longer(query: &str, variables: &Value, data: &Value) -> Option<String> {
    let document = parse_query(query).ok()?;
    let mut operations = document.operations.iter();
    let (Some((_, operation)), None, Value::Object(data)) = (operations.next(), operations.next(), data) else {
        return None;
    };
    let root = match operation.node.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let mut variables = variables.as_object().cloned().unwrap_or_default();
    for definition in &operation.node.variable_definitions {
        if let Some(default) = &definition.node.default_value {
            let default = default.node.clone().into_json().unwrap();
            variables.entry(definition.node.name.node.to_string()).or_insert(default);
        }
    }
    let walk = Walk { document: &document, variables };
    walk.set(&operation.node.selection_set.node, root, data, None)
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    variables: Map<String, Value>,
}

/// Fields whose items a page has, and how many.
type Page<'a> = Option<(Vec<String>, usize)>;

impl Walk<'_> {
    fn set(
        &self,
        set: &SelectionSet,
        parent: &str,
        data: &Map<String, Value>,
        page: Option<&(Vec<String>, usize)>,
    ) -> Option<String> {
        set.items.iter().find_map(|item| match &item.node {
            Selection::Field(field) => self.field(&field.node, parent, data, page),
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                self.fragment(&fragment.node.selection_set.node, (on, parent), data, page)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &self.document.fragments[&spread.node.fragment_name.node].node;
                let on = fragment.type_condition.node.on.node.as_str();
                self.fragment(&fragment.selection_set.node, (on, parent), data, page)
            }
        })
    }

    /// A fragment on objects that the data is none of is left out, as far as the data says.
    fn fragment(
        &self,
        set: &SelectionSet,
        (on, parent): (&str, &str),
        data: &Map<String, Value>,
        page: Option<&(Vec<String>, usize)>,
    ) -> Option<String> {
        let name = data.get("__typename").and_then(Value::as_str);
        let is_other = name.is_some_and(|name| name != on && !["UserError", "Node"].contains(&on));
        if is_other { None } else { self.set(set, on, data, page.filter(|_| on == parent)) }
    }

    fn field(
        &self,
        field: &Field,
        parent: &str,
        data: &Map<String, Value>,
        page: Option<&(Vec<String>, usize)>,
    ) -> Option<String> {
        let name = field.name.node.as_str();
        let value = data.get(field.response_key().node.as_str())?;
        let known = TYPES.get(parent)?.get(name)?;
        let of = innermost(&known.ty.node);
        let own = self.size(field, known);
        let below: Page<'_> = sized(known).zip(own);
        let inherited = page.filter(|(fields, _)| fields.iter().any(|field| field == name)).map(|(_, size)| *size);
        let most = inherited.or(own).unwrap_or(DEFAULT_SIZE);
        let each = |value: &Value| self.set(&field.selection_set.node, of, value.as_object()?, below.as_ref());
        match value {
            Value::Array(items) if items.len() > most => {
                Some(format!("`{parent}.{name}` has {} items, its cost says {most}", items.len()))
            }
            Value::Array(items) => items.iter().find_map(each),
            value => each(value),
        }
    }

    /// The number of items according to the contract and the arguments.
    fn size(&self, field: &Field, known: &FieldDefinition) -> Option<usize> {
        let assumed = argument(known, "assumedSize").and_then(|size| match size {
            ConstValue::Number(size) => size.as_u64(),
            _ => None,
        })?;
        let value = |name: &str| {
            let given = field.get_argument(name).and_then(|value| match &value.node {
                Literal::Variable(name) => self.variables.get(name.as_str()).cloned(),
                other => other.clone().into_const().map(|value| value.into_json().unwrap()),
            });
            let default = known.arguments.iter().find(|argument| argument.node.name.node == name);
            let default = default.and_then(|argument| argument.node.default_value.as_ref());
            given
                .filter(|value| !value.is_null())
                .or_else(|| default.map(|value| value.node.clone().into_json().unwrap()))
        };
        let values: Vec<Value> = strings(known, "slicingArguments").iter().filter_map(|name| value(name)).collect();
        let day = |value: &Value| value.as_str().and_then(|day| day.parse::<chrono::NaiveDate>().ok());
        let told = match &values[..] {
            [Value::Number(size)] => size.as_u64(),
            [Value::Array(items)] => Some(items.len() as u64),
            [from, to] => day(from).zip(day(to)).and_then(|(from, to)| u64::try_from((to - from).num_days()).ok()),
            _ => None,
        };
        usize::try_from(told.unwrap_or(assumed).min(assumed).max(1)).ok()
    }
}

fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}

fn sized(known: &FieldDefinition) -> Option<Vec<String>> {
    Some(strings(known, "sizedFields")).filter(|fields| !fields.is_empty())
}

fn argument<'a>(known: &'a FieldDefinition, name: &str) -> Option<&'a ConstValue> {
    let mark = known.directives.iter().find(|directive| directive.node.name.node == "listSize")?;
    let is_it = |(of, _): &&(Positioned<Name>, Positioned<ConstValue>)| of.node == name;
    mark.node.arguments.iter().find(is_it).map(|(_, value)| &value.node)
}

fn strings(known: &FieldDefinition, name: &str) -> Vec<String> {
    let Some(ConstValue::List(items)) = argument(known, name) else { return Vec::new() };
    items
        .iter()
        .filter_map(|item| if let ConstValue::String(text) = item { Some(text.clone()) } else { None })
        .collect()
}

#[test]
fn a_list_that_is_longer_than_its_cost_is_reported() {
    use serde_json::json;
    let list = |size: usize| Value::Array(vec![json!({ "x": 1 }); size]);
    let page = "query($n: Int) { listing(id: \"x\") { all: reviews(first: $n) { ...Nodes } } }
        fragment Nodes on ReviewConnection { nodes { id } }";
    let reviews = |size| json!({ "listing": { "all": { "nodes": list(size) } } });
    for (variables, most) in [(json!({ "n": 7 }), 7), (json!({}), 20), (json!({ "n": null }), 20)] {
        assert_eq!(longer(page, &variables, &reviews(most)), None);
        assert!(longer(page, &variables, &reviews(most + 1)).is_some(), "{variables}");
    }
    let nights = "{ listing(id: \"x\") { availability(from: \"2026-01-30\", to: \"2026-02-02\") { night } } }";
    let of = |size| json!({ "listing": { "availability": list(size) } });
    assert!(longer(nights, &json!({}), &of(3)).is_none() && longer(nights, &json!({}), &of(4)).is_some());
    let problem = "mutation { quoteStay(input: {}) { __typename ... on UserError { path }
        ... on StayNotAllowedProblem { violations { reason } } ... on NightsUnavailableProblem { violations: nights } } }";
    let of = |size| json!({ "quoteStay": { "__typename": "StayNotAllowedProblem", "violations": list(size) } });
    assert!(longer(problem, &json!({}), &of(14)).is_none() && longer(problem, &json!({}), &of(15)).is_some());
    let path = json!({ "quoteStay": { "__typename": "StayNotAllowedProblem", "path": vec!["x"; DEFAULT_SIZE + 1] } });
    assert!(longer(problem, &json!({}), &path).is_some());
}
