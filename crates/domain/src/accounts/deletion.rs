//! Accounts are deleted by their owners, and new ones that never verify an email by the platform. The row stays, because bookings and reviews
//! refer to it, but nothing of the person is left in it.

use super::verification::locked;
use crate::{
    app::App,
    events::{self, NewChange},
    mails::{self, Order},
    sessions::{Ended, end_all},
};
use auth::RecentMember;
use mysql_engine::Conn;
use store::{accounts::Account, devices, one_time_codes, quotes, second_factors, sign_in_challenges, wishlists};
use telemetry::logs;
use types::{
    BookingId, ChangeKind, Email, ListingStatus, Timestamp, UserId,
    error::{AccountInUse, Error, Refusal, Result},
};

/// The most open bookings that a refusal names.
const MOST_NAMED: i64 = 20;

/// Deletes the member's account: drafts, wishlists and quotes are deleted, listings are unlisted, all sessions end. Past bookings and reviews
/// stay, without a name.
///
/// # Errors
/// Problems of the contract's `deleteAccount`.
pub async fn delete_account(app: &App, member: &RecentMember, typed: &Email) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    let ended = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            if account.contact_email().as_ref() != Some(typed) {
                return Err(Error::invalid(&["email"], "This is not the email of your account."));
            }
            if !store::role_grants::roles(tx, user, now).await?.is_empty() {
                return Err(Error::state(None, "You have a role at this platform. Ask an admin to end it first."));
            }
            let ended = erase(app, tx, &account, now).await?;
            if let Some(to) = account.verified_email() {
                let (name, locale) = (account.display_name, account.locale);
                mails::order(app, tx, user, &Order::AccountDeleted { user, to, name, locale }, now).await?;
            }
            let left = NewChange::person(ChangeKind::PersonLeft, user);
            events::append_changes(app, tx, &[left], now).await?;
            Ok(ended)
        })
        .await?;
    ended.take_effect(app);
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "account_deleted", %user, "a user has deleted their account");
    Ok(())
}

/// Removes everything of a locked account that is the person's alone, and what identifies them.
async fn erase(app: &App, tx: &mut Conn, account: &Account, now: Timestamp) -> Result<Ended> {
    let user = account.id;
    // Quotes first: a booking that is being made needs its quote, so that it either fails or is found below.
    quotes::delete_unbooked(tx, user).await?;
    remove_listings(app, tx, user, now).await?;
    refuse_open_bookings(tx, user, now).await?;
    let ended = end_all(tx, user, now).await?;
    devices::forget_all(tx, user).await?;
    one_time_codes::delete_all(tx, user).await?;
    second_factors::delete(tx, user).await?;
    sign_in_challenges::delete_all(tx, user).await?;
    wishlists::delete_all(tx, user).await?;
    store::accounts::erase(tx, user, now).await?;
    Ok(ended)
}

/// Deletes drafts and unlists other listings.
async fn remove_listings(app: &App, tx: &mut Conn, host: UserId, now: Timestamp) -> Result<()> {
    let mut changes = Vec::new();
    for id in store::listings::ids_of_host(tx, host).await? {
        let Some(mut listing) = store::listings::lock(tx, id).await? else { continue };
        let kind = match listing.status {
            ListingStatus::Unlisted | ListingStatus::Suspended => continue,
            ListingStatus::Draft => {
                store::listings::delete(tx, id).await?;
                ChangeKind::ListingDeleted
            }
            ListingStatus::Published => {
                (listing.status, listing.updated_at) = (ListingStatus::Unlisted, now);
                store::listings::update(tx, &listing).await?;
                ChangeKind::ListingUnlisted
            }
        };
        changes.push(NewChange::listing(kind, id, host));
    }
    events::append_changes(app, tx, &changes, now).await
}

/// Open bookings must end first, on either side: money and nights depend on them.
async fn refuse_open_bookings(tx: &mut Conn, user: UserId, now: Timestamp) -> Result<()> {
    let bookings: Vec<BookingId> = store::bookings::open_of_user(tx, user, now, MOST_NAMED).await?;
    if bookings.is_empty() {
        return Ok(());
    }
    Err(Refusal::AccountInUse(AccountInUse { bookings }).into())
}

/// Erases some of the accounts that have not verified an email since `before`. Returns how many there were.
///
/// # Errors
/// When the database fails.
pub(crate) async fn erase_unverified(app: &App, before: Timestamp, limit: i64) -> Result<usize> {
    let stale = store::accounts::unverified(&mut app.conn().await?, before, limit).await?;
    for user in &stale {
        let now = app.now();
        let ended = app
            .database
            .transaction(async |tx| match store::accounts::lock(tx, *user).await? {
                Some(account) if account.email.is_none() => erase(app, tx, &account, now).await,
                _ => Ok::<_, Error>(Ended::default()),
            })
            .await?;
        ended.take_effect(app);
    }
    Ok(stale.len())
}
