//! Mutations of reviews.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Review;
use crate::{context::ContextExt, error::Result, ids, payload::payload};
use domain::reviews::{self, Categories, NewReview};
use types::error::{self, Error, Validation};

/// Ratings by category, each 1 to 5.
#[derive(InputObject)]
pub struct CategoryRatingsInput {
    /// Cleanliness.
    cleanliness: i32,
    /// Accuracy of the description.
    accuracy: i32,
    /// Check-in.
    check_in: i32,
    /// Communication.
    communication: i32,
    /// Location.
    location: i32,
    /// Value for money.
    value: i32,
}

/// Input of `writeReview`.
#[derive(InputObject)]
pub struct WriteReviewInput {
    /// The booking.
    booking_id: ID,
    /// Overall, 1 to 5.
    rating: i32,
    /// By category.
    ratings: CategoryRatingsInput,
    /// The text, 1 to 5,000 characters of plain text.
    text: String,
}

/// The review was saved.
#[derive(SimpleObject)]
pub struct WriteReviewSuccess {
    /// The review.
    review: Review,
}

payload! {
    /// The result of `writeReview`.
    WriteReviewPayload(WriteReviewSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NotReviewable => NotReviewableProblem,
        FeatureOff => FeatureOffProblem,
        Impersonated => ImpersonatedProblem,
    }
}

fn stars(path: &[&str], rating: i32) -> error::Result<u8> {
    let wrong = || Error::invalid(path, "A rating must be from 1 to 5.");
    u8::try_from(rating).ok().filter(|rating| (1..=5).contains(rating)).ok_or_else(wrong)
}

impl CategoryRatingsInput {
    fn read(&self, validation: &mut Validation) -> Categories {
        let mut rating = |name, rating| validation.check(stars(&["ratings", name], rating));
        Categories {
            cleanliness: rating("cleanliness", self.cleanliness),
            accuracy: rating("accuracy", self.accuracy),
            check_in: rating("checkIn", self.check_in),
            communication: rating("communication", self.communication),
            location: rating("location", self.location),
            value: rating("value", self.value),
        }
    }
}

impl WriteReviewInput {
    fn read(self) -> error::Result<NewReview> {
        let mut validation = Validation::default();
        let booking = validation.check(ids::input(&self.booking_id, "bookingId", "booking"));
        let rating = validation.check(stars(&["rating"], self.rating));
        let categories = self.ratings.read(&mut validation);
        let text = validation.check(reviews::text(&self.text));
        let read = booking.zip(rating).zip(text);
        validation.finish_with(read.map(|((booking, rating), text)| NewReview { booking, rating, categories, text }))
    }
}

/// Mutations of reviews.
#[derive(Default)]
pub struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// The guest reviews a stay within 14 days after its end. The review is published after these 14 days.
    async fn write_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The review.")] input: WriteReviewInput,
    ) -> Result<WriteReviewPayload> {
        let outcome = async {
            let (guest, review) = (ctx.owner()?, input.read()?);
            reviews::write(ctx.app(), &guest, review).await
        };
        WriteReviewPayload::of(outcome.await.map(|review| WriteReviewSuccess { review: Review(review) }))
    }
}
