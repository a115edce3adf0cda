//! Cases that people open and staff decide, and staff who act as a person.

use super::accounts::{Account, subjects, unique_text};
use super::desk_chapter::Person;
use super::responses::{check_equal, list, text};
use super::{Tour, operations};
use anyhow::ensure;
use serde_json::{Value, json};

impl Tour {
    /// The person reports somebody; staff ask, are answered, and decide.
    pub(super) async fn decide_a_case(
        &mut self,
        admin: &Account,
        (person, account): (&Person, &Account),
        reported: &str,
    ) -> anyhow::Result<()> {
        self.output.start_step("Decide a case: a report, a question, an answer, and a decision");
        let key = || json!(unique_text());
        let report = json!({ "kind": "REPORT", "about": { "personId": reported }, "text": "A report of the tour.", "idempotencyKey": key() });
        let opened = self.mutate(Some(account), operations::OPEN_CASE, report, "OpenCaseSuccess").await?;
        let case = text(&opened, "/case/id")?;
        let ask = json!({ "caseId": case, "status": "WAITING_FOR_PERSON", "message": "What happened?", "reason": "A tour", "idempotencyKey": key() });
        self.mutate(Some(admin), operations::UPDATE_CASE, ask, "UpdateCaseSuccess").await?;
        let seen = self.query(Some(account), operations::MY_CASES, Value::Null).await?;
        check_equal("the question", "What happened?", text(&seen, "/me/cases/nodes/0/question")?)?;
        let answer = json!({ "caseId": case, "text": "Nothing at all.", "idempotencyKey": key() });
        self.mutate(Some(account), operations::ANSWER_CASE, answer, "AnswerCaseSuccess").await?;
        let reject = json!({ "caseId": case, "status": "REJECTED", "message": "It was a tour.", "reason": "A tour", "idempotencyKey": key() });
        self.mutate(Some(admin), operations::UPDATE_CASE, reject, "UpdateCaseSuccess").await?;
        let seen = self.query(Some(account), operations::MY_CASES, Value::Null).await?;
        check_equal("the decision", "It was a tour.", text(&seen, "/me/cases/nodes/0/resolution")?)?;
        self.mail(&person.email, subjects::CASE).await?;
        self.output.print_passed(format!("{case}: the person sees the decision, and was told of it by mail"));
        Ok(())
    }

    /// Staff see what the person sees, change something, and are refused what only the person may do.
    pub(super) async fn act_as_a_person(
        &mut self,
        admin: &Account,
        (person, account): (&Person, &Account),
    ) -> anyhow::Result<()> {
        self.output.start_step("Act as a person, who sees it");
        let input =
            json!({ "personId": person.id, "reason": "A question of the tour", "idempotencyKey": unique_text() });
        let kind = "StartImpersonationSuccess";
        let started = self.mutate(Some(admin), operations::START_IMPERSONATION, input, kind).await?;
        let id = text(&started, "/impersonation/id")?;
        let acting = Account { token: text(&started, "/accessToken")?.to_owned() };
        let seen = self.query(Some(&acting), operations::IMPERSONATIONS, Value::Null).await?;
        check_equal("the email", person.email.as_str(), text(&seen, "/me/email")?)?;
        check_equal("the impersonation", id, text(&seen, "/me/currentImpersonation/id")?)?;
        let list_of = json!({ "name": "Found by staff" });
        self.mutate(Some(&acting), operations::CREATE_WISHLIST, list_of, "CreateWishlistSuccess").await?;
        let name = json!({ "displayName": "Somebody else" });
        self.mutate(Some(&acting), operations::UPDATE_PROFILE, name, "ImpersonatedProblem").await?;
        self.mail(&person.email, subjects::IMPERSONATION).await?;
        let input = json!({ "impersonationId": id, "reason": "The tour goes on", "idempotencyKey": unique_text() });
        self.mutate(Some(admin), operations::END_IMPERSONATION, input, "EndImpersonationSuccess").await?;
        let refused = self.query(Some(&acting), operations::ME, Value::Null).await;
        ensure!(refused.is_err(), "the token of an ended impersonation is still accepted");
        let own = self.query(Some(account), operations::IMPERSONATIONS, Value::Null).await?;
        check_equal("the impersonations", 1, list(&own, "/me/impersonations/nodes")?.len())?;
        check_equal("who asks", &Value::Null, &own["me"]["currentImpersonation"])?;
        self.output.print_fact("reason", text(&own, "/me/impersonations/nodes/0/reason")?);
        self.output
            .print_passed("a wishlist was made, the profile refused; the person got a mail, and sees when and why");
        Ok(())
    }
}
