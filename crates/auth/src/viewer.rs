//! The viewer, and the proofs that only a viewer gives out.

use types::{
    SessionId, UserId,
    error::{Error, Result},
};

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Nobody is signed in.
    Nobody,
    /// Somebody is.
    Member(Member),
}

/// Proof that somebody is signed in. Writes ask for it in their signature, so that forgetting the check does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    id: UserId,
    session: SessionId,
}

impl Member {
    /// Only a checked token makes a member.
    pub(super) fn proven(id: UserId, session: SessionId) -> Self {
        Self { id, session }
    }

    /// The account.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The session it is signed in with.
    pub fn session(&self) -> SessionId {
        self.session
    }
}

impl Viewer {
    /// The proof that somebody is signed in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is.
    pub fn member(&self) -> Result<&Member> {
        match self {
            Self::Nobody => Err(Error::Unauthenticated),
            Self::Member(member) => Ok(member),
        }
    }

    /// The account, if somebody is signed in.
    pub fn id(&self) -> Option<UserId> {
        self.member().ok().map(Member::id)
    }
}
