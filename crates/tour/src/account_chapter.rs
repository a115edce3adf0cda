//! The life of an account: verified through the mailbox, signed in twice, protected with a second factor, its password reset, its email
//! replaced, deleted.

use super::accounts::{Account, subjects, unique_email, unique_text};
use super::responses::{check_equal, list, number, text};
use super::{Tour, operations};
use anyhow::ensure;
use serde_json::{Value, json};

/// Email and password of the account.
pub(super) struct Credentials {
    email: String,
    password: String,
}

impl Tour {
    /// Plays the chapter.
    pub(super) async fn live_with_an_account(&mut self) -> anyhow::Result<()> {
        let (mut member, account) = self.verify_with_a_code().await?;
        let account = self.end_a_lost_session(&member, account).await?;
        let account = self.protect_with_a_second_factor(&member, account).await?;
        let account = self.reset_a_password(&mut member, account).await?;
        self.replace_an_email(&mut member, &account).await?;
        self.delete_an_account(&member, &account).await
    }

    async fn verify_with_a_code(&mut self) -> anyhow::Result<(Credentials, Account)> {
        self.output.start_step("Register, and verify the email with a code");
        let member = Credentials { email: unique_email("member"), password: unique_text() };
        let input = json!({ "email": member.email, "password": member.password, "displayName": "Tour member" });
        let created = self.mutate(None, operations::REGISTER, input, "RegisterUserSuccess").await?;
        let account = account_of(&created)?;
        let wrong = json!({ "code": "0000-0000" });
        self.mutate(Some(&account), operations::VERIFY_EMAIL, wrong, "InvalidCodeProblem").await?;
        let code = self.mailed_code(&member.email, subjects::VERIFY).await?;
        let input = json!({ "code": code });
        let verified = self.mutate(Some(&account), operations::VERIFY_EMAIL, input, "VerifyEmailSuccess").await?;
        self.output.print_passed(format!("{} is verified; a wrong code was refused", member.email));
        Ok((member, Account { token: text(&verified, "/accessToken")?.to_owned() }))
    }

    /// Signs in a second time, and ends the first session from there.
    async fn end_a_lost_session(&mut self, member: &Credentials, lost: Account) -> anyhow::Result<Account> {
        self.output.start_step("Sign in on another device, and end the other session");
        let signed_in = self.mutate(None, operations::SIGN_IN, sign_in(member), "SignInSuccess").await?;
        let account = account_of(&signed_in)?;
        let sessions = self.query(Some(&account), operations::SESSIONS, Value::Null).await?;
        check_equal("the sessions", 2, list(&sessions, "/me/sessions/nodes")?.len())?;
        let input = json!({ "forgetDevices": true });
        let kind = "EndOtherSessionsSuccess";
        let ended = self.mutate(Some(&account), operations::END_OTHER_SESSIONS, input, kind).await?;
        check_equal("the ended sessions", 1, number(&ended, "/count")?)?;
        let refused = self.query(Some(&lost), operations::ME, Value::Null).await;
        ensure!(refused.is_err(), "the token of an ended session is still accepted");
        self.output.print_passed("2 sessions, then 1; the token of the other is refused");
        Ok(account)
    }

    async fn reset_a_password(&mut self, member: &mut Credentials, account: Account) -> anyhow::Result<Account> {
        self.output.start_step("Reset the password with the link from a mail");
        let input = json!({ "email": member.email });
        self.mutate(None, operations::REQUEST_RESET, input, "RequestPasswordResetSuccess").await?;
        let code = self.mailed_code(&member.email, subjects::RESET).await?;
        let old = sign_in(member);
        member.password = unique_text();
        let input = json!({ "code": code, "newPassword": member.password });
        let reset = self.mutate(None, operations::RESET_PASSWORD, input, "ResetPasswordSuccess").await?;
        self.mutate(None, operations::SIGN_IN, old, "InvalidCredentialsProblem").await?;
        let refused = self.query(Some(&account), operations::ME, Value::Null).await;
        ensure!(refused.is_err(), "a session from before the reset is still accepted");
        self.output.print_passed("the old password and all other sessions are refused");
        account_of(&reset)
    }

    async fn replace_an_email(&mut self, member: &mut Credentials, account: &Account) -> anyhow::Result<()> {
        self.output.start_step("Replace the email: both, the old and the new, confirm");
        let new = unique_email("new");
        let input = json!({ "newEmail": new });
        let kind = "RequestEmailChangeSuccess";
        self.mutate(Some(account), operations::REQUEST_EMAIL_CHANGE, input, kind).await?;
        for (email, subject, is_last) in
            [(&new, subjects::NEW_EMAIL, false), (&member.email, subjects::OLD_EMAIL, true)]
        {
            let input = json!({ "code": self.mailed_code(email, subject).await? });
            let kind = "ConfirmEmailChangeSuccess";
            let confirmed = self.mutate(Some(account), operations::CONFIRM_EMAIL_CHANGE, input, kind).await?;
            check_equal("whether the email has changed", Some(is_last), confirmed["changed"].as_bool())?;
        }
        self.output.print_fact("before", &member.email);
        self.output.print_fact("now", &new);
        member.email = new;
        self.output.print_passed("changed with the second code");
        Ok(())
    }

    async fn delete_an_account(&mut self, member: &Credentials, account: &Account) -> anyhow::Result<()> {
        self.output.start_step("Delete the account");
        let input = json!({ "email": member.email });
        self.mutate(Some(account), operations::DELETE_ACCOUNT, input, "DeleteAccountSuccess").await?;
        self.mutate(None, operations::SIGN_IN, sign_in(member), "InvalidCredentialsProblem").await?;
        self.output.print_passed("nobody can sign in to it any more");
        Ok(())
    }
}

pub(super) fn sign_in(Credentials { email, password }: &Credentials) -> Value {
    json!({ "email": email, "password": password })
}

pub(super) fn account_of(payload: &Value) -> anyhow::Result<Account> {
    Ok(Account { token: text(payload, "/tokens/accessToken")?.to_owned() })
}
