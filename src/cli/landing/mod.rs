//! What the landing page of the server tells.

use crate::import::demo;
use crate::server::{DemoAccount, Example, Landing};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

const SEARCH: &str = include_str!("search.graphql");
const BEST: &str = include_str!("best.graphql");
const SIGN_IN: &str = include_str!("sign_in.graphql");
const WATCH: &str = include_str!("watch.graphql");

/// The page of a server at `url` on the day `today`, with demo data or without.
pub(super) fn landing(url: &str, today: NaiveDate, has_demo: bool) -> Landing {
    let guest = demo::ACCOUNTS.first().filter(|_| has_demo);
    Landing {
        name: "Staygate".to_owned(),
        tagline: "The backend of a booking platform behind one GraphQL API: search, quotes, bookings, payments and live events."
            .to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: url.to_owned(),
        examples: examples(today, guest),
        accounts: if has_demo { demo::ACCOUNTS.iter().map(account).collect() } else { Vec::new() },
        sign_in: guest.map(|guest| sign_in(url, guest)),
        attribution: has_demo.then(|| demo::ATTRIBUTION.to_owned()),
        links: Vec::new(),
    }
}

fn examples(today: NaiveDate, guest: Option<&demo::Account>) -> Vec<Example> {
    let example = |title: &str, note: &str, query: &str, variables: Value| Example {
        title: title.to_owned(),
        note: note.to_owned(),
        query: query.to_owned(),
        variables: if variables.is_null() { String::new() } else { format!("{variables:#}") },
    };
    let check_in = today + Days::new(28);
    // With all fields: GraphiQL underlines required ones that are left to their defaults.
    let guests = json!({ "adults": 2, "children": 0, "infants": 0, "pets": 0 });
    let stay = json!({ "checkIn": check_in, "checkOut": check_in + Days::new(3), "guests": guests });
    let mut examples = vec![
        example(
            "Search Singapore",
            "By map, dates and guests, the cheapest stay first, with its whole price.",
            SEARCH,
            json!({ "stay": stay }),
        ),
        example("Open the best listings", "With host, photos, amenities and reviews.", BEST, Value::Null),
    ];
    if let Some(guest) = guest {
        let input = json!({ "email": guest.email, "password": guest.password });
        examples.push(example(
            "Sign in",
            "As the demo guest. The token goes into “Headers”.",
            SIGN_IN,
            json!({ "input": input }),
        ));
    }
    examples.push(example("Watch your trips", "A subscription over the websocket; sign in first.", WATCH, Value::Null));
    examples
}

/// A command for a shell.
fn sign_in(url: &str, account: &demo::Account) -> String {
    let query = "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { tokens { accessToken } } \
                 ... on UserError { message } } }";
    let variables = json!({ "input": { "email": account.email, "password": account.password } });
    let body = json!({ "query": query, "variables": variables });
    format!("curl -s {url}/graphql -H 'content-type: application/json' -d '{body}'")
}

fn account(account: &demo::Account) -> DemoAccount {
    DemoAccount {
        role: account.role.to_owned(),
        email: account.email.to_owned(),
        password: account.password.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::validate;
    use crate::graphql::CONTRACT;

    #[test]
    fn every_example_is_an_operation_of_the_contract() {
        let page = landing("http://127.0.0.1:8080", "2026-11-24".parse().unwrap(), true);
        assert_eq!(page.examples.len(), 4);
        for example in page.examples {
            assert_eq!(validate(CONTRACT, &example.query), Vec::<String>::new(), "{}", example.title);
        }
    }

    #[test]
    fn the_command_that_signs_in_is_one_word_for_the_shell_and_fits_the_contract() {
        let command = landing("http://h", "2026-11-24".parse().unwrap(), true).sign_in.unwrap();
        let body = command.split('\'').nth(3).unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(validate(CONTRACT, body["query"].as_str().unwrap()), Vec::<String>::new());
        assert_eq!(command.matches('\'').count(), 4);
    }

    #[test]
    fn without_demo_data_no_accounts_are_shown() {
        let page = landing("http://h", "2026-11-24".parse().unwrap(), false);
        assert!(page.accounts.is_empty() && page.sign_in.is_none() && page.attribution.is_none());
        assert_eq!(page.examples.len(), 3);
    }
}
