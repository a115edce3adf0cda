//! Reviews with their authors.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt::Write,
};

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{
    Batch, Outcome, SOURCE,
    people::{self, Reviewer},
};
use crate::schema::{listings, reviews};
use mysql_engine::Conn;
use types::{ListingId, ReviewId, Timestamp, UserId};

/// A review of the dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The id of a new row.
    pub id: ReviewId,
    /// The id in the dataset.
    pub source_id: u64,
    /// The listing.
    pub listing: ListingId,
    /// Who wrote it.
    pub author: UserId,
    /// Their id in the dataset.
    pub author_source_id: u64,
    /// Their name.
    pub author_name: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// Reviews that are written together; each at most once.
pub struct Reviews(pub Vec<Review>);

#[derive(Queryable)]
struct Known {
    id: ReviewId,
    source_id: Option<u64>,
    listing: ListingId,
    author: UserId,
    at: Timestamp,
    text: String,
}

impl Known {
    fn agrees(&self, review: &Review) -> bool {
        self.listing == review.listing
            && self.author == review.author
            && self.at == review.at
            && self.text == review.text
    }
}

impl Batch for Reviews {
    fn concerned(&self) -> Vec<ListingId> {
        self.0.iter().map(|review| review.listing).collect::<BTreeSet<_>>().into_iter().collect()
    }

    async fn write(&self, tx: &mut Conn, now: Timestamp) -> QueryResult<Outcome> {
        let of = self.concerned();
        let there: Vec<ListingId> =
            listings::table.filter(listings::id.eq_any(&of)).select(listings::id).load(tx).await?;
        let there: HashSet<ListingId> = there.into_iter().collect();
        let refused = self.0.iter().enumerate().filter(|(_, review)| !there.contains(&review.listing));
        let refused: Vec<_> = refused.map(|(index, _)| (index, "its listing was not imported")).collect();
        let usable: Vec<&Review> = self.0.iter().filter(|review| there.contains(&review.listing)).collect();
        let people = people::write_reviewers(tx, &authors(&usable), now).await?;
        let outcome = write_reviews(tx, &usable).await?;
        Ok(Outcome { refused, people, ..outcome })
    }
}

fn authors<'a>(reviews: &[&'a Review]) -> BTreeMap<UserId, Reviewer<'a>> {
    let mut authors: BTreeMap<UserId, Reviewer<'a>> = BTreeMap::new();
    for review in reviews {
        let since = review.at.utc().date_naive();
        let author = authors.entry(review.author).or_insert(Reviewer {
            source_id: review.author_source_id,
            name: &review.author_name,
            since,
        });
        author.since = author.since.min(since);
    }
    authors
}

async fn write_reviews(tx: &mut Conn, batch: &[&Review]) -> QueryResult<Outcome> {
    let known: Vec<Known> = reviews::table
        .filter(reviews::source.eq(SOURCE))
        .filter(reviews::source_id.eq_any(batch.iter().map(|review| review.source_id)))
        .select((
            reviews::id,
            reviews::source_id,
            reviews::listing_id,
            reviews::author_id,
            reviews::created_at,
            reviews::text,
        ))
        .load(tx)
        .await?;
    let known: HashMap<u64, Known> =
        known.into_iter().filter_map(|known| known.source_id.map(|id| (id, known))).collect();
    let (mut new, mut touched, mut updated) = (Vec::new(), BTreeSet::new(), 0);
    for review in batch {
        match known.get(&review.source_id) {
            Some(known) if known.agrees(review) => {}
            Some(known) => {
                update(tx, known.id, review).await?;
                touched.extend([known.listing, review.listing]);
                updated += 1;
            }
            None => {
                new.push(row(review));
                touched.insert(review.listing);
            }
        }
    }
    let created = new.len() as u64;
    if !new.is_empty() {
        diesel::insert_into(reviews::table).values(new).execute(tx).await?;
    }
    count(tx, &touched).await?;
    Ok(Outcome { created, updated, unchanged: batch.len() as u64 - created - updated, ..Outcome::default() })
}

async fn update(tx: &mut Conn, id: ReviewId, review: &Review) -> QueryResult<()> {
    let facts = (
        reviews::listing_id.eq(review.listing),
        reviews::author_id.eq(review.author),
        reviews::text.eq(&review.text),
        reviews::created_at.eq(review.at),
        reviews::publish_at.eq(review.at),
    );
    diesel::update(reviews::table.find(id)).set(facts).execute(tx).await?;
    Ok(())
}

type Eq<C, V> = diesel::dsl::Eq<C, V>;
type Row<'a> = (
    Eq<reviews::id, ReviewId>,
    Eq<reviews::listing_id, ListingId>,
    Eq<reviews::author_id, UserId>,
    Eq<reviews::text, &'a str>,
    Eq<reviews::created_at, Timestamp>,
    Eq<reviews::publish_at, Timestamp>,
    Eq<reviews::revealed, bool>,
    Eq<reviews::source, &'static str>,
    Eq<reviews::source_id, u64>,
);

fn row(review: &Review) -> Row<'_> {
    (
        reviews::id.eq(review.id),
        reviews::listing_id.eq(review.listing),
        reviews::author_id.eq(review.author),
        reviews::text.eq(review.text.as_str()),
        reviews::created_at.eq(review.at),
        reviews::publish_at.eq(review.at),
        reviews::revealed.eq(true),
        reviews::source.eq(SOURCE),
        reviews::source_id.eq(review.source_id),
    )
}

/// Recounts `review_count` of these listings. In the transaction of the batch, so that the number is right after every commit.
async fn count(tx: &mut Conn, listings: &BTreeSet<ListingId>) -> QueryResult<()> {
    if listings.is_empty() {
        return Ok(());
    }
    let mut sql = String::from(
        "UPDATE listings SET review_count = (SELECT COUNT(*) FROM reviews WHERE reviews.listing_id = listings.id AND \
         reviews.revealed = TRUE) WHERE id IN (",
    );
    for (index, id) in listings.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(sql, "{comma}X'{}'", super::night_rates::hex(*id));
    }
    sql.push(')');
    tx.batch_execute(&sql).await
}
