//! Passkeys of the viewer.

mod changes;
mod sign_in;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::{
    context::ContextExt,
    error::Result,
    ids,
    loaders::{Batch, Private, PrivateLoaders},
};
use auth::Member;
pub use changes::PasskeyMutation;
use domain::{
    accounts::{self, PasskeyOptions},
    app::App,
};
pub use sign_in::PasskeySignInMutation;
use types::{PasskeyId, Timestamp, error};

/// The viewer's passkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct OwnPasskeys;

impl Private for OwnPasskeys {
    type Row = Arc<Vec<accounts::Passkey>>;

    async fn load(app: &App, viewer: &Member, _: Vec<Self>) -> Batch<Self, Self::Row> {
        let passkeys = accounts::own_passkeys(app, viewer.id()).await?;
        Ok([(Self, Arc::new(passkeys))].into())
    }
}

/// A passkey of the viewer.
pub struct Passkey(accounts::Passkey);

/// A passkey: a key in an authenticator of the viewer, such as a phone, a password manager or a security key, that signs in without a password. No one else can see it.
#[Object]
impl Passkey {
    /// Opaque id, `pk_…`, for `renamePasskey` and `removePasskey`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name that the viewer gave it, plain text.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was added.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When somebody last signed in, or proved who they are, with it; null before the first time.
    async fn last_used_at(&self) -> Option<Timestamp> {
        self.0.last_used_at
    }
}

/// The passkeys in `Me`.
pub struct MyPasskeys(pub Arc<PrivateLoaders>);

#[Object]
impl MyPasskeys {
    /// The viewer's passkeys, the earliest first; at most 20.
    async fn passkeys(&self, ctx: &Context<'_>) -> Option<Result<Vec<Passkey>>> {
        let found = self.0.load(ctx.app(), OwnPasskeys).await;
        let passkeys = |found: Option<Arc<Vec<accounts::Passkey>>>| {
            found.iter().flat_map(|passkeys| passkeys.iter()).cloned().map(Passkey).collect()
        };
        Some(found.map(passkeys).map_err(Into::into))
    }
}

fn passkey_id(id: &ID) -> error::Result<PasskeyId> {
    ids::input(id, "passkeyId", "passkey")
}
