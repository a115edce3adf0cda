//! Sign-in with identity providers, and the links of an account with them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    accounts::{Me, SessionTokens, client},
    context::ContextExt,
    cookies::Delivery,
    error::Result,
    loaders::{Batch, Private, PrivateLoaders},
    payload::payload,
};
use auth::{Member, ProviderHandle};
use domain::{
    accounts::{self, BegunAtProvider, ProviderLink, ProviderOutcome, ProviderResponse},
    app::App,
};
use types::{Timestamp, error};

/// An identity provider: it vouches for people, so that they can sign in without a password.
#[derive(SimpleObject)]
pub struct IdentityProvider {
    /// Its key in this API, such as `example`. It is not a global id.
    id: ID,
    /// Its name for people.
    name: String,
}

/// The viewer's links with providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct OwnLinks;

impl Private for OwnLinks {
    type Row = Arc<[ProviderLink]>;

    async fn load(app: &App, viewer: &Member, _: Vec<Self>) -> Batch<Self, Self::Row> {
        let links = accounts::linked_providers(app, viewer.id()).await?;
        Ok([(Self, links.into())].into())
    }
}

/// A link of the viewer with a provider.
pub struct LinkedProvider(ProviderLink);

/// An identity provider with which the viewer can sign in. No one else can see it.
#[Object]
impl LinkedProvider {
    /// The `id` of the identity provider, for `unlinkProvider`.
    async fn id(&self) -> ID {
        ID(self.0.provider.clone())
    }

    /// Its name for people; its key when it is not offered any more.
    async fn name(&self, ctx: &Context<'_>) -> String {
        let known = ctx.app().identity_providers.find(&self.0.provider);
        known.map_or(self.0.provider.as_str(), |provider| provider.name()).to_owned()
    }

    /// Whether one can still sign in with it.
    async fn is_available(&self, ctx: &Context<'_>) -> bool {
        ctx.app().identity_providers.find(&self.0.provider).is_some()
    }

    /// Since when it is linked.
    async fn linked_at(&self) -> Timestamp {
        self.0.linked_at
    }
}

/// The links in `Me`.
pub struct MyLinkedProviders(pub Arc<PrivateLoaders>);

#[Object]
impl MyLinkedProviders {
    /// The identity providers with which the viewer can sign in to this account.
    async fn linked_providers(&self, ctx: &Context<'_>) -> Option<Result<Vec<LinkedProvider>>> {
        let links = self.0.load(ctx.app(), OwnLinks).await.transpose()?;
        Some(links.map(|links| links.iter().cloned().map(LinkedProvider).collect()).map_err(Into::into))
    }
}

/// Declares an input that begins, with its conversion.
macro_rules! begin_input {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// The `id` of an identity provider.
            provider: ID,
            /// The page to which the provider sends its response: exactly one of those that the server's settings list, and that are registered at the provider.
            redirect_uri: String,
        }
    };
}

begin_input! {
    /// Input of `beginProviderSignIn`.
    BeginProviderSignInInput
}

begin_input! {
    /// Input of `beginProviderLink`.
    BeginProviderLinkInput
}

/// Declares a success of beginning.
macro_rules! begun {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The page of the provider. Open it in the same window.
            url: String,
            /// The secret that completes it. It grants no access by itself; keep it in the session storage of the page, and send it to nobody else.
            handle: String,
            /// Until when it can be completed: 10 minutes.
            expires_at: Timestamp,
        }

        impl From<BegunAtProvider> for $name {
            fn from(begun: BegunAtProvider) -> Self {
                Self { url: begun.url, handle: begun.handle.text().to_owned(), expires_at: begun.expires_at }
            }
        }
    };
}

begun! {
    /// A sign-in with an identity provider has begun.
    BeginProviderSignInSuccess
}

begun! {
    /// A link with an identity provider has begun.
    BeginProviderLinkSuccess
}

payload! {
    /// The result of `beginProviderSignIn`.
    BeginProviderSignInPayload(BeginProviderSignInSuccess) {
        InvalidInput => InvalidInputProblem,
        ProviderUnavailable => ProviderUnavailableProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

payload! {
    /// The result of `beginProviderLink`.
    BeginProviderLinkPayload(BeginProviderLinkSuccess) {
        InvalidInput => InvalidInputProblem,
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        ProviderUnavailable => ProviderUnavailableProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `completeProviderSignIn`. It has either a code or an error.
#[derive(InputObject)]
pub struct CompleteProviderSignInInput {
    /// The `handle` of the beginning. It works once, and for 10 minutes.
    #[graphql(secret)]
    handle: String,
    /// The parameter `state` of the response.
    #[graphql(secret)]
    state: String,
    /// The parameter `code` of the response; null when it has an error.
    #[graphql(secret)]
    code: Option<String>,
    /// The parameter `error` of the response; null when it has a code.
    error: Option<String>,
    /// The parameter `iss` of the response, if it has one (RFC 9207).
    iss: Option<String>,
    /// The `deviceToken` of an earlier sign-in on this device; an invalid one is ignored.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// Input of `completeProviderLink`. It has either a code or an error.
#[derive(InputObject)]
pub struct CompleteProviderLinkInput {
    /// The `handle` of the beginning. It works once, and for 10 minutes.
    #[graphql(secret)]
    handle: String,
    /// The parameter `state` of the response.
    #[graphql(secret)]
    state: String,
    /// The parameter `code` of the response; null when it has an error.
    #[graphql(secret)]
    code: Option<String>,
    /// The parameter `error` of the response; null when it has a code.
    error: Option<String>,
    /// The parameter `iss` of the response, if it has one (RFC 9207).
    iss: Option<String>,
}

/// The response of a provider's page.
fn response(
    (handle, state): (String, String),
    (code, error): (Option<String>, Option<String>),
    issuer: Option<String>,
) -> error::Result<ProviderResponse> {
    let outcome = match (code, error) {
        (Some(code), None) => ProviderOutcome::Code(code),
        (None, Some(error)) => ProviderOutcome::Error(error),
        _ => return Err(error::Error::invalid(&["code"], "A response has either a `code` or an `error`.")),
    };
    Ok(ProviderResponse { handle: ProviderHandle::sent(handle), state, outcome, issuer })
}

/// A new session.
#[derive(SimpleObject)]
pub struct CompleteProviderSignInSuccess {
    /// The viewer, signed in.
    me: Me,
    /// The tokens.
    tokens: SessionTokens,
    /// Identifies a device that has signed in before: the token that was sent, if it is still valid, or a new one. Keep it, also after signing out, and send it with the next sign-in. Null when it is in a cookie.
    device_token: Option<String>,
}

payload! {
    /// The result of `completeProviderSignIn`.
    CompleteProviderSignInPayload(CompleteProviderSignInSuccess) {
        InvalidInput => InvalidInputProblem,
        InvalidProviderSignIn => InvalidProviderSignInProblem,
        ProviderDenied => ProviderDeniedProblem,
        ProviderUnavailable => ProviderUnavailableProblem,
        LinkRequired => LinkRequiredProblem,
        ProviderEmailNotVerified => ProviderEmailNotVerifiedProblem,
        SecondFactorRequired => SecondFactorRequiredProblem,
        AccountSuspended => AccountSuspendedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        FeatureOff => FeatureOffProblem,
    }
}

/// The account is linked.
#[derive(SimpleObject)]
pub struct CompleteProviderLinkSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `completeProviderLink`.
    CompleteProviderLinkPayload(CompleteProviderLinkSuccess) {
        InvalidInput => InvalidInputProblem,
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        InvalidProviderSignIn => InvalidProviderSignInProblem,
        ProviderDenied => ProviderDeniedProblem,
        ProviderUnavailable => ProviderUnavailableProblem,
        ProviderTaken => ProviderTakenProblem,
        StateConflict => StateConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `unlinkProvider`.
#[derive(InputObject)]
pub struct UnlinkProviderInput {
    /// The `id` of a linked provider.
    provider: ID,
}

/// The account is unlinked.
#[derive(SimpleObject)]
pub struct UnlinkProviderSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `unlinkProvider`.
    UnlinkProviderPayload(UnlinkProviderSuccess) {
        NotFound => NotFoundProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        StateConflict => StateConflictProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Queries about identity providers.
#[derive(Default)]
pub struct IdentityProviderQuery;

#[Object]
impl IdentityProviderQuery {
    /// The identity providers with which one can sign in, in the order of the server's settings; empty when there are none.
    async fn identity_providers(&self, ctx: &Context<'_>) -> Vec<IdentityProvider> {
        let all = ctx.app().identity_providers.all().iter();
        all.map(|provider| IdentityProvider { id: ID(provider.id().to_owned()), name: provider.name().to_owned() })
            .collect()
    }
}

/// Mutations of sign-in with identity providers.
#[derive(Default)]
pub struct IdentityProviderMutation;

#[Object]
impl IdentityProviderMutation {
    /// Begins to sign in with an identity provider: by the authorization code flow of OpenID Connect, with PKCE. Keep `handle`, open `url`, and pass what the provider sends to `redirectUri` to `completeProviderSignIn`.
    async fn begin_provider_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The provider, and the page to come back to.")] input: BeginProviderSignInInput,
    ) -> Result<BeginProviderSignInPayload> {
        let at = (input.provider.as_str(), input.redirect_uri.as_str());
        let outcome = Box::pin(accounts::begin_provider_sign_in(ctx.app(), at, &client(ctx, None))).await;
        BeginProviderSignInPayload::of(outcome.map(Into::into))
    }

    /// Signs in with what an identity provider has sent. Somebody who is new gets an account, if the provider vouches for their email and no account has verified it; the provider's email never opens an existing account. An account with a second factor still needs it. After a `ProviderUnavailableProblem` the same request can succeed.
    async fn complete_provider_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the provider has sent.")] input: CompleteProviderSignInInput,
    ) -> Result<CompleteProviderSignInPayload> {
        let delivery = Delivery::requested(ctx)?;
        let outcome = Box::pin(sign_in(ctx, delivery, input)).await;
        CompleteProviderSignInPayload::of(outcome.map(|signed_in| {
            let (tokens, device_token) = delivery.session(ctx, &signed_in);
            CompleteProviderSignInSuccess { me: Me::signed_in(signed_in.tokens.member), tokens, device_token }
        }))
    }

    /// Begins to link the viewer's account with an identity provider, so that they can sign in with it.
    async fn begin_provider_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The provider, and the page to come back to.")] input: BeginProviderLinkInput,
    ) -> Result<BeginProviderLinkPayload> {
        BeginProviderLinkPayload::of(Box::pin(begin_link(ctx, input)).await)
    }

    /// Links the viewer's account with the person whom the identity provider vouches for. The owner is told by mail.
    async fn complete_provider_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the provider has sent.")] input: CompleteProviderLinkInput,
    ) -> Result<CompleteProviderLinkPayload> {
        CompleteProviderLinkPayload::of(Box::pin(link(ctx, input)).await)
    }

    /// Unlinks the viewer's account from an identity provider: one cannot sign in with it any more. Sessions stay. The owner is told by mail. The only way to sign in cannot be unlinked.
    async fn unlink_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The provider.")] input: UnlinkProviderInput,
    ) -> Result<UnlinkProviderPayload> {
        UnlinkProviderPayload::of(Box::pin(unlink(ctx, input)).await)
    }
}

async fn sign_in(
    ctx: &Context<'_>,
    delivery: Delivery,
    input: CompleteProviderSignInInput,
) -> error::Result<accounts::SignedIn> {
    let client = client(ctx, delivery.device(ctx, input.device_token));
    let response = response((input.handle, input.state), (input.code, input.error), input.iss)?;
    accounts::complete_provider_sign_in(ctx.app(), &response, &client).await
}

async fn begin_link(ctx: &Context<'_>, input: BeginProviderLinkInput) -> error::Result<BeginProviderLinkSuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    let at = (input.provider.as_str(), input.redirect_uri.as_str());
    Ok(accounts::begin_provider_link(ctx.app(), &recent, at).await?.into())
}

async fn link(ctx: &Context<'_>, input: CompleteProviderLinkInput) -> error::Result<CompleteProviderLinkSuccess> {
    let response = response((input.handle, input.state), (input.code, input.error), input.iss)?;
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    accounts::complete_provider_link(ctx.app(), &recent, &response).await?;
    Ok(CompleteProviderLinkSuccess { me: Me::signed_in(**recent) })
}

async fn unlink(ctx: &Context<'_>, input: UnlinkProviderInput) -> error::Result<UnlinkProviderSuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    accounts::unlink_provider(ctx.app(), &recent, &input.provider).await?;
    Ok(UnlinkProviderSuccess { me: Me::signed_in(**recent) })
}
