//! `/.well-known/security.txt` (RFC 9116): where a vulnerability can be reported.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::{Endpoint, Request, Response};

use super::shared::Shared;

/// The validity of the text. RFC 9116 recommends less than a year.
const VALID: chrono::Duration = chrono::Duration::days(180);

/// GET /.well-known/security.txt; 404 if no contact is configured.
pub(super) struct SecurityTxt(pub Arc<Shared>);

impl Endpoint for SecurityTxt {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let Some(contact) = &self.0.settings.security_contact else {
            return Ok(StatusCode::NOT_FOUND.into());
        };
        let expires = self.0.sessions.now() + VALID;
        let text = format!(
            "Contact: {contact}\nExpires: {}\nPreferred-Languages: en\n",
            expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        );
        Ok(Response::builder().content_type("text/plain; charset=utf-8").header("cache-control", "no-cache").body(text))
    }
}
