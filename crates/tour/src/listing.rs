//! The tour's own listing.

use super::accounts::Account;
use super::instant_book::compact;
use super::responses::{check_equal, text};
use super::{Tour, operations, responses::money};
use serde_json::{Value, json};

impl Tour {
    /// Creates and publishes a listing of `host`. Returns its ID.
    pub(super) async fn publish_listing(&mut self, host: &Account, instant_book: bool) -> anyhow::Result<String> {
        self.output.start_step("A host creates and publishes a listing");
        let input = listing_input(instant_book);
        let created = self.mutate(Some(host), operations::CREATE_LISTING, input, "CreateListingSuccess").await?;
        check_equal("the new listing", "DRAFT", text(&created, "/listing/status")?)?;
        let id = text(&created, "/listing/id")?.to_owned();
        self.add_undo_step(host, operations::UNLIST, json!({ "listingId": id }));
        let input = json!({ "listingId": id });
        let published = self.mutate(Some(host), operations::PUBLISH, input, "PublishListingSuccess").await?;
        check_equal("the listing", "PUBLISHED", text(&published, "/listing/status")?)?;
        check_equal("instant book", instant_book, published["listing"]["instantBook"] == true)?;
        self.output.print_fact("listing", format!("{}, {id}", text(&published, "/listing/title")?));
        let (night, cleaning) =
            (money(&published, "/listing/pricing/basePrice")?, money(&published, "/listing/pricing/cleaningFee")?);
        self.output.print_fact("price", format!("{} per night, {} cleaning fee", compact(&night), compact(&cleaning)));
        self.output.print_passed("PUBLISHED");
        Ok(id)
    }

    /// Turns off instant book.
    pub(super) async fn turn_off_instant_book(&mut self, host: &Account, id: String) -> anyhow::Result<String> {
        self.output.start_step("The host turns instant book off");
        let input = json!({ "listingId": id, "instantBook": false });
        let changed = self.mutate(Some(host), operations::TURN_OFF_INSTANT_BOOK, input, "UpdateListingSuccess").await?;
        check_equal("instant book", false, changed["listing"]["instantBook"] == true)?;
        self.output.print_passed("bookings are now requests");
        Ok(id)
    }

    /// Unlists the listing.
    pub(super) async fn unlist_listing(&mut self, host: &Account, id: &str) -> anyhow::Result<()> {
        self.output.start_step("The host unlists the listing");
        let input = json!({ "listingId": id });
        let unlisted = self.mutate(Some(host), operations::UNLIST, input, "UnlistListingSuccess").await?;
        self.remove_undo_step(operations::UNLIST);
        check_equal("the listing", "UNLISTED", text(&unlisted, "/listing/status")?)?;
        self.output.print_passed("UNLISTED: listings of the tour can no longer be booked");
        Ok(())
    }
}

/// A small studio, as the contract's `CreateListingInput`.
fn listing_input(instant_book: bool) -> Value {
    json!({
        "title": "Studio of the tour",
        "description": "Created by `staygate tour`, which unlists it at the end.",
        "roomType": "ENTIRE_HOME",
        "propertyType": "APARTMENT",
        "maxGuests": 2,
        "bedrooms": 0,
        "beds": 1,
        "bathrooms": 1.0,
        "amenities": ["Wifi", "Kitchen"],
        "photos": [{ "url": "https://photos.staygate.example/studio-of-the-tour.jpg" }],
        "place": {
            "city": "Singapore", "neighborhood": "Tanjong Pagar", "countryCode": "SG",
            "latitude": 1.2764, "longitude": 103.8458
        },
        "pricing": {
            "currency": "SGD", "basePrice": 12_000, "weekendPrice": 15_000, "cleaningFee": 4_000,
            "weeklyDiscountPercent": 10
        },
        "instantBook": instant_book,
        "cancellationPolicy": "FLEXIBLE"
    })
}
