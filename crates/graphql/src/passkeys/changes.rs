//! Adding, renaming and removing passkeys.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{Passkey, PasskeyOptions, passkey_id};
use crate::{
    accounts::{Me, client},
    context::ContextExt,
    error::Result,
    payload::payload,
};
use domain::accounts;
use types::{
    Timestamp,
    error::{self, Validation},
};

/// A passkey can be made.
#[derive(SimpleObject)]
pub struct BeginPasskeySuccess {
    /// The viewer.
    me: Me,
    /// The options, as JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`. Pass its result to `navigator.credentials.create`, then the response to `addPasskey`.
    options: String,
    /// Until when the response can be passed to `addPasskey`: 5 minutes.
    expires_at: Timestamp,
}

payload! {
    /// The result of `beginPasskey`.
    BeginPasskeyPayload(BeginPasskeySuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        PasskeysUnavailable => PasskeysUnavailableProblem,
        LimitReached => LimitReachedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `addPasskey`.
#[derive(InputObject)]
pub struct AddPasskeyInput {
    /// The response of the authenticator: `JSON.stringify(credential)`. A response works once.
    #[graphql(secret)]
    response: String,
    /// The name by which the viewer recognizes it, 1 to 60 characters of plain text.
    name: String,
}

/// The passkey was added.
#[derive(SimpleObject)]
pub struct AddPasskeySuccess {
    /// The viewer.
    me: Me,
    /// The passkey.
    passkey: Passkey,
}

payload! {
    /// The result of `addPasskey`.
    AddPasskeyPayload(AddPasskeySuccess) {
        InvalidInput => InvalidInputProblem,
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        InvalidPasskey => InvalidPasskeyProblem,
        PasskeysUnavailable => PasskeysUnavailableProblem,
        LimitReached => LimitReachedProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `renamePasskey`.
#[derive(InputObject)]
pub struct RenamePasskeyInput {
    /// The passkey.
    passkey_id: ID,
    /// The new name, 1 to 60 characters of plain text.
    name: String,
}

/// The passkey was renamed.
#[derive(SimpleObject)]
pub struct RenamePasskeySuccess {
    /// The passkey as it is now.
    passkey: Passkey,
}

payload! {
    /// The result of `renamePasskey`.
    RenamePasskeyPayload(RenamePasskeySuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `removePasskey`.
#[derive(InputObject)]
pub struct RemovePasskeyInput {
    /// The passkey.
    passkey_id: ID,
}

/// The passkey was removed.
#[derive(SimpleObject)]
pub struct RemovePasskeySuccess {
    /// The id of the removed passkey.
    id: ID,
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `removePasskey`.
    RemovePasskeyPayload(RemovePasskeySuccess) {
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of passkeys.
#[derive(Default)]
pub struct PasskeyMutation;

#[Object]
impl PasskeyMutation {
    /// Begins to add a passkey: options for the browser. They ask for a passkey that finds the account by itself and verifies its user, on an authenticator that has none of this account. A second call replaces the challenge of the first.
    async fn begin_passkey(&self, ctx: &Context<'_>) -> Result<BeginPasskeyPayload> {
        BeginPasskeyPayload::of(begin(ctx).await)
    }

    /// Adds the passkey that the browser has made. It signs in alone: it is both factors in one, and stays when the password is replaced. An account has at most 20. The owner is told by mail.
    async fn add_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The response, and a name.")] input: AddPasskeyInput,
    ) -> Result<AddPasskeyPayload> {
        AddPasskeyPayload::of(add(ctx, input).await)
    }

    /// Gives a passkey another name.
    async fn rename_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey and its name.")] input: RenamePasskeyInput,
    ) -> Result<RenamePasskeyPayload> {
        RenamePasskeyPayload::of(rename(ctx, input).await)
    }

    /// Removes a passkey: it does not sign in any more. Sessions that it has begun stay. The owner is told by mail. The only way to sign in cannot be removed.
    async fn remove_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey.")] input: RemovePasskeyInput,
    ) -> Result<RemovePasskeyPayload> {
        RemovePasskeyPayload::of(remove(ctx, input).await)
    }
}

async fn begin(ctx: &Context<'_>) -> error::Result<BeginPasskeySuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    let PasskeyOptions { json, expires_at } = Box::pin(accounts::begin_passkey(ctx.app(), &recent)).await?;
    Ok(BeginPasskeySuccess { me: Me::signed_in(**recent), options: json, expires_at })
}

async fn add(ctx: &Context<'_>, input: AddPasskeyInput) -> error::Result<AddPasskeySuccess> {
    let name = accounts::passkey_name(&input.name)?;
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    let made = (input.response.as_str(), name);
    let passkey = Box::pin(accounts::add_passkey(ctx.app(), &recent, made, &client(ctx, None))).await?;
    Ok(AddPasskeySuccess { me: Me::signed_in(**recent), passkey: Passkey(passkey) })
}

async fn rename(ctx: &Context<'_>, input: RenamePasskeyInput) -> error::Result<RenamePasskeySuccess> {
    let (owner, mut validation) = (ctx.owner()?, Validation::default());
    let id = validation.check(passkey_id(&input.passkey_id));
    let name = validation.check(accounts::passkey_name(&input.name));
    let (id, name) = validation.finish_with(id.zip(name))?;
    let passkey = accounts::rename_passkey(ctx.app(), &owner, id, &name).await?;
    Ok(RenamePasskeySuccess { passkey: Passkey(passkey) })
}

async fn remove(ctx: &Context<'_>, input: RemovePasskeyInput) -> error::Result<RemovePasskeySuccess> {
    let (owner, id) = (ctx.owner()?, passkey_id(&input.passkey_id)?);
    let recent = accounts::recent(ctx.app(), &owner).await?;
    Box::pin(accounts::remove_passkey(ctx.app(), &recent, id)).await?;
    Ok(RemovePasskeySuccess { id: input.passkey_id, me: Me::signed_in(**recent) })
}
