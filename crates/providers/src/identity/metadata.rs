//! The discovery document of a provider: where it is asked, and how.

use serde::Deserialize;

use super::{IdentityError, check_address};

/// What is used of the document.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    /// Missing: `client_secret_basic`.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Missing: unknown.
    code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// How this client says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuthentication {
    /// In the header `Authorization`.
    Basic,
    /// In the form.
    Post,
}

impl Metadata {
    /// The document, if it is that of `issuer`.
    ///
    /// # Errors
    /// It is another issuer's, names an address that cannot be called, or lacks a mechanism.
    pub(super) fn checked(self, issuer: &str) -> Result<Self, IdentityError> {
        if self.issuer != issuer {
            return Err(IdentityError::unavailable("its discovery document is that of another issuer"));
        }
        let addresses = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        for address in addresses.into_iter().chain(&self.userinfo_endpoint) {
            check_address(address)
                .map_err(|unfit| IdentityError::unavailable(format!("an address in its discovery document {unfit}")))?;
        }
        let methods = self.code_challenge_methods_supported.as_deref();
        if methods.is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
            return Err(IdentityError::unavailable("it does not support PKCE with S256"));
        }
        self.authentication()?;
        Ok(self)
    }

    /// How this client says who it is.
    ///
    /// # Errors
    /// The provider takes no secret.
    pub(super) fn authentication(&self) -> Result<ClientAuthentication, IdentityError> {
        let Some(methods) = &self.token_endpoint_auth_methods_supported else {
            return Ok(ClientAuthentication::Basic);
        };
        let takes = |wanted: &str| methods.iter().any(|method| method == wanted);
        match (takes("client_secret_basic"), takes("client_secret_post")) {
            (true, _) => Ok(ClientAuthentication::Basic),
            (false, true) => Ok(ClientAuthentication::Post),
            (false, false) => Err(IdentityError::unavailable("it takes no client secret")),
        }
    }
}
