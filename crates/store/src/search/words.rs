//! Search by words of names. A rare word is looked up, and leads to its few listings. When all words are frequent, listings are checked in
//! the order of the search: many have the words, so that a page fills quickly.

use diesel::prelude::*;
use diesel_async::RunQueryDsl as _;

use super::sql_text::SqlText;
use crate::{query_parts::UnionAll, schema::listing_words};
use mysql_engine::Conn;

/// A word is rare when at most so many listings have it.
const RARE: i64 = 200;

/// The word that the fewest listings have, if it is rare. Reads a few more than `RARE` index entries for each word.
pub(super) async fn rare<'a>(conn: &mut Conn, words: &'a [String]) -> QueryResult<Option<&'a str>> {
    if words.is_empty() {
        return Ok(None);
    }
    let part = |word: &'a String| {
        listing_words::table.filter(listing_words::word.eq(word)).select(listing_words::word).limit(RARE + 1)
    };
    let found: Vec<String> = UnionAll::of(words.iter().map(part).collect(), true).load(conn).await?;
    let of = |word: &String| found.iter().filter(|found| *found == word).count();
    let rarest = words.iter().map(|word| (of(word), word)).min();
    Ok(rarest.filter(|(listings, _)| *listings as i64 <= RARE).map(|(_, word)| word.as_str()))
}

/// Appends that `l` has all of `words`.
pub(super) fn all(text: &mut SqlText, words: &[String], rare: Option<&str>) {
    if let Some(rare) = rare {
        text.sql(" AND l.id IN (SELECT w.listing_id FROM listing_words w WHERE w.word = ").bind(rare).sql(")");
    }
    for word in words.iter().filter(|word| Some(word.as_str()) != rare) {
        // A scalar subquery with a limit is evaluated for each listing, whatever the optimizer prefers.
        text.sql(" AND (SELECT 1 FROM listing_words w FORCE INDEX (PRIMARY) WHERE w.word = ").bind(word.as_str());
        text.sql(" AND w.listing_id = l.id LIMIT 1) = 1");
    }
}
