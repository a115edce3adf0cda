//! The viewer, and the proof that a viewer is signed in.

use std::ops::Deref;

use types::{
    IdentityMethod, ImpersonationId, SessionId, Timestamp, UserId,
    error::{EmailNotVerified, Error, Impersonated, RecentSignInRequired, Refusal, Result},
};

/// The viewer of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Not signed in.
    Anonymous,
    /// A signed-in member.
    Member(Member),
}

/// Proof that a viewer is signed in, or is staff who act as a member. Functions that write require
/// it as an argument, so that a forgotten check does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    id: UserId,
    session: SessionId,
    has_verified_email: bool,
    impersonator: Option<UserId>,
}

/// Proof that a viewer is the member, not staff who act as them. Functions that change the account,
/// pay, or speak in the name of the member require it, and so do all stronger proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountOwner(Member);

/// Proof that a viewer is signed in and has verified their email. Functions that hold nights or
/// publish listings require it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifiedMember(Member);

/// Proof that a viewer is signed in and has shown a short time ago who they are. Functions that change
/// how an account is signed in to, or delete it, require it: a stolen session alone is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecentMember(AccountOwner);

impl Deref for RecentMember {
    type Target = AccountOwner;
    fn deref(&self) -> &AccountOwner {
        &self.0
    }
}

/// Proof that a viewer is the member, and has verified their email.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifiedOwner(VerifiedMember);

impl Deref for VerifiedOwner {
    type Target = VerifiedMember;
    fn deref(&self) -> &VerifiedMember {
        &self.0
    }
}

impl Deref for AccountOwner {
    type Target = Member;
    fn deref(&self) -> &Member {
        &self.0
    }
}

/// What a session knows of the last time that its owner proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastProof<'a> {
    /// Until when it counts as recent; None: there is none.
    pub recent_until: Option<Timestamp>,
    /// How the owner can prove it again.
    pub methods: &'a [IdentityMethod],
}

impl Deref for VerifiedMember {
    type Target = Member;
    fn deref(&self) -> &Member {
        &self.0
    }
}

impl Member {
    /// Only a verified token creates a member.
    pub(super) fn proven(id: UserId, session: SessionId, has_verified_email: bool) -> Self {
        Self { id, session, has_verified_email, impersonator: None }
    }

    /// The member, as whom `staff` acts. Only a verified token does this.
    pub(super) fn impersonated_by(self, staff: Option<UserId>) -> Self {
        Self { impersonator: staff, ..self }
    }

    /// The proof that the viewer is the member.
    ///
    /// # Errors
    /// [`Refusal::Impersonated`] when staff act as the member.
    pub fn owner(&self) -> Result<AccountOwner> {
        match self.impersonator {
            None => Ok(AccountOwner(*self)),
            Some(_) => Err(Refusal::Impersonated(Impersonated).into()),
        }
    }

    /// Who acts as the member, and the impersonation; None when it is the member.
    pub fn impersonation(&self) -> Option<(UserId, ImpersonationId)> {
        Some((self.impersonator?, self.session.into()))
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

impl AccountOwner {
    /// The proof that the owner has verified their email.
    ///
    /// # Errors
    /// As [`Member::verified`].
    pub fn verified(&self) -> Result<VerifiedOwner> {
        self.0.verified().map(VerifiedOwner)
    }

    /// The proof that the member has shown a short time before `now` who they are.
    ///
    /// # Errors
    /// [`Refusal::RecentSignInRequired`] when they have not.
    pub fn recent(&self, last: LastProof<'_>, now: Timestamp) -> Result<RecentMember> {
        if last.recent_until.is_some_and(|until| now < until) {
            return Ok(RecentMember(*self));
        }
        Err(Refusal::RecentSignInRequired(RecentSignInRequired { methods: last.methods.to_vec() }).into())
    }
}

impl Viewer {
    /// The proof that the viewer is signed in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the viewer is anonymous.
    pub fn member(&self) -> Result<&Member> {
        match self {
            Self::Anonymous => Err(Error::Unauthenticated),
            Self::Member(member) => Ok(member),
        }
    }

    /// The account, if the viewer is signed in.
    pub fn id(&self) -> Option<UserId> {
        self.member().ok().map(Member::id)
    }
}
