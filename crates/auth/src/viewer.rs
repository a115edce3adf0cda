//! The viewer, and the proof that a viewer is signed in.

use std::ops::Deref;

use types::{
    SessionId, UserId,
    error::{EmailNotVerified, Error, Refusal, Result},
};

/// The viewer of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Anonymous.
    Nobody,
    /// A signed-in member.
    Member(Member),
}

/// Proof that a viewer is signed in. Functions that write require it as an argument, so that a
/// forgotten check does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    id: UserId,
    session: SessionId,
    has_verified_email: bool,
}

/// Proof that a viewer is signed in and has verified their email. Functions that hold nights or
/// publish listings require it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifiedMember(Member);

impl Deref for VerifiedMember {
    type Target = Member;
    fn deref(&self) -> &Member {
        &self.0
    }
}

impl Member {
    /// Only a verified token creates a member.
    pub(super) fn proven(id: UserId, session: SessionId, has_verified_email: bool) -> Self {
        Self { id, session, has_verified_email }
    }

    /// The proof that the member has verified their email.
    ///
    /// # Errors
    /// [`Refusal::EmailNotVerified`], also for up to a token's lifetime after it was verified
    /// elsewhere.
    pub fn verified(&self) -> Result<VerifiedMember> {
        if self.has_verified_email {
            return Ok(VerifiedMember(*self));
        }
        Err(Refusal::EmailNotVerified(EmailNotVerified).into())
    }

    /// The account.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        self.session
    }
}

impl Viewer {
    /// The proof that the viewer is signed in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the viewer is anonymous.
    pub fn member(&self) -> Result<&Member> {
        match self {
            Self::Nobody => Err(Error::Unauthenticated),
            Self::Member(member) => Ok(member),
        }
    }

    /// The account, if the viewer is signed in.
    pub fn id(&self) -> Option<UserId> {
        self.member().ok().map(Member::id)
    }
}
