//! S11: every field of every object of the contract, for three rows and for thirty: the same small number of statements. Covers new fields
//! automatically.

mod contract;
mod wide;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

pub use contract::{Contract, Slots, Source, innermost};
pub use wide::{Viewer, Wide};

/// The most statements that one field can add to those of its rows.
const MOST: usize = 3;

/// Fields with more statements, at any number of rows the same: one that is recorded in the audit log when it is read, in a transaction of its
/// own, and figures of four kinds.
const MANY: [(&str, &str, usize); 2] = [("DeskPerson", "email", 5), ("Desk", "analytics", 4)];

/// Types with few rows in this world: there is one viewer at a time, and there are few users, so figures by host are few.
const FEW: [&str; 3] = ["Me", "User", "AnalyticsRow"];

/// The faults found so far, and the fields covered.
#[derive(Default)]
struct Walk {
    faults: Vec<String>,
    seen: BTreeSet<(String, String)>,
    /// The statements of the first round.
    before: BTreeMap<String, usize>,
    /// The most rows of each type.
    rows: BTreeMap<String, usize>,
}

impl Walk {
    /// Every field of the rows of `source`, for each viewer who finds some.
    async fn fields_of(&mut self, wide: &Wide, source: &Source) {
        let operation = wide.filled(&source.operation, &source.ty);
        let operation = operation.unwrap_or_else(|| panic!("no ids for {}: give `World::grow` rows", source.operation));
        for viewer in Viewer::ALL {
            let rows = if source.ty == "Query" { 1 } else { wide.rows(viewer, &operation).await };
            if rows == 0 {
                continue;
            }
            let most = self.rows.entry(source.ty.clone()).or_default();
            *most = rows.max(*most);
            self.as_seen_by(wide, source, viewer, &operation).await;
            // A host sees what a guest sees, except for fields of hosts.
            if viewer == Viewer::Guest {
                break;
            }
        }
    }

    async fn as_seen_by(&mut self, wide: &Wide, source: &Source, viewer: Viewer, operation: &str) {
        let bare = wide.run_query(viewer, &operation.replace("HOLE", "__typename")).await.0.len();
        let fields = wide.contract.objects.get(&source.ty).unwrap_or(&wide.contract.queries);
        for field in fields.iter().filter(|field| !["node", "nodes"].contains(&field.name.node.as_str())) {
            let mut seen = BTreeSet::new();
            let hole = wide.contract.select(&source.ty, field, &mut seen);
            let hole = wide.filled(&hole, &source.ty).expect("ids for arguments of fields");
            let operation = operation.replace("HOLE", &hole);
            // Too expensive operations are refused; the field is then covered from another source.
            if !wide.world.app.fits(&operation) {
                continue;
            }
            self.seen.extend(seen);
            let sent = wide.run_query(viewer, &operation).await.0.len();
            let added = sent.saturating_sub(bare);
            let place = format!("{} in {} for {viewer:?}", field.name.node, source.operation);
            let few = *self.before.entry(place.clone()).or_insert(sent);
            // If the first round found no rows, one more statement reads those that exist now.
            let is_this = |(ty, name, _): &&(&str, &str, usize)| *ty == source.ty && *name == field.name.node;
            let most = MANY.iter().find(is_this).map_or(MOST, |(.., statements)| *statements);
            if added > most || sent > few.max(bare + 1) {
                self.faults.push(format!("{added} more than {bare}, {few} before: {place}"));
            }
        }
    }
}

#[tokio::test]
async fn every_field_of_every_object_costs_as_few_statements_for_thirty_rows_as_for_three() {
    let (mut wide, mut walk) = (Wide::new().await, Walk::default());
    for size in [3, 30] {
        wide.grow(size).await;
        for source in &wide.sources {
            walk.fields_of(&wide, source).await;
        }
    }
    assert!(walk.faults.is_empty(), "{}", walk.faults.join("\n"));
    let lists: BTreeSet<_> = wide.sources.iter().filter(|source| source.is_list()).map(|source| &source.ty).collect();
    let few = lists.iter().filter(|ty| !ty.ends_with("Connection") && walk.rows.get(**ty).is_none_or(|n| *n < 30));
    let few: Vec<_> = few.filter(|ty| !FEW.contains(&ty.as_str())).collect();
    assert!(few.is_empty(), "give `World::grow` rows of {few:?}");
    let all = wide.contract.objects.iter().flat_map(|(ty, fields)| fields.iter().map(move |field| (ty, field)));
    let missed: Vec<_> = all
        .map(|(ty, field)| (ty.clone(), field.name.node.to_string()))
        .filter(|field| !walk.seen.contains(field))
        .collect();
    assert!(missed.is_empty(), "no way leads to {missed:?}");
}

/// S11: the documents of the report.
#[tokio::test]
async fn aliases_and_lists_of_ids_are_read_together() {
    let mut wide = Wide::new().await;
    wide.grow(6).await;
    let aliases =
        |field: &dyn Fn(usize) -> String| (0..20).map(|n| format!("a{n}: {}", field(n))).collect::<Vec<_>>().join(" ");
    let timelines = aliases(&|n| format!("timeline(first: {}) {{ nodes {{ kind }} }}", n + 1));
    let trips = format!("{{ me {{ trips(first: 3) {{ nodes {{ {timelines} }} }} }} }}");
    let (sent, found) = wide.world.cost(Some(&wide.world.guest), &trips, json!({})).await;
    assert!(sent.len() <= 3, "{}", sent.join("\n"));
    let trip = &found["me"]["trips"]["nodes"][0];
    for n in 0..20 {
        let kinds = trip[format!("a{n}")]["nodes"].as_array().unwrap();
        assert_eq!(kinds[..], trip["a19"]["nodes"].as_array().unwrap()[..kinds.len()]);
    }
    assert!(trip["a19"]["nodes"].as_array().unwrap().len() > 2 && trip["a0"]["nodes"].as_array().unwrap().len() == 1);
    let ids = wide.ids("Refund");
    let nodes = aliases(&|_| "nodes(ids: $ids) { ... on Refund { amount { minorUnits } } }".to_owned());
    let query = format!("query($ids: [ID!]!) {{ {nodes} }}");
    let (sent, found) = wide.world.cost(Some(&wide.world.guest), &query, json!({ "ids": ids })).await;
    assert_eq!(sent.len(), 1, "{}", sent.join("\n"));
    assert!(found["a19"][5]["amount"]["minorUnits"].is_number(), "{found}");
    // Not visible to others.
    let (_, found) = wide.world.cost(Some(&wide.world.hosts[1]), &query, json!({ "ids": ids })).await;
    assert!(found["a0"].as_array().unwrap().iter().all(Value::is_null), "{found}");
}
