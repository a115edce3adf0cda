//! How an impersonation ends.

use domain::sessions::notice_ends;
use types::Timestamp;

use super::*;
use crate::harness::{app::Served, socket::Socket, wire};

const EVENTS: &str = "subscription { myTripEvents { id } }";
const SIGN_OUT: &str = "mutation ($input: SignOutInput!) { signOut(input: $input) { __typename } }";

/// Why a server refuses the token; None when it does not.
async fn refusal(served: &Served, token: &str) -> Option<String> {
    let reply = wire::post(&served.address.to_string(), token, "{ me { id } }", &json!({})).await.unwrap();
    reply.body["errors"][0]["message"].as_str().map(str::to_owned)
}

/// Every way in which it ends before its time.
#[derive(Debug, Clone, Copy)]
enum Way {
    EndImpersonation,
    EndByAdmin,
    SignOut,
    EndRole,
    SuspendStaff,
    SuspendPerson,
    PersonBecomesStaff,
    PersonLeaves,
}

const WAYS: [Way; 8] = [
    Way::EndImpersonation,
    Way::EndByAdmin,
    Way::SignOut,
    Way::EndRole,
    Way::SuspendStaff,
    Way::SuspendPerson,
    Way::PersonBecomesStaff,
    Way::PersonLeaves,
];

/// A member of staff with their grant, and a person.
struct Case {
    admin: Actor,
    support: Actor,
    grant: String,
    person: Actor,
    started: Value,
}

impl Case {
    async fn new(app: &TestApp) -> Self {
        let admin = Actor::staff(app, StaffRole::Admin).await;
        let support = Actor::register(app, "Stella Staff").await;
        let grant = support.grant(StaffRole::Support).await;
        let person = app.guest().await;
        let started = start(&support, &person).await;
        Self { admin, support, grant, person, started }
    }

    async fn end(&self, way: Way) {
        let person = || json!({ "personId": self.person.member.id().to_string() });
        let done = match way {
            Way::EndImpersonation => end(&self.support, &self.started).await,
            Way::EndByAdmin => end(&self.admin, &self.started).await,
            Way::SignOut => {
                let input = json!({ "input": { "refreshToken": self.support.refresh } });
                data(self.support.app.run(None, SIGN_OUT, input).await)["signOut"].clone()
            }
            Way::EndRole => act(&self.admin, "endRole", json!({ "grantId": self.grant })).await,
            Way::SuspendStaff => {
                let staff = json!({ "personId": self.support.member.id().to_string() });
                act(&self.admin, "suspendPerson", staff).await
            }
            Way::SuspendPerson => act(&self.admin, "suspendPerson", person()).await,
            Way::PersonBecomesStaff => {
                let mut input = person();
                input["role"] = "FINANCE".into();
                act(&self.admin, "grantRole", input).await
            }
            Way::PersonLeaves => crate::privacy::delete(&self.person).await,
        };
        assert!(text(&done["__typename"]).ends_with("Success"), "{way:?}: {done}");
    }
}

#[tokio::test]
async fn it_ends_here_at_once_and_elsewhere_after_a_tick_and_closes_its_sockets() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (here, there) = (app.serve().await, other.serve().await);
    notice_ends(&other.app).await.unwrap();
    for way in WAYS {
        let case = Case::new(&app).await;
        let token = text(&case.started["accessToken"]);
        let mut socket = Socket::open(&here.address.to_string(), &token).await;
        socket.subscribe(1, EVENTS, &json!({})).await;
        assert_eq!((refusal(&here, &token).await, refusal(&there, &token).await), (None, None), "{way:?}");
        case.end(way).await;
        let ended = Some("the session has ended".to_owned());
        assert_eq!(refusal(&here, &token).await, ended, "{way:?}");
        assert_eq!(socket.closed().await, (4403, "Forbidden: the session has ended".to_owned()), "{way:?}");
        assert_eq!(refusal(&there, &token).await, None, "{way:?}: not yet");
        notice_ends(&other.app).await.unwrap();
        assert_eq!(refusal(&there, &token).await, ended, "{way:?}");
        // What else the member of staff does is their own.
        let own = refusal(&here, &case.support.access).await;
        assert_eq!(own.is_some(), matches!(way, Way::SignOut | Way::SuspendStaff), "{way:?}");
    }
}

#[tokio::test]
async fn it_expires_after_a_quarter_of_an_hour_or_with_the_role() {
    let app = TestApp::new().await;
    let (admin, person) = (Actor::staff(&app, StaffRole::Admin).await, app.guest().await);
    let served = app.serve().await;
    let expiry =
        |started: &Value| text(&started["accessTokenExpiresAt"]).parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let started = start(&admin, &person).await;
    let token = text(&started["accessToken"]);
    assert_eq!(expiry(&started), (app.app.now() + Duration::minutes(15)).whole_seconds().utc());
    let support = Actor::register(&app, "Stella Staff").await;
    let role_ends: Timestamp = app.app.now() + Duration::minutes(4);
    let grant = json!({ "personId": support.member.id().to_string(), "role": "SUPPORT", "expiresAt": role_ends });
    assert_eq!(act(&admin, "grantRole", grant).await["__typename"], "GrantRoleSuccess");
    let short = start(&support, &person).await;
    assert_eq!(expiry(&short), role_ends.whole_seconds().utc(), "{short}");
    app.pass(Duration::minutes(4));
    assert!(refusal(&served, &text(&short["accessToken"])).await.is_some());
    assert_eq!(refusal(&served, &token).await, None);
    app.pass(Duration::minutes(11));
    assert_eq!(refusal(&served, &token).await.as_deref(), Some("the access token has expired"));
    assert_eq!(end(&admin, &started).await["code"], "STATE_CONFLICT", "it has ended");
    let refresh = json!({ "input": { "refreshToken": token } });
    let refreshed = data(app.run(None, &of_field("refreshSession").text, refresh).await);
    assert_eq!(refreshed["refreshSession"]["code"], "INVALID_SESSION", "nor is it a refresh token");
}

#[tokio::test]
async fn only_who_acts_and_admins_end_it() {
    let app = TestApp::new().await;
    let case = Case::new(&app).await;
    let colleague = Actor::staff(&app, StaffRole::Support).await;
    let finance = Actor::staff(&app, StaffRole::Finance).await;
    assert_eq!(end(&colleague, &case.started).await["code"], "NOT_FOUND");
    assert_eq!(end(&finance, &case.started).await["code"], "ROLE_REQUIRED");
    assert_eq!(end(&case.person, &case.started).await["code"], "ROLE_REQUIRED");
    assert_eq!(end(&holder(&case.support, &case.started), &case.started).await["code"], "ROLE_REQUIRED");
    let done = end(&case.admin, &case.started).await;
    assert_eq!(done["impersonation"]["endedAt"], seen(&case.person).await[0]["endedAt"], "{done}");
}

#[tokio::test]
async fn a_dry_run_of_a_suspension_counts_impersonations() {
    let app = TestApp::new().await;
    let case = Case::new(&app).await;
    let count = |done: &Value| {
        let effects = done["effects"].as_array().unwrap().clone();
        effects.iter().find(|effect| effect["kind"] == "IMPERSONATIONS_ENDED").map(|effect| effect["count"].clone())
    };
    for person in [&case.person, &case.support] {
        let input = |dry_run| json!({ "personId": person.member.id().to_string(), "dryRun": dry_run });
        assert_eq!(count(&act(&case.admin, "suspendPerson", input(true)).await), Some(json!(1)));
    }
    let input = json!({ "personId": case.support.member.id().to_string(), "dryRun": false });
    assert_eq!(count(&act(&case.admin, "suspendPerson", input).await), Some(json!(1)));
    let input = json!({ "personId": case.person.member.id().to_string(), "dryRun": false });
    assert_eq!(count(&act(&case.admin, "suspendPerson", input).await), None, "it has ended");
}

/// Whatever commits first: afterwards nobody acts as somebody with a session, a role or a person that permits it no longer.
#[tokio::test]
async fn a_start_beside_an_end_of_what_it_depends_on_leaves_nothing_in_force() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    for way in [Way::SignOut, Way::EndRole, Way::SuspendStaff, Way::SuspendPerson, Way::PersonBecomesStaff] {
        for _ in 0..3 {
            let case = Case::new(&app).await;
            let elsewhere = case.support.at(&other);
            let input = json!({ "input": {
                "personId": case.person.member.id().to_string(), "reason": "for a test", "idempotencyKey": app.key()
            } });
            let text = of_field("startImpersonation").text;
            let (started, ()) = join(other.run(Some(&elsewhere.member), &text, input), case.end(way)).await;
            notice_ends(&app.app).await.unwrap();
            let answer = serde_json::to_value(started.data).unwrap()["startImpersonation"].clone();
            if let Some(token) = answer["accessToken"].as_str() {
                let (member, _) = app.app.keys.verify(token, app.app.now()).unwrap();
                assert!(app.app.ended_sessions.contains(member.session()), "{way:?}: {answer}");
            }
            assert!(stored(&app, &case.person).await.iter().all(|row| !row.is_in_force(app.app.now())), "{way:?}");
        }
    }
}
