//! What a provider says about a person.

use serde_json::{Map, Value};

/// What a provider says about a person, as it says it. None of it is cleaned, and none identifies the person: that is the subject.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The email, if the provider vouches that it is theirs.
    pub verified_email: Option<String>,
    /// Names, the best one first.
    pub names: Vec<String>,
    /// The language, as a BCP 47 tag.
    pub locale: Option<String>,
}

impl Person {
    /// What these claims say.
    pub(super) fn of(claims: &Map<String, Value>) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        // Some providers say it as text.
        let is_verified = match claims.get("email_verified") {
            Some(Value::Bool(is_verified)) => *is_verified,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        Self {
            verified_email: text("email").filter(|_| is_verified),
            names: ["name", "given_name", "nickname", "preferred_username"].into_iter().filter_map(text).collect(),
            locale: text("locale"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn email(claims: Value) -> Option<String> {
        Person::of(claims.as_object().unwrap()).verified_email
    }

    #[test]
    fn an_email_counts_only_if_the_provider_vouches_for_it() {
        for verified in [json!(true), json!("true")] {
            assert!(email(json!({ "email": "a@example.org", "email_verified": verified })).is_some());
        }
        for other in [json!(false), json!("false"), json!("TRUE"), json!(1), json!(null), json!([true])] {
            assert_eq!(email(json!({ "email": "a@example.org", "email_verified": other })), None);
        }
        assert_eq!(email(json!({ "email": "a@example.org" })), None);
        assert_eq!(email(json!({ "email": ["a@example.org"], "email_verified": true })), None);
    }
}
