//! The contract as a graph: paths to rows, and selections of their fields.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use async_graphql::parser::{parse_schema, types::*};
use graphql::CONTRACT;

/// Objects by their ids.
pub const NODES: &str = "{ nodes(ids: $ids) { ... on TYPE { HOLE } } }";

/// A source of rows of a type: an operation with a placeholder for their fields, and slots (`$n`) for the values of arguments.
#[derive(Debug, Clone)]
pub struct Source {
    pub ty: String,
    pub operation: String,
}

impl Source {
    /// Whether there can be any number of its rows.
    pub fn is_list(&self) -> bool {
        is_list(&self.operation)
    }
}

fn is_list(way: &str) -> bool {
    ["$n", "$ids"].iter().any(|slot| way.contains(slot))
}

/// The object types of the contract, without those of a single mutation.
pub struct Contract {
    pub objects: BTreeMap<String, Vec<FieldDefinition>>,
    pub composites: BTreeSet<String>,
    pub queries: Vec<FieldDefinition>,
    /// The objects that `node` finds.
    pub nodes: BTreeSet<String>,
}

impl Contract {
    pub fn read() -> Self {
        let (mut objects, mut composites, mut queries) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        let mut nodes = BTreeSet::new();
        for definition in parse_schema(CONTRACT).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let is_answer = name.ends_with("Problem") || name.ends_with("Success") || name.ends_with("Payload");
            let is_root = ["Query", "Mutation", "Subscription"].contains(&name.as_str());
            match definition.node.kind {
                TypeKind::Object(object) if name == "Query" => {
                    queries.extend(object.fields.into_iter().map(|field| field.node));
                }
                TypeKind::Object(object) if !is_answer && !is_root => {
                    composites.insert(name.clone());
                    if object.implements.iter().any(|interface| interface.node == "Node") {
                        nodes.insert(name.clone());
                    }
                    objects.insert(name, object.fields.into_iter().map(|field| field.node).collect());
                }
                TypeKind::Interface(_) | TypeKind::Union(_) | TypeKind::Object(_) => drop(composites.insert(name)),
                _ => {}
            }
        }
        // Parts of payloads of mutations only.
        for part in
            ["SessionTokens", "PriceDifference", "InvalidField", "NightConflict", "DeskEffect", "DeskRefundPart"]
        {
            assert!(objects.remove(part).is_some(), "{part}");
        }
        Self { objects, composites, queries, nodes }
    }

    /// Whether an object has fields that may need separate statements: it can be found by id, or one of its fields has a cost or arguments
    /// in the contract. All others are values.
    pub fn has_rows(&self, ty: &str) -> bool {
        let is_paging = |name: &str| ["edges", "nodes"].contains(&name);
        let may_read = |field: &FieldDefinition| {
            let has_cost = field.directives.iter().any(|directive| directive.node.name.node == "cost");
            (has_cost || !field.arguments.is_empty()) && !is_paging(field.name.node.as_str())
        };
        self.nodes.contains(ty) || self.objects.get(ty).is_some_and(|fields| fields.iter().any(may_read))
    }

    /// All sources of rows in the contract: each field with rows, by the shortest path to its object, and the shortest through a list; and
    /// by ids.
    pub fn sources(&self) -> Vec<Source> {
        let mut sources = vec![Source { ty: "Query".to_owned(), operation: "{ HOLE }".to_owned() }];
        let (mut seen, mut ways) = (BTreeSet::new(), VecDeque::from([("Query", "{ HOLE }".to_owned())]));
        while let Some((ty, way)) = ways.pop_front() {
            for field in self.objects.get(ty).unwrap_or(&self.queries) {
                for (of, way) in self.follow(field, &way) {
                    // Fields from one node to another are covered from there, unless they are lists.
                    let has_many = matches!(field.ty.node.base, BaseType::List(_)) || of != innermost(&field.ty.node);
                    if self.has_rows(of) && (has_many || !(self.nodes.contains(ty) && self.nodes.contains(of))) {
                        sources.push(Source { ty: of.to_owned(), operation: way.clone() });
                    }
                    // A connection's items are found with it.
                    if !of.ends_with("Connection") && seen.insert((of, is_list(&way))) {
                        ways.push_back((of, way));
                    }
                }
            }
        }
        let by_id = |ty: &String| Source { ty: ty.clone(), operation: NODES.replace("TYPE", ty) };
        sources.extend(self.nodes.iter().map(by_id));
        sources
    }

    /// The objects of a field, each with its path. A connection is one, and the item of its page another.
    fn follow<'a>(&'a self, field: &'a FieldDefinition, way: &str) -> Vec<(&'a str, String)> {
        let of = innermost(&field.ty.node);
        let Some(fields) = self.objects.get(of).filter(|_| field.name.node != "edges") else { return Vec::new() };
        let step = format!(
            "{}{} {{ HOLE }}",
            field.name.node,
            slots(field, if is_list(way) { "first: 5" } else { "first: $n" })
        );
        let way = way.replace("HOLE", &step);
        let page = fields.iter().find(|field| of.ends_with("Connection") && field.name.node == "nodes");
        let items = page.map(|page| self.follow(page, &way)).unwrap_or_default();
        std::iter::once((of, way)).chain(items).collect()
    }

    /// The selection of one field with everything below it that needs no statement. Records what it selects.
    pub fn select(&self, ty: &str, field: &FieldDefinition, seen: &mut BTreeSet<(String, String)>) -> String {
        let name = field.name.node.to_string();
        seen.insert((ty.to_owned(), name.clone()));
        let mut text = format!("{name}{}", slots(field, ""));
        let of = innermost(&field.ty.node);
        if self.composites.contains(of) {
            let is_value = of.ends_with("Connection") || !self.has_rows(of);
            let below = match self.objects.get(of).filter(|_| is_value) {
                Some(fields) => fields.iter().map(|field| self.select(of, field, seen)).collect::<Vec<_>>().join(" "),
                None => "__typename".to_owned(),
            };
            write!(text, " {{ {below} }}").unwrap();
        }
        text
    }
}

/// The required arguments of a field, with slots for their values, and the number of items of a page, if it has one.
fn slots(field: &FieldDefinition, first: &str) -> String {
    let arguments = field.arguments.iter().map(|argument| &argument.node);
    let given = arguments.filter_map(|argument| match argument.name.node.as_str() {
        "first" => Some(first.to_owned()).filter(|first| !first.is_empty()),
        _ if argument.ty.node.nullable => None,
        "id" => Some(format!("id: $id({})", innermost(&field.ty.node))),
        "listingId" => Some("listingId: $id(Listing)".to_owned()),
        other => Some(format!("{other}: ${other}")),
    });
    let given: Vec<_> = given.collect();
    if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
}

pub fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}

/// The values of slots.
pub struct Slots<'a> {
    pub first: usize,
    pub ids: &'a BTreeMap<String, Vec<String>>,
    /// A range of nights.
    pub nights: (String, String),
    /// The check-in and check-out days of a stay.
    pub stay: (String, String),
    /// What staff search for.
    pub search: String,
}

impl Slots<'_> {
    /// An operation on rows of `ty` with values in its slots; None when it needs an id and none is known.
    pub fn fill(&self, operation: &str, ty: &str) -> Option<String> {
        let ids = |of: &str| self.ids.get(of).filter(|ids| !ids.is_empty());
        let mut text = operation.to_owned();
        if text.contains("$ids") {
            text = text.replace("$ids", &format!("{:?}", ids(ty)?));
        }
        while let Some((before, rest)) = text.split_once("$id(") {
            let (of, rest) = rest.split_once(')')?;
            text = format!("{before}{:?}{rest}", ids(of)?.first()?);
        }
        if text.contains("$confirmationCode") {
            let booking = ids("Booking")?.first()?;
            // The end of the id.
            text = text.replace("$confirmationCode", &format!("{:?}", &booking[booking.len() - 10..]));
        }
        text = text.replace("$nights", "2").replace("$zoom", "5").replace("$text", "\"sing\"");
        let stay = format!("{{ checkIn: {:?}, checkOut: {:?} }}", self.stay.0, self.stay.1);
        let text = text.replace("$search", &format!("{:?}", self.search)).replace("$kind", "TRIPS");
        let text = text.replace("$by", "HOST").replace("$currency", "\"SGD\"");
        let text = text.replace("$n", &self.first.to_string()).replace("$stay", &stay);
        Some(text.replace("$from", &format!("{:?}", self.nights.0)).replace("$to", &format!("{:?}", self.nights.1)))
    }
}
