//! Challenges: each is for one purpose, one account and one response.

use crate::app::App;
use auth::PasskeyChallenge;
use mysql_engine::Conn;
use store::passkey_challenges;
use types::{PasskeyPurpose, Timestamp, UserId, error::Result};

/// What a challenge is for, and of which account; of a sign-in it is not known.
pub(super) type Purpose = (PasskeyPurpose, Option<UserId>);

/// Makes a challenge, in place of the account's earlier one for the same purpose. Returns until when it can be used.
pub(super) async fn issue(
    app: &App,
    tx: &mut Conn,
    challenge: &PasskeyChallenge,
    (purpose, user_id): Purpose,
) -> Result<Timestamp> {
    let expires_at = app.now() + app.terms.passkey_challenge;
    if let Some(user) = user_id {
        passkey_challenges::delete_of(tx, user, purpose).await?;
    }
    let challenge_hash = challenge.hash().to_vec();
    let row = passkey_challenges::PasskeyChallenge { challenge_hash, purpose, user_id, expires_at };
    passkey_challenges::insert(tx, &row).await?;
    Ok(expires_at)
}

/// Uses a challenge up, before the response to it is verified; false when there is none for this purpose and account.
pub(super) async fn take(app: &App, hash: &[u8; 32], (purpose, user_id): Purpose) -> Result<bool> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let found = passkey_challenges::find(tx, hash).await?;
            let own = found.filter(|found| (found.purpose, found.user_id) == (purpose, user_id));
            let Some(own) = own else { return Ok(false) };
            Ok(passkey_challenges::delete(tx, hash).await? && now < own.expires_at)
        })
        .await
}
