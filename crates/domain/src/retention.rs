//! Deletes data after its retention time: in small batches, so that locks are short, and on any number of servers.

use std::sync::{Mutex, PoisonError};

use crate::{
    accounts::{deletion, second_factor},
    app::App,
    co_hosts, impersonations,
    privacy::{erasures, person_keys},
};
use mysql_engine::Conn;
use store::quotes::ByExpiry;
use types::error::{Error, Result};

/// The most rows that one batch deletes.
const BATCH: u32 = 200;
/// The most batches of one kind in one sweep.
const BATCHES: usize = 10;

/// Deletes data after its retention time. Remembers which quotes it has checked: booked ones stay.
#[derive(Debug, Default)]
pub struct Sweeper {
    looked_at: Mutex<Option<ByExpiry>>,
    /// The last amenity checked; empty: start with the first.
    last_amenity: Mutex<String>,
}

impl Sweeper {
    /// Deletes a bounded number of rows of each kind. If one kind fails, the others still run.
    ///
    /// # Errors
    /// The first failure.
    pub async fn sweep(&self, app: &App) -> Result<()> {
        let done = [
            repeat_while_full(|| idempotency_keys(app)).await,
            repeat_while_full(|| sessions(app)).await,
            repeat_while_full(|| one_time_codes(app)).await,
            repeat_while_full(|| unverified_accounts(app)).await,
            repeat_while_full(|| co_hosts::sweep(app, BATCH)).await,
            repeat_while_full(|| erasures::run_due(app, BATCH)).await,
            repeat_while_full(|| data_exports(app)).await,
            repeat_while_full(|| impersonations::record_ends(app, BATCH)).await,
            repeat_while_full(|| old_impersonations(app)).await,
            repeat_while_full(|| second_factors(app)).await,
            repeat_while_full(|| provider_attempts(app)).await,
            repeat_while_full(|| second_factor::encrypt_again(app, BATCH)).await,
            repeat_while_full(|| person_keys::encrypt_again(app, BATCH)).await,
            repeat_while_full(|| passkey_challenges(app)).await,
            repeat_while_full(|| self.quotes(app)).await,
            repeat_while_full(|| catalog(app)).await,
            repeat_while_full(|| events(app)).await,
            repeat_while_full(|| effects(app)).await,
            repeat_while_full(|| provider_events(app)).await,
            self.amenities(app).await,
        ];
        done.into_iter().collect()
    }

    /// Amenities that no listing has any more: one batch per sweep, then from the start again.
    async fn amenities(&self, app: &App) -> Result<()> {
        let after = self.last_amenity.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let seen = store::amenities::linked(&mut app.conn().await?, &after, BATCH.into()).await?;
        let unused: Vec<&str> = seen.iter().filter(|(_, linked)| !linked).map(|(slug, _)| slug.as_str()).collect();
        if !unused.is_empty() {
            let delete = async |tx: &mut Conn| Ok::<_, Error>(store::amenities::delete_unused(tx, &unused).await?);
            app.database.transaction(delete).await?;
        }
        let last = seen.last().filter(|_| seen.len() >= BATCH as usize).map(|(slug, _)| slug.clone());
        *self.last_amenity.lock().unwrap_or_else(PoisonError::into_inner) = last.unwrap_or_default();
        Ok(())
    }

    /// Quotes that were never booked.
    async fn quotes(&self, app: &App) -> Result<usize> {
        let before = app.now() - app.terms.retention.quotes;
        let after = *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let expired = store::quotes::expired(&mut app.conn().await?, after, before, BATCH.into()).await?;
        let unused: Vec<_> = expired.iter().filter(|(_, booked)| !booked).map(|((_, id), _)| *id).collect();
        if !unused.is_empty() {
            store::quotes::delete(&mut app.conn().await?, &unused).await?;
        }
        if let Some((last, _)) = expired.last() {
            *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(*last);
        }
        Ok(expired.len())
    }
}

/// Repeats `batch`, which returns how many rows it affected, while it is full, up to a limit.
async fn repeat_while_full<F: Future<Output = Result<usize>>>(batch: impl Fn() -> F) -> Result<()> {
    for _ in 0..BATCHES {
        if batch().await? < BATCH as usize {
            break;
        }
    }
    Ok(())
}

async fn idempotency_keys(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.idempotency_keys;
    Ok(store::idempotency::delete_older(&mut app.conn().await?, before, BATCH).await?)
}

/// Effects that are done, and mails that could not be sent. Other failed ones stay.
async fn effects(app: &App) -> Result<usize> {
    let (now, kept, conn) = (app.now(), &app.terms.retention, &mut app.conn().await?);
    let mails = store::outbox::delete_failed_mails(conn, now - kept.failed_mails, BATCH).await?;
    Ok(mails.max(store::outbox::delete_done(conn, now - kept.effects, BATCH).await?))
}

/// Applied notifications of payment providers, and closed cases.
async fn provider_events(app: &App) -> Result<usize> {
    let (now, kept, conn) = (app.now(), &app.terms.retention, &mut app.conn().await?);
    let cases = store::payment_cases::delete_closed(conn, now - kept.cases, BATCH).await?;
    Ok(cases.max(store::inbox::delete_applied(conn, now - kept.provider_events, BATCH).await?))
}

/// Permissions to read an export that have expired.
async fn data_exports(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.data_exports;
    Ok(store::data_exports::delete_expired(&mut app.conn().await?, before, BATCH).await?)
}

/// When staff acted as people. The audit log stays.
async fn old_impersonations(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.impersonations;
    Ok(store::impersonations::delete_expired(&mut app.conn().await?, before, BATCH).await?)
}

/// Sessions that can no longer be refreshed, with their tokens.
async fn sessions(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.sessions;
    app.database
        .transaction(async |tx| Ok::<_, Error>(store::sessions::delete_expired(tx, before, BATCH.into()).await?))
        .await
}

/// Codes that have expired.
async fn one_time_codes(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.codes;
    Ok(store::one_time_codes::delete_expired(&mut app.conn().await?, before, BATCH).await?)
}

/// Accounts that have never verified an email.
async fn unverified_accounts(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.unverified_accounts;
    deletion::erase_unverified(app, before, BATCH.into()).await
}

/// Sign-ins that were not completed, and authenticator apps whose first code was not typed.
async fn second_factors(app: &App) -> Result<usize> {
    let (now, conn) = (app.now(), &mut app.conn().await?);
    let challenges = store::sign_in_challenges::delete_expired(conn, now, BATCH).await?;
    let begun_before = now - app.terms.second_factor_setup;
    Ok(challenges.max(store::second_factors::delete_abandoned(conn, begun_before, BATCH).await?))
}

/// Challenges that no passkey has answered.
async fn passkey_challenges(app: &App) -> Result<usize> {
    Ok(store::passkey_challenges::delete_expired(&mut app.conn().await?, app.now(), BATCH).await?)
}

/// Sign-ins with identity providers that were not completed.
async fn provider_attempts(app: &App) -> Result<usize> {
    Ok(store::provider_attempts::delete_expired(&mut app.conn().await?, app.now(), BATCH).await?)
}

/// Old entries of the catalog. Consumers that have not read them must copy everything again.
async fn catalog(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.catalog;
    Ok(store::events::delete_entries(&mut app.conn().await?, before, BATCH).await?)
}

/// Old events; of bookings, only of those that have ended. A stream whose cursor is older ends with `CURSOR_EXPIRED`.
async fn events(app: &App) -> Result<usize> {
    let before = app.now() - app.terms.retention.events;
    let expired = store::events::expired(&mut app.conn().await?, before, BATCH.into()).await?;
    if expired.events > 0 {
        app.database.transaction(async |tx| Ok::<_, Error>(store::events::delete(tx, &expired).await?)).await?;
    }
    Ok(expired.events)
}
