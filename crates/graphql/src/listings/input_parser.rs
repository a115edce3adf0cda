//! Parses inputs of hosts into values of the domain. Malformed values are recorded with their fields.

use async_graphql::MaybeUndefined;

use super::inputs::{
    CreateListingInput, PhotoInput, PlaceInput, PricingInput, SetNightPricesInput, StayRulesInput, UpdateListingInput,
};
use crate::{checked::Checked, profiles::clearable};
use domain::{
    calendar::NightPrices,
    listings::{Changes, NewPhoto, PlaceChanges, PricingChanges, RulesChanges},
};
use types::scalars::{Form, LocalTime, MinorUnits};
use types::{
    IdempotencyKey,
    error::{Error, Result, Validation},
};

/// Parses one input and records its invalid fields. Paths start below `input`.
#[derive(Default)]
struct InputParser(Validation);

impl InputParser {
    /// A value that may be malformed.
    fn checked<T: Form>(&mut self, path: &[&str], value: Checked<T>) -> Option<T> {
        self.0.check(value.at(path))
    }

    /// A required field of a listing: null is invalid.
    fn required<T>(&mut self, path: &[&str], value: MaybeUndefined<T>) -> Option<T> {
        match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Value(value) => Some(value),
            MaybeUndefined::Null => self.0.check(not_null(path)),
        }
    }

    fn required_checked<T: Form>(&mut self, path: &[&str], value: MaybeUndefined<Checked<T>>) -> Option<T> {
        let value = self.required(path, value)?;
        self.checked(path, value)
    }

    /// An amount that null clears.
    fn amount(&mut self, path: &[&str], value: MaybeUndefined<Checked<MinorUnits>>) -> Option<Option<i64>> {
        match clearable(value)? {
            None => Some(None),
            Some(value) => self.checked(path, value).map(|MinorUnits(minor)| Some(minor)),
        }
    }

    fn time(&mut self, path: &[&str], value: MaybeUndefined<Checked<LocalTime>>) -> Option<chrono::NaiveTime> {
        self.required_checked(path, value).map(|LocalTime(time)| time)
    }

    fn photos(&mut self, photos: Vec<PhotoInput>) -> Vec<NewPhoto> {
        let mut read = Vec::with_capacity(photos.len());
        for (index, photo) in photos.into_iter().enumerate() {
            // A malformed item keeps its index, so that later ones have theirs.
            let url = self.checked(&["photos", &index.to_string(), "url"], photo.url);
            read.push(NewPhoto { url: url.map(|url| url.0).unwrap_or_default(), caption: photo.caption });
        }
        read
    }

    fn place(&mut self, input: PlaceInput) -> PlaceChanges {
        PlaceChanges {
            city: self.required(&["place", "city"], input.city),
            neighborhood: clearable(input.neighborhood),
            region: clearable(input.region),
            country_code: clearable(input.country_code),
            address: clearable(input.address),
            latitude: self.required(&["place", "latitude"], input.latitude),
            longitude: self.required(&["place", "longitude"], input.longitude),
        }
    }

    fn pricing(&mut self, input: PricingInput) -> PricingChanges {
        let base_price = self.required_checked(&["pricing", "basePrice"], input.base_price);
        PricingChanges {
            currency: self.required_checked(&["pricing", "currency"], input.currency),
            base_price: base_price.map(|MinorUnits(minor)| minor),
            weekend_price: self.amount(&["pricing", "weekendPrice"], input.weekend_price),
            cleaning_fee: self.amount(&["pricing", "cleaningFee"], input.cleaning_fee),
            extra_guest_fee: self.amount(&["pricing", "extraGuestFee"], input.extra_guest_fee),
            guests_included: clearable(input.guests_included),
            pet_fee: self.amount(&["pricing", "petFee"], input.pet_fee),
            weekly_discount: clearable(input.weekly_discount_percent),
            monthly_discount: clearable(input.monthly_discount_percent),
        }
    }

    fn rules(&mut self, input: StayRulesInput) -> RulesChanges {
        RulesChanges {
            min_nights: self.required(&["rules", "minNights"], input.min_nights),
            max_nights: self.required(&["rules", "maxNights"], input.max_nights),
            advance_notice_hours: self.required(&["rules", "advanceNoticeHours"], input.advance_notice_hours),
            preparation_nights: self.required(&["rules", "preparationNights"], input.preparation_nights),
            booking_window_days: self.required(&["rules", "bookingWindowDays"], input.booking_window_days),
            pets_allowed: self.required(&["rules", "petsAllowed"], input.pets_allowed),
        }
    }

    fn finish(self, changes: Changes) -> Changes {
        Changes { malformed: self.0.into_fields(), ..changes }
    }
}

fn not_null<T>(path: &[&str]) -> Result<T> {
    let name = path.last().copied().unwrap_or_default();
    Err(Error::invalid(path, format!("`{name}` cannot be null.")))
}

impl CreateListingInput {
    /// The listing, and the idempotency key.
    pub(super) fn read(mut self) -> (Changes, Option<IdempotencyKey>) {
        let mut parser = InputParser::default();
        let key = self.idempotency_key.take().and_then(|key| parser.checked(&["idempotencyKey"], key));
        (self.changes(parser), key)
    }

    fn changes(self, mut parser: InputParser) -> Changes {
        let input = self;
        let changes = Changes {
            title: Some(input.title),
            description: Some(input.description),
            neighborhood_overview: Some(input.neighborhood_overview),
            room_type: Some(input.room_type),
            property_type: Some(input.property_type),
            max_guests: Some(input.max_guests),
            bedrooms: Some(input.bedrooms),
            beds: Some(input.beds),
            bathrooms: Some(input.bathrooms),
            bathrooms_shared: input.bathrooms_shared,
            amenities: input.amenities,
            photos: input.photos.map(|photos| parser.photos(photos)),
            place: parser.place(input.place),
            check_in_from: input
                .check_in_from
                .and_then(|time| parser.time(&["checkInFrom"], MaybeUndefined::Value(time))),
            check_out_by: input.check_out_by.and_then(|time| parser.time(&["checkOutBy"], MaybeUndefined::Value(time))),
            pricing: parser.pricing(input.pricing),
            rules: input.rules.map(|rules| parser.rules(rules)).unwrap_or_default(),
            instant_book: input.instant_book,
            cancellation_policy: input.cancellation_policy,
            malformed: Vec::new(),
        };
        parser.finish(changes)
    }
}

impl From<UpdateListingInput> for Changes {
    fn from(input: UpdateListingInput) -> Self {
        let mut parser = InputParser::default();
        let changes = Self {
            title: parser.required(&["title"], input.title),
            description: clearable(input.description),
            neighborhood_overview: clearable(input.neighborhood_overview),
            room_type: parser.required(&["roomType"], input.room_type),
            property_type: parser.required(&["propertyType"], input.property_type),
            max_guests: parser.required(&["maxGuests"], input.max_guests),
            bedrooms: clearable(input.bedrooms),
            beds: clearable(input.beds),
            bathrooms: clearable(input.bathrooms),
            bathrooms_shared: parser.required(&["bathroomsShared"], input.bathrooms_shared),
            amenities: clearable(input.amenities).map(Option::unwrap_or_default),
            photos: clearable(input.photos).map(|photos| parser.photos(photos.unwrap_or_default())),
            place: parser.required(&["place"], input.place).map(|place| parser.place(place)).unwrap_or_default(),
            check_in_from: parser.time(&["checkInFrom"], input.check_in_from),
            check_out_by: parser.time(&["checkOutBy"], input.check_out_by),
            pricing: parser.required(&["pricing"], input.pricing).map(|new| parser.pricing(new)).unwrap_or_default(),
            rules: parser.required(&["rules"], input.rules).map(|rules| parser.rules(rules)).unwrap_or_default(),
            instant_book: parser.required(&["instantBook"], input.instant_book),
            cancellation_policy: parser.required(&["cancellationPolicy"], input.cancellation_policy),
            malformed: Vec::new(),
        };
        parser.finish(changes)
    }
}

impl From<SetNightPricesInput> for NightPrices {
    fn from(input: SetNightPricesInput) -> Self {
        let mut parser = InputParser::default();
        let allowed = |value: MaybeUndefined<bool>| clearable(value).map(|allowed| allowed.unwrap_or(true));
        let prices = Self {
            from: parser.checked(&["from"], input.from).map(|day| day.0),
            to: parser.checked(&["to"], input.to).map(|day| day.0),
            price: parser.amount(&["price"], input.price),
            min_nights: clearable(input.min_nights),
            max_nights: clearable(input.max_nights),
            check_in_allowed: allowed(input.check_in_allowed),
            check_out_allowed: allowed(input.check_out_allowed),
            malformed: Vec::new(),
        };
        Self { malformed: parser.0.into_fields(), ..prices }
    }
}
