//! A passkey that has signed a challenge.

use super::{super::Client, challenges, malformed, rejected, relying_party, tell};
use crate::app::App;
use auth::{AssertionResponse, StoredPasskey};
use mail::PasskeyChange;
use mysql_engine::Conn;
use store::passkeys::{self, Passkey};
use telemetry::logs;
use types::{PasskeyPurpose, Timestamp, UserId, error::Result};

/// A passkey whose signature was right. It counts once it was [used](Self::record).
pub(super) struct Proof {
    pub passkey: Passkey,
    sign_count: u32,
}

/// Verifies a response to a challenge for `purpose`, of `owner` if that is known. The challenge is then used up, whatever the outcome.
///
/// # Errors
/// [`types::error::Refusal::InvalidPasskey`]; it takes as long for a credential that does not exist.
pub(super) async fn verify(
    app: &App,
    response: &str,
    (purpose, owner): (PasskeyPurpose, Option<UserId>),
    client: &Client,
) -> Result<Proof> {
    let party = relying_party(app)?;
    let response = AssertionResponse::parse(response).map_err(malformed(client))?;
    if !challenges::take(app, &response.challenge_hash(), (purpose, owner)).await? {
        return Err(rejected(owner, client, "its challenge is not open"));
    }
    let found = passkeys::by_credential(&mut app.conn().await?, &response.credential_hash()).await?;
    let Some(passkey) = found.filter(|passkey| owner.is_none_or(|owner| owner == passkey.user_id)) else {
        party.verify_nothing(&response);
        return Err(rejected(owner, client, "it is not known"));
    };
    let stored = StoredPasskey {
        owner: passkey.user_id,
        public_key: &passkey.public_key,
        is_backup_eligible: passkey.is_backup_eligible,
        is_discovered: owner.is_none(),
    };
    let verified = party.verify_assertion(&response, stored);
    let sign_count = verified.map_err(|why| rejected(Some(passkey.user_id), client, why))?.sign_count;
    Ok(Proof { passkey, sign_count })
}

impl Proof {
    /// Records that the passkey was used, of an account that is locked. False when it has been removed meanwhile; or when it has signed less
    /// often than before, because then there are two of it: its owner is told, so the transaction must be committed.
    pub async fn record(&self, app: &App, tx: &mut Conn, now: Timestamp) -> Result<bool> {
        let (user, id) = (self.passkey.user_id, self.passkey.id);
        let Some(known) = passkeys::lock(tx, user, id).await? else { return Ok(false) };
        let does_not_count = self.sign_count == 0 && known.sign_count == 0;
        if !does_not_count && self.sign_count <= known.sign_count {
            tell(app, tx, user, PasskeyChange::Refused, now).await?;
            let (before, count) = (known.sign_count, self.sign_count);
            tracing::warn!(target: logs::SECURITY, event = "passkey_cloned", %user, passkey = %id, before, count, "a passkey has signed less often than before");
            return Ok(false);
        }
        passkeys::record_use(tx, id, self.sign_count, now).await?;
        Ok(true)
    }
}
