//! In which role the viewer sees a booking.

use async_graphql::Context;

use crate::{co_hosts::AccessTo, context::ContextExt, error::Result};
use domain::bookings::Booking as Row;
use types::{CoHostAccess, Permission, Side};

/// What the viewer is to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Guest,
    Host,
    /// Helps the host, with access that includes the bookings.
    CoHost(CoHostAccess),
}

impl Role {
    /// The role of the viewer; None when they may not see the booking. Only for co-hosts a statement.
    pub(super) async fn of_viewer(ctx: &Context<'_>, row: &Row) -> Result<Option<Self>> {
        let Some(viewer) = ctx.viewer().id() else { return Ok(None) };
        match row.side_of(viewer) {
            Some(Side::Guest) => return Ok(Some(Self::Guest)),
            Some(Side::Host) => return Ok(Some(Self::Host)),
            None if row.hidden_from_host => return Ok(None),
            None => {}
        }
        let access = ctx.load_own(AccessTo(row.listing_id)).await?;
        Ok(access.filter(|access| access.includes(Permission::SeeBookings)).map(Self::CoHost))
    }

    /// On which side the viewer acts; None when they only see.
    pub(super) fn acts_as(self) -> Option<Side> {
        match self {
            Self::Guest => Some(Side::Guest),
            Self::Host => Some(Side::Host),
            Self::CoHost(access) => Some(Side::Host).filter(|_| access.includes(Permission::AnswerBookings)),
        }
    }

    /// Whether the viewer helps the host.
    pub(super) fn is_co_host(self) -> bool {
        matches!(self, Self::CoHost(_))
    }
}
