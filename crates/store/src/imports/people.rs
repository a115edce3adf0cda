//! Hosts and reviewers: accounts without sign-in.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::SOURCE;
use crate::schema::{listings, users};
use mysql_engine::Conn;
use types::{Timestamp, UserId};

/// A host.
#[derive(Debug, Clone)]
pub struct Host {
    /// The id in the dataset.
    pub source_id: u64,
    /// The dataset's fields.
    pub facts: HostFacts,
}

/// The dataset's fields of a host.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct HostFacts {
    pub id: UserId,
    pub display_name: String,
    pub about: Option<String>,
    pub location: Option<String>,
    pub avatar_url: Option<String>,
    pub member_since: NaiveDate,
    pub is_superhost: bool,
}

/// Writes hosts; each at most once in `hosts`. Reviewers among them become hosts. Returns how many have changed.
pub(super) async fn write_hosts(tx: &mut Conn, hosts: &[&Host], now: Timestamp) -> QueryResult<u64> {
    let known: Vec<(HostFacts, Option<String>)> = users::table
        .filter(users::id.eq_any(hosts.iter().map(|host| host.facts.id)))
        .select((HostFacts::as_select(), users::email))
        .load(tx)
        .await?;
    let known: BTreeMap<UserId, _> = known.into_iter().map(|(facts, email)| (facts.id, (facts, email))).collect();
    // An account that can sign in has its own profile.
    let is_changed =
        |host: &&&Host| known.get(&host.facts.id).is_some_and(|(facts, email)| email.is_none() && *facts != host.facts);
    let mut changed = 0;
    for host in hosts.iter().filter(is_changed) {
        changed += 1;
        diesel::update(users::table.find(host.facts.id))
            .set((&host.facts, users::updated_at.eq(now)))
            .execute(tx)
            .await?;
    }
    let new = hosts.iter().filter(|host| !known.contains_key(&host.facts.id)).map(|host| {
        (
            &host.facts,
            users::source.eq(SOURCE),
            users::source_id.eq(host.source_id),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        )
    });
    let new: Vec<_> = new.collect();
    if !new.is_empty() {
        diesel::insert_into(users::table).values(new).execute(tx).await?;
    }
    Ok(changed)
}

/// A reviewer, with the few fields that the dataset has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reviewer<'a> {
    pub(super) source_id: u64,
    pub(super) name: &'a str,
    /// The day of the first review found, as the day on which the account was made.
    pub(super) since: NaiveDate,
}

/// Writes reviewers. Hosts among them stay as they are. Returns how many have changed.
pub(super) async fn write_reviewers(
    tx: &mut Conn,
    reviewers: &BTreeMap<UserId, Reviewer<'_>>,
    now: Timestamp,
) -> QueryResult<u64> {
    let known: Vec<(UserId, String, NaiveDate, Option<String>)> = users::table
        .filter(users::id.eq_any(reviewers.keys()))
        .select((users::id, users::display_name, users::member_since, users::email))
        .load(tx)
        .await?;
    let hosts: Vec<UserId> = listings::table
        .filter(listings::host_id.eq_any(known.iter().map(|(id, ..)| id)))
        .select(listings::host_id)
        .distinct()
        .load(tx)
        .await?;
    let hosts: HashSet<UserId> = hosts.into_iter().collect();
    let mut changed = 0;
    for (id, name, since, email) in &known {
        let Some(reviewer) = reviewers.get(id) else { continue };
        if hosts.contains(id) || email.is_some() || (reviewer.name == name && reviewer.since >= *since) {
            continue;
        }
        let facts = (
            users::display_name.eq(reviewer.name),
            users::member_since.eq(reviewer.since.min(*since)),
            users::updated_at.eq(now),
        );
        changed += 1;
        diesel::update(users::table.find(id)).set(facts).execute(tx).await?;
    }
    let known: HashSet<UserId> = known.into_iter().map(|(id, ..)| id).collect();
    insert_reviewers(tx, reviewers.iter().filter(|(id, _)| !known.contains(id)), now).await?;
    Ok(changed)
}

async fn insert_reviewers<'a>(
    tx: &mut Conn,
    reviewers: impl Iterator<Item = (&'a UserId, &'a Reviewer<'a>)> + Send,
    now: Timestamp,
) -> QueryResult<()> {
    let new = reviewers.map(|(id, reviewer)| {
        (
            users::id.eq(*id),
            users::display_name.eq(reviewer.name),
            users::member_since.eq(reviewer.since),
            users::source.eq(SOURCE),
            users::source_id.eq(reviewer.source_id),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        )
    });
    let new: Vec<_> = new.collect();
    if !new.is_empty() {
        diesel::insert_into(users::table).values(new).execute(tx).await?;
    }
    Ok(())
}
