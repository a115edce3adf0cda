//! The tour's own listing.

use super::answers::{same, text};
use super::people::Person;
use super::stay::squeezed;
use super::{Tour, answers::money, operations};
use serde_json::{Value, json};

impl Tour {
    /// Makes and publishes a listing of `host`. Returns its id.
    pub(super) async fn open_home(&mut self, host: &Person, instant_book: bool) -> anyhow::Result<String> {
        self.voice.begin("A host creates and publishes a listing");
        let input = home(instant_book);
        let made = self.change(Some(host), operations::CREATE_LISTING, input, "CreateListingSuccess").await?;
        same("the new listing", "DRAFT", text(&made, "/listing/status")?)?;
        let id = text(&made, "/listing/id")?.to_owned();
        self.remember(host, operations::UNLIST, json!({ "listingId": id }));
        let input = json!({ "listingId": id });
        let published = self.change(Some(host), operations::PUBLISH, input, "PublishListingSuccess").await?;
        same("the listing", "PUBLISHED", text(&published, "/listing/status")?)?;
        same("instant book", instant_book, published["listing"]["instantBook"] == true)?;
        self.voice.fact("listing", format!("{}, {id}", text(&published, "/listing/title")?));
        let (night, cleaning) =
            (money(&published, "/listing/pricing/basePrice")?, money(&published, "/listing/pricing/cleaningFee")?);
        self.voice.fact("price", format!("{} per night, {} cleaning fee", squeezed(&night), squeezed(&cleaning)));
        self.voice.holds("PUBLISHED");
        Ok(id)
    }

    /// From now on guests of the listing have to ask first.
    pub(super) async fn ask_first(&mut self, host: &Person, id: String) -> anyhow::Result<String> {
        self.voice.begin("The host turns instant book off");
        let input = json!({ "listingId": id, "instantBook": false });
        let changed = self.change(Some(host), operations::ASK_FIRST, input, "UpdateListingSuccess").await?;
        same("instant book", false, changed["listing"]["instantBook"] == true)?;
        self.voice.holds("bookings are now requests");
        Ok(id)
    }

    /// Takes the listing off.
    pub(super) async fn close_home(&mut self, host: &Person, id: &str) -> anyhow::Result<()> {
        self.voice.begin("The host unlists the listing");
        let input = json!({ "listingId": id });
        let off = self.change(Some(host), operations::UNLIST, input, "UnlistListingSuccess").await?;
        self.forget(operations::UNLIST);
        same("the listing", "UNLISTED", text(&off, "/listing/status")?)?;
        self.voice.holds("UNLISTED: listings of the tour can no longer be booked");
        Ok(())
    }
}

/// A small studio, as the contract's `CreateListingInput`.
fn home(instant_book: bool) -> Value {
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
