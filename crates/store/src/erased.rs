//! The end of a person's data: what is removed from rows that stay, because others depend on them.

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::among,
    schema::{
        bookings, idempotency_keys, impersonations, listing_amenities, listing_words, listings, outbox, photos,
        reviews, role_grants, sessions,
    },
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{EffectKind, EffectState, ListingId, ObjectId, ReviewId, UserId};

/// The title of a listing whose host has deleted their account.
const FORMER_LISTING: &str = "Former listing";

/// Removes what clients said of themselves, and where they were, from the sessions of a person.
pub async fn strip_sessions(tx: &mut Conn, person: UserId) -> QueryResult<()> {
    diesel::update(sessions::table.filter(sessions::user_id.eq(person)))
        .set((
            sessions::user_agent.eq(None::<String>),
            sessions::network.eq(None::<String>),
            sessions::device_hash.eq(None::<Vec<u8>>),
        ))
        .prepared()
        .execute(tx)
        .await?;
    diesel::sql_query(
        "UPDATE refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id SET used_from = NULL \
         WHERE sessions.user_id = ?",
    )
    .bind::<sql_types::Binary, _>(person)
    .prepared()
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes the stored responses of a person: nobody can send their requests again.
pub async fn delete_stored_responses(tx: &mut Conn, person: UserId) -> QueryResult<usize> {
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::user_id.eq(person))).execute(tx).await
}

/// Deletes mails to a person that were not sent: those of the account, and those to one of its emails.
pub async fn delete_mails(tx: &mut Conn, person: UserId, emails: &[String]) -> QueryResult<()> {
    let mails = || outbox::table.filter(outbox::kind.eq(EffectKind::SendMail));
    diesel::delete(mails().filter(outbox::group_id.eq(ObjectId::from(person)))).execute(tx).await?;
    let unsent = [EffectState::Pending, EffectState::Refused, EffectState::Dead];
    let unsent = mails().filter(among(outbox::state, unsent)).select((outbox::object_id, outbox::payload));
    let unsent: Vec<(ObjectId, String)> = unsent.load(tx).await?;
    for (id, payload) in unsent {
        if emails.iter().any(|email| payload.contains(email.as_str())) {
            diesel::delete(outbox::table.find((id, EffectKind::SendMail))).execute(tx).await?;
        }
    }
    Ok(())
}

/// Removes the texts of the reviews of a person; the ratings stay. Returns those that everybody could read, with their listings.
pub async fn strip_reviews(tx: &mut Conn, person: UserId) -> QueryResult<Vec<(ReviewId, ListingId)>> {
    let own = reviews::table.filter(reviews::author_id.eq(person));
    let shown = own.filter(reviews::revealed.eq(true)).select((reviews::id, reviews::listing_id)).load(tx).await?;
    diesel::update(own).set(reviews::text.eq("")).prepared().execute(tx).await?;
    Ok(shown)
}

/// Removes the reasons of the grants of roles to a person.
pub async fn strip_role_grants(tx: &mut Conn, person: UserId) -> QueryResult<usize> {
    diesel::update(role_grants::table.filter(role_grants::user_id.eq(person)))
        .set(role_grants::reason.eq(""))
        .prepared()
        .execute(tx)
        .await
}

/// Removes why staff acted as a person.
pub async fn strip_impersonations(tx: &mut Conn, person: UserId) -> QueryResult<usize> {
    diesel::update(impersonations::table.filter(impersonations::person_id.eq(person)))
        .set(impersonations::reason.eq(""))
        .prepared()
        .execute(tx)
        .await
}

/// Removes from past bookings what their host wrote, and where the host's places are.
pub async fn strip_hosted(tx: &mut Conn, host: UserId) -> QueryResult<usize> {
    diesel::update(bookings::table.filter(bookings::host_id.eq(host)))
        .set((
            bookings::address.eq(None::<String>),
            bookings::latitude.eq(None::<f64>),
            bookings::longitude.eq(None::<f64>),
            bookings::decline_message.eq(None::<String>),
        ))
        .prepared()
        .execute(tx)
        .await
}

/// Removes from a listing everything that its host wrote, its photos, its amenities and its exact place.
pub async fn strip_listing(tx: &mut Conn, id: ListingId) -> QueryResult<()> {
    diesel::delete(photos::table.filter(photos::listing_id.eq(id))).execute(tx).await?;
    diesel::delete(listing_words::table.filter(listing_words::listing_id.eq(id))).execute(tx).await?;
    diesel::delete(listing_amenities::table.filter(listing_amenities::listing_id.eq(id))).execute(tx).await?;
    let nothing = None::<String>;
    let words = (
        listings::title.eq(FORMER_LISTING),
        listings::description.eq(""),
        listings::neighborhood_overview.eq(&nothing),
        listings::property_label.eq(""),
    );
    let place = (
        listings::city.eq(""),
        listings::city_key.eq(""),
        listings::neighborhood.eq(&nothing),
        listings::neighborhood_key.eq(&nothing),
        listings::region.eq(&nothing),
        listings::region_key.eq(&nothing),
        listings::address.eq(&nothing),
        listings::latitude.eq(listings::area_latitude),
        listings::longitude.eq(listings::area_longitude),
    );
    diesel::update(listings::table.find(id)).set((words, place)).prepared().execute(tx).await?;
    Ok(())
}
