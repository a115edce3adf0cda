//! Preparation of documents: a text, the name of an operation and JSON of variables, separated by
//! NUL bytes.
//!
//! Any input is prepared or rejected with a few short errors; a cached operation is prepared the
//! same way again; and none costs more than an operation may.

#![no_main]

use std::sync::LazyLock;

use async_graphql::{ServerError, Variables};
use graphql::documents_within;
use graphql_contract::documents::{Documents, Limits, Prepared};
use libfuzzer_sys::fuzz_target;

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| documents_within(Limits::default()).expect("the contract"));

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut text = || std::str::from_utf8(parts.next().unwrap_or_default()).ok();
    let (Some(query), Some(name), Some(variables)) = (text(), text(), text()) else { return };
    let name = (!name.is_empty()).then_some(name);
    let variables: Variables = serde_json::from_str(variables).unwrap_or_default();
    let first = DOCUMENTS.prepare(query, name, &variables);
    let again = DOCUMENTS.prepare(query, name, &variables);
    match (first, again) {
        (Ok(prepared), Ok(again)) => accepted(prepared, again),
        (Err(errors), Err(again)) => refused(&errors, &again),
        (first, again) => panic!("{first:?}, and the second time {again:?}"),
    }
});

fn accepted(prepared: Prepared, again: Prepared) {
    let limits = DOCUMENTS.limits();
    let cost = prepared.cost();
    assert!(cost.requested <= limits.max_cost(prepared.operation()), "{cost:?}");
    assert!(cost.introspection <= limits.max_introspection_cost, "{cost:?}");
    assert_eq!(format!("{cost:?}"), format!("{:?}", again.cost()));
    assert_eq!((prepared.name(), prepared.root_fields()), (again.name(), again.root_fields()));
    assert!(prepared.root_fields().len() <= limits.max_root_fields);
    assert!(prepared.bytes() <= limits.cache_bytes);
    let _ = prepared.into_request();
}

fn refused(errors: &[ServerError], again: &[ServerError]) {
    assert!((1..=DOCUMENTS.limits().max_errors).contains(&errors.len()), "{errors:?}");
    for error in errors {
        assert!(!error.message.is_empty() && error.message.chars().count() <= 500, "{error:?}");
        assert!(error.extensions.is_some(), "{error:?}");
    }
    // Which of several errors is found first depends on the order of hash maps.
    assert_eq!(errors.is_empty(), again.is_empty());
}
