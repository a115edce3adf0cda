//! The viewer, and the proof that a viewer is signed in.

use types::{
    SessionId, UserId,
    error::{Error, Result},
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
}

impl Member {
    /// Only a verified token creates a member.
    pub(super) fn proven(id: UserId, session: SessionId) -> Self {
        Self { id, session }
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
