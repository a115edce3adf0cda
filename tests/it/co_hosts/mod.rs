//! People who help hosts: invitations, what each access does, and races.

mod access;
mod ends;
mod invitations;
mod races;

use serde_json::{Value, json};

use crate::{harness::actors::Actor, operations::of_field};

/// The payload of a mutation, with these fields in the input of its example.
async fn act(actor: &Actor, field: &str, change: Value) -> Value {
    let example = of_field(field);
    let mut input = example.variables["input"].clone();
    input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    actor.mutate(&example.text, input).await
}

async fn email(actor: &Actor) -> String {
    actor.run("{ me { email } }", json!({})).await["me"]["email"].as_str().unwrap().to_owned()
}

async fn invite(host: &Actor, listing: &str, email: &str, access: &str) -> Value {
    act(host, "inviteCoHost", json!({ "listingId": listing, "email": email, "access": access })).await
}

/// Lets `helper` help with a listing of `host`; the id of the co-host.
async fn help(host: &Actor, listing: &str, helper: &Actor, access: &str) -> String {
    let invited = invite(host, listing, &email(helper).await, access).await;
    let id = invited["invitation"]["id"].as_str().unwrap_or_else(|| panic!("{invited}")).to_owned();
    let accepted = accept(helper, &id).await;
    assert_eq!(accepted["coHost"]["access"], access, "{accepted}");
    id
}

async fn accept(helper: &Actor, invitation: &str) -> Value {
    act(helper, "acceptCoHostInvitation", json!({ "invitationId": invitation })).await
}

/// The invitations to the viewer that wait.
async fn invitations(viewer: &Actor) -> Value {
    let own =
        "{ me { coHostInvitations { nodes { id email access listingTitle host { displayName } listing { id } } } } }";
    viewer.run(own, json!({})).await["me"]["coHostInvitations"]["nodes"].clone()
}

/// The ids of the listings that the viewer helps with, last accepted first.
async fn helps_with(viewer: &Actor) -> Value {
    let own = viewer.run("{ me { coHosting { nodes { listing { id } } } } }", json!({})).await;
    own["me"]["coHosting"]["nodes"].as_array().unwrap().iter().map(|row| row["listing"]["id"].clone()).collect()
}

/// Whether the viewer can change the title of a listing.
async fn can_edit(viewer: &Actor, listing: &str) -> bool {
    act(viewer, "updateListing", json!({ "listingId": listing })).await["__typename"] == "UpdateListingSuccess"
}
