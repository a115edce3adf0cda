//! An authenticator app.

use serde_json::{Value, json};
use totp_rs::Totp;

use super::{
    actors::{Actor, data},
    app::TestApp,
};
use crate::operations::of_field;

/// The app of one account.
pub struct Authenticator(Totp);

impl Authenticator {
    /// Scans the QR code of a member's new secret.
    pub async fn scan(member: &Actor) -> Self {
        let answer = member.run(&of_field("beginSecondFactor").text, json!({})).await;
        let setup = &answer["beginSecondFactor"];
        Self::of(setup["uri"].as_str().unwrap_or_else(|| panic!("{answer}")))
    }

    /// The app that has scanned this URI.
    pub fn of(uri: &str) -> Self {
        Self(Totp::from_url(uri).unwrap())
    }

    /// Turns the second factor of a member on. Returns the recovery codes too.
    pub async fn enable(member: &Actor) -> (Self, Vec<String>) {
        let own = Self::scan(member).await;
        let code = own.code(&member.app);
        let answer = member.mutate(&of_field("confirmSecondFactor").text, json!({ "code": code })).await;
        let codes = answer["recoveryCodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
        (own, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
    }

    /// The code that it shows now.
    pub fn code(&self, app: &TestApp) -> String {
        self.code_in(app, 0)
    }

    /// The code that it shows some seconds from now.
    pub fn code_in(&self, app: &TestApp, seconds: i64) -> String {
        self.0.generate(u64::try_from(app.app.now().unix_seconds() + seconds).unwrap()).to_string()
    }
}

/// The challenge of a sign-in with the right password.
pub async fn challenge(app: &TestApp, email: &str, password: &str) -> String {
    let answer = first_step(app, email, password).await;
    answer["challenge"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The payload of a sign-in.
pub async fn first_step(app: &TestApp, email: &str, password: &str) -> Value {
    let input = json!({ "input": { "email": email, "password": password } });
    data(app.run(None, &of_field("signIn").text, input).await)["signIn"].clone()
}
