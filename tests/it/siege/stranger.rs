//! Random documents from the contract, and requests from many addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::net::Ipv4Addr;

use async_graphql::parser::{parse_schema, types::*};
use chrono::{Days, NaiveDate};
use graphql::CONTRACT;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

/// Sends an operation from an address of this machine. An empty token is anonymous.
pub async fn execute(from: Ipv4Addr, token: &str, to: &str, query: &str, variables: &Value) -> io::Result<Value> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let bearer = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(to.parse().map_err(|_| io::Error::other("not an address"))?).await?;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n{bearer}content-type: application/json\r\n\
         accept: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    let (_, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    serde_json::from_str(body).map_err(|_| io::ErrorKind::UnexpectedEof.into())
}

/// Generates random valid documents of any size.
pub struct Generator {
    random: StdRng,
    listings: Vec<String>,
    today: NaiveDate,
    fields: BTreeMap<String, Vec<FieldDefinition>>,
    possible: BTreeMap<String, Vec<String>>,
}

impl Generator {
    pub fn new(seed: u64, listings: Vec<String>, today: NaiveDate) -> Self {
        let (mut fields, mut possible) = (BTreeMap::new(), BTreeMap::<String, Vec<String>>::new());
        for definition in parse_schema(CONTRACT).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    for interface in object.implements {
                        possible.entry(interface.node.to_string()).or_default().push(name.clone());
                    }
                    fields.insert(name, object.fields.into_iter().map(|field| field.node).collect());
                }
                TypeKind::Interface(interface) => {
                    fields.insert(name, interface.fields.into_iter().map(|field| field.node).collect());
                }
                _ => {}
            }
        }
        Self { random: StdRng::seed_from_u64(seed), listings, today, fields, possible }
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.random.random_range(0..=index));
        }
    }

    /// A query.
    pub fn document(&mut self) -> String {
        let mut budget = self.random.random_range(5..400);
        let depth = self.random.random_range(3..14);
        let mut aliases = 0;
        format!("{{ {} }}", self.selection("Query", depth, &mut budget, &mut aliases))
    }

    fn selection(&mut self, ty: &str, depth: usize, budget: &mut usize, aliases: &mut usize) -> String {
        let fields = self.fields[ty].clone();
        let mut text = String::from("__typename ");
        let mut used = BTreeSet::new();
        for _ in 0..self.random.random_range(1..8) {
            let field = &fields[self.random.random_range(0..fields.len())];
            let of = innermost(&field.ty.node).to_owned();
            let is_composite = self.fields.contains_key(&of);
            if *budget == 0 || (is_composite && depth == 0) {
                break;
            }
            *budget -= 1;
            // A second use may have other arguments.
            let name = field.name.node.to_string();
            let is_first = used.insert(name.clone());
            if !is_first {
                *aliases += 1;
                write!(text, "a{aliases}: ").unwrap();
            }
            write!(text, "{name}{} ", self.arguments(field)).unwrap();
            if is_composite {
                let mut below = self.selection(&of, depth - 1, budget, aliases);
                if let Some(objects) = self.possible.get(&of).cloned() {
                    let object = objects[self.random.random_range(0..objects.len())].clone();
                    let inner = self.selection(&object, depth - 1, budget, aliases);
                    write!(below, "... on {object} {{ {inner} }}").unwrap();
                }
                write!(text, "{{ {below} }} ").unwrap();
            }
        }
        text
    }

    fn arguments(&mut self, field: &FieldDefinition) -> String {
        let mut given = Vec::new();
        for argument in &field.arguments {
            let (name, is_needed) = (argument.node.name.node.as_str(), !argument.node.ty.node.nullable);
            let value = match name {
                "first" => ["1", "5", "20", "100", "100", "1000"][self.random.random_range(0..6)].to_owned(),
                "from" => format!("\"{}\"", self.today),
                "to" => {
                    let days = [10, 366, 3_000][self.random.random_range(0..3)];
                    format!("\"{}\"", self.day(days))
                }
                "id" | "listingId" => format!("\"{}\"", self.listing()),
                "ids" => format!(
                    "[{}]",
                    (0..self.random.random_range(0..120))
                        .map(|_| format!("\"{}\" ", self.listing()))
                        .collect::<String>()
                ),
                "stay" => format!("{{ checkIn: \"{}\", checkOut: \"{}\" }}", self.day(20), self.day(34)),
                "orderBy" => ["PRICE_ASC", "PRICE_DESC", "RATING", "NEWEST"][self.random.random_range(0..4)].to_owned(),
                "where" => "{ place: \"Singapore\", minRating: 4.2 }".to_owned(),
                _ => continue,
            };
            if is_needed && name != "orderBy" || self.random.random_range(0..3) > 0 {
                given.push(format!("{name}: {value}"));
            }
        }
        if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
    }

    fn day(&self, number: u64) -> NaiveDate {
        self.today + Days::new(number)
    }

    fn listing(&mut self) -> String {
        self.listings[self.random.random_range(0..self.listings.len())].clone()
    }
}

fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}
