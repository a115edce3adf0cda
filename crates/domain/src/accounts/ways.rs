//! The ways to sign in to an account: its owner always keeps one.

use crate::app::App;
use mysql_engine::Conn;
use store::{accounts::Account, passkeys, provider_links};
use types::{PasskeyId, error::Result};

/// A way that is taken away.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// An identity provider.
    Provider(&'a str),
    /// A passkey.
    Passkey(PasskeyId),
}

/// Whether one could still sign in to a locked account without `lost`: with the password, a provider that is still offered, or a passkey, if
/// this server accepts any.
pub(super) async fn remains(app: &App, tx: &mut Conn, account: &Account, lost: Way<'_>) -> Result<bool> {
    if account.password_hash.is_some() {
        return Ok(true);
    }
    let links = provider_links::of_user(tx, account.id).await?;
    let is_other = |provider: &str| !matches!(lost, Way::Provider(lost) if lost == provider);
    let is_offered = |provider: &str| app.identity_providers.find(provider).is_some();
    if links.iter().any(|link| is_other(&link.provider) && is_offered(&link.provider)) {
        return Ok(true);
    }
    let own = passkeys::of_user(tx, account.id).await?;
    Ok(app.passkeys.is_some() && own.iter().any(|passkey| !matches!(lost, Way::Passkey(id) if id == passkey.id)))
}
