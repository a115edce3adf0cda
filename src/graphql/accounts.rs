//! Accounts, sessions, and the viewer's own side of everything.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    bookings::BookingConnection,
    context::ContextExt,
    error::Result,
    hosting::Hosting,
    payload::payload,
    scalars::Cursor,
    users::{User, find_user},
};
use crate::{
    auth::{Member, RefreshToken, Tokens},
    domain::accounts::{self, Registration},
    types::{BookingStatus, Email, Side, Timestamp},
};

pub struct Me(Member);

#[Object]
impl Me {
    async fn id(&self) -> ID {
        ID(self.0.id().to_string())
    }

    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let user = find_user(ctx, self.0.id()).await?;
        Ok(user.ok_or(crate::error::Error::Unauthenticated)?)
    }

    async fn email(&self, ctx: &Context<'_>) -> Result<Email> {
        let email = accounts::email_of(ctx.app(), self.0.id()).await?;
        Ok(email.ok_or(crate::error::Error::Unauthenticated)?)
    }

    async fn trips(
        &self,
        ctx: &Context<'_>,
        status: Option<Vec<BookingStatus>>,
        #[graphql(default_with = "Some(20)")] first: Option<i32>,
        after: Option<Cursor>,
    ) -> Option<Result<BookingConnection>> {
        Some(BookingConnection::of(ctx, &self.0, Side::Guest, status, first, after).await)
    }

    async fn hosting(&self) -> Hosting {
        Hosting(self.0)
    }
}

#[derive(SimpleObject)]
pub struct SessionTokens {
    access_token: String,
    access_token_expires_at: Timestamp,
    refresh_token: String,
    refresh_token_expires_at: Timestamp,
}

impl From<&Tokens> for SessionTokens {
    fn from(tokens: &Tokens) -> Self {
        Self {
            access_token: tokens.access.text.clone(),
            access_token_expires_at: tokens.access.expires_at,
            refresh_token: tokens.refresh.text().to_owned(),
            refresh_token_expires_at: tokens.refresh_expires_at,
        }
    }
}

#[derive(InputObject)]
pub struct RegisterUserInput {
    email: Email,
    #[graphql(secret)]
    password: String,
    display_name: String,
}

#[derive(SimpleObject)]
pub struct RegisterUserSuccess {
    me: Me,
    tokens: SessionTokens,
}

payload! {
    /// What `registerUser` can answer.
    RegisterUserPayload(RegisterUserSuccess) {
        InvalidInput => InvalidInputProblem,
        EmailTaken => EmailTakenProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

#[derive(InputObject)]
pub struct SignInInput {
    email: Email,
    #[graphql(secret)]
    password: String,
}

#[derive(SimpleObject)]
pub struct SignInSuccess {
    me: Me,
    tokens: SessionTokens,
}

payload! {
    /// What `signIn` can answer.
    SignInPayload(SignInSuccess) {
        InvalidCredentials => InvalidCredentialsProblem,
        TooManyAttempts => TooManyAttemptsProblem,
    }
}

#[derive(InputObject)]
pub struct RefreshSessionInput {
    #[graphql(secret)]
    refresh_token: String,
}

#[derive(SimpleObject)]
pub struct RefreshSessionSuccess {
    tokens: SessionTokens,
}

payload! {
    /// What `refreshSession` can answer.
    RefreshSessionPayload(RefreshSessionSuccess) {
        InvalidSession => InvalidSessionProblem,
    }
}

#[derive(InputObject)]
pub struct SignOutInput {
    #[graphql(secret)]
    refresh_token: String,
}

#[derive(SimpleObject)]
pub struct SignOutSuccess {
    ended: bool,
}

payload! {
    /// What `signOut` can answer.
    SignOutPayload(SignOutSuccess) {
        InvalidInput => InvalidInputProblem,
    }
}

#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The viewer's own account; null when nobody is signed in.
    async fn me(&self, ctx: &Context<'_>) -> Option<Me> {
        ctx.member().ok().copied().map(Me)
    }
}

#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes an account and signs in.
    async fn register_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] input: RegisterUserInput,
    ) -> Result<RegisterUserPayload> {
        let RegisterUserInput { email, password, display_name } = input;
        let new = Registration { email, password, display_name };
        let outcome = accounts::register(ctx.app(), new, ctx.scope().address).await;
        RegisterUserPayload::of(outcome.map(|tokens| RegisterUserSuccess { me: Me(tokens.member), tokens: (&tokens).into() }))
    }

    /// Signs in with e-mail address and password.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: SignInInput,
    ) -> Result<SignInPayload> {
        let outcome = accounts::sign_in(ctx.app(), &input.email, input.password, ctx.scope().address).await;
        SignInPayload::of(outcome.map(|tokens| SignInSuccess { me: Me(tokens.member), tokens: (&tokens).into() }))
    }

    /// Trades a refresh token for a new pair of tokens. A token works once: used a second time, it ends its whole session.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: RefreshSessionInput,
    ) -> Result<RefreshSessionPayload> {
        let outcome = accounts::refresh(ctx.app(), &RefreshToken::sent(input.refresh_token)).await;
        RefreshSessionPayload::of(outcome.map(|tokens| RefreshSessionSuccess { tokens: (&tokens).into() }))
    }

    /// Ends the session of a refresh token.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: SignOutInput,
    ) -> Result<SignOutPayload> {
        let outcome = accounts::sign_out(ctx.app(), &RefreshToken::sent(input.refresh_token)).await;
        SignOutPayload::of(outcome.map(|ended| SignOutSuccess { ended }))
    }
}
