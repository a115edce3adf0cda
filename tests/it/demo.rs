//! Demo accounts, which have public passwords (S12).

use std::process::Output;

use import::demo;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{
    actors::data,
    app::TestApp,
    database::TestDatabase,
    server::{Server, TIMEOUT},
};

const SIGN_IN: &str =
    "mutation ($email: Email!, $password: String!) { signIn(input: { email: $email, password: $password }) {
    __typename ... on SignInSuccess { tokens { refreshToken } } ... on UserError { code } } }";
const REFRESH: &str = "mutation ($token: String!) { refreshSession(input: { refreshToken: $token }) {
    __typename ... on UserError { code } } }";

async fn sign_in(app: &TestApp, account: &demo::Account) -> Value {
    let variables = json!({ "email": account.email, "password": account.password });
    data(app.run(None, SIGN_IN, variables).await)["signIn"].clone()
}

#[tokio::test]
async fn without_demo_the_accounts_of_an_earlier_start_are_locked_and_with_it_they_open_again() {
    let app = TestApp::new().await;
    demo::lock_accounts(&app.app).await.unwrap();
    assert!(demo::load(&app.app).await.unwrap());
    let mut tokens = Vec::new();
    for account in demo::ACCOUNTS {
        let answer = sign_in(&app, account).await;
        tokens.push(answer["tokens"]["refreshToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
    }
    for _ in 0..2 {
        demo::lock_accounts(&app.app).await.unwrap();
        for account in demo::ACCOUNTS {
            assert_eq!(sign_in(&app, account).await["code"], "INVALID_CREDENTIALS", "{}", account.email);
        }
    }
    for token in tokens {
        let answer = data(app.run(None, REFRESH, json!({ "token": token })).await);
        assert_eq!(answer["refreshSession"]["code"], "INVALID_SESSION", "its sessions ended");
    }
    assert!(demo::load(&app.app).await.unwrap());
    for account in demo::ACCOUNTS {
        assert_eq!(sign_in(&app, account).await["__typename"], "SignInSuccess", "{}", account.email);
    }
}

async fn doctor(url: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staygate"));
    command.args(["doctor", "--listen", "127.0.0.1:0"]).env("DATABASE_URL", url).kill_on_drop(true);
    command.env("STAYGATE_JWT_SECRET", "test:0123456789abcdef0123456789abcdef").env_remove("STAYGATE_DEMO");
    tokio::time::timeout(TIMEOUT, command.output()).await.expect("the doctor ends").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_logs_demo_accounts_and_locks_them_when_started_without_demo() {
    let test = TestDatabase::new().await;
    let says = async |words: &str| {
        let output = doctor(&test.url).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.lines().any(|line| line.contains("demo accounts") && line.contains(words)), "{words}: {text}");
    };
    says("none can sign in").await;
    Server::on(&test.url, "on").await.stop().await;
    says("anyone can sign in as guest@demo.staygate.example, host@demo.staygate.example, admin@demo.staygate.example until")
        .await;
    Server::on(&test.url, "auto").await.stop().await;
    says("none can sign in").await;
}
