//! Accounts are deleted by their owners, and new ones that never verify an email by the platform. The row stays, because bookings and reviews
//! refer to it, but nothing of the person is left in it.

use super::verification::locked;
use crate::{
    app::App,
    events::NewChange,
    impersonations::{self, Which},
    privacy::erasures,
    sessions::{Ended, end_all},
};
use auth::RecentMember;
use chrono::Duration;
use mysql_engine::Conn;
use store::{
    accounts::Account, co_hosts, consents, data_exports, devices, erased, one_time_codes, passkey_challenges, passkeys,
    payment_cards, provider_attempts, provider_links, quotes, second_factors, sign_in_challenges, support_cases,
    wishlists,
};
use telemetry::logs;
use types::{
    BookingId, ChangeKind, Email, ListingStatus, Timestamp, UserId,
    error::{AccountInUse, Error, Refusal, Result},
};

/// The most open bookings that a refusal names.
const MOST_NAMED: i64 = 20;

/// Deletes the member's account: drafts, wishlists and quotes are deleted, listings are unlisted, nobody helps with them any more, nor does
/// the member with those of others, and all sessions end. Past bookings and ratings stay, without a name or a text. If accounts are deleted
/// only after some time, returns when.
///
/// # Errors
/// Problems of the contract's `deleteAccount`.
pub async fn delete_account(app: &App, member: &RecentMember, typed: &Email) -> Result<Option<Timestamp>> {
    let (user, now) = (member.id(), app.now());
    let (ended, due_at) = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            if account.contact_email().as_ref() != Some(typed) {
                return Err(Error::invalid(&["email"], "This is not the email of your account."));
            }
            refuse_staff(tx, user, now).await?;
            if app.terms.erasure_grace > Duration::zero() {
                return Ok((Ended::default(), Some(erasures::schedule(app, tx, &account, now).await?)));
            }
            Ok((erasures::end(app, tx, &account, now).await?, None))
        })
        .await?;
    ended.take_effect(app);
    app.mails.ordered.notify_one();
    let event = if due_at.is_some() { "account_deletion_planned" } else { "account_deleted" };
    tracing::info!(target: logs::SECURITY, event, %user, "a user has deleted their account");
    Ok(due_at)
}

/// Staff must give their roles back first.
pub(crate) async fn refuse_staff(tx: &mut Conn, user: UserId, now: Timestamp) -> Result<()> {
    match store::role_grants::roles(tx, user, now).await?.is_empty() {
        true => Ok(()),
        false => Err(Error::state(None, "You have a role at this platform. Ask an admin to end it first.")),
    }
}

/// Removes everything of a locked account that is the person's alone, and what identifies them. Returns the changes of what others see,
/// to append at the end of the transaction.
pub(crate) async fn erase(tx: &mut Conn, account: &Account, now: Timestamp) -> Result<(Ended, Vec<NewChange>)> {
    let user = account.id;
    // Quotes first: a booking that is being made needs its quote, so that it either fails or is found below.
    quotes::delete_unbooked(tx, user).await?;
    let mut changes = remove_listings(tx, user, now).await?;
    refuse_open_bookings(tx, user, now).await?;
    let ended = end_all(tx, user, now).await?.and(impersonations::end_all(tx, Which::Of(user), now).await?);
    forget_sign_in(tx, account).await?;
    wishlists::delete_all(tx, user).await?;
    co_hosts::delete_of_person(tx, user, account.email.as_deref()).await?;
    support_cases::erase(tx, user, now).await?;
    payment_cards::delete_all(tx, user).await?;
    consents::delete_all(tx, user).await?;
    data_exports::delete_all(tx, user).await?;
    erased::delete_stored_responses(tx, user).await?;
    erased::strip_role_grants(tx, user).await?;
    erased::strip_impersonations(tx, user).await?;
    erased::strip_hosted(tx, user).await?;
    let reviews = erased::strip_reviews(tx, user).await?;
    changes.extend(reviews.into_iter().map(|(review, listing)| NewChange::erased_review(review, listing)));
    store::accounts::erase(tx, user, now).await?;
    Ok((ended, changes))
}

/// Removes everything with which the account was signed in to, and the mails to it.
async fn forget_sign_in(tx: &mut Conn, account: &Account) -> Result<()> {
    let user = account.id;
    devices::forget_all(tx, user).await?;
    one_time_codes::delete_all(tx, user).await?;
    second_factors::delete(tx, user).await?;
    sign_in_challenges::delete_all(tx, user).await?;
    passkeys::delete_all(tx, user).await?;
    passkey_challenges::delete_all(tx, user).await?;
    provider_links::delete_all(tx, user).await?;
    provider_attempts::delete_all(tx, user).await?;
    erased::strip_sessions(tx, user).await?;
    let emails: Vec<String> = account.email.iter().chain(&account.unverified_email).cloned().collect();
    Ok(erased::delete_mails(tx, user, &emails).await?)
}

/// Deletes drafts, unlists other listings, and removes from these what the host wrote.
async fn remove_listings(tx: &mut Conn, host: UserId, now: Timestamp) -> Result<Vec<NewChange>> {
    let mut changes = Vec::new();
    for id in store::listings::ids_of_host(tx, host).await? {
        let Some(mut listing) = store::listings::lock(tx, id).await? else { continue };
        if listing.status == ListingStatus::Draft {
            store::listings::delete(tx, id).await?;
            changes.push(NewChange::listing(ChangeKind::ListingDeleted, id, host));
            continue;
        }
        let mut change = ChangeKind::ListingUpdated;
        if listing.status == ListingStatus::Published {
            (listing.status, listing.updated_at) = (ListingStatus::Unlisted, now);
            store::listings::update(tx, &listing).await?;
            change = ChangeKind::ListingUnlisted;
        }
        changes.push(NewChange::listing(change, id, host));
        erased::strip_listing(tx, id).await?;
    }
    Ok(changes)
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
                Some(account) if account.email.is_none() => erasures::end(app, tx, &account, now).await,
                _ => Ok::<_, Error>(Ended::default()),
            })
            .await?;
        ended.take_effect(app);
    }
    Ok(stale.len())
}
