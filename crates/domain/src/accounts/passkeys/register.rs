//! Adding a passkey.

use super::{
    super::{Client, identity::recent_in, limits, verification::locked},
    PasskeyOptions, challenges, credentials, invalid, malformed, rejected, relying_party, tell,
};
use crate::app::App;
use auth::{NewPasskey, PasskeyChallenge, PasskeyOwner, RecentMember, RegistrationResponse, credential_hash};
use mail::PasskeyChange;
use mysql_engine::Conn;
use store::passkeys::{self, MAX_PASSKEYS, Passkey};
use telemetry::logs;
use types::{
    PasskeyId, PasskeyPurpose, Timestamp, UserId,
    error::{Error, LimitReached, Result},
};

/// Begins to add a passkey: options for the browser of a member.
///
/// # Errors
/// Problems of the contract's `beginPasskey`.
pub async fn begin_passkey(app: &App, member: &RecentMember) -> Result<PasskeyOptions> {
    let party = relying_party(app)?;
    member.verified()?;
    let (user, challenge) = (member.id(), PasskeyChallenge::new(&*app.entropy));
    limits::attempt(app, &app.limits.passkey_challenges_by_member, &[user.as_bytes()]).await?;
    let (account, existing, expires_at) = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            let existing = with_room(tx, user).await?;
            let expires_at = challenges::issue(app, tx, &challenge, (PasskeyPurpose::Register, Some(user))).await?;
            Ok::<_, Error>((account, existing, expires_at))
        })
        .await?;
    let email = account.email.ok_or(Error::Unauthenticated)?;
    let owner = PasskeyOwner { id: user, email, display_name: account.display_name };
    let timeout = app.terms.passkey_challenge;
    Ok(PasskeyOptions { json: party.creation_options(&challenge, &owner, &credentials(existing), timeout), expires_at })
}

/// The passkeys of an account, which is locked.
///
/// # Errors
/// [`types::error::Refusal::LimitReached`] when it can have no more.
async fn with_room(tx: &mut Conn, user: UserId) -> Result<Vec<Passkey>> {
    let existing = passkeys::of_user(tx, user).await?;
    if existing.len() >= MAX_PASSKEYS {
        return Err(LimitReached { what: "passkeys", limit: MAX_PASSKEYS as i32 }.into());
    }
    Ok(existing)
}

/// Adds the passkey that the browser of a member has made, and tells them by mail.
///
/// # Errors
/// Problems of the contract's `addPasskey`.
pub async fn add_passkey(
    app: &App,
    member: &RecentMember,
    (response, name): (&str, String),
    client: &Client,
) -> Result<Passkey> {
    let party = relying_party(app)?;
    member.verified()?;
    let (user, now) = (member.id(), app.now());
    let response = RegistrationResponse::parse(response).map_err(malformed(client))?;
    if !challenges::take(app, &response.challenge_hash(), (PasskeyPurpose::Register, Some(user))).await? {
        return Err(rejected(Some(user), client, "its challenge is not open"));
    }
    let made = party.verify_registration(&response).map_err(|why| rejected(Some(user), client, why))?;
    let passkey = row(PasskeyId::new(now, &*app.entropy), user, made, name, now);
    app.database
        .transaction(async |tx| {
            locked(tx, user).await?;
            recent_in(app, tx, member, now).await?;
            with_room(tx, user).await?;
            if !passkeys::insert(tx, &passkey).await? {
                return Err(invalid());
            }
            tell(app, tx, user, PasskeyChange::Added, now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "passkey_added", %user, passkey = %passkey.id, "a passkey was added");
    Ok(passkey)
}

fn row(id: PasskeyId, user_id: UserId, made: NewPasskey, name: String, created_at: Timestamp) -> Passkey {
    let NewPasskey { credential_id, public_key, sign_count, is_backup_eligible, transports } = made;
    Passkey {
        id,
        user_id,
        credential_hash: credential_hash(&credential_id).to_vec(),
        credential_id,
        public_key,
        sign_count,
        is_backup_eligible,
        transports,
        name,
        created_at,
        last_used_at: None,
    }
}
