//! A world with many rows of every type.

use std::collections::BTreeMap;

use async_graphql::parser::types::FieldDefinition;
use serde_json::{Value, json};

use super::{Contract, Slots, Source, contract::NODES, innermost};
use crate::{harness::actors::Actor, statements::World};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Viewer {
    Anonymous,
    Guest,
    Host,
}

impl Viewer {
    pub const ALL: [Self; 3] = [Self::Anonymous, Self::Guest, Self::Host];
}

/// A guest with upcoming and canceled trips; hosts; reviews.
pub struct Wide {
    pub world: World,
    pub contract: Contract,
    pub sources: Vec<Source>,
    ids: BTreeMap<String, Vec<String>>,
    size: usize,
    canceled: usize,
    quotes: Vec<String>,
}

impl Wide {
    pub async fn new() -> Self {
        let contract = Contract::read();
        let (world, sources) = (World::new().await, contract.sources());
        Self { world, contract, sources, ids: BTreeMap::new(), size: 0, canceled: 0, quotes: Vec::new() }
    }

    pub async fn grow(&mut self, size: usize) {
        self.world.grow(size).await;
        self.size = size;
        for number in self.canceled..size {
            let (guest, listing) = (&self.world.guest, &self.world.listings[number]);
            let stay = guest.book_and_pay(listing, &self.world.day(60), &self.world.day(62)).await;
            guest.cancel(&stay).await;
            self.quotes.push(guest.quote(listing, &self.world.day(80), &self.world.day(82)).await);
        }
        self.canceled = size;
        // First those that lead to others.
        for ty in ["Listing", "Booking"].into_iter().map(str::to_owned).chain(self.contract.nodes.clone()) {
            let ids = self.find_ids(&ty).await;
            self.ids.insert(ty, ids);
        }
    }

    pub fn viewer(&self, viewer: Viewer) -> Option<&Actor> {
        match viewer {
            Viewer::Anonymous => None,
            Viewer::Guest => Some(&self.world.guest),
            Viewer::Host => Some(&self.world.hosts[0]),
        }
    }

    /// Ids of a type: as many as there are rows that a list has.
    pub fn ids(&self, ty: &str) -> &[String] {
        self.ids.get(ty).map(Vec::as_slice).unwrap_or_default()
    }

    async fn find_ids(&self, ty: &str) -> Vec<String> {
        if ty == "Listing" {
            return self.world.listings.clone();
        }
        // No list has them: only the guest knows the id of a quote.
        if ty == "Quote" {
            return self.quotes.clone();
        }
        let mut most = Vec::new();
        for source in self.sources.iter().filter(|source| source.ty == ty) {
            let Some(operation) = self.filled(&source.operation, ty) else { continue };
            for viewer in Viewer::ALL {
                let (_, found) = self.run_query(viewer, &operation.replace("HOLE", "id")).await;
                let mut ids = Vec::new();
                collect(&found, &mut ids);
                if ids.len() > most.len() {
                    most = ids;
                }
            }
        }
        if most.is_empty() {
            most = self.ids_behind_others(ty).await;
        }
        most.truncate(self.size);
        most
    }

    /// Ids of a type that no list has, from the fields of objects whose ids are known.
    async fn ids_behind_others(&self, ty: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for parent in self.contract.nodes.iter().filter(|parent| !self.ids(parent).is_empty()) {
            let leads = |field: &&FieldDefinition| innermost(&field.ty.node) == ty && field.arguments.is_empty();
            for field in self.contract.objects[parent].iter().filter(leads) {
                let hole = format!("{} {{ id }}", field.name.node);
                let operation = NODES.replace("TYPE", parent).replace("HOLE", &hole);
                let Some(operation) = self.filled(&operation, parent) else { continue };
                for viewer in Viewer::ALL {
                    collect(&self.run_query(viewer, &operation).await.1, &mut ids);
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// An operation on rows of `ty` with values in its slots; None while there are no ids for them.
    pub fn filled(&self, operation: &str, ty: &str) -> Option<String> {
        let day = |number| self.world.day(number);
        let (nights, stay) = ((day(30), day(30 + self.size)), (day(70), day(73)));
        let search = self.world.email.clone();
        Slots { first: self.size, ids: &self.ids, nights, stay, search }.fill(operation, ty)
    }

    /// The statements of an operation, and its data.
    pub async fn run_query(&self, viewer: Viewer, operation: &str) -> (Vec<String>, Value) {
        assert!(!operation.contains('$'), "no value for an argument of {operation}");
        self.world.cost(self.viewer(viewer), operation, json!({})).await
    }

    /// The viewer who finds rows of a source: a guest before a host, a host before an anonymous viewer.
    pub async fn who_finds(&self, source: &Source, operation: &str) -> Option<Viewer> {
        for viewer in [Viewer::Guest, Viewer::Host, Viewer::Anonymous] {
            if source.ty == "Query" || self.rows(viewer, operation).await > 0 {
                return Some(viewer);
            }
        }
        None
    }

    /// How many rows of its type an operation finds.
    pub async fn rows(&self, viewer: Viewer, operation: &str) -> usize {
        let (_, found) = self.run_query(viewer, &operation.replace("HOLE", "row: __typename")).await;
        count(&found)
    }
}

/// How many rows there are.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) if fields.contains_key("row") => 1,
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// All values under `id`.
fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| match field {
            Value::String(id) if name == "id" => ids.push(id.clone()),
            field => collect(field, ids),
        }),
        _ => {}
    }
}
