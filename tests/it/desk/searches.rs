//! What staff find, and the record of what they look at.

use serde_json::{Value, json};
use types::{BookingId, ConfirmationCode, StaffRole};

use super::desk;
use crate::{
    access::world::{World, text},
    harness::{actors::Actor, app::TestApp},
};

const FIELDS: [(&str, &str); 7] = [
    ("roles", "roles"),
    ("roleGrants", "roleGrants { nodes { id } }"),
    ("auditLog", "auditLog { nodes { number } }"),
    ("people", "people(search: SEARCH) { nodes { id email } }"),
    ("listings", "listings(search: SEARCH) { nodes { id } }"),
    ("bookings", "bookings(search: SEARCH) { nodes { id } }"),
    ("payments", "payments(search: SEARCH) { nodes { id } }"),
];

fn search(fields: &str, what: &str) -> String {
    fields.replace("SEARCH", &format!("\"{what}\""))
}

/// What each role sees; what it does not is null.
#[tokio::test]
async fn each_role_sees_its_part_of_the_desk() {
    let app = TestApp::new().await;
    let person = app.guest().await.member.id().to_string();
    let seen = async |role| {
        let staff = Actor::staff(&app, role).await;
        let mut seen = Vec::new();
        for (name, fields) in FIELDS {
            if !desk(&staff, &search(fields, &person)).await[name].is_null() {
                seen.push(name);
            }
        }
        seen
    };
    assert_eq!(seen(StaffRole::Support).await, ["roles", "people", "listings", "bookings"]);
    assert_eq!(seen(StaffRole::Finance).await, ["roles", "bookings", "payments"]);
    assert_eq!(seen(StaffRole::Admin).await, FIELDS.map(|(name, _)| name));
}

fn ids(page: &Value) -> Vec<String> {
    page["nodes"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(|node| text(&node["id"])).collect()
}

#[tokio::test]
async fn people_listings_bookings_and_payments_are_found_by_ids_and_emails() {
    let world = World::new().await;
    let (booking, payment) = world.confirmed().await;
    let found = desk(
        &world.admin,
        &search("bookings(search: SEARCH) { nodes { listing { id host { id } } guest { id } } }", &booking),
    )
    .await;
    let listing = text(&found["bookings"]["nodes"][0]["listing"]["id"]);
    let (guest, host) = (world.guest.member.id().to_string(), world.host.member.id().to_string());
    assert_eq!(found["bookings"]["nodes"][0]["guest"]["id"], guest.as_str());
    assert_eq!(found["bookings"]["nodes"][0]["listing"]["host"]["id"], host.as_str());
    let email = world.email(&world.guest).await;
    let code = ConfirmationCode::from(booking.parse::<BookingId>().unwrap()).to_string().to_lowercase();
    for (field, what, expected) in [
        ("people", email.as_str(), vec![&guest]),
        ("people", &guest, vec![&guest]),
        ("people", &listing, vec![&host]),
        ("people", &booking, vec![&host, &guest]),
        ("people", &code, vec![&host, &guest]),
        ("people", "0000-0000-00", vec![]),
        ("bookings", &code, vec![&booking]),
        ("payments", &code, vec![&payment]),
        ("people", "nobody@example.org", vec![]),
        ("people", &payment, vec![]),
        ("listings", &listing, vec![&listing]),
        ("bookings", &listing, vec![&booking]),
        ("bookings", &payment, vec![&booking]),
        ("payments", &payment, vec![&payment]),
        ("payments", &booking, vec![&payment]),
    ] {
        let page = desk(&world.admin, &search(&format!("{field}(search: SEARCH) {{ nodes {{ id }} }}"), what)).await;
        let (mut found, mut expected): (Vec<_>, Vec<_>) = (ids(&page[field]), expected.into_iter().cloned().collect());
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{field} by {what}");
    }
    for (field, what, one) in [
        ("listings", world.email(&world.host).await, &listing),
        ("bookings", email.clone(), &booking),
        ("payments", email, &payment),
    ] {
        let page = desk(&world.admin, &search(&format!("{field}(search: SEARCH) {{ nodes {{ id }} }}"), &what)).await;
        assert!(ids(&page[field]).contains(one), "{field} by {what}: {page}");
    }
    let text =
        world.app.run(Some(&world.admin.member), "{ desk { people(search: \"Gina\") { nodes { id } } } }", json!({}));
    let errors = text.await.errors;
    assert!(errors[0].message.contains("must be an id"), "{errors:?}");
}

#[tokio::test]
async fn pages_of_bookings_continue_after_their_cursor() {
    let world = World::new().await;
    for _ in 0..3 {
        world.confirmed().await;
    }
    let guest = world.guest.member.id().to_string();
    let page = async |after: &str| {
        let fields = format!(
            "bookings(search: \"{guest}\", first: 2{after}) {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }}"
        );
        desk(&world.admin, &fields).await["bookings"].clone()
    };
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let page = page(&after).await;
        all.extend(ids(&page));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: \"{}\"", page["pageInfo"]["endCursor"].as_str().unwrap());
    }
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    // Two of the world's own: one as a guest, one as a host.
    assert_eq!((all.len(), different.len()), (5, 5), "{all:?}");
}

#[tokio::test]
async fn each_look_at_an_email_is_recorded_and_nothing_else() {
    let world = World::new().await;
    let guest = world.guest.member.id().to_string();
    let log = async || {
        let fields = format!(
            "auditLog(where: {{ subjectId: \"{guest}\" }}) {{ nodes {{ action actor {{ id }} before after }} }}"
        );
        desk(&world.admin, &fields).await["auditLog"]["nodes"].clone()
    };
    desk(&world.support, &search("people(search: SEARCH) { nodes { id user { displayName } suspendedAt } }", &guest))
        .await;
    assert_eq!(log().await, json!([]));
    let email = world.email(&world.guest).await;
    let seen = desk(&world.support, &search("people(search: SEARCH) { nodes { email emailVerified } }", &guest)).await;
    assert_eq!(seen["people"]["nodes"], json!([{ "email": email, "emailVerified": true }]));
    let entry = json!({ "action": "PERSON_VIEWED", "actor": { "id": world.support.member.id().to_string() },
        "before": null, "after": null });
    assert_eq!(log().await, json!([entry]), "without the email itself");
}
