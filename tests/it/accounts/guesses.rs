//! Guessing of passwords, which must not lock owners out (S7).

use chrono::Duration;
use domain::app::AttemptLimits;
use futures_util::future::join_all;
use serde_json::{Value, json};
use types::Rule;

use super::{EMAIL, GUESS, PASSWORD, SIGN_IN, attempt, execute_from, register, register_ada, sign_in};
use crate::harness::{
    actors::{Actor, CREATE_LISTING, data, home},
    app::TestApp,
    bank::Fault::{Hangs, LosesResponse},
};

/// No limits but those that `change` sets.
async fn limited(change: impl FnOnce(&mut AttemptLimits)) -> TestApp {
    let mut limits = AttemptLimits::none();
    change(&mut limits);
    let app = TestApp::limited(limits).await;
    register_ada(&app).await;
    app
}

fn per_quarter(rule: Rule, burst: u32) -> Rule {
    Rule { burst, window: Duration::minutes(15), ..rule }
}

/// Fails when a call waits for the clock, which does not advance.
async fn at_once<T>(app: &TestApp, what: impl Future<Output = T>) -> T {
    tokio::select! {
        done = what => done,
        () = app.clock.until_asleep(1) => panic!("it was delayed"),
    }
}

#[tokio::test]
async fn guessing_is_delayed_and_the_right_password_returns_the_attempts() {
    let app = limited(|limits| limits.sign_in_by_account = per_quarter(limits.sign_in_by_account, 3)).await;
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(sign_in(&app, EMAIL, GUESS).await["code"], "INVALID_CREDENTIALS");
        }
        assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess");
    }
    for _ in 0..3 {
        assert_eq!(sign_in(&app, EMAIL, GUESS).await["code"], "INVALID_CREDENTIALS");
    }
    app.pass(Duration::minutes(4));
    let refused = sign_in(&app, EMAIL, PASSWORD).await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(60)));
    assert_eq!(sign_in(&app, "eve@example.org", GUESS).await["code"], "INVALID_CREDENTIALS");
    app.pass(Duration::seconds(60));
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess");
}

#[tokio::test]
async fn many_guesses_at_once_are_counted_one_by_one_also_at_two_servers() {
    let app = limited(|limits| limits.sign_in_by_account = per_quarter(limits.sign_in_by_account, 5)).await;
    let other = app.second_instance().await;
    let guesses = (0..12).map(|number| sign_in(if number % 2 == 0 { &app } else { &other }, EMAIL, GUESS));
    let answers = join_all(guesses).await;
    let tried = answers.iter().filter(|answer| answer["code"] == "INVALID_CREDENTIALS").count();
    assert_eq!(tried, 5, "{answers:?}");
}

/// S7, as reported.
#[tokio::test]
async fn eleven_aliases_of_a_stranger_leave_the_owner_in() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    register_ada(&app).await;
    let alias = |number| {
        format!(
            "a{number}: signIn(input: {{email: \"{EMAIL}\", password: \"{GUESS}\"}}) {{ ... on UserError {{ code }} }}"
        )
    };
    let mutation = format!("mutation {{ {} }}", (0..11).map(alias).collect::<String>());
    let answers = data(app.run_from(Some("203.0.113.9".parse().unwrap()), None, &mutation, json!({})).await);
    let codes: Vec<_> = answers.as_object().unwrap().values().map(|answer| answer["code"].clone()).collect();
    assert_eq!(codes.iter().filter(|code| *code == "INVALID_CREDENTIALS").count(), 10, "{answers}");
    assert_eq!(codes.iter().filter(|code| *code == "TOO_MANY_ATTEMPTS").count(), 1, "{answers}");
    assert_eq!(attempt(&app, "198.51.100.7", PASSWORD).await["__typename"], "SignInSuccess");
}

#[tokio::test]
async fn all_addresses_of_a_client_are_one() {
    let app = limited(|limits| limits.sign_in_by_address = per_quarter(limits.sign_in_by_address, 4)).await;
    for (addresses, other) in [
        (["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::", "2001:db8:1:2:ffff::1"], "2001:db8:1:3::1"),
        (["192.0.2.1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "::ffff:c000:201"], "::ffff:192.0.2.2"),
    ] {
        for address in addresses {
            assert_eq!(attempt(&app, address, GUESS).await["code"], "INVALID_CREDENTIALS", "{address}");
        }
        assert_eq!(attempt(&app, addresses[0], GUESS).await["code"], "TOO_MANY_ATTEMPTS");
        assert_eq!(attempt(&app, addresses[1], PASSWORD).await["code"], "TOO_MANY_ATTEMPTS");
        assert_eq!(attempt(&app, other, GUESS).await["code"], "INVALID_CREDENTIALS");
    }
}

#[tokio::test]
async fn an_address_over_its_own_limit_does_not_count_for_the_account_and_costs_no_password() {
    let app = limited(|limits| {
        limits.sign_in_by_address = per_quarter(limits.sign_in_by_address, 3);
        limits.sign_in_anywhere = per_quarter(limits.sign_in_anywhere, 4);
    })
    .await;
    for _ in 0..3 {
        at_once(&app, attempt(&app, "203.0.113.9", GUESS)).await;
    }
    let recording = app.app.database.statements().record();
    for _ in 0..20 {
        let refused = at_once(&app, attempt(&app, "203.0.113.9", GUESS)).await;
        assert_eq!(refused["code"], "TOO_MANY_ATTEMPTS");
    }
    let texts = recording.texts();
    assert!(texts.iter().all(|text| text.contains("limits")), "no password was read: {texts:?}");
    let owner = at_once(&app, attempt(&app, "198.51.100.7", PASSWORD)).await;
    assert_eq!(owner["__typename"], "SignInSuccess");
}

#[tokio::test]
async fn many_addresses_delay_each_other_but_do_not_lock_the_owner_out() {
    let app = limited(|limits| limits.sign_in_anywhere = per_quarter(limits.sign_in_anywhere, 2)).await;
    for number in 1..=2 {
        let answer = at_once(&app, attempt(&app, &format!("203.0.113.{number}"), GUESS)).await;
        assert_eq!(answer["code"], "INVALID_CREDENTIALS");
    }
    // No attempt waits longer than ten seconds, and none holds a connection.
    let addresses: Vec<_> = (3..33).map(|number| format!("203.0.113.{number}")).collect();
    let guesses = join_all(addresses.iter().map(|address| attempt(&app, address, GUESS)));
    let owner = attempt(&app, "198.51.100.7", PASSWORD);
    let time = async {
        app.clock.until_asleep(31).await;
        let (open, idle) = app.app.database.connections();
        assert_eq!(open, idle, "no connection is held");
        app.pass(Duration::seconds(10));
    };
    let (guesses, owner, ()) = tokio::join!(guesses, owner, time);
    assert!(guesses.iter().all(|guess| guess["code"] == "INVALID_CREDENTIALS"), "{guesses:?}");
    assert_eq!(owner["__typename"], "SignInSuccess", "{owner}");
}

#[tokio::test]
async fn the_owners_sign_ins_use_nothing_up() {
    let app = limited(|limits| limits.sign_in_anywhere = per_quarter(limits.sign_in_anywhere, 2)).await;
    for number in 0..10 {
        let owner = at_once(&app, attempt(&app, &format!("198.51.100.{number}"), PASSWORD)).await;
        assert_eq!(owner["__typename"], "SignInSuccess");
    }
}

#[tokio::test]
async fn registrations_are_limited() {
    let mut limits = AttemptLimits::none();
    limits.registration = per_quarter(limits.registration, 3);
    let app = TestApp::limited(limits).await;
    for number in 0..3 {
        let answer = register(&app, &format!("ada{number}@example.org"), PASSWORD).await;
        assert_eq!(answer["__typename"], "RegisterUserSuccess");
    }
    let refused = register(&app, "eve@example.org", PASSWORD).await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(300)));
    let input = json!({ "email": "eve@example.org", "password": PASSWORD });
    let answer: Value = execute_from(&app, None, SIGN_IN, input).await;
    assert_eq!(answer["code"], "INVALID_CREDENTIALS", "no account was made, and signing in is another matter");
}

#[tokio::test]
async fn the_worker_deletes_attempts_that_are_available_again() {
    use diesel::sql_types::BigInt;
    use diesel_async::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Rows {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let app = limited(|limits| limits.sign_in_by_account = per_quarter(limits.sign_in_by_account, 3)).await;
    let rows = async || {
        let count = diesel::sql_query("SELECT COUNT(*) AS number FROM limits");
        count.get_result::<Rows>(&mut app.conn().await).await.unwrap().number
    };
    sign_in(&app, EMAIL, GUESS).await;
    app.work().await;
    assert_eq!(rows().await, 1);
    app.pass(Duration::minutes(5));
    app.work().await;
    assert_eq!(rows().await, 0);
}

#[tokio::test]
async fn payment_attempts_are_limited_and_only_declined_ones_count() {
    let mut limits = AttemptLimits::none();
    limits.declined_payments = per_quarter(limits.declined_payments, 3);
    let app = TestApp::limited(limits).await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    for day in 1..=4 {
        guest.book_and_pay(&listing, &format!("2026-05-{day:02}"), &format!("2026-05-{:02}", day + 1)).await;
    }
    let booking = guest.book(&listing, "2026-06-01", "2026-06-03").await;
    for _ in 0..3 {
        let declined = guest.try_pay(&booking, "CARD_DECLINED", &app.key()).await;
        assert_eq!(declined["code"], "PAYMENT_DECLINED", "{declined}");
    }
    let refused = guest.try_pay(&booking, "CARD_OK", &app.key()).await;
    assert_eq!((&refused["code"], &refused["retryable"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(true)), "{refused}");
    other.book_and_pay(&listing, "2026-07-01", "2026-07-03").await;
    app.pass(Duration::minutes(5));
    guest.pay(&booking).await;
}

/// A guest with so many unpaid bookings and a limit of three declined payments per quarter of an hour.
async fn with_bookings(number: usize) -> (TestApp, Actor, Vec<String>) {
    let mut limits = AttemptLimits::none();
    limits.declined_payments = per_quarter(limits.declined_payments, 3);
    let app = TestApp::limited_without_hold_limits(limits).await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let mut bookings = Vec::new();
    for day in 1..=number {
        bookings.push(guest.book(&listing, &format!("2026-05-{day:02}"), &format!("2026-05-{:02}", day + 1)).await);
    }
    (app, guest, bookings)
}

/// With many bookings a guest could test as many cards at once: a decline was counted after the response, when all others were in flight.
#[tokio::test]
async fn concurrent_payment_attempts_are_counted_before_the_provider_is_called() {
    let (app, guest, bookings) = with_bookings(7).await;
    for (method, code, bookings) in
        [("CARD_OK", Value::Null, &bookings[..4]), ("CARD_DECLINED", json!("PAYMENT_DECLINED"), &bookings[3..])]
    {
        app.bank.expect(&[Hangs; 3]);
        let keys = [app.key(), app.key(), app.key()];
        let first = join_all(bookings.iter().zip(&keys).map(|(booking, key)| guest.try_pay(booking, method, key)));
        let meanwhile = async {
            for _ in 0..3 {
                app.bank.hangs().await;
            }
            let last = guest.try_pay(&bookings[3], "CARD_DECLINED", &app.key()).await;
            (0..3).for_each(|_| app.bank.release());
            last
        };
        let (answers, last) = tokio::join!(first, meanwhile);
        assert_eq!(last["code"], "TOO_MANY_ATTEMPTS", "{method}: {last}");
        assert!(answers.iter().all(|answer| answer["code"] == code), "{answers:?}");
    }
    assert_eq!(guest.try_pay(&bookings[6], "CARD_OK", &app.key()).await["code"], "TOO_MANY_ATTEMPTS");
}

/// As above, when servers die or the provider is unavailable. The same key is not a second attempt, and returns its attempt once.
#[tokio::test]
async fn a_payment_without_a_response_counts_until_it_has_one() {
    let (app, guest, bookings) = with_bookings(5).await;
    app.bank.expect(&[LosesResponse; 3]);
    let keys = [app.key(), app.key(), app.key()];
    for (booking, key) in bookings.iter().zip(&keys) {
        assert_eq!(guest.try_pay(booking, "CARD_OK", key).await["code"], "PAYMENT_UNAVAILABLE");
    }
    let declined = async |booking: &str| guest.try_pay(booking, "CARD_DECLINED", &app.key()).await["code"].clone();
    assert_eq!(declined(&bookings[3]).await, "TOO_MANY_ATTEMPTS");
    let again = join_all((0..4).map(|_| guest.try_pay(&bookings[0], "CARD_OK", &keys[0]))).await;
    assert!(again.iter().all(|answer| answer["__typename"] == "PayBookingSuccess"), "{again:?}");
    assert_eq!(declined(&bookings[3]).await, "PAYMENT_DECLINED", "one attempt was returned");
    assert_eq!(declined(&bookings[3]).await, "TOO_MANY_ATTEMPTS", "and no more than one");
    app.pass(Duration::minutes(2));
    app.work().await;
    for _ in 0..2 {
        assert_eq!(declined(&bookings[4]).await, "PAYMENT_DECLINED", "the worker has found the answers");
    }
    assert_eq!(declined(&bookings[4]).await, "TOO_MANY_ATTEMPTS");
}

/// A confirmation is an attempt too: a second concurrent one is refused, and the attempt is returned once.
#[tokio::test]
async fn a_confirmation_counts_as_a_payment_does() {
    let (app, guest, bookings) = with_bookings(5).await;
    let mut payments = Vec::new();
    for booking in &bookings[..4] {
        let paid = guest.try_pay(booking, "CARD_NEEDS_CONFIRMATION", &app.key()).await;
        payments.push(paid["payment"]["id"].as_str().unwrap_or_else(|| panic!("{paid}")).to_owned());
    }
    app.bank.expect(&[Hangs; 3]);
    let keys = [app.key(), app.key(), app.key()];
    let first = join_all(payments.iter().zip(&keys).map(|(payment, key)| guest.confirm(payment, key)));
    let meanwhile = async {
        for _ in 0..3 {
            app.bank.hangs().await;
        }
        let last = guest.confirm(&payments[3], &app.key()).await;
        let same = guest.confirm(&payments[0], &app.key()).await;
        (0..3).for_each(|_| app.bank.release());
        (last, same)
    };
    let (answers, (last, same)) = tokio::join!(first, meanwhile);
    assert_eq!(last["code"], "TOO_MANY_ATTEMPTS", "{last}");
    assert_eq!((&same["code"], &same["retryable"]), (&json!("STATE_CONFLICT"), &json!(true)), "{same}");
    assert!(answers.iter().all(|answer| answer["__typename"] == "ConfirmPaymentSuccess"), "{answers:?}");
    for _ in 0..3 {
        assert_eq!(guest.try_pay(&bookings[4], "CARD_DECLINED", &app.key()).await["code"], "PAYMENT_DECLINED");
    }
    assert_eq!(guest.confirm(&payments[3], &app.key()).await["code"], "TOO_MANY_ATTEMPTS");
}

#[tokio::test]
async fn listings_are_not_made_without_end() {
    let mut limits = AttemptLimits::none();
    limits.drafts = per_quarter(limits.drafts, 2);
    let app = TestApp::limited(limits).await;
    let (host, other) = (app.host().await, app.host().await);
    for _ in 0..2 {
        host.listing(|_| {}).await;
    }
    let refused = host.mutate(CREATE_LISTING, home()).await;
    assert_eq!(refused["code"], "TOO_MANY_ATTEMPTS");
    other.listing(|_| {}).await;
}
