//! Cases: who opens which, what staff do with them, and what each sees.

use chrono::Duration;
use domain::app::AttemptLimits;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{act, desk};
use crate::{
    access::world::{World, text},
    harness::{
        actors::{Actor, REGISTER, data},
        app::TestApp,
    },
    operations::of_field,
};

async fn open(person: &Actor, kind: &str, about: Value) -> Value {
    let input = json!({ "kind": kind, "about": about, "text": "It is so.", "idempotencyKey": person.app.key() });
    person.mutate(&of_field("openCase").text, input).await
}

async fn update(staff: &Actor, case: &str, mut changes: Value) -> Value {
    changes["caseId"] = case.into();
    act(staff, "updateCase", changes).await
}

async fn answer(person: &Actor, case: &str) -> Value {
    let input = json!({ "caseId": case, "text": "The second photo.", "idempotencyKey": person.app.key() });
    person.mutate(&of_field("answerCase").text, input).await
}

/// The cases that staff find.
async fn found(staff: &Actor, filter: &str) -> Vec<String> {
    let page = desk(staff, &format!("cases(where: {{ {filter} }}, first: 100) {{ nodes {{ id }} }}")).await;
    page["cases"]["nodes"].as_array().unwrap().iter().map(|case| text(&case["id"])).collect()
}

async fn own(person: &Actor) -> Value {
    let cases = "{ me { cases { nodes { id status text question answer resolution closedAt } } } }";
    person.run(cases, json!({})).await["me"]["cases"]["nodes"].clone()
}

#[tokio::test]
async fn a_report_is_asked_about_answered_and_resolved_and_its_reporter_sees_it() {
    let world = World::new().await;
    let listing = world.listing().await;
    let opened = open(&world.guest, "REPORT", json!({ "listingId": listing })).await;
    let case = text(&opened["case"]["id"]);
    assert_eq!(answer(&world.guest, &case).await["code"], "STATE_CONFLICT", "nobody has asked");
    let support = world.support.member.id().to_string();
    let taken = update(&world.support, &case, json!({ "status": "IN_REVIEW", "assigneeId": support })).await;
    assert_eq!(taken["case"]["assignee"]["id"], support, "{taken}");
    let no_question = update(&world.support, &case, json!({ "status": "WAITING_FOR_PERSON" })).await;
    assert_eq!(no_question["path"], json!(["input", "message"]));
    let asked =
        update(&world.support, &case, json!({ "status": "WAITING_FOR_PERSON", "message": "Which photo?" })).await;
    assert_eq!(asked["case"]["status"], "WAITING_FOR_PERSON", "{asked}");
    assert_eq!(answer(&world.host, &case).await["code"], "NOT_FOUND", "another's case");
    assert_eq!(answer(&world.guest, &case).await["case"]["status"], "IN_REVIEW");
    let note = |reason| json!({ "caseId": case, "text": "The host has answered by phone.", "reason": reason });
    let blank = act(&world.support, "addCaseNote", note(" ")).await;
    assert_eq!(blank["path"], json!(["input", "reason"]));
    let noted = act(&world.support, "addCaseNote", note("The host called")).await;
    assert_eq!(noted["case"]["notes"][0]["author"]["id"], support, "{noted}");
    let resolved =
        update(&world.support, &case, json!({ "status": "RESOLVED", "message": "We have removed it." })).await;
    assert_eq!(resolved["case"]["resolution"], "We have removed it.", "{resolved}");
    for (status, message) in [("IN_REVIEW", Value::Null), ("REJECTED", "No.".into())] {
        let over = update(&world.support, &case, json!({ "status": status, "message": message })).await;
        assert_eq!(over["code"], "STATE_CONFLICT", "it is decided: {over}");
    }
    let seen = own(&world.guest).await[0].clone();
    let texts = ["status", "question", "answer", "resolution"].map(|field| text(&seen[field]));
    assert_eq!(texts, ["RESOLVED", "Which photo?", "The second photo.", "We have removed it."]);
    assert_eq!(own(&world.host).await, json!([]), "the reported host sees nothing");
    let about = format!(
        "auditLog(where: {{ subjectId: \"{case}\" }}) {{ nodes {{ action reason before after actor {{ id }} }} }}"
    );
    let log = desk(&world.admin, &about).await["auditLog"]["nodes"].clone();
    let actions: Vec<_> = log.as_array().unwrap().iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["CASE_UPDATED", "CASE_NOTE_ADDED", "CASE_UPDATED", "CASE_UPDATED"], "{log}");
    let note = json!({ "action": "CASE_NOTE_ADDED", "reason": "The host called", "before": null,
        "after": "{\"note\":1}", "actor": { "id": support } });
    assert_eq!(log[1], note);
    assert!(!log.to_string().contains("photo") && !log.to_string().contains("by phone"), "states, and no texts: {log}");
}

#[tokio::test]
async fn each_side_opens_its_own_kind_of_case_in_its_time() {
    let world = World::new().await;
    let (booking, _) = world.confirmed().await;
    let about = || json!({ "bookingId": booking });
    assert_eq!(open(&world.host, "DAMAGE", about()).await["code"], "STATE_CONFLICT", "the stay is not over");
    assert_eq!(open(&world.host, "DISPUTE", about()).await["path"], json!(["input", "kind"]));
    assert_eq!(open(&world.guest, "DAMAGE", about()).await["path"], json!(["input", "kind"]));
    assert_eq!(open(&world.other_guest, "DISPUTE", about()).await["code"], "NOT_FOUND");
    assert_eq!(open(&world.guest, "REPORT", about()).await["path"], json!(["input", "about"]));
    assert_eq!(
        open(&world.guest, "DISPUTE", json!({ "listingId": world.listing().await })).await["path"],
        json!(["input", "about"])
    );
    let (unpaid, _) = world.pending().await;
    assert_eq!(open(&world.guest, "DISPUTE", json!({ "bookingId": unpaid })).await["code"], "STATE_CONFLICT");
    assert_eq!(open(&world.guest, "DISPUTE", about()).await["__typename"], "OpenCaseSuccess");
    let stay = world.completed().await;
    let after = || json!({ "bookingId": stay });
    assert_eq!(open(&world.host, "DAMAGE", after()).await["__typename"], "OpenCaseSuccess");
    let late = world.completed().await;
    world.app.pass(Duration::days(14));
    assert_eq!(open(&world.host, "DAMAGE", json!({ "bookingId": late })).await["code"], "STATE_CONFLICT", "14 days");
    world.app.pass(Duration::days(47));
    assert_eq!(open(&world.guest, "DISPUTE", json!({ "bookingId": late })).await["code"], "STATE_CONFLICT", "60 days");
}

#[tokio::test]
async fn what_the_reporter_cannot_see_and_themselves_are_not_reported() {
    let world = World::new().await;
    let draft = world.draft("A draft").await;
    assert_eq!(open(&world.guest, "REPORT", json!({ "listingId": draft })).await["code"], "NOT_FOUND");
    for about in
        [json!({ "listingId": world.listing().await }), json!({ "personId": world.host.member.id().to_string() })]
    {
        assert_eq!(open(&world.host, "REPORT", about).await["path"], json!(["input", "about"]), "their own");
    }
    let nobody = json!({ "personId": "usr_00000000000000000000000007" });
    assert_eq!(open(&world.guest, "REPORT", nobody).await["code"], "NOT_FOUND");
    let person = json!({ "personId": world.host.member.id().to_string() });
    assert_eq!(open(&world.unverified, "REPORT", person.clone()).await["code"], "EMAIL_NOT_VERIFIED");
    assert_eq!(open(&world.guest, "REPORT", person).await["__typename"], "OpenCaseSuccess");
}

#[tokio::test]
async fn of_two_cases_about_the_same_at_once_one_is_opened() {
    let world = World::new().await;
    let second = world.app.second_instance().await;
    let about = json!({ "listingId": world.listing().await });
    let (one, two) =
        join(open(&world.guest, "REPORT", about.clone()), open(&world.guest.at(&second), "REPORT", about.clone()))
            .await;
    let names = [&one["__typename"], &two["__typename"]];
    assert!(
        names.contains(&&json!("OpenCaseSuccess")) && names.contains(&&json!("StateConflictProblem")),
        "{one} {two}"
    );
    let case = text(&own(&world.guest).await[0]["id"]);
    update(&world.support, &case, json!({ "status": "REJECTED", "message": "Nothing is wrong." })).await;
    assert_eq!(open(&world.guest, "REPORT", about).await["__typename"], "OpenCaseSuccess", "once it is decided");
}

#[tokio::test]
async fn the_number_of_cases_is_limited() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let (host, guest) = (app.host().await, app.guest().await);
    for number in 0..11 {
        let listing = host.listing(|_| {}).await;
        let opened = open(&guest, "REPORT", json!({ "listingId": listing })).await;
        let expected = if number < 10 { "OpenCaseSuccess" } else { "TooManyAttemptsProblem" };
        assert_eq!(opened["__typename"], expected, "{number}: {opened}");
    }
    app.pass(Duration::days(2));
    for number in 10..21 {
        app.pass(Duration::hours(3));
        let listing = host.listing(|_| {}).await;
        let opened = open(&guest, "REPORT", json!({ "listingId": listing })).await;
        assert_eq!(opened["__typename"] == "LimitReachedProblem", number == 20, "{number}: {opened}");
    }
}

#[tokio::test]
async fn staff_find_cases_by_state_assignee_and_due_time_the_first_due_first() {
    let world = World::new().await;
    let mut cases = Vec::new();
    for _ in 0..3 {
        cases.push(world.case().await);
        world.app.pass(Duration::hours(1));
    }
    assert_eq!(found(&world.support, "").await, cases);
    let page =
        desk(&world.support, "cases(first: 2) { nodes { id } pageInfo { endCursor hasNextPage } }").await["cases"]
            .clone();
    let rest = format!(
        "cases(first: 2, after: {}) {{ nodes {{ id }} pageInfo {{ hasNextPage }} }}",
        page["pageInfo"]["endCursor"]
    );
    let rest = desk(&world.support, &rest).await["cases"].clone();
    assert_eq!([&page["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasNextPage"]], [true, false]);
    assert_eq!(rest["nodes"], json!([{ "id": cases[2] }]));
    let admin = world.admin.member.id().to_string();
    update(&world.support, &cases[0], json!({ "status": "IN_REVIEW", "assigneeId": admin })).await;
    assert_eq!(found(&world.support, "status: [OPEN]").await, cases[1..]);
    assert_eq!(found(&world.support, &format!("assigneeId: \"{admin}\"")).await, cases[..1]);
    assert_eq!(found(&world.support, "kind: DAMAGE").await, Vec::<String>::new());
    assert_eq!(found(&world.support, "overdue: true").await, Vec::<String>::new());
    world.app.pass(Duration::days(3));
    assert_eq!(found(&world.support, "overdue: true").await, cases[1..], "the first was moved, and is due later");
    let due = (world.app.app.now() + Duration::days(9)).utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let later = update(&world.support, &cases[1], json!({ "dueAt": due })).await;
    assert_eq!(later["case"]["dueAt"].as_str().unwrap()[..19], due[..19], "{later}");
    assert_eq!(found(&world.support, "overdue: true").await, cases[2..]);
    assert_eq!(found(&world.support, "status: [RESOLVED, REJECTED]").await, Vec::<String>::new());
    let not_theirs = desk(&world.finance, "cases { nodes { id } }").await;
    assert_eq!(not_theirs["cases"], Value::Null);
}

#[tokio::test]
async fn only_support_changes_cases_and_they_are_assigned_to_staff_whom_they_do_not_concern() {
    let world = World::new().await;
    let case = world.case().await;
    for viewer in [&world.finance, &world.guest, &world.host] {
        assert_eq!(update(viewer, &case, json!({ "status": "IN_REVIEW" })).await["code"], "ROLE_REQUIRED");
        let note = json!({ "caseId": case, "text": "A note" });
        assert_eq!(act(viewer, "addCaseNote", note).await["code"], "ROLE_REQUIRED");
    }
    let guest = world.guest.member.id().to_string();
    let wrong = update(&world.support, &case, json!({ "assigneeId": guest })).await;
    assert_eq!(wrong["path"], json!(["input", "assigneeId"]), "no role");
    let past = update(&world.support, &case, json!({ "dueAt": "2026-01-01T00:00:00Z" })).await;
    assert_eq!(past["path"], json!(["input", "dueAt"]));
    world.guest.grant(types::StaffRole::Support).await;
    let assigned = update(&world.support, &case, json!({ "assigneeId": guest })).await;
    assert_eq!(assigned["path"], json!(["input", "assigneeId"]), "it is theirs: {assigned}");
}

/// Of reports nobody learns at the desk whom they are about, or whose listing or booking.
#[tokio::test]
async fn a_case_does_not_exist_at_the_desk_of_those_whom_it_concerns() {
    let world = World::new().await;
    let (stay, listing) = (world.completed().await, world.listing().await);
    let [host, guest, reporter] = [&world.host, &world.guest, &world.other_guest];
    let helpers: Vec<&Actor> = world.co_hosts.iter().map(|(_, helper)| helper).collect();
    let staff = [&[host, guest, reporter][..], &helpers].concat();
    for person in &staff {
        person.grant(types::StaffRole::Support).await;
    }
    for (opener, kind, about, others) in [
        (reporter, "REPORT", json!({ "personId": guest.member.id().to_string() }), vec![guest]),
        (reporter, "REPORT", json!({ "listingId": listing }), [&[host][..], &helpers].concat()),
        (host, "DAMAGE", json!({ "bookingId": stay }), [&[guest][..], &helpers].concat()),
    ] {
        let case = text(&open(opener, kind, about).await["case"]["id"]);
        let is_concerned =
            |person: &Actor| [&[opener][..], &others].concat().iter().any(|it| it.member == person.member);
        for person in &staff {
            let change = json!({ "dueAt": world.app.app.now() + Duration::days(9) });
            let note = json!({ "caseId": case, "text": "A note" });
            let codes = [update(person, &case, change).await, act(person, "addCaseNote", note).await];
            let expected = if is_concerned(person) { json!("NOT_FOUND") } else { Value::Null };
            assert_eq!(codes.map(|answer| answer["code"].clone()), [expected.clone(), expected]);
            assert_eq!(found(person, "").await.contains(&case), !is_concerned(person));
        }
    }
}

#[tokio::test]
async fn a_repeated_request_opens_one_case_and_decides_once() {
    let world = World::new().await;
    let listing = world.listing().await;
    let input = || json!({ "kind": "REPORT", "about": { "listingId": listing }, "text": "It is so.", "idempotencyKey": "the-same-key" });
    let mutation = of_field("openCase").text;
    let (one, two) = join(world.guest.mutate(&mutation, input()), world.guest.mutate(&mutation, input())).await;
    assert_eq!(one["case"]["id"], two["case"]["id"], "{one} {two}");
    assert_ne!(one["replayed"], two["replayed"]);
    let case = text(&one["case"]["id"]);
    let decision = || json!({ "status": "REJECTED", "message": "No.", "idempotencyKey": "another-key" });
    assert_eq!(update(&world.support, &case, decision()).await["replayed"], false);
    assert_eq!(update(&world.support, &case, decision()).await["replayed"], true);
}

#[tokio::test]
async fn of_two_staff_who_decide_at_once_one_does() {
    let world = World::new().await;
    let (case, second) = (world.case().await, world.app.second_instance().await);
    let decide = |status: &str| json!({ "status": status, "message": "It is decided." });
    let other = world.admin.at(&second);
    let (one, two) =
        join(update(&world.support, &case, decide("RESOLVED")), update(&other, &case, decide("REJECTED"))).await;
    let names = [&one["__typename"], &two["__typename"]];
    assert!(
        names.contains(&&json!("UpdateCaseSuccess")) && names.contains(&&json!("StateConflictProblem")),
        "{one} {two}"
    );
}

/// The subjects of the mails about cases to this person.
async fn told(world: &World, person: &Actor) -> Vec<String> {
    world.app.work().await;
    let mails = world.app.mailbox.to(&world.email(person).await).into_iter().map(|mail| mail.subject);
    mails.filter(|subject| subject.contains("ase ")).collect()
}

#[tokio::test]
async fn who_opened_a_case_gets_a_mail_when_it_is_decided_and_nobody_learns_of_reports_about_them() {
    let world = World::new().await;
    let host = world.host.member.id().to_string();
    let case = text(&open(&world.guest, "REPORT", json!({ "personId": host })).await["case"]["id"]);
    let decide = || json!({ "status": "RESOLVED", "message": "We spoke with them.", "idempotencyKey": "the-same-key" });
    update(&world.support, &case, json!({ "status": "WAITING_FOR_PERSON", "message": "When was it?" })).await;
    assert_eq!(told(&world, &world.guest).await, Vec::<String>::new(), "it is not decided");
    let (one, two) = join(update(&world.support, &case, decide()), update(&world.support, &case, decide())).await;
    assert_ne!(one["replayed"], two["replayed"], "{one} {two}");
    assert_eq!(told(&world, &world.guest).await, ["Your case was decided"], "once");
    let mail = world.app.mailbox.last_to(&world.email(&world.guest).await);
    assert!(mail.text.contains("/cases") && !mail.text.contains("spoke"), "the text stays here: {}", mail.text);
    assert_eq!(told(&world, &world.host).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_other_party_of_a_booking_gets_a_mail_unless_nothing_is_done() {
    let world = World::new().await;
    for (status, expected) in [("REJECTED", &[][..]), ("RESOLVED", &["A case about your booking was decided"])] {
        let stay = world.completed().await;
        let case = text(&open(&world.host, "DAMAGE", json!({ "bookingId": stay })).await["case"]["id"]);
        update(&world.support, &case, json!({ "status": status, "message": "It is decided." })).await;
        assert_eq!(told(&world, &world.guest).await, expected, "{status}");
    }
    assert_eq!(told(&world, &world.host).await, ["Your case was decided"; 2]);
    let mail = world.app.mailbox.last_to(&world.email(&world.guest).await);
    assert!(mail.subject.starts_with("A case") && !mail.text.contains("It is so"), "{}", mail.text);
}

#[tokio::test]
async fn a_decision_is_mailed_in_the_language_of_the_person_and_not_to_who_has_left() {
    let app = TestApp::new().await;
    let support = Actor::staff(&app, types::StaffRole::Support).await;
    let host = app.host().await.member.id().to_string();
    for (email, leaves) in [("eva@example.org", false), ("eve@example.org", true)] {
        let input = json!({ "email": email, "password": "correct horse", "displayName": "Eva", "locale": "de" });
        let registered = data(app.run(None, REGISTER, json!({ "input": input })).await);
        let person = Actor::of(&app, &registered["registerUser"]).verified().await;
        let case = text(&open(&person, "REPORT", json!({ "personId": host })).await["case"]["id"]);
        if leaves {
            crate::privacy::delete(&person).await;
        }
        update(&support, &case, json!({ "status": "REJECTED", "message": "Nein." })).await;
        app.work().await;
        let mails = app.mailbox.to(email).into_iter().filter(|mail| mail.subject == "Ihr Fall wurde entschieden");
        assert_eq!(mails.count(), usize::from(!leaves), "{email}");
    }
}
