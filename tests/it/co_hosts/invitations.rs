//! Who is invited, and who sees it.

use chrono::Duration;
use domain::{app::AttemptLimits, retention::Sweeper};
use serde_json::{Value, json};
use types::StaffRole;

use super::{accept, act, can_edit, email, help, helps_with, invitations, invite};
use crate::{
    desk,
    harness::{
        actors::{Actor, CREATE_LISTING, REGISTER, home},
        app::TestApp,
        database::strings,
    },
};

#[tokio::test]
async fn an_invitation_is_mailed_and_its_owner_accepts_it() {
    let app = TestApp::new().await;
    let (host, helper, other) = (app.host().await, app.guest().await, app.guest().await);
    let draft = host.mutate(CREATE_LISTING, home()).await["listing"]["id"].as_str().unwrap().to_owned();
    let to = email(&helper).await;
    let sent = invite(&host, &draft, &to, "FULL").await;
    assert_eq!(sent["__typename"], "InviteCoHostSuccess", "{sent}");
    app.work().await;
    let mail = app.mailbox.last_to(&to);
    for part in ["Hello Gina Guest,", "Hugo Host", "Quiet flat by the river", "https://stays.example.org/co-hosting"] {
        assert!(mail.text.contains(part), "{}", mail.text);
    }
    let id = sent["invitation"]["id"].clone();
    let expected = json!([{ "id": id, "email": to, "access": "FULL", "listingTitle": "Quiet flat by the river",
        "host": { "displayName": "Hugo Host" }, "listing": null }]);
    assert_eq!(invitations(&helper).await, expected, "the draft itself is not visible yet");
    assert_eq!(invitations(&other).await, json!([]));
    assert_eq!(accept(&other, id.as_str().unwrap()).await["code"], "NOT_FOUND");
    assert!(!can_edit(&helper, &draft).await, "it was not accepted yet");
    let lists = "query ($id: ID!) { listing(id: $id) { coHosts { id access person { displayName } } coHostInvitations { id } } }";
    let own = host.run(lists, json!({ "id": draft })).await["listing"].clone();
    assert_eq!(own, json!({ "coHosts": [], "coHostInvitations": [{ "id": id }] }));
    assert_eq!(accept(&helper, id.as_str().unwrap()).await["coHost"]["listing"]["id"], draft);
    assert_eq!((invitations(&helper).await, helps_with(&helper).await), (json!([]), json!([draft])));
    assert!(can_edit(&helper, &draft).await);
    let own = host.run(lists, json!({ "id": draft })).await["listing"].clone();
    let who = json!([{ "id": id, "access": "FULL", "person": { "displayName": "Gina Guest" } }]);
    assert_eq!(own, json!({ "coHosts": who, "coHostInvitations": [] }));
    let others = helper.run(lists, json!({ "id": draft })).await["listing"].clone();
    assert_eq!(others, json!({ "coHosts": null, "coHostInvitations": null }), "only the host decides who helps");
    assert_eq!(accept(&helper, id.as_str().unwrap()).await["code"], "NOT_FOUND", "it is answered");
    assert!(!strings(&app).await.iter().any(|text| text.contains("FULL") && text.contains(&to)), "the email is gone");
}

#[tokio::test]
async fn an_invitation_waits_for_an_email_that_is_verified_later() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let sent = invite(&host, &listing, "later@example.org", "CALENDAR").await;
    let id = sent["invitation"]["id"].as_str().unwrap_or_else(|| panic!("{sent}"));
    app.work().await;
    assert!(app.mailbox.last_to("later@example.org").text.starts_with("Hello,"), "nobody is greeted by name");
    let input = json!({ "email": "later@example.org", "password": "correct horse", "displayName": "Lea Late" });
    let answer = app.run(None, REGISTER, json!({ "input": input })).await;
    let late = Actor::of(&app, &serde_json::to_value(answer.data).unwrap()["registerUser"]);
    assert_eq!(invitations(&late).await, json!([]), "anybody can type an email");
    assert_eq!(accept(&late, id).await["code"], "EMAIL_NOT_VERIFIED");
    let late = late.verified().await;
    assert_eq!(invitations(&late).await[0]["id"], id);
    assert_eq!(accept(&late, id).await["__typename"], "AcceptCoHostInvitationSuccess");
}

/// What a response to an invitation tells, without ids.
fn told(mut payload: Value, email: &str) -> String {
    payload["invitation"]["id"] = json!(null);
    payload.to_string().replace(email, "EMAIL")
}

#[tokio::test]
async fn known_and_unknown_emails_get_the_same_response_for_the_same_statements() {
    let app = TestApp::new().await;
    let (host, known) = (app.host().await, app.guest().await);
    let suspended = app.guest().await;
    let support = Actor::staff(&app, StaffRole::Support).await;
    let gone = email(&suspended).await;
    desk::act(&support, "suspendPerson", json!({ "personId": suspended.member.id().to_string(), "dryRun": false }))
        .await;
    let mut runs = Vec::new();
    for email in [email(&known).await, "unknown@example.org".to_owned(), gone] {
        let listing = host.listing(|_| {}).await;
        let recording = app.app.database.statements().record();
        let answer = invite(&host, &listing, &email, "FULL").await;
        assert_eq!(answer["__typename"], "InviteCoHostSuccess", "{answer}");
        runs.push((told(answer, &email), recording.texts()));
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0], runs[2]);
}

#[tokio::test]
async fn an_invitation_expires_after_fourteen_days_and_is_deleted() {
    let app = TestApp::new().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let sent = invite(&host, &listing, "gone@example.org", "FULL").await;
    assert_eq!(sent["__typename"], "InviteCoHostSuccess", "{sent}");
    let sent = invite(&host, &listing, &email(&helper).await, "FULL").await;
    let id = sent["invitation"]["id"].as_str().unwrap();
    app.work().await;
    app.pass(Duration::days(14) - Duration::seconds(1));
    assert_eq!(invitations(&helper).await[0]["id"], id);
    app.pass(Duration::seconds(1));
    assert_eq!(invitations(&helper).await, json!([]));
    assert_eq!(accept(&helper, id).await["code"], "NOT_FOUND");
    assert_eq!(act(&helper, "declineCoHostInvitation", json!({ "invitationId": id })).await["code"], "NOT_FOUND");
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert!(!strings(&app).await.iter().any(|text| text.contains("gone@example.org")), "nothing of it is left");
}

#[tokio::test]
async fn a_listing_has_ten_co_hosts_and_never_its_own_host() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let own = invite(&host, &listing, &email(&host).await, "FULL").await;
    assert_eq!((&own["code"], &own["path"]), (&json!("INVALID_INPUT"), &json!(["input", "email"])), "{own}");
    let mut ids = Vec::new();
    for number in 0..10 {
        let sent = invite(&host, &listing, &format!("helper{number}@example.org"), "CALENDAR").await;
        ids.push(sent["invitation"]["id"].as_str().unwrap_or_else(|| panic!("{sent}")).to_owned());
    }
    let refused = invite(&host, &listing, "helper10@example.org", "CALENDAR").await;
    assert_eq!(refused["code"], "LIMIT_REACHED", "{refused}");
    let again = invite(&host, &listing, "HELPER3@example.org", "FULL").await;
    assert_eq!([&again["invitation"]["id"], &again["invitation"]["access"]], [ids[3].as_str(), "FULL"], "sent again");
    act(&host, "removeCoHost", json!({ "coHostId": ids[0] })).await;
    let sent = invite(&host, &listing, "helper10@example.org", "CALENDAR").await;
    assert_eq!(sent["__typename"], "InviteCoHostSuccess", "{sent}");
}

#[tokio::test]
async fn invitations_of_a_host_are_limited_and_need_a_recent_sign_in() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let host = app.host().await;
    let listings = [host.listing(|_| {}).await, host.listing(|_| {}).await, host.listing(|_| {}).await];
    let mut sent = 0;
    for number in 0..21 {
        let answer = invite(&host, &listings[number / 10], &format!("helper{number}@example.org"), "CALENDAR").await;
        sent += usize::from(answer["__typename"] == "InviteCoHostSuccess");
        assert_eq!(answer["code"] == "TOO_MANY_ATTEMPTS", number == 20, "{answer}");
    }
    assert_eq!(sent, 20);
    let helper = app.guest().await;
    let co_host = host.helped_by(&listings[2], &helper, types::CoHostAccess::Calendar).await;
    app.pass(Duration::days(1));
    let late = invite(&host, &listings[2], "late@example.org", "FULL").await;
    assert_eq!(late["code"], "RECENT_SIGN_IN_REQUIRED", "a stolen session must not let its thief in for good: {late}");
    let raised = act(&host, "changeCoHostAccess", json!({ "coHostId": co_host, "access": "FULL" })).await;
    assert_eq!(raised["code"], "RECENT_SIGN_IN_REQUIRED", "{raised}");
    let removed = act(&host, "removeCoHost", json!({ "coHostId": co_host })).await;
    assert_eq!(removed["__typename"], "RemoveCoHostSuccess", "nobody is hindered to take access away");
}

#[tokio::test]
async fn invitations_of_a_suspended_host_wait_until_the_host_is_restored() {
    let app = TestApp::new().await;
    let (host, helper, co_host) = (app.host().await, app.guest().await, app.guest().await);
    let support = Actor::staff(&app, StaffRole::Support).await;
    let (listing, unlisted) = (host.listing(|_| {}).await, host.listing(|_| {}).await);
    help(&host, &unlisted, &co_host, "FULL").await;
    act(&co_host, "unlistListing", json!({ "listingId": unlisted })).await;
    let sent = invite(&host, &listing, &email(&helper).await, "FULL").await;
    let id = sent["invitation"]["id"].as_str().unwrap();
    let person = json!({ "personId": host.member.id().to_string(), "dryRun": false });
    desk::act(&support, "suspendPerson", person.clone()).await;
    app.work().await;
    assert!(
        app.mailbox.to(&email(&helper).await).iter().all(|mail| !mail.text.contains("Quiet flat")),
        "no mail of theirs"
    );
    assert_eq!(invitations(&helper).await, json!([]));
    assert_eq!(accept(&helper, id).await["code"], "NOT_FOUND");
    let published = act(&co_host, "publishListing", json!({ "listingId": unlisted })).await;
    assert_eq!(published["code"], "STATE_CONFLICT", "nobody publishes for a suspended host: {published}");
    desk::act(&support, "restorePerson", person).await;
    assert_eq!(accept(&helper, id).await["__typename"], "AcceptCoHostInvitationSuccess");
    let published = act(&co_host, "publishListing", json!({ "listingId": unlisted })).await;
    assert_eq!(published["__typename"], "PublishListingSuccess", "{published}");
}

#[tokio::test]
async fn a_suspended_person_accepts_nothing() {
    let app = TestApp::new().await;
    let (host, helper) = (app.host().await, app.guest().await);
    let support = Actor::staff(&app, StaffRole::Support).await;
    let listing = host.listing(|_| {}).await;
    let id = invite(&host, &listing, &email(&helper).await, "FULL").await["invitation"]["id"].clone();
    let person = json!({ "personId": helper.member.id().to_string(), "dryRun": false });
    // A server that does not know yet that the sessions have ended.
    let elsewhere = helper.at(&app.second_instance().await);
    desk::act(&support, "suspendPerson", person).await;
    let example = crate::operations::of_field("acceptCoHostInvitation");
    let variables = json!({ "input": { "invitationId": id } });
    let answer = elsewhere.app.run(Some(&elsewhere.member), &example.text, variables).await;
    let code = serde_json::to_value(&answer.errors).unwrap()[0]["extensions"]["code"].clone();
    assert_eq!(code, "UNAUTHENTICATED");
    assert!(!can_edit(&helper, &listing).await);
}

#[tokio::test]
async fn nobody_advertises_with_an_invitation() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|input| input["title"] = "Win at example.com".into()).await;
    invite(&host, &listing, "somebody@example.org", "FULL").await;
    app.work().await;
    let mail = app.mailbox.last_to("somebody@example.org");
    assert!(!mail.text.contains("example.com") && !mail.html.contains("example.com"), "{}", mail.text);
}
