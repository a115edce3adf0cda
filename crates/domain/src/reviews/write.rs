//! Guests write reviews; a review is revealed, and added to the listing's ratings, when the window closes.

use std::sync::Arc;

use super::Review;
use crate::{
    app::App,
    bookings::{apply_elapsed, status_at},
    events::{self, Actor, NewChange},
    features,
    listings::checks,
};
use auth::{AccountOwner, Member};
use mysql_engine::Conn;
use store::{bookings::Booking, reviews::Categories};
use types::{
    BookingEventKind, BookingId, BookingStatus, Feature, ReviewId, Timestamp,
    error::{Error, NotReviewable, Refusal, Result},
};

/// Most characters of a review.
const MAX_TEXT: usize = 5_000;
/// Reviews that are revealed in one batch.
const BATCH: i64 = 100;

/// The input of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// The stay.
    pub booking: BookingId,
    /// Overall, 1 to 5.
    pub rating: u8,
    /// By category, each 1 to 5.
    pub categories: Categories,
    /// The text, cleaned by [`text`].
    pub text: String,
}

/// The text of a review: trimmed, with line ends as `\n`, with at least one letter.
///
/// # Errors
/// [`Refusal::InvalidInput`] when it is empty, too long or not plain text.
pub fn text(text: &str) -> Result<String> {
    let text = checks::paragraphs(&["text"], text, MAX_TEXT)?;
    if text.is_empty() {
        return Err(Error::invalid(&["text"], format!("A review must have 1 to {MAX_TEXT} characters of plain text.")));
    }
    Ok(text)
}

/// Writes the guest's review of a stay.
///
/// # Errors
/// Problems of the contract's `writeReview`.
pub async fn write(app: &App, guest: &AccountOwner, new: NewReview) -> Result<Arc<Review>> {
    features::require(app, Feature::Reviews).await?;
    let now = app.now();
    let (review, booking) = app
        .database
        .transaction(async |tx| {
            let found = store::bookings::lock(tx, new.booking).await?;
            let booking = found
                .filter(|booking| booking.guest_id == guest.id())
                .ok_or_else(|| Error::not_found("bookingId", "booking"))?;
            refuse_unless_reviewable(app, tx, guest, &booking, now).await?;
            let review = Review {
                id: ReviewId::new(now, &*app.entropy),
                listing_id: booking.listing_id,
                author_id: guest.id(),
                booking_id: Some(booking.id),
                rating: Some(new.rating),
                categories: new.categories,
                text: new.text.clone(),
                created_at: now,
                publish_at: booking.check_out_at + app.terms.review_window,
                revealed: false,
                hidden_at: None,
            };
            store::reviews::insert(tx, &review).await?;
            let (booking, mut events) = apply_elapsed(tx, booking, now).await?;
            events.push(Actor::Guest(guest.id()).event(BookingEventKind::Reviewed));
            events::append(app, tx, &booking, events, now).await?;
            Ok::<_, Error>((review, booking))
        })
        .await?;
    events::announce(app, &booking);
    Ok(Arc::new(review))
}

async fn refuse_unless_reviewable(
    app: &App,
    tx: &mut Conn,
    guest: &Member,
    booking: &Booking,
    now: Timestamp,
) -> Result<()> {
    let refuse = |message: &str| Err(Refusal::NotReviewable(NotReviewable { message: message.to_owned() }).into());
    if status_at(booking, now) != BookingStatus::Completed {
        return refuse("You can review a stay after it has ended.");
    }
    if now > booking.check_out_at + app.terms.review_window {
        return refuse("The deadline for a review has passed.");
    }
    if !store::reviews::of_bookings(tx, guest.id(), &[booking.id]).await?.is_empty() {
        return refuse("You have already reviewed this stay.");
    }
    Ok(())
}

/// Reveals the reviews whose window has closed, each in a transaction that also updates the ratings. With two workers it is counted once:
/// the second finds it revealed. Returns how many were revealed.
///
/// # Errors
/// When the database fails.
pub async fn reveal_due(app: &App) -> Result<usize> {
    let now = app.now();
    let due = store::reviews::due(&mut app.conn().await?, now, BATCH).await?;
    let mut revealed = 0;
    for id in due {
        let done = app
            .database
            .transaction(async |tx| {
                let Some(review) = store::reviews::lock_unrevealed(tx, id).await? else { return Ok(false) };
                store::reviews::reveal(tx, &review).await?;
                events::append_changes(app, tx, &[NewChange::review(review.id, review.listing_id)], now).await?;
                Ok::<_, Error>(true)
            })
            .await?;
        revealed += usize::from(done);
    }
    Ok(revealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C22: line ends and tabs are no reason to refuse a review.
    #[test]
    fn review_texts_are_cleaned_like_descriptions() {
        assert_eq!(text(" a\r\nb\tc\rd ").unwrap(), "a\nb c\nd");
        assert_eq!(text(&"å".repeat(MAX_TEXT)).unwrap().chars().count(), MAX_TEXT);
        for wrong in ["", " \r\n\t", "a\0b", "a\u{7f}b", &"å".repeat(MAX_TEXT + 1)] {
            assert!(text(wrong).is_err(), "{wrong:?}");
        }
    }
}
