//! The content of the landing page.

mod journey;

use import::demo;
use pages::{DemoAccount, Landing, Role};

/// The landing page of a server at `url`.
pub(super) fn landing(url: &str, has_demo: bool) -> Landing {
    Landing {
        name: "Staygate".to_owned(),
        tagline: "The backend of a booking platform with one GraphQL API: search, quotes, bookings, payments and live events."
            .to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: url.to_owned(),
        examples: journey::journey(has_demo),
        accounts: if has_demo { demo::ACCOUNTS.iter().filter_map(account).collect() } else { Vec::new() },
        attribution: has_demo.then(|| demo::ATTRIBUTION.to_owned()),
        links: Vec::new(),
    }
}

/// The page plays the journey of a guest and a host; the desk has no part in it.
fn account(account: &demo::Account) -> Option<DemoAccount> {
    let role = match account.role {
        demo::Role::Guest => Role::Guest,
        demo::Role::Host => Role::Host,
        demo::Role::Admin => return None,
    };
    Some(DemoAccount {
        name: account.name.to_owned(),
        role,
        email: account.email.to_owned(),
        password: account.password.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use graphql::CONTRACT;
    use graphql_contract::validate;

    #[test]
    fn every_example_is_an_operation_of_the_contract() {
        for has_demo in [true, false] {
            let page = landing("http://127.0.0.1:8080", has_demo);
            assert_eq!(page.examples.len(), 12);
            for example in page.examples {
                assert_eq!(validate(CONTRACT, &example.query), Vec::<String>::new(), "{}", example.name);
                // GraphiQL names its tab by this, and the page finds the tab by it.
                assert!(example.query.contains(&format!(" {}", example.name)), "{}", example.name);
                assert!(example.query.lines().all(|line| line.len() <= 60), "{} fits a phone", example.name);
            }
        }
    }

    #[test]
    fn an_example_uses_only_values_of_earlier_ones() {
        for has_demo in [true, false] {
            let mut found = vec!["checkIn".to_owned(), "checkOut".to_owned()];
            for example in landing("http://h", has_demo).examples {
                for needed in example.variables.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")) {
                    let is_found = needed.0.ends_with("key") || found.iter().any(|name| name == needed.0);
                    assert!(is_found, "{} needs {}", example.name, needed.0);
                }
                found.extend(example.finds.into_iter().map(|(name, _)| name));
            }
        }
    }

    #[test]
    fn without_demo_data_the_page_does_not_mention_it() {
        let page = landing("http://h", false);
        assert!(page.accounts.is_empty() && page.attribution.is_none());
        for example in page.examples {
            let text = format!("{} {} {} {}", example.title, example.note, example.query, example.variables);
            assert!(!text.to_lowercase().contains("demo") && !text.contains("Singapore"), "{text}");
        }
    }
}
