//! Every operation of the contract, sent to a server. Covers new ones automatically.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::World;
use crate::{
    operations::{of_field, root_fields},
    walk::{Contract, Slots, Source},
};

/// The ids that were seen, by their type, the latest first.
#[derive(Default)]
pub struct Offers {
    ids: BTreeMap<String, Vec<String>>,
}

impl Offers {
    /// Every mutation of the contract with its example, on this viewer's objects, and then every field, in lists and by id. Deletions are
    /// omitted unless `deletes`, and so are ends of sessions: there is only one besides the current one.
    pub async fn run_query(&mut self, world: &World, token: &str, deletes: bool) {
        let contract = Contract::read();
        // Objects of the first round are read by id in the second.
        for _ in 0..2 {
            for source in contract.sources() {
                self.fields_of(world, token, &contract, &source).await;
            }
        }
        self.name_other_session(world, token).await;
        for (mutation, _) in root_fields().iter().filter(|(_, keyword)| keyword == "mutation") {
            if !deletes && ["delete", "remove", "end"].iter().any(|verb| mutation.starts_with(verb)) {
                continue;
            }
            let example = of_field(mutation);
            let mut variables = example.variables;
            self.name_known(&mut variables);
            let answer = world.run(token, &named(&example.text), variables).await;
            self.note(&answer);
        }
        for source in contract.sources() {
            self.fields_of(world, token, &contract, &source).await;
        }
    }

    async fn fields_of(&mut self, world: &World, token: &str, contract: &Contract, source: &Source) {
        let Some(query) = self.query_of(world, contract, source, 2) else { return };
        let found = match world.run_if_cheap(token, &query).await {
            Some(found) => found,
            // Two of the widest objects are too expensive, one is not.
            None => world.run(token, &self.query_of(world, contract, source, 1).unwrap(), json!({})).await,
        };
        self.note(&found);
    }

    /// All fields of a source, in pages of `first`; None if an object is not known yet.
    fn query_of(&self, world: &World, contract: &Contract, source: &Source, first: usize) -> Option<String> {
        let (nights, stay) = ((world.day(0), world.day(30)), (world.day(10), world.day(13)));
        let search = "someone@example.org".to_owned();
        let slots = Slots { first, ids: &self.ids, nights, stay, search };
        let operation = slots.fill(&source.operation, &source.ty)?;
        let fields = contract.objects.get(&source.ty).unwrap_or(&contract.queries).iter();
        let fields = fields.filter(|field| !["node", "nodes"].contains(&field.name.node.as_str()));
        let holes =
            fields.map(|field| slots.fill(&contract.select(&source.ty, field, &mut Default::default()), &source.ty));
        let holes: Vec<_> = holes.flatten().collect();
        let hole = format!("__typename {}", holes.join(" "));
        Some(operation.replace("HOLE", &hole))
    }

    /// Makes a session other than the current one the one that mutations end.
    async fn name_other_session(&mut self, world: &World, token: &str) {
        let found = world.run(token, "{ me { sessions { nodes { id isCurrent } } } }", json!({})).await;
        let sessions = found["me"]["sessions"]["nodes"].as_array().unwrap().iter();
        let other = sessions.filter(|session| session["isCurrent"] == false).find_map(|session| session["id"].as_str());
        self.ids.insert("Session".to_owned(), other.map(str::to_owned).into_iter().collect());
    }

    /// Records every id with a type in a response.
    fn note(&mut self, answer: &Value) {
        match answer {
            Value::Array(items) => items.iter().for_each(|item| self.note(item)),
            Value::Object(fields) => {
                if let (Some(Value::String(ty)), Some(Value::String(id))) = (fields.get("__typename"), fields.get("id"))
                {
                    let known = self.ids.entry(ty.clone()).or_default();
                    known.retain(|other| other != id);
                    known.insert(0, id.clone());
                    known.truncate(50);
                }
                fields.values().for_each(|field| self.note(field));
            }
            _ => {}
        }
    }

    /// Replaces ids in the input of a mutation by known ones: a `listingId` is the id of a `Listing`.
    fn name_known(&self, input: &mut Value) {
        match input {
            Value::Array(items) => items.iter_mut().for_each(|item| self.name_known(item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    let of = name.strip_suffix("Id").map(|of| of[..1].to_uppercase() + &of[1..]);
                    match of.and_then(|of| self.ids.get(&of)?.first()) {
                        Some(id) => *value = id.clone().into(),
                        None => self.name_known(value),
                    }
                }
            }
            _ => {}
        }
    }
}

/// `text` with the types of everything that has an id.
fn named(text: &str) -> String {
    text.replace(" id\n", " id __typename\n").replace(" id ", " id __typename ")
}
