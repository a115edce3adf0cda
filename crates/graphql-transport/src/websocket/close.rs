//! The close codes of graphql-transport-ws.

use std::borrow::Cow;

/// Maximum length of the reason in a close frame, in bytes.
const MAX_REASON_BYTES: usize = 123;

/// A code and a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub code: u16,
    pub reason: Cow<'static, str>,
}

impl Close {
    const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason: Cow::Borrowed(reason) }
    }

    pub const TOO_LARGE: Self = Self::new(1009, "Message too large");
    pub const RESTARTING: Self = Self::new(1012, "Service restarting");
    pub const OVERLOADED: Self = Self::new(1013, "Too many connections");
    pub const TOO_MANY_UNFINISHED: Self = Self::new(1013, "Too many unfinished messages");
    pub const UNAUTHORIZED: Self = Self::new(4401, "Unauthorized");
    pub const EXPIRED: Self = Self::new(4403, "Forbidden: the session has ended");
    pub const SUBPROTOCOL: Self = Self::new(4406, "Subprotocol not acceptable");
    pub const INIT_TIMEOUT: Self = Self::new(4408, "Connection initialisation timeout");
    pub const INIT_TWICE: Self = Self::new(4429, "Too many initialisation requests");
    pub const INTERNAL_ERROR: Self = Self::new(4500, "Internal server error");

    /// The client broke the protocol.
    pub fn invalid(why: impl Into<Cow<'static, str>>) -> Self {
        Self { code: 4400, reason: truncate_reason(why.into()) }
    }

    /// The session was not opened.
    pub fn forbidden(why: &str) -> Self {
        Self { code: 4403, reason: truncate_reason(Cow::Owned(format!("Forbidden: {why}"))) }
    }

    /// An operation with this ID is already running.
    pub fn duplicate(id: &str) -> Self {
        Self { code: 4409, reason: truncate_reason(Cow::Owned(format!("Subscriber for {id} already exists"))) }
    }
}

fn truncate_reason(reason: Cow<'static, str>) -> Cow<'static, str> {
    if reason.len() <= MAX_REASON_BYTES {
        return reason;
    }
    let end = (0..=MAX_REASON_BYTES).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or_default();
    Cow::Owned(reason[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_in_its_frame() {
        let close = Close::duplicate(&"é".repeat(128));
        assert!(close.reason.len() <= MAX_REASON_BYTES && close.reason.starts_with("Subscriber for é"));
    }
}
