//! What the rows about identity providers need.

use serde_json::{Value, json};
use store::provider_links;

use super::{accounts::prove_all, stage::Row, world::World};
use crate::{
    harness::{
        actors::{Actor, data},
        identity_server::PAGE,
    },
    operations::of_field,
};

pub(super) async fn stage(world: &World, row: Row) -> Value {
    prove_all(world).await;
    let input = match (row.field, row.about) {
        ("completeProviderSignIn", "new person") => {
            let number = world.app.number();
            let email = format!("new{number}@example.org");
            let person = json!({ "sub": format!("p{number}"), "email": email, "email_verified": true });
            response(world, None, &person).await
        }
        ("completeProviderSignIn", _) => {
            link(world).await;
            let input = response(world, None, &json!({ "sub": "guest" })).await;
            return json!({ "input": input });
        }
        ("completeProviderLink", _) => {
            unlink(world).await;
            response(world, Some(&world.guest), &json!({ "sub": "guest" })).await
        }
        ("unlinkProvider", _) => {
            link(world).await;
            json!({})
        }
        _ => json!({}),
    };
    json!({ "input": input })
}

/// What a provider has sent in answer to what `member`, or an anonymous viewer, has begun.
async fn response(world: &World, member: Option<&Actor>, person: &Value) -> Value {
    let field = if member.is_some() { "beginProviderLink" } else { "beginProviderSignIn" };
    let input = json!({ "input": { "provider": "example", "redirectUri": PAGE } });
    let begun = data(world.app.run(member.map(|actor| &actor.member), &of_field(field).text, input).await);
    let url = begun[field]["url"].as_str().unwrap_or_else(|| panic!("{begun}"));
    let approval = world.identity_server.approve(url, person, world.app.app.now());
    json!({ "handle": begun[field]["handle"], "state": approval.state, "code": approval.code })
}

/// Links the guest's account with the guest's person.
async fn link(world: &World) {
    unlink(world).await;
    let input = response(world, Some(&world.guest), &json!({ "sub": "guest" })).await;
    let linked = world.guest.mutate(&of_field("completeProviderLink").text, input).await;
    assert_eq!(linked["__typename"], "CompleteProviderLinkSuccess", "{linked}");
}

async fn unlink(world: &World) {
    provider_links::delete_all(&mut world.app.conn().await, world.guest.member.id()).await.unwrap();
}
