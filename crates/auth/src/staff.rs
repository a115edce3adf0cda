//! The proofs that a viewer is staff, and has a role.

use std::ops::Deref;

use types::{
    StaffRole, Timestamp,
    error::{Result, RoleRequired},
};

use crate::{AccountOwner, LastProof, Member, RecentMember};

/// Proof that a viewer has at least one role. The grants are read once for an operation, so that one that has expired or was ended takes
/// effect at the next operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Staff {
    owner: AccountOwner,
    support: bool,
    finance: bool,
    admin: bool,
}

/// Declares the proof of a role, which an admin has too.
macro_rules! roles {
    ($($(#[$doc:meta])* $proof:ident, $prove:ident, $role:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $proof(Staff);

        impl Deref for $proof {
            type Target = Staff;
            fn deref(&self) -> &Staff {
                &self.0
            }
        }

        impl Staff {
            #[doc = concat!("The proof of the role `", stringify!($role), "`.")]
            ///
            /// # Errors
            /// [`types::error::Refusal::RoleRequired`].
            pub fn $prove(&self) -> Result<$proof> {
                if self.has(StaffRole::$role) || self.has(StaffRole::Admin) {
                    return Ok($proof(*self));
                }
                Err(RoleRequired { role: StaffRole::$role }.into())
            }
        }
    )*};
}

roles! {
    /// Proof that a viewer may help guests and hosts.
    Support, support, Support;
    /// Proof that a viewer may look after the money.
    Finance, finance, Finance;
    /// Proof that a viewer may do everything.
    Admin, admin, Admin;
}

/// Proof that a viewer has the role of `R`, and has shown a short time ago who they are. What gives roles or money away, or shows what nobody
/// else may see, requires it: a stolen session of staff alone is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recent<R> {
    role: R,
    member: RecentMember,
}

impl<R> Deref for Recent<R> {
    type Target = R;
    fn deref(&self) -> &R {
        &self.role
    }
}

impl<R: Deref<Target = Staff>> Recent<R> {
    /// The proof that who has `role` has shown a short time before `now` who they are.
    ///
    /// # Errors
    /// As [`AccountOwner::recent`].
    pub fn proven(role: R, last: LastProof<'_>, now: Timestamp) -> Result<Self> {
        let member = role.owner().recent(last, now)?;
        Ok(Self { role, member })
    }

    /// The same member, who has shown who they are.
    pub fn recent(&self) -> &RecentMember {
        &self.member
    }
}

impl Staff {
    /// The proof for `owner`, who has `roles`; None without a role. Only the function that has read the grants calls this. Staff who act as
    /// somebody else have no role while they do.
    pub fn proven(owner: AccountOwner, roles: &[StaffRole]) -> Option<Self> {
        let has = |role| roles.contains(&role);
        let (support, finance, admin) = (has(StaffRole::Support), has(StaffRole::Finance), has(StaffRole::Admin));
        (support || finance || admin).then_some(Self { owner, support, finance, admin })
    }

    /// Whether a grant of this role is in force.
    pub fn has(&self, role: StaffRole) -> bool {
        match role {
            StaffRole::Support => self.support,
            StaffRole::Finance => self.finance,
            StaffRole::Admin => self.admin,
        }
    }

    /// The member.
    pub fn member(&self) -> &Member {
        &self.owner
    }

    /// The member, who acts for themselves.
    pub fn owner(&self) -> &AccountOwner {
        &self.owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{SeededEntropy, SessionId, Timestamp, UserId};

    fn staff(roles: &[StaffRole]) -> Option<Staff> {
        let (at, entropy) = (Timestamp::from(chrono::DateTime::UNIX_EPOCH), SeededEntropy::new(1));
        let member = Member::proven(UserId::new(at, &entropy), SessionId::new(at, &entropy), true);
        Staff::proven(member.owner().unwrap(), roles)
    }

    #[test]
    fn a_role_and_a_recent_proof_are_one_proof_of_one_member() {
        let (at, admin) = (Timestamp::from(chrono::DateTime::UNIX_EPOCH), staff(&[StaffRole::Admin]).unwrap().admin());
        let admin = admin.unwrap();
        let proven = |until| Recent::proven(admin, LastProof { recent_until: until, methods: &[] }, at);
        assert!(proven(None).is_err() && proven(Some(at)).is_err());
        let recent = proven(Some(at + chrono::Duration::seconds(1))).unwrap();
        assert_eq!((recent.recent().id(), recent.member().id()), (admin.member().id(), admin.member().id()));
    }

    #[test]
    fn a_role_proves_itself_and_an_admin_proves_every_role() {
        let proofs = |roles: &[StaffRole]| {
            let staff = staff(roles).unwrap();
            [staff.support().is_ok(), staff.finance().is_ok(), staff.admin().is_ok()]
        };
        assert_eq!(staff(&[]), None);
        assert_eq!(proofs(&[StaffRole::Support]), [true, false, false]);
        assert_eq!(proofs(&[StaffRole::Finance]), [false, true, false]);
        assert_eq!(proofs(&[StaffRole::Support, StaffRole::Finance]), [true, true, false]);
        assert_eq!(proofs(&[StaffRole::Admin]), [true, true, true]);
    }
}
