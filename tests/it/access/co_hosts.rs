//! The objects of mutations of co-hosts, and what co-hosts may know.

use serde_json::{Value, json};
use types::CoHostAccess;

use super::{
    accounts::prove_all,
    stage::Row,
    world::{DRAFT, EXACT, World},
};

/// Whether this viewer may know a secret of the guest and the host.
pub fn may_know(viewer: &str, secret: &str) -> bool {
    match viewer {
        "co-host full" | "co-host messages" => secret == DRAFT || EXACT.contains(&secret),
        "co-host calendar" => secret == DRAFT,
        _ => false,
    }
}

pub async fn stage(world: &World, row: Row) -> Value {
    prove_all(world).await;
    let (listing, email) = (world.listing().await, world.email(&world.guest).await);
    let input = match (row.field, row.about) {
        ("inviteCoHost", _) => json!({ "listingId": listing }),
        ("acceptCoHostInvitation" | "declineCoHostInvitation", _) => {
            json!({ "invitationId": world.host.invitation(&listing, &email, CoHostAccess::Calendar).await })
        }
        (_, "invitation") => {
            json!({ "coHostId": world.host.invitation(&listing, &email, CoHostAccess::Calendar).await })
        }
        _ => json!({ "coHostId": world.host.helped_by(&listing, &world.guest, CoHostAccess::Calendar).await }),
    };
    json!({ "input": input })
}
