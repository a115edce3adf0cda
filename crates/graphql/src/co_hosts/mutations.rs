//! Mutations of co-hosts.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{CoHost, CoHostInvitation};
use crate::{checked::Checked, context::ContextExt, error::Result, ids, payload::payload};
use domain::{
    accounts,
    co_hosts::{self, Invite},
};
use types::{
    CoHostAccess, CoHostId, Email,
    error::{self, Validation},
};

/// Input of `inviteCoHost`.
#[derive(InputObject)]
pub struct InviteCoHostInput {
    /// The listing.
    listing_id: ID,
    /// Where the invitation is sent; not the viewer's own email.
    email: Checked<Email>,
    /// What the person may do.
    access: CoHostAccess,
}

impl InviteCoHostInput {
    fn read(self) -> error::Result<Invite> {
        let mut validation = Validation::default();
        let listing = validation.check(ids::input(&self.listing_id, "listingId", "listing"));
        let email = validation.check(self.email.at(&["email"]));
        let access = self.access;
        validation.finish_with(listing.zip(email).map(|(listing, email)| Invite { listing, email, access }))
    }
}

/// The invitation was sent.
#[derive(SimpleObject)]
pub struct InviteCoHostSuccess {
    /// The invitation.
    invitation: CoHostInvitation,
}

payload! {
    /// The result of `inviteCoHost`.
    InviteCoHostPayload(InviteCoHostSuccess) {
        InvalidInput => InvalidInputProblem,
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        LimitReached => LimitReachedProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `acceptCoHostInvitation`.
#[derive(InputObject)]
pub struct AcceptCoHostInvitationInput {
    /// The invitation.
    invitation_id: ID,
}

/// The viewer helps with the listing.
#[derive(SimpleObject)]
pub struct AcceptCoHostInvitationSuccess {
    /// The viewer as a co-host.
    co_host: CoHost,
}

payload! {
    /// The result of `acceptCoHostInvitation`.
    AcceptCoHostInvitationPayload(AcceptCoHostInvitationSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        NotFound => NotFoundProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `declineCoHostInvitation`.
#[derive(InputObject)]
pub struct DeclineCoHostInvitationInput {
    /// The invitation.
    invitation_id: ID,
}

/// The invitation was declined.
#[derive(SimpleObject)]
pub struct DeclineCoHostInvitationSuccess {
    /// The id of the invitation.
    id: ID,
}

payload! {
    /// The result of `declineCoHostInvitation`.
    DeclineCoHostInvitationPayload(DeclineCoHostInvitationSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        NotFound => NotFoundProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `changeCoHostAccess`.
#[derive(InputObject)]
pub struct ChangeCoHostAccessInput {
    /// The co-host.
    co_host_id: ID,
    /// What the person may do.
    access: CoHostAccess,
}

/// The access was changed.
#[derive(SimpleObject)]
pub struct ChangeCoHostAccessSuccess {
    /// The co-host as it is now.
    co_host: CoHost,
}

payload! {
    /// The result of `changeCoHostAccess`.
    ChangeCoHostAccessPayload(ChangeCoHostAccessSuccess) {
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `removeCoHost`.
#[derive(InputObject)]
pub struct RemoveCoHostInput {
    /// The co-host, or an invitation.
    co_host_id: ID,
}

/// The co-host was removed, or the invitation withdrawn.
#[derive(SimpleObject)]
pub struct RemoveCoHostSuccess {
    /// The id of the co-host or the invitation.
    id: ID,
}

payload! {
    /// The result of `removeCoHost`.
    RemoveCoHostPayload(RemoveCoHostSuccess) {
        NotFound => NotFoundProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `leaveCoHosting`.
#[derive(InputObject)]
pub struct LeaveCoHostingInput {
    /// The viewer as a co-host.
    co_host_id: ID,
}

/// The viewer no longer helps with the listing.
#[derive(SimpleObject)]
pub struct LeaveCoHostingSuccess {
    /// The id of the co-host.
    id: ID,
}

payload! {
    /// The result of `leaveCoHosting`.
    LeaveCoHostingPayload(LeaveCoHostingSuccess) {
        NotFound => NotFoundProblem,
        Impersonated => ImpersonatedProblem,
    }
}

fn co_host_id(id: &ID) -> error::Result<CoHostId> {
    ids::input(id, "coHostId", "co-host")
}

fn invitation_id(id: &ID) -> error::Result<CoHostId> {
    ids::input(id, "invitationId", "invitation")
}

/// Mutations of co-hosts.
#[derive(Default)]
pub struct CoHostMutation;

#[Object]
impl CoHostMutation {
    /// Invites somebody by email to help with a listing of the viewer: the mail tells them. The response is the same whether or not the email has an account. If an invitation to the email waits already, it gets the new access and is sent again; if the person helps already, accepting changes their access. A listing has at most 10 co-hosts and invitations, and a host sends at most 20 invitations a day.
    async fn invite_co_host(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing, and whom to invite.")] input: InviteCoHostInput,
    ) -> Result<InviteCoHostPayload> {
        InviteCoHostPayload::of(Box::pin(invite(ctx, input)).await)
    }

    /// Accepts an invitation to the viewer's verified email. If the viewer helps with the listing already, the new access replaces the old one.
    async fn accept_co_host_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invitation.")] input: AcceptCoHostInvitationInput,
    ) -> Result<AcceptCoHostInvitationPayload> {
        AcceptCoHostInvitationPayload::of(Box::pin(accept(ctx, input)).await)
    }

    /// Declines an invitation to the viewer's verified email.
    async fn decline_co_host_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invitation.")] input: DeclineCoHostInvitationInput,
    ) -> Result<DeclineCoHostInvitationPayload> {
        DeclineCoHostInvitationPayload::of(Box::pin(decline(ctx, input)).await)
    }

    /// Changes what a co-host of one of the viewer's listings may do, from the next operation on.
    async fn change_co_host_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The co-host, and the access.")] input: ChangeCoHostAccessInput,
    ) -> Result<ChangeCoHostAccessPayload> {
        ChangeCoHostAccessPayload::of(Box::pin(change_access(ctx, input)).await)
    }

    /// Removes a co-host of one of the viewer's listings, from the next operation on, or withdraws an invitation.
    async fn remove_co_host(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The co-host or the invitation.")] input: RemoveCoHostInput,
    ) -> Result<RemoveCoHostPayload> {
        RemoveCoHostPayload::of(Box::pin(remove(ctx, input)).await)
    }

    /// Stops helping with a listing of another host.
    async fn leave_co_hosting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The co-host.")] input: LeaveCoHostingInput,
    ) -> Result<LeaveCoHostingPayload> {
        LeaveCoHostingPayload::of(Box::pin(leave(ctx, input)).await)
    }
}

async fn invite(ctx: &Context<'_>, input: InviteCoHostInput) -> error::Result<InviteCoHostSuccess> {
    let owner = ctx.owner()?;
    owner.verified()?;
    let wanted = input.read()?;
    let host = accounts::recent(ctx.app(), &owner).await?;
    let sent = co_hosts::invite(ctx.app(), &host, &wanted).await?;
    Ok(InviteCoHostSuccess { invitation: Arc::new(sent).into() })
}

async fn accept(ctx: &Context<'_>, input: AcceptCoHostInvitationInput) -> error::Result<AcceptCoHostInvitationSuccess> {
    let (member, id) = (ctx.owner()?.verified()?, invitation_id(&input.invitation_id)?);
    let accepted = co_hosts::accept(ctx.app(), &member, id).await?;
    Ok(AcceptCoHostInvitationSuccess { co_host: Arc::new(accepted).into() })
}

async fn decline(
    ctx: &Context<'_>,
    input: DeclineCoHostInvitationInput,
) -> error::Result<DeclineCoHostInvitationSuccess> {
    let (member, id) = (ctx.owner()?.verified()?, invitation_id(&input.invitation_id)?);
    co_hosts::decline(ctx.app(), &member, id).await?;
    Ok(DeclineCoHostInvitationSuccess { id: input.invitation_id })
}

async fn change_access(ctx: &Context<'_>, input: ChangeCoHostAccessInput) -> error::Result<ChangeCoHostAccessSuccess> {
    let (owner, id) = (ctx.owner()?, co_host_id(&input.co_host_id)?);
    let host = accounts::recent(ctx.app(), &owner).await?;
    let changed = co_hosts::set_access(ctx.app(), &host, id, input.access).await?;
    Ok(ChangeCoHostAccessSuccess { co_host: Arc::new(changed).into() })
}

async fn remove(ctx: &Context<'_>, input: RemoveCoHostInput) -> error::Result<RemoveCoHostSuccess> {
    let (host, id) = (ctx.owner()?, co_host_id(&input.co_host_id)?);
    co_hosts::remove(ctx.app(), &host, id).await?;
    Ok(RemoveCoHostSuccess { id: input.co_host_id })
}

async fn leave(ctx: &Context<'_>, input: LeaveCoHostingInput) -> error::Result<LeaveCoHostingSuccess> {
    let (member, id) = (ctx.owner()?, co_host_id(&input.co_host_id)?);
    co_hosts::leave(ctx.app(), &member, id).await?;
    Ok(LeaveCoHostingSuccess { id: input.co_host_id })
}
