//! What the rows about passkeys need.

use serde_json::{Value, json};

use super::{accounts::prove_all, stage::Row, world::World};
use crate::harness::{
    actors::Actor,
    passkeys::{Claims, Passkey, begin, begin_sign_in},
};

/// All objects belong to the guest.
pub(super) async fn stage(world: &World, row: Row) -> Value {
    prove_all(world).await;
    match (row.field, row.about) {
        ("beginPasskey" | "beginPasskeySignIn", _) => json!({}),
        ("beginPasskeyConfirmation", _) => {
            own(&world.guest).await;
            json!({})
        }
        ("addPasskey", _) => {
            let (_, response) = Passkey::make(&begin(&world.guest).await, &Claims::default());
            json!({ "input": { "response": response } })
        }
        ("completePasskeySignIn", "right passkey") => {
            let somebody = Actor::register(&world.app, "Nils Newer").await;
            let passkey = Box::pin(Passkey::add(&somebody, "Phone")).await;
            json!({ "input": { "response": passkey.sign(&begin_sign_in(&world.app).await, &Claims::default()) } })
        }
        ("completePasskeySignIn", _) => json!({ "input": { "response": "{}" } }),
        _ => json!({ "input": { "passkeyId": own(&world.guest).await } }),
    }
}

/// The first passkey of a member, added if there is none.
async fn own(member: &Actor) -> Value {
    let query = "{ me { passkeys { id } } }";
    let first = async || member.run(query, json!({})).await["me"]["passkeys"][0]["id"].clone();
    let found = first().await;
    if !found.is_null() {
        return found;
    }
    Box::pin(Passkey::add(member, "Phone")).await;
    first().await
}
