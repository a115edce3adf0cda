//! The rows of the access matrix, with their objects.

use std::fmt;

use domain::events::EventPosition;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use types::{BookingId, ConfirmationCode, Side};

use super::{
    accounts, co_hosts, desk, passkeys, providers,
    world::{DRAFT, World},
};
use crate::operations::of_field;

/// A root field, and its object.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub field: &'static str,
    pub about: &'static str,
}

const fn row(field: &'static str, about: &'static str) -> Row {
    Row { field, about }
}

/// The matrix: at least one row for each root field. All objects belong to the guest and the host.
pub const ROWS: &[Row] = &[
    row("node", "person"),
    row("node", "viewer"),
    row("node", "listing"),
    row("node", "draft"),
    row("node", "quote"),
    row("node", "booking"),
    row("node", "payment"),
    row("node", "refund"),
    row("node", "hidden review"),
    row("node", "published review"),
    row("node", "session"),
    row("node", "wishlist"),
    row("nodes", "one of each"),
    row("me", ""),
    row("listing", "published"),
    row("listing", "draft"),
    row("listing", "unlisted"),
    row("searchListings", ""),
    row("lowestPrices", ""),
    row("suggestPlaces", ""),
    row("amenities", ""),
    row("terms", ""),
    row("identityProviders", ""),
    row("booking", "pending"),
    row("booking", "confirmed"),
    row("booking", "cancelled"),
    row("bookingByCode", "pending"),
    row("registerUser", "new address"),
    row("registerUser", "known address"),
    row("verifyEmail", "another's code"),
    row("resendVerification", ""),
    row("requestEmailChange", ""),
    row("confirmEmailChange", "another's code"),
    row("cancelEmailChange", "another's change"),
    row("updateProfile", ""),
    row("deleteAccount", "another's email"),
    row("cancelAccountDeletion", ""),
    row("requestDataExport", ""),
    row("acceptTerms", ""),
    row("setConsent", ""),
    row("requestPasswordReset", "known address"),
    row("requestPasswordReset", "new address"),
    row("resetPassword", "another's code"),
    row("changePassword", "guest's password"),
    row("confirmIdentity", "guest's password"),
    row("beginSecondFactor", ""),
    row("confirmSecondFactor", "wrong code"),
    row("replaceRecoveryCodes", ""),
    row("disableSecondFactor", ""),
    row("beginPasskey", ""),
    row("addPasskey", "guest's response"),
    row("renamePasskey", ""),
    row("beginPasskeyConfirmation", ""),
    row("removePasskey", ""),
    row("beginPasskeySignIn", ""),
    row("completePasskeySignIn", "right passkey"),
    row("completePasskeySignIn", "wrong passkey"),
    row("beginProviderSignIn", ""),
    row("completeProviderSignIn", "new person"),
    row("completeProviderSignIn", "guest's person"),
    row("beginProviderLink", ""),
    row("completeProviderLink", "begun by guest"),
    row("unlinkProvider", "guest's"),
    row("signIn", "right password"),
    row("signIn", "wrong password"),
    row("completeSignIn", "right code"),
    row("completeSignIn", "wrong code"),
    row("refreshSession", "guest's token"),
    row("signOut", "guest's token"),
    row("createListing", ""),
    row("updateListing", "published"),
    row("publishListing", "draft"),
    row("unlistListing", "published"),
    row("unlistListing", "draft"),
    row("deleteListing", "published"),
    row("deleteListing", "draft"),
    row("blockNights", ""),
    row("openNights", ""),
    row("setNightPrices", ""),
    row("inviteCoHost", ""),
    row("acceptCoHostInvitation", "guest's"),
    row("declineCoHostInvitation", "guest's"),
    row("changeCoHostAccess", "guest's access"),
    row("removeCoHost", "guest"),
    row("removeCoHost", "invitation"),
    row("leaveCoHosting", "guest"),
    row("quoteStay", "published"),
    row("quoteStay", "draft"),
    row("createBooking", "guest's quote"),
    row("payBooking", "by id"),
    row("payBooking", "by guest's key"),
    row("confirmPayment", ""),
    row("acceptBooking", ""),
    row("declineBooking", ""),
    row("cancelBooking", "confirmed"),
    row("writeReview", "completed"),
    row("writeReview", "confirmed"),
    row("createWishlist", ""),
    row("renameWishlist", ""),
    row("addToWishlist", ""),
    row("removeFromWishlist", ""),
    row("deleteWishlist", ""),
    row("endSession", ""),
    row("endOtherSessions", ""),
    row("desk", ""),
    row("grantRole", ""),
    row("endRole", ""),
    row("startImpersonation", ""),
    row("endImpersonation", "support's"),
    row("placeLegalHold", ""),
    row("endLegalHold", ""),
    row("readHeldData", ""),
    row("suspendPerson", ""),
    row("restorePerson", ""),
    row("suspendListing", ""),
    row("restoreListing", ""),
    row("deskCancelBooking", ""),
    row("deskRefund", ""),
    row("hideReview", ""),
    row("restoreReview", ""),
    row("openCase", "published"),
    row("openCase", "draft"),
    row("answerCase", ""),
    row("updateCase", ""),
    row("addCaseNote", ""),
    row("setFeature", ""),
    row("bookingEvents", ""),
    row("myTripEvents", ""),
    row("myHostingEvents", ""),
];

impl Row {
    /// Whether the operation has the guest's password, or what a provider has sent for the guest, so that the viewer can read the guest's data.
    pub fn needs_password(self) -> bool {
        self.field == "signIn" || self.about == "guest's person"
    }

    /// Whether it is part of the desk, where staff see private data.
    pub fn is_of_desk(self) -> bool {
        [
            "desk",
            "deskCancelBooking",
            "deskRefund",
            "hideReview",
            "restoreReview",
            "updateCase",
            "addCaseNote",
            "readHeldData",
        ]
        .contains(&self.field)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.about {
            "" => f.write_str(self.field),
            about => write!(f, "{} ({about})", self.field),
        }
    }
}

/// The variables of the row's example, with objects that were created for this call.
pub async fn stage(world: &World, row: &Row) -> Value {
    let mut variables = of_field(row.field).variables;
    let change = objects(world, *row).await;
    merge(&mut variables, change);
    variables
}

/// The objects of a row. Not `async`, so that not all of these futures are on one stack.
fn objects(world: &World, row: Row) -> BoxFuture<'_, Value> {
    match row.field {
        "node" | "nodes" | "me" | "listing" | "searchListings" | "amenities" | "booking" | "identityProviders" => {
            Box::pin(read(world, row))
        }
        "lowestPrices" => Box::pin(async { json!({ "from": world.day(30), "to": world.day(40) }) }),
        "registerUser" | "signIn" | "refreshSession" | "signOut" => Box::pin(accounts::account(world, row)),
        "bookingByCode" => Box::pin(async { json!({ "confirmationCode": code_of(&world.pending().await.0) }) }),
        "verifyEmail" | "resendVerification" => Box::pin(accounts::email(world, row)),
        field if field.ends_with("EmailChange") => Box::pin(accounts::email_change(world, field)),
        "updateProfile" => Box::pin(async { json!({}) }),
        "deleteAccount" => Box::pin(accounts::deletion(world)),
        "requestPasswordReset" | "resetPassword" | "changePassword" | "confirmIdentity" => {
            Box::pin(accounts::password(world, row))
        }
        "bookingEvents" | "myTripEvents" | "myHostingEvents" => Box::pin(stream(world, row.field)),
        "quoteStay" | "createBooking" | "payBooking" | "confirmPayment" => Box::pin(trip(world, row)),
        "acceptBooking" | "declineBooking" | "cancelBooking" | "writeReview" => Box::pin(answer(world, row)),
        field if field.ends_with("SecondFactor") || field == "replaceRecoveryCodes" => {
            Box::pin(accounts::second_factor(world, row))
        }
        field if field.contains("Provider") => Box::pin(providers::stage(world, row)),
        "completeSignIn" => Box::pin(accounts::complete(world, row)),
        field if field.contains("Passkey") => Box::pin(passkeys::stage(world, row)),
        "endSession" => {
            Box::pin(async { json!({ "input": { "sessionId": world.session().await.member.session().to_string() } }) })
        }
        "suggestPlaces" | "endOtherSessions" | "terms" | "acceptTerms" | "setConsent" | "cancelAccountDeletion" => {
            Box::pin(async { json!({}) })
        }
        "requestDataExport" => Box::pin(accounts::data_export(world)),
        "startImpersonation" | "endImpersonation" => Box::pin(desk::impersonation(world, row.field)),
        "placeLegalHold" | "endLegalHold" | "readHeldData" => Box::pin(desk::hold(world, row.field)),
        "desk" => Box::pin(async { json!({ "search": world.guest.member.id().to_string() }) }),
        "suspendPerson" | "restorePerson" | "suspendListing" | "restoreListing" | "deskCancelBooking" => {
            Box::pin(desk::suspension(world, row.field))
        }
        "deskRefund" | "hideReview" | "restoreReview" => Box::pin(desk::decision(world, row.field)),
        "openCase" | "answerCase" | "updateCase" | "addCaseNote" => Box::pin(desk::case(world, row)),
        "setFeature" => Box::pin(desk::feature(world)),
        "grantRole" | "endRole" => Box::pin(desk::roles(world, row.field)),
        field if field.contains("CoHost") => Box::pin(co_hosts::stage(world, row)),
        field if field.ends_with("Wishlist") => Box::pin(keeping(world, field)),
        _ => Box::pin(hosting(world, row)),
    }
}

async fn read(world: &World, row: Row) -> Value {
    let id = match (row.field, row.about) {
        ("me" | "amenities" | "identityProviders", _) => return json!({}),
        // In the future of a world in which time has passed.
        ("searchListings", _) => return json!({ "stay": { "checkIn": world.day(30), "checkOut": world.day(33) } }),
        ("nodes", _) => {
            let mut ids = Vec::new();
            // Hidden ones last, because the others let time pass.
            let (hidden, others): (Vec<&Row>, Vec<&Row>) =
                ROWS.iter().filter(|row| row.field == "node").partition(|row| row.about == "hidden review");
            for row in others.into_iter().chain(hidden) {
                ids.push(thing(world, row.about).await);
            }
            return json!({ "ids": ids });
        }
        (_, about) => thing(world, about).await,
    };
    json!({ "id": id })
}

/// The id of an object of the guest or the host.
pub(super) fn thing<'a>(world: &'a World, about: &'a str) -> BoxFuture<'a, String> {
    match about {
        "person" => Box::pin(async { world.guest.member.id().to_string() }),
        "viewer" => Box::pin(async { types::MeId::from(world.guest.member.id()).to_string() }),
        "session" => Box::pin(async { world.session().await.member.session().to_string() }),
        "listing" | "published" => Box::pin(world.listing()),
        "draft" => Box::pin(world.draft(DRAFT)),
        "unlisted" => Box::pin(async {
            let id = world.listing().await;
            let unlist = of_field("unlistListing").text;
            world.host.run(&unlist, json!({ "input": { "listingId": id } })).await;
            id
        }),
        "quote" => Box::pin(world.quote()),
        "pending" => Box::pin(async { world.pending().await.0 }),
        "booking" | "confirmed" => Box::pin(async { world.confirmed().await.0 }),
        "cancelled" => Box::pin(async { world.refunded().await.0 }),
        "payment" => Box::pin(async { world.confirmed().await.1 }),
        "refund" => Box::pin(async { world.refunded().await.1 }),
        "hidden review" => Box::pin(async { world.hidden_review().await.0 }),
        "published review" => Box::pin(world.published_review()),
        "wishlist" => Box::pin(async { world.wishlist().await.0 }),
        about => panic!("no stage for {about}"),
    }
}

/// The confirmation code of a booking.
fn code_of(booking: &str) -> String {
    ConfirmationCode::from(booking.parse::<BookingId>().unwrap()).to_string()
}

async fn hosting(world: &World, row: Row) -> Value {
    let range = || json!({ "from": world.day(30), "to": world.day(33), "idempotencyKey": world.app.key() });
    let mut input = match row.field {
        "createListing" => return json!({}),
        "blockNights" | "openNights" => range(),
        "setNightPrices" => json!({ "from": world.day(30), "to": world.day(33) }),
        "updateListing" | "publishListing" | "unlistListing" | "deleteListing" => json!({}),
        field => panic!("no stage for {field}"),
    };
    input["listingId"] = match row.about {
        // The host's draft becomes public in the host's own turn.
        "draft" => world.draft("Draft that may be shown").await,
        _ => world.listing().await,
    }
    .into();
    json!({ "input": input })
}

async fn trip(world: &World, row: Row) -> Value {
    let key = world.app.key();
    let input = match (row.field, row.about) {
        ("quoteStay", about) => {
            let stay = json!({ "checkIn": world.day(30), "checkOut": world.day(33) });
            json!({ "listingId": thing(world, about).await, "stay": stay })
        }
        ("createBooking", _) => json!({ "quoteId": world.quote().await, "idempotencyKey": key }),
        ("payBooking", "by id") => json!({ "booking": { "id": world.pending().await.0 }, "idempotencyKey": key }),
        ("payBooking", _) => {
            let booking = json!({ "id": null, "createdWith": world.pending().await.1 });
            json!({ "booking": booking, "idempotencyKey": key })
        }
        _ => json!({ "paymentId": world.unconfirmed_payment().await, "idempotencyKey": key }),
    };
    json!({ "input": input })
}

async fn answer(world: &World, row: Row) -> Value {
    let booking = match (row.field, row.about) {
        ("acceptBooking" | "declineBooking", _) => world.requested().await,
        (_, "completed") => world.completed().await,
        _ => world.confirmed().await.0,
    };
    let mut input = json!({ "bookingId": booking });
    if row.field != "writeReview" {
        input["idempotencyKey"] = world.app.key().into();
    }
    json!({ "input": input })
}

async fn keeping(world: &World, field: &str) -> Value {
    let (list, item) = world.wishlist().await;
    json!({ "input": match field {
        "createWishlist" => json!({}),
        "addToWishlist" => json!({ "wishlistId": list, "listingId": world.listing().await }),
        "removeFromWishlist" => json!({ "wishlistItemId": item }),
        _ => json!({ "wishlistId": list }),
    } })
}

async fn stream(world: &World, field: &str) -> Value {
    match field {
        "bookingEvents" => {
            let (booking, _) = world.confirmed().await;
            let start = EventPosition::Booking(booking.parse().unwrap(), 0);
            json!({ "bookingId": booking, "after": start.to_cursor() })
        }
        "myTripEvents" => json!({ "after": EventPosition::Feed(Side::Guest, 0).to_cursor() }),
        _ => json!({ "after": EventPosition::Feed(Side::Host, 0).to_cursor() }),
    }
}

/// Merges `change` into `value`; null removes.
fn merge(value: &mut Value, change: Value) {
    let Value::Object(change) = change else {
        *value = change;
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    let fields = value.as_object_mut().unwrap();
    for (name, change) in change {
        match change {
            Value::Null => drop(fields.remove(&name)),
            change => merge(fields.entry(name).or_insert(Value::Null), change),
        }
    }
}
