//! Accounts, sessions, and the viewer's private data.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    MyFields,
    checked::Checked,
    context::ContextExt,
    cookies::{Delivery, SentRefreshToken},
    error::Result,
    events::{cursor_ahead, feed_cursor},
    loaders::{Account, PrivateLoaders},
    payload::payload,
    privacy::consents::{AcceptedDocumentInput, acceptances},
    users::{User, find_user},
};
use auth::{DeviceToken, Member, Tokens, Viewer};
use domain::accounts::{self, Client, Registration};
use types::scalars::Cursor;
use types::{
    Email, MeId, Side, Timestamp,
    error::{self, InvalidSession, Refusal, Validation},
};

/// The viewer's own account, with their private data.
#[derive(Clone)]
pub struct Me {
    member: Member,
    /// The loaders of this member's private data. The member need not be the viewer: a mutation may have signed them in.
    own: Arc<PrivateLoaders>,
    /// The cursor of the viewer's trips, if it was read in advance.
    trip_events: Option<Result<Cursor>>,
}

impl Me {
    /// The account of the viewer, who is `member`.
    pub fn viewer(ctx: &Context<'_>, member: Member) -> Self {
        Self { member, own: Arc::clone(ctx.scope().own()), trip_events: None }
    }

    /// The account of `member`, who has just signed in.
    pub(super) fn signed_in(member: Member) -> Self {
        Self { member, own: Arc::new(PrivateLoaders::of(Viewer::Member(member))), trip_events: None }
    }

    async fn account(&self, ctx: &Context<'_>) -> Result<accounts::OwnAccount> {
        let account = self.own.load(ctx.app(), Account).await?;
        Ok(account.ok_or(types::error::Error::Unauthenticated)?)
    }

    /// Its id for `node`.
    pub fn node_id(&self) -> MeId {
        self.member.id().into()
    }
}

/// The viewer's own account. No one else can see it.
#[Object]
impl Me {
    /// Opaque id, `me_…`. It is not the id of the viewer's `User`, so that caches keep the two apart.
    pub async fn id(&self) -> ID {
        ID(self.node_id().to_string())
    }

    /// The viewer's public profile.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let user = find_user(ctx, self.member.id()).await?;
        Ok(user.ok_or(types::error::Error::Unauthenticated)?)
    }

    /// The email of the account.
    async fn email(&self, ctx: &Context<'_>) -> Result<Email> {
        Ok(self.account(ctx).await?.email)
    }

    /// Whether the viewer has shown that they receive mail at `email`, with `verifyEmail`. Until then they can search, ask for quotes and prepare listings, but not hold nights or publish listings.
    async fn email_verified(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.account(ctx).await?.is_email_verified)
    }

    /// Whether the account has a password. One that was made with an identity provider has none until its owner sets one with `requestPasswordReset`.
    async fn has_password(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.account(ctx).await?.has_password)
    }

    /// The cursor of this state for `myTripEvents`: pass it as `after` to get every later event. It is read before everything else under `me`.
    async fn trip_event_cursor(&self, ctx: &Context<'_>) -> Option<Result<Cursor>> {
        Some(match &self.trip_events {
            Some(cursor) => cursor.clone(),
            None => Box::pin(feed_cursor(ctx, &self.own, Side::Guest)).await,
        })
    }

    /// Fields of other modules.
    #[graphql(flatten)]
    async fn fields(&self) -> MyFields {
        MyFields::of(&self.own)
    }
}

/// The viewer's own account, if this is its id.
///
/// # Errors
/// Never: the token identifies the account.
pub async fn find_me(ctx: &Context<'_>, id: MeId) -> Result<Option<Me>> {
    Ok(ctx.member().ok().map(|member| Me::viewer(ctx, *member)).filter(|me| me.node_id() == id))
}

/// A pair of tokens. Send the access token as `Authorization: Bearer …`, and in the payload of a websocket's `connection_init`. In answer to a request with the header `Staygate-Session: cookie` the tokens are in cookies that scripts cannot read, and null here.
#[derive(SimpleObject)]
pub struct SessionTokens {
    /// The short-lived access token. Null when it is in a cookie.
    access_token: Option<String>,
    /// When the access token expires.
    access_token_expires_at: Timestamp,
    /// The refresh token, which can be exchanged for a new pair once. Null when it is in a cookie.
    refresh_token: Option<String>,
    /// When the refresh token expires.
    refresh_token_expires_at: Timestamp,
}

impl From<&Tokens> for SessionTokens {
    fn from(tokens: &Tokens) -> Self {
        Self {
            access_token: Some(tokens.access.text.clone()),
            access_token_expires_at: tokens.access.expires_at,
            refresh_token: Some(tokens.refresh.text().to_owned()),
            refresh_token_expires_at: tokens.refresh_expires_at,
        }
    }
}

impl SessionTokens {
    /// Leaves only when they expire: the tokens are in cookies.
    pub(super) fn hide(&mut self) {
        (self.access_token, self.refresh_token) = (None, None);
    }
}

/// Input of `registerUser`.
#[derive(InputObject)]
pub struct RegisterUserInput {
    /// The email to sign in with.
    email: Checked<Email>,
    /// 8 to 256 characters. One that is common, easy to guess, or similar to the email or the name is an `InvalidInputProblem`.
    #[graphql(secret)]
    password: String,
    /// The name that others see, 1 to 50 characters.
    display_name: String,
    /// The language of mails, as a BCP 47 tag such as `de-AT`. Mails are in English or German; English for any other language. At most 35 characters.
    locale: Option<String>,
    /// The documents of `Query.terms` that the person has accepted, with the versions that were shown to them. Those that are left out can be accepted later, with `acceptTerms`.
    accepted_documents: Option<Vec<AcceptedDocumentInput>>,
}

impl RegisterUserInput {
    fn read(self) -> error::Result<Registration> {
        let mut validation = Validation::default();
        let email = validation.check(self.email.at(&["email"]));
        let new = Registration::checked(email, self.password, &self.display_name, self.locale, validation)?;
        Ok(new.accepting(acceptances(self.accepted_documents.unwrap_or_default())))
    }
}

/// The account, and its first session.
#[derive(SimpleObject)]
pub struct RegisterUserSuccess {
    /// The viewer, signed in.
    me: Me,
    /// The tokens.
    tokens: SessionTokens,
    /// Identifies a device that has signed in before. Keep it, also after signing out, and send it with `signIn`. Null when it is in a cookie.
    device_token: Option<String>,
}

payload! {
    /// The result of `registerUser`.
    RegisterUserPayload(RegisterUserSuccess) {
        InvalidInput => InvalidInputProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        FeatureOff => FeatureOffProblem,
    }
}

/// Input of `signIn`.
#[derive(InputObject)]
pub struct SignInInput {
    /// The email of the account.
    email: Checked<Email>,
    /// The password.
    #[graphql(secret)]
    password: String,
    /// The `deviceToken` of an earlier `signIn` or `registerUser` on this device. With it, password guesses by others do not lock the viewer out. It is valid for 180 days after the last sign-in; an invalid one is ignored.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// A new session.
#[derive(SimpleObject)]
pub struct SignInSuccess {
    /// The viewer, signed in.
    me: Me,
    /// The tokens.
    tokens: SessionTokens,
    /// Identifies a device that has signed in before: the token that was sent, if it is still valid, or a new one. Keep it, also after signing out, and send it with the next `signIn`. Null when it is in a cookie.
    device_token: Option<String>,
}

payload! {
    /// The result of `signIn`.
    SignInPayload(SignInSuccess) {
        InvalidInput => InvalidInputProblem,
        InvalidCredentials => InvalidCredentialsProblem,
        SecondFactorRequired => SecondFactorRequiredProblem,
        AccountSuspended => AccountSuspendedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// Input of `refreshSession`.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The refresh token; null: the one in the cookie.
    #[graphql(secret)]
    refresh_token: Option<String>,
    /// The `deviceToken` of the sign-in; null: the one in the cookie, if the refresh token is in one. With it a lost response can also be requested again from another network.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// The session continues.
#[derive(SimpleObject)]
pub struct RefreshSessionSuccess {
    /// The new tokens.
    tokens: SessionTokens,
}

payload! {
    /// The result of `refreshSession`.
    RefreshSessionPayload(RefreshSessionSuccess) {
        InvalidSession => InvalidSessionProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

/// Input of `signOut`.
#[derive(InputObject)]
pub struct SignOutInput {
    /// A refresh token of the session to end; null: the one in the cookie.
    #[graphql(secret)]
    refresh_token: Option<String>,
}

/// The session has ended.
#[derive(SimpleObject)]
pub struct SignOutSuccess {
    /// Whether a session was ended; false when it had already ended.
    ended: bool,
}

payload! {
    /// The result of `signOut`.
    SignOutPayload(SignOutSuccess) {
        InvalidInput => InvalidInputProblem,
    }
}

/// Queries about the viewer.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The viewer's own account; null for an anonymous viewer.
    async fn me(&self, ctx: &Context<'_>) -> Option<Me> {
        let member = *ctx.member().ok()?;
        let me = Me::viewer(ctx, member);
        let trip_events = Box::pin(cursor_ahead(ctx, &me.own, Side::Guest, "tripEventCursor")).await;
        Some(Me { trip_events, ..me })
    }
}

/// The anonymous client, on a device.
pub(super) fn client(ctx: &Context<'_>, device: Option<DeviceToken>) -> Client {
    Client { address: ctx.client(), device, user_agent: ctx.scope().user_agent.clone() }
}

/// Mutations of accounts and sessions.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Creates an account and signs in. A code is mailed to the email: pass it to `verifyEmail`. The response is the same when another account has the email; then the mail tells its owner.
    async fn register_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] input: RegisterUserInput,
    ) -> Result<RegisterUserPayload> {
        let delivery = Delivery::requested(ctx)?;
        let outcome = match input.read() {
            Ok(new) => Box::pin(accounts::register(ctx.app(), new, &client(ctx, None))).await,
            Err(error) => Err(error),
        };
        RegisterUserPayload::of(outcome.map(|signed_in| {
            let (tokens, device_token) = delivery.session(ctx, &signed_in);
            RegisterUserSuccess { me: Me::signed_in(signed_in.tokens.member), tokens, device_token }
        }))
    }

    /// Signs in with email and password. For an account with a second factor the right password is answered with a `SecondFactorRequiredProblem`, and `completeSignIn` makes the session.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Email and password.")] input: SignInInput,
    ) -> Result<SignInPayload> {
        let delivery = Delivery::requested(ctx)?;
        let SignInInput { email, password, device_token } = input;
        let client = client(ctx, delivery.device(ctx, device_token));
        let outcome = match email.at(&["email"]) {
            Ok(email) => Box::pin(accounts::sign_in(ctx.app(), &email, password, &client)).await,
            Err(error) => Err(error),
        };
        SignInPayload::of(outcome.map(|signed_in| {
            let (tokens, device_token) = delivery.session(ctx, &signed_in);
            SignInSuccess { me: Me::signed_in(signed_in.tokens.member), tokens, device_token }
        }))
    }

    /// Exchanges a refresh token for a new pair of tokens. A token from a cookie is replaced in the cookie, and with an `InvalidSessionProblem` the cookies are removed. A token works once. For 30 seconds the same client gets the same pair again, while its refresh token is unused, in case the response was lost or two tabs refresh at once. Any other reuse ends the whole session. The same client is the device of the sign-in, by its `deviceToken`, or one at the same address.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: RefreshSessionInput,
    ) -> Result<RefreshSessionPayload> {
        let RefreshSessionInput { refresh_token, device_token } = input;
        let SentRefreshToken { token, delivery } = Delivery::of_refresh_token(ctx, refresh_token)?;
        let client = client(ctx, delivery.device(ctx, device_token));
        let outcome = match &token {
            Some(token) => Box::pin(accounts::refresh(ctx.app(), token, &client)).await,
            None => Err(InvalidSession.into()),
        };
        if matches!(outcome, Err(error::Error::Refused(Refusal::InvalidSession(_)))) {
            delivery.clear(ctx);
        }
        let success = |tokens| RefreshSessionSuccess { tokens: delivery.tokens(ctx, &tokens) };
        RefreshSessionPayload::of(outcome.map(success))
    }

    /// Ends the session of a refresh token. Removes the cookies, if the token is in one or the request has the header `Staygate-Session: cookie`; that of the device stays.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: SignOutInput,
    ) -> Result<SignOutPayload> {
        let SentRefreshToken { token, delivery } = Delivery::of_refresh_token(ctx, input.refresh_token)?;
        let outcome = match (&token, delivery) {
            (Some(token), _) => accounts::sign_out(ctx.app(), token).await,
            (None, Delivery::Cookies) => Ok(false),
            (None, Delivery::Payload) => {
                Err(error::Error::invalid(&["refreshToken"], "A refresh token is needed, here or in a cookie."))
            }
        };
        if outcome.is_ok() {
            delivery.clear(ctx);
        }
        SignOutPayload::of(outcome.map(|ended| SignOutSuccess { ended }))
    }
}
