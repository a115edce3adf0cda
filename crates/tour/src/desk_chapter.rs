//! The desk of those who run the platform: find a booking and a person, suspend and restore the person, decide a case, act as the person, and
//! read the log of it.

use super::accounts::{Account, unique_email, unique_text};
use super::responses::{check_equal, list, text};
use super::{Tour, operations};
use serde_json::json;

/// The account that a server with demo data has for the desk. Its password is public.
const ADMIN: (&str, &str) = ("admin@demo.staygate.example", "demo-admin-password");

/// Somebody whom the staff deal with.
pub(super) struct Person {
    pub id: String,
    pub email: String,
    password: String,
}

impl Tour {
    /// Plays the chapter, if the server has the demo admin.
    pub(super) async fn sit_at_the_desk(&mut self, booking: &str) -> anyhow::Result<()> {
        self.output.start_step("Sign in as the demo admin");
        let input = json!({ "email": ADMIN.0, "password": ADMIN.1 });
        let data = self.query(None, operations::SIGN_IN, json!({ "input": input })).await?;
        if data["signIn"]["__typename"] != "SignInSuccess" {
            self.output.print_line("Skipped: this server has no demo admin, because demo data is off.");
            return Ok(());
        }
        let admin = Account { token: text(&data, "/signIn/tokens/accessToken")?.to_owned() };
        self.output.print_passed(ADMIN.0);
        let host = self.find_a_booking(&admin, booking).await?;
        let person = self.register_person().await?;
        let account = self.suspend_and_restore(&admin, &person).await?;
        self.decide_a_case(&admin, (&person, &account), &host).await?;
        self.act_as_a_person(&admin, (&person, &account)).await?;
        self.read_the_log(&admin, &person).await
    }

    /// Finds the booking; the id of its host.
    async fn find_a_booking(&mut self, admin: &Account, booking: &str) -> anyhow::Result<String> {
        self.output.start_step("Find a booking by its confirmation code");
        // The code is the end of the id.
        let code = booking[booking.len().saturating_sub(10)..].to_uppercase();
        let found = self.query(Some(admin), operations::FIND_BOOKING, json!({ "search": code })).await?;
        check_equal("the booking", booking, text(&found, "/desk/bookings/nodes/0/id")?)?;
        self.output.print_fact("code", &code);
        self.output.print_passed(format!(
            "{}, by {} at {}",
            text(&found, "/desk/bookings/nodes/0/status")?,
            text(&found, "/desk/bookings/nodes/0/guest/displayName")?,
            text(&found, "/desk/bookings/nodes/0/host/displayName")?
        ));
        Ok(text(&found, "/desk/bookings/nodes/0/host/id")?.to_owned())
    }

    async fn register_person(&mut self) -> anyhow::Result<Person> {
        let (email, password) = (unique_email("visitor"), unique_text());
        let input = json!({ "email": email, "password": password, "displayName": "Tour visitor" });
        let created = self.mutate(None, operations::REGISTER, input, "RegisterUserSuccess").await?;
        let code = self.mailed_code(&email, super::accounts::subjects::VERIFY).await?;
        let account = Account { token: text(&created, "/tokens/accessToken")?.to_owned() };
        let input = json!({ "code": code });
        self.mutate(Some(&account), operations::VERIFY_EMAIL, input, "VerifyEmailSuccess").await?;
        Ok(Person { id: text(&created, "/me/user/id")?.to_owned(), email, password })
    }

    /// Suspends and restores the person, who signs in again.
    async fn suspend_and_restore(&mut self, admin: &Account, person: &Person) -> anyhow::Result<Account> {
        self.output.start_step("Suspend a person: first a dry run, then for real");
        let found = self.query(Some(admin), operations::FIND_AT_DESK, json!({ "search": person.email })).await?;
        check_equal("the person", person.id.as_str(), text(&found, "/desk/people/nodes/0/id")?)?;
        let order = |reason: &str, is_dry: bool| json!({ "personId": person.id, "reason": reason, "dryRun": is_dry, "idempotencyKey": unique_text() });
        let (suspend, kind) = (operations::SUSPEND_PERSON, "SuspendPersonSuccess");
        let planned = self.mutate(Some(admin), suspend, order("A tour", true), kind).await?;
        let done = self.mutate(Some(admin), suspend, order("A tour", false), kind).await?;
        check_equal("the effects", &planned["effects"], &done["effects"])?;
        for effect in list(&done, "/effects")? {
            self.output.print_line(format!("{} × {}", effect["count"], text(effect, "/kind")?));
        }
        let sign_in = || json!({ "email": person.email, "password": person.password });
        self.mutate(None, operations::SIGN_IN, sign_in(), "AccountSuspendedProblem").await?;
        self.output.print_passed("the dry run had the same effects; the person cannot sign in");
        self.output.start_step("Restore the person");
        let restored = order("The tour goes on", false);
        self.mutate(Some(admin), operations::RESTORE_PERSON, restored, "RestorePersonSuccess").await?;
        let signed_in = self.mutate(None, operations::SIGN_IN, sign_in(), "SignInSuccess").await?;
        self.output.print_passed("the person can sign in again");
        Ok(Account { token: text(&signed_in, "/tokens/accessToken")?.to_owned() })
    }

    async fn read_the_log(&mut self, admin: &Account, person: &Person) -> anyhow::Result<()> {
        self.output.start_step("Read what the audit log says of it");
        let variables = json!({ "where": { "subjectId": person.id } });
        let log = self.query(Some(admin), operations::AUDIT_LOG, variables).await?;
        let entries = list(&log, "/desk/auditLog/nodes")?;
        let actions: Vec<&str> = entries.iter().filter_map(|entry| entry["action"].as_str()).collect();
        let expected = ["IMPERSONATION_ENDED", "ACTED_AS_PERSON", "PERSON_IMPERSONATED", "PERSON_RESTORED"];
        check_equal("the entries", [&expected[..], &["PERSON_SUSPENDED", "PERSON_VIEWED"]].concat(), actions)?;
        for entry in entries {
            self.output.print_fact(&format!("no. {}", entry["number"]), text(entry, "/action")?);
        }
        self.output.print_passed("each is chained to the one before; `staygate audit verify` checks the chain");
        Ok(())
    }
}
