//! Records of `reviews.csv`.

use std::collections::HashSet;

use chrono::NaiveTime;

use super::{
    Part,
    stage::Kind,
    table::{self, Reason, Row},
    text,
};
use store::imports::{Review, Reviews, SOURCE};
use types::{ListingId, ReviewId, Timestamp, UserId};

/// Parses reviews.
#[derive(Default)]
pub(super) struct Reader {
    /// The IDs in this batch.
    seen: HashSet<u64>,
}

/// Noon in UTC: reviews have only a day, and noon is the same day in most of the world.
pub(super) fn noon(day: chrono::NaiveDate) -> Timestamp {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or(NaiveTime::MIN);
    day.and_time(noon).and_utc().into()
}

/// The instant in the IDs of rows whose own time is unknown or may change.
pub(super) fn epoch() -> Timestamp {
    chrono::DateTime::UNIX_EPOCH.into()
}

impl Kind for Reader {
    type Record = Review;
    type Batch = Reviews;
    const PART: Part = Part::Reviews;
    const REQUIRED: &'static [&'static str] = &["listing_id", "id", "date", "reviewer_id", "reviewer_name", "comments"];
    const SIZE: usize = 1_000;

    fn begin(&mut self) {
        self.seen.clear();
    }

    fn parse(&mut self, row: Row<'_>, _: &mut Vec<Reason>) -> Result<Review, Reason> {
        let id = table::id(row.get("id"), "id")?;
        let listing = table::id(row.get("listing_id"), "listing_id")?;
        let author = table::id(row.get("reviewer_id"), "reviewer_id")?;
        let day = table::date(row.get("date"), "date")?.ok_or("the date is missing")?;
        let text = text::paragraphs(row.get("comments"), 65_535);
        if text.is_empty() {
            return Err("the text is missing".to_owned());
        }
        if !self.seen.insert(id) {
            return Err("an earlier record has the same id".to_owned());
        }
        let at = noon(day);
        let name = text::some(text::line(row.get("reviewer_name"), 100));
        Ok(Review {
            id: ReviewId::derived(at, SOURCE, id),
            source_id: id,
            listing: ListingId::derived(epoch(), SOURCE, listing),
            author: UserId::derived(epoch(), SOURCE, author),
            author_source_id: author,
            author_name: name.unwrap_or_else(|| "Guest".to_owned()),
            at,
            text,
        })
    }

    fn batch(records: Vec<Review>) -> Reviews {
        Reviews(records)
    }
}
