//! Secrets of second factors: encrypted in the database, and absent from the log.

use auth::{Keys, SigningKey, TotpSecret};
use chrono::Duration;
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl as _;
use domain::retention::Sweeper;
use serde_json::json;
use store::second_factors;
use types::{
    Clock as _, Hidden, SeededEntropy, SystemClock,
    error::{Refusal, SecondFactorRequired},
};

use super::{super::register_ada, EMAIL, PASSWORD, challenge, complete, protected_ada};
use crate::{
    harness::{
        actors::REGISTER, app::TestApp, authenticator::Authenticator, database::TestDatabase, remote, server::Server,
        wire,
    },
    operations::of_field,
};

#[tokio::test]
async fn the_database_has_neither_secrets_nor_codes_nor_challenges() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let answer = ada.run(&of_field("beginSecondFactor").text, json!({})).await;
    let setup = &answer["beginSecondFactor"];
    let authenticator = Authenticator::of(setup["uri"].as_str().unwrap());
    let confirmed =
        ada.mutate(&of_field("confirmSecondFactor").text, json!({ "code": authenticator.code(&app) })).await;
    let token = challenge(&app, EMAIL, PASSWORD).await;
    let mut text = String::new();
    for table in ["second_factors", "recovery_codes", "sign_in_challenges", "outbox", "sessions"] {
        let rows = rows(&app, table).await;
        assert!(!rows.is_empty(), "{table}");
        text.push_str(&rows.join("\n"));
    }
    assert!(text.len() > 1_000, "{text}");
    let code = confirmed["recoveryCodes"][0].as_str().unwrap();
    let secret = setup["secret"].as_str().unwrap();
    let raw = base32(secret);
    for hidden in [secret, code, &code.replace('-', ""), &token] {
        let hex: String = hidden.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert!(!text.contains(&hex), "{hidden}");
    }
    assert!(!text.contains(&raw), "{text}");
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// All rows of a table, their columns as hexadecimal digits.
async fn rows(app: &TestApp, table: &str) -> Vec<String> {
    let conn = &mut app.conn().await;
    let columns = format!(
        "SELECT GROUP_CONCAT(CONCAT('HEX(', column_name, ')')) AS line FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name = '{table}'"
    );
    let columns = diesel::sql_query(columns).get_result::<Line>(conn).await.unwrap().line;
    let rows = format!("SELECT CONCAT_WS(' ', {columns}) AS line FROM {table}");
    let rows = diesel::sql_query(rows).load::<Line>(conn).await.unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

/// The bytes of a text in base 32, as hexadecimal digits.
fn base32(text: &str) -> String {
    let digit = |letter| u8::try_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap()).unwrap();
    let bits: String = text.chars().map(|letter| format!("{:05b}", digit(letter))).collect();
    let bytes = (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap());
    bytes.map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn what_holds_secrets_does_not_print_them() {
    let (entropy, keys) = (SeededEntropy::new(1), Keys::new(SigningKey { id: "a".into(), secret: vec![7; 32] }, &[]));
    let secret = TotpSecret::new(&entropy);
    assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
    assert_eq!(keys.sealing_key_id(), "a");
    let challenge = Hidden::new("sic_secret".into());
    let now = chrono::DateTime::from_timestamp(0, 0).unwrap().into();
    let required = SecondFactorRequired { challenge, methods: Vec::new(), expires_at: now };
    let shown = format!("{:?}", Refusal::from(required));
    assert!(shown.contains("Hidden(…)") && !shown.contains("sic_secret"), "{shown}");
}

#[tokio::test]
async fn sign_ins_and_secrets_that_were_not_completed_are_deleted() {
    let app = TestApp::new().await;
    let (ada, _, _) = protected_ada(&app).await;
    let eve = app.guest().await;
    Authenticator::scan(&eve).await;
    challenge(&app, EMAIL, PASSWORD).await;
    let left = async || (rows(&app, "second_factors").await.len(), rows(&app, "sign_in_challenges").await.len());
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(left().await, (2, 1));
    app.pass(Duration::minutes(15) + Duration::seconds(1));
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(left().await, (1, 0));
    assert!(second_factors::is_on(&mut app.conn().await, ada.member.id()).await.unwrap());
}

/// A rotated signing key, as operators rotate it: both are known for some time, then the old one is removed.
#[tokio::test]
async fn a_secret_survives_the_rotation_of_the_signing_key() {
    let app = TestApp::new().await;
    let (ada, authenticator, _) = protected_ada(&app).await;
    let key = |id: &str, byte| SigningKey { id: id.into(), secret: vec![byte; 32] };
    let both = app.with_keys(Keys::new(key("new", 8), &[key("test", 7)])).await;
    let sign_in = async |app: &TestApp| {
        let token = challenge(app, EMAIL, PASSWORD).await;
        let answer = complete(app, &token, &authenticator.code(app)).await["__typename"].clone();
        app.pass(Duration::seconds(30));
        answer
    };
    assert_eq!(sign_in(&both).await, "CompleteSignInSuccess");
    let key_of = async || {
        let factor = second_factors::lock(&mut app.conn().await, ada.member.id()).await.unwrap().unwrap();
        factor.key_id
    };
    assert_eq!(key_of().await, "test");
    Sweeper::default().sweep(&both.app).await.unwrap();
    assert_eq!(key_of().await, "new");
    let new = app.with_keys(Keys::new(key("new", 8), &[])).await;
    assert_eq!(sign_in(&new).await, "CompleteSignInSuccess");
}

#[tokio::test]
async fn the_log_of_a_server_has_no_secret_of_a_second_factor() {
    let test = TestDatabase::new().await;
    let server = Server::with_flags(&test.url, "off", &["--log-level", "debug"]).await;
    let to = server.address();
    let input = json!({ "email": EMAIL, "password": PASSWORD, "displayName": "Ada" });
    let registered = wire::post(to, "", REGISTER, &json!({ "input": input })).await.unwrap();
    let token = remote::verified(to, registered.field()["tokens"]["accessToken"].as_str().unwrap()).await;
    let begun = wire::post(to, &token, &of_field("beginSecondFactor").text, &json!({})).await.unwrap();
    let setup = begun.field().clone();
    let now = u64::try_from(SystemClock.now().unix_seconds()).unwrap();
    let totp = totp_rs::Totp::from_url(setup["uri"].as_str().unwrap()).unwrap();
    let input = json!({ "input": { "code": totp.generate(now).to_string() } });
    let confirmed = wire::post(to, &token, &of_field("confirmSecondFactor").text, &input).await.unwrap();
    let recovery = confirmed.field()["recoveryCodes"][0].as_str().unwrap().to_owned();
    let input = json!({ "input": { "email": EMAIL, "password": PASSWORD } });
    let step = wire::post(to, "", &of_field("signIn").text, &input).await.unwrap().field().clone();
    let input = json!({ "input": { "challenge": step["challenge"], "code": "000000" } });
    wire::post(to, "", &of_field("completeSignIn").text, &input).await.unwrap();
    let input = json!({ "input": { "challenge": step["challenge"], "code": recovery } });
    let done = wire::post(to, "", &of_field("completeSignIn").text, &input).await.unwrap().field().clone();
    assert_eq!(done["__typename"], "CompleteSignInSuccess", "{done}");
    for event in ["second_factor_enabled", "second_factor_required", "second_factor_failed", "signed_in"] {
        server.log_line(|line| line.contains("staygate::security") && line.contains(event)).await;
    }
    let log = server.log().join("\n");
    let secrets = [setup["secret"].as_str().unwrap(), &recovery, step["challenge"].as_str().unwrap()];
    for secret in secrets {
        assert!(!log.contains(secret), "the log has {secret}");
    }
    server.stop().await;
}
