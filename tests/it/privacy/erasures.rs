//! Accounts that are erased after some time, and races.

use chrono::Duration;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{admin, delete, hold, is_stored, sweep, with_grace};
use crate::{
    harness::{actors::Actor, app::TestApp},
    operations::of_field,
};

const DUE: &str = "{ me { deletionDueAt user { displayName } } }";

async fn due(actor: &Actor) -> Value {
    actor.run(DUE, json!({})).await["me"]["deletionDueAt"].clone()
}

async fn is_erased(app: &TestApp, person: &Actor) -> bool {
    let account = store::accounts::find(&mut app.conn().await, person.member.id()).await.unwrap().unwrap();
    account.email.is_none()
}

#[tokio::test]
async fn an_account_is_erased_after_a_time_in_which_its_owner_can_keep_it() {
    let app = with_grace(&TestApp::new().await).await;
    let person = Actor::register(&app, "Greta Graceful").await;
    let email = person.run("{ me { email } }", json!({})).await["me"]["email"].as_str().unwrap().to_owned();
    let planned = delete(&person).await;
    assert_eq!(planned["__typename"], "DeleteAccountSuccess");
    app.work().await;
    assert!(app.mailbox.last_to(&email).subject.contains("will be deleted"), "{}", app.mailbox.last_to(&email).subject);
    assert_eq!(due(&person).await, json!(app.app.now() + Duration::days(7)));
    assert_eq!(delete(&person).await["code"], "STATE_CONFLICT", "it is planned already");
    let cancel = of_field("cancelAccountDeletion").text;
    let kept = person.run(&cancel, json!({})).await["cancelAccountDeletion"].clone();
    assert_eq!(kept["me"]["deletionDueAt"], json!(null), "{kept}");
    app.pass(Duration::days(8));
    sweep(&app).await;
    assert!(!is_erased(&app, &person).await);
    let person = Actor::sign_in(&app, &email, "correct horse").await;
    delete(&person).await;
    for (days, erased) in [(6, false), (2, true)] {
        app.pass(Duration::days(days));
        sweep(&app).await;
        assert_eq!(is_erased(&app, &person).await, erased, "after {days} more days");
    }
    app.work().await;
    assert!(app.mailbox.last_to(&email).subject.contains("was deleted"));
    assert!(!is_stored(&app, "Graceful").await && !is_stored(&app, &email).await);
    let answer = app.run(Some(&person.member), &cancel, json!({})).await;
    let answer = serde_json::to_string(&answer).unwrap();
    assert!(answer.contains("STATE_CONFLICT"), "it is too late: {answer}");
}

#[tokio::test]
async fn bookings_that_have_not_ended_delay_an_erasure() {
    let app = with_grace(&TestApp::new().await).await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    delete(&guest).await;
    guest.book_and_pay(&listing, "2026-03-20", "2026-03-22").await;
    for (days, erased) in [(8, false), (8, false), (7, true)] {
        app.pass(Duration::days(days));
        app.work().await;
        sweep(&app).await;
        assert_eq!(is_erased(&app, &guest).await, erased, "on {}", app.clock_day());
    }
}

#[tokio::test]
async fn of_a_booking_and_a_planned_erasure_of_its_guest_or_host_one_wins() {
    for round in 0..4 {
        let app = with_grace(&TestApp::new().await).await;
        let (host, guest) = (app.host().await, app.guest().await);
        let listing = host.listing(|_| {}).await;
        let leaver = if round % 2 == 0 { &guest } else { &host };
        delete(leaver).await;
        app.pass(Duration::days(7));
        let email =
            store::accounts::find(&mut app.conn().await, guest.member.id()).await.unwrap().unwrap().email.unwrap();
        let guest = Actor::sign_in(&app, &email, "correct horse").await;
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
        let other = app.second_instance().await;
        let (booked, ()) = join(guest.try_book(&quote, "a-booking-in-a-race"), sweep(&other)).await;
        let is_booked = booked["__typename"] == "CreateBookingSuccess";
        assert!(is_booked != is_erased(&app, leaver).await, "{booked}");
    }
}

#[tokio::test]
async fn of_a_hold_and_a_deletion_at_once_nothing_is_lost_that_is_held() {
    for round in 0..6 {
        let app = TestApp::new().await;
        let (admin, person) = (admin(&app).await, Actor::register(&app, "Lena Locked").await);
        let other = admin.at(&app.second_instance().await);
        let (held, deleted) = match round % 2 {
            0 => join(hold(&other, &person), delete(&person)).await,
            _ => {
                let (deleted, held) = join(delete(&person), hold(&other, &person)).await;
                (held, deleted)
            }
        };
        assert_eq!(deleted["__typename"], "DeleteAccountSuccess", "{deleted}");
        let id = person.member.id();
        let erasure = store::erasures::find(&mut app.conn().await, id).await.unwrap();
        let parts = store::erasures::held_parts(&mut app.conn().await, id, 0, 10).await.unwrap();
        let is_held = held["__typename"] == "PlaceLegalHoldSuccess";
        assert_eq!((erasure.is_some(), !parts.is_empty()), (is_held, is_held), "{held}");
        app.work().await;
        assert!(!is_stored(&app, "Lena Locked").await);
    }
}
