//! A second factor: turned on, used to sign in, with a code of the app and with a recovery code, and turned off.

use super::account_chapter::{Credentials, account_of, sign_in};
use super::accounts::Account;
use super::responses::{check_equal, list, number, text};
use super::{Tour, operations};
use anyhow::ensure;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use totp_rs::Totp;

/// Seconds for which an app shows a code.
const STEP: u64 = 30;

/// An authenticator app.
struct Authenticator(Totp);

impl Authenticator {
    /// The code that it shows `steps` after the current one. A server takes the next one too, and none twice.
    fn code(&self, steps: u64) -> anyhow::Result<String> {
        Ok(self.0.generate(now()? + steps * STEP).to_string())
    }
}

/// The time by the clock of this machine, in seconds.
#[expect(clippy::disallowed_methods, reason = "an app has a clock of its own")]
fn now() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

impl Tour {
    /// Signs in with it in both ways, and turns it off again.
    pub(super) async fn protect_with_a_second_factor(
        &mut self,
        member: &Credentials,
        account: Account,
    ) -> anyhow::Result<Account> {
        let (app, recovery_codes) = self.turn_on(&account).await?;
        self.sign_in_with_a_code(member, &app).await?;
        self.sign_in_with_a_recovery_code(member, &recovery_codes).await
    }

    async fn turn_on(&mut self, account: &Account) -> anyhow::Result<(Authenticator, Vec<String>)> {
        self.output.start_step("Turn on the second factor: scan a QR code, type the first code");
        let begun = self.command(account, operations::BEGIN_SECOND_FACTOR, "BeginSecondFactorSuccess").await?;
        let app = Authenticator(Totp::from_url(text(&begun, "/uri")?)?);
        let input = json!({ "code": app.code(0)? });
        let kind = "ConfirmSecondFactorSuccess";
        let on = self.mutate(Some(account), operations::CONFIRM_SECOND_FACTOR, input, kind).await?;
        let codes = list(&on, "/recoveryCodes")?.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect();
        self.output.print_passed("on, with recovery codes in case the app is lost");
        Ok((app, codes))
    }

    /// The challenge of a sign-in with the right password.
    async fn challenge(&self, member: &Credentials) -> anyhow::Result<String> {
        let asked = self.mutate(None, operations::SIGN_IN, sign_in(member), "SecondFactorRequiredProblem").await?;
        Ok(text(&asked, "/challenge")?.to_owned())
    }

    async fn complete(&self, challenge: &str, code: &str, kind: &str) -> anyhow::Result<Value> {
        let input = json!({ "challenge": challenge, "code": code });
        self.mutate(None, operations::COMPLETE_SIGN_IN, input, kind).await
    }

    async fn sign_in_with_a_code(&mut self, member: &Credentials, app: &Authenticator) -> anyhow::Result<()> {
        self.output.start_step("Sign in in two steps: the password, then a code of the app");
        let challenge = self.challenge(member).await?;
        self.complete(&challenge, "no code", "InvalidSecondFactorProblem").await?;
        self.complete(&challenge, &app.code(1)?, "CompleteSignInSuccess").await?;
        let again = self.challenge(member).await?;
        self.complete(&again, &app.code(1)?, "InvalidSecondFactorProblem").await?;
        self.output.print_passed("signed in; the password alone, a wrong code and a used one were refused");
        Ok(())
    }

    async fn sign_in_with_a_recovery_code(
        &mut self,
        member: &Credentials,
        codes: &[String],
    ) -> anyhow::Result<Account> {
        self.output.start_step("Sign in with a recovery code, and turn the second factor off");
        let [code, ..] = codes else { anyhow::bail!("there are no recovery codes") };
        let signed_in = self.complete(&self.challenge(member).await?, code, "CompleteSignInSuccess").await?;
        let left = number(&signed_in, "/me/secondFactor/recoveryCodesLeft")?;
        check_equal("the recovery codes", i64::try_from(codes.len())? - 1, left)?;
        self.complete(&self.challenge(member).await?, code, "InvalidSecondFactorProblem").await?;
        let account = account_of(&signed_in)?;
        self.command(&account, operations::DISABLE_SECOND_FACTOR, "DisableSecondFactorSuccess").await?;
        self.mutate(None, operations::SIGN_IN, sign_in(member), "SignInSuccess").await?;
        self.output.print_passed(format!("{left} recovery codes are left; then off: the password is enough again"));
        Ok(account)
    }

    /// Runs a mutation without an input; its payload must be of the type `expected_type`.
    async fn command(&self, who: &Account, operation: &str, expected_type: &str) -> anyhow::Result<Value> {
        let data = self.query(Some(who), operation, Value::Null).await?;
        let payload = data.as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
        let kind = &payload["__typename"];
        ensure!(kind == expected_type, "expected {expected_type}, got {kind}: {}", payload["message"]);
        Ok(payload)
    }
}
