//! Sessions in cookies, for single-page apps: the tokens are where no script can read them.
//!
//! A client asks for them with the header `Staygate-Session: cookie`. What came in a cookie is
//! renewed in a cookie, whatever the client asks for, so that a script cannot turn it into text.

use std::sync::Arc;

use async_graphql::Context;
use auth::{AccessToken, DeviceToken, RefreshToken, Tokens};
use domain::{accounts::SignedIn, app::App};
use graphql_transport::{CookieSettings, RequestCookies};
use types::{Timestamp, error};

use super::{accounts::SessionTokens, context::ContextExt};

/// The request header with which a client asks for cookies.
const HEADER: &str = "staygate-session";

/// The names and attributes of the cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCookies {
    access: String,
    refresh: String,
    device: String,
    is_secure: bool,
}

impl SessionCookies {
    /// Secure cookies, which browsers send only over TLS and which no other host, not even a
    /// subdomain, can set; without TLS, for development, plain ones.
    pub fn new(is_secure: bool) -> Self {
        let name = |purpose: &str| format!("{}staygate-{purpose}", if is_secure { "__Host-" } else { "" });
        Self { access: name("access"), refresh: name("refresh"), device: name("device"), is_secure }
    }

    /// What the transport has to know, for pages of the server's own origin.
    pub fn settings(&self) -> CookieSettings {
        CookieSettings {
            credentials: vec![self.access.clone(), self.refresh.clone()],
            others: vec![self.device.clone()],
            header: Some(HEADER),
            origins: Vec::new(),
        }
    }

    /// The access token of a request.
    pub fn access<'a>(&self, cookies: &'a RequestCookies) -> Option<&'a str> {
        cookies.get(&self.access)
    }

    /// Whether a request has a refresh token.
    pub fn has_refresh(&self, cookies: &RequestCookies) -> bool {
        cookies.get(&self.refresh).is_some()
    }

    /// The text of a cookie that lives for some seconds; with 0 the browser forgets it.
    fn text(&self, name: &str, value: &str, seconds: i64) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }
}

impl Default for SessionCookies {
    /// Secure cookies.
    fn default() -> Self {
        Self::new(true)
    }
}

/// The cookies of an operation.
#[derive(Debug, Clone, Default)]
pub struct OperationCookies {
    /// Their names.
    pub names: Arc<SessionCookies>,
    /// Those that the request has.
    pub sent: RequestCookies,
    /// Whether they say who the viewer is.
    pub authenticate: bool,
}

impl OperationCookies {
    fn device(&self) -> Option<&str> {
        self.sent.get(&self.names.device)
    }
}

/// Where the tokens of an operation go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Into the payload.
    Payload,
    /// Into cookies.
    Cookies,
}

/// A refresh token that a client sent, and where the next one goes.
pub(super) struct SentRefreshToken {
    /// The token; None when there is neither one in the input nor a cookie.
    pub token: Option<RefreshToken>,
    /// Where the next one goes.
    pub delivery: Delivery,
}

impl Delivery {
    /// What the client asks for.
    ///
    /// # Errors
    /// See [`Self::cookies_if`].
    pub fn requested(ctx: &Context<'_>) -> error::Result<Self> {
        Self::cookies_if(ctx, ctx.scope().cookies.sent.is_requested())
    }

    /// Where a new access token of the viewer's session goes: where the earlier one was.
    ///
    /// # Errors
    /// See [`Self::cookies_if`].
    pub fn of_viewer(ctx: &Context<'_>) -> error::Result<Self> {
        Self::cookies_if(ctx, ctx.scope().cookies.authenticate)
    }

    /// The refresh token in an input, else the one in the cookie.
    ///
    /// # Errors
    /// See [`Self::cookies_if`].
    pub fn of_refresh_token(ctx: &Context<'_>, given: Option<String>) -> error::Result<SentRefreshToken> {
        let cookies = &ctx.scope().cookies;
        let in_cookie = cookies.sent.get(&cookies.names.refresh).filter(|_| given.is_none()).map(str::to_owned);
        let delivery = Self::cookies_if(ctx, in_cookie.is_some() || cookies.sent.is_requested())?;
        Ok(SentRefreshToken { token: given.or(in_cookie).map(RefreshToken::sent), delivery })
    }

    /// Cookies, if they are `wanted`. Called before anything is done, because tokens that reach nobody are lost.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] when the response cannot set cookies.
    fn cookies_if(ctx: &Context<'_>, wanted: bool) -> error::Result<Self> {
        match (wanted, ctx.scope().cookies.sent.can_be_set()) {
            (false, _) => Ok(Self::Payload),
            (true, true) => Ok(Self::Cookies),
            (true, false) => Err(error::Error::bad_user_input(
                "A websocket or event stream cannot set cookies. Send this mutation by POST, and accept JSON.",
            )),
        }
    }

    /// The device token in an input, else the one in the cookie.
    pub fn device(self, ctx: &Context<'_>, given: Option<String>) -> Option<DeviceToken> {
        let in_cookie = || ctx.scope().cookies.device().filter(|_| self == Self::Cookies).map(str::to_owned);
        given.or_else(in_cookie).map(DeviceToken::sent)
    }

    /// Delivers a pair of tokens. Returns what of it is in the payload.
    pub fn tokens(self, ctx: &Context<'_>, tokens: &Tokens) -> SessionTokens {
        let mut shown = SessionTokens::from(tokens);
        if self == Self::Cookies {
            let jar = Jar::of(ctx);
            let seconds = (tokens.refresh_expires_at - jar.app.now()).num_seconds();
            // As long as the refresh token: an expired access token tells that it is time to refresh.
            jar.set(&jar.names.access, &tokens.access.text, seconds);
            jar.set(&jar.names.refresh, tokens.refresh.text(), seconds);
            shown.hide();
        }
        shown
    }

    /// Delivers a new session. Returns what of it is in the payload: the tokens, and the device token.
    pub fn session(self, ctx: &Context<'_>, signed_in: &SignedIn) -> (SessionTokens, Option<String>) {
        let tokens = self.tokens(ctx, &signed_in.tokens);
        match self {
            Self::Payload => (tokens, Some(signed_in.device.text().to_owned())),
            Self::Cookies => {
                let jar = Jar::of(ctx);
                jar.set(&jar.names.device, signed_in.device.text(), jar.app.terms.device.num_seconds());
                (tokens, None)
            }
        }
    }

    /// Delivers a new access token of the viewer's session. Returns what of it is in the payload.
    pub fn access(self, ctx: &Context<'_>, token: AccessToken) -> (Option<String>, Timestamp) {
        let AccessToken { text, expires_at } = token;
        match self {
            Self::Payload => (Some(text), expires_at),
            Self::Cookies => {
                let jar = Jar::of(ctx);
                jar.set(&jar.names.access, &text, jar.app.terms.refresh_token.num_seconds());
                (None, expires_at)
            }
        }
    }

    /// Removes the cookies of a session that is over. That of the device stays.
    pub fn clear(self, ctx: &Context<'_>) {
        if self == Self::Cookies {
            let jar = Jar::of(ctx);
            [&jar.names.access, &jar.names.refresh].into_iter().for_each(|name| jar.set(name, "", 0));
        }
    }

    /// Removes the cookies of the viewer's session, if they are in use and the response can do it.
    pub fn clear_of_viewer(ctx: &Context<'_>) {
        if let Ok(delivery) = Self::of_viewer(ctx) {
            delivery.clear(ctx);
        }
    }
}

/// Writes cookies.
struct Jar<'a, 'c> {
    ctx: &'a Context<'c>,
    app: &'a App,
    names: &'a SessionCookies,
}

impl<'a, 'c> Jar<'a, 'c> {
    fn of(ctx: &'a Context<'c>) -> Self {
        Self { ctx, app: ctx.app(), names: &ctx.scope().cookies.names }
    }

    fn set(&self, name: &str, value: &str, seconds: i64) {
        self.ctx.append_http_header("set-cookie", self.names.text(name, value, seconds));
    }
}
