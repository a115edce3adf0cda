//! Users of a server in a separate process.

use std::{net::Ipv4Addr, time::Duration};

use serde_json::{Value, json};
use types::Clock as _;

use super::{
    actors::{BOOK, CREATE_LISTING, PAY, PUBLISH_LISTING, QUOTE, REGISTER, VERIFY_EMAIL, home},
    server::TIMEOUT,
    wire,
};

/// How often the mailbox of a server is read while a mail is awaited.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The payload of a mutation by the owner of `token`.
pub async fn mutate(to: &str, token: &str, mutation: &str, input: Value) -> Value {
    wire::post(to, token, mutation, &json!({ "input": input })).await.unwrap().field().clone()
}

/// The access token of a new member.
pub async fn register(to: &str, number: usize) -> String {
    let email = format!("watcher{number}@example.org");
    let input = json!({ "email": email, "password": "correct horse", "displayName": "Wanda Watcher" });
    let answer = mutate(to, "", REGISTER, input).await;
    answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The access token of the owner of `token` after they have verified their email with the code from the server's mailbox.
pub async fn verified(to: &str, token: &str) -> String {
    let email = wire::post(to, token, "{ me { email } }", &json!({})).await.unwrap().field()["email"].clone();
    let path = format!("/dev/mail.json?to={}", email.as_str().unwrap());
    let code = async {
        loop {
            let mails = wire::get(to, &path).await.unwrap().body;
            if let Some(text) = mails["mails"][0]["text"].as_str() {
                let (_, code) = text.split_once("?code=").unwrap();
                return code.split_whitespace().next().unwrap().to_owned();
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    let code = tokio::time::timeout(TIMEOUT, code).await.expect("a mail arrives");
    let answer = mutate(to, token, VERIFY_EMAIL, json!({ "code": code })).await;
    answer["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The id of an unpaid booking of the owner of `guest`, at a new listing of the owner of `host`.
pub async fn book(to: &str, host: &str, guest: &str) -> String {
    let listing = mutate(to, host, CREATE_LISTING, home()).await["listing"]["id"].clone();
    mutate(to, host, PUBLISH_LISTING, json!({ "listingId": listing })).await;
    let day = |ahead: u64| {
        let today = types::SystemClock.now().utc().date_naive();
        (today + chrono::Days::new(ahead)).to_string()
    };
    let stay = json!({ "checkIn": day(30), "checkOut": day(33) });
    let quote = mutate(to, guest, QUOTE, json!({ "listingId": listing, "stay": stay })).await["quote"]["id"].clone();
    let input = json!({ "quoteId": quote, "idempotencyKey": "the-only-one" });
    let booked = mutate(to, guest, BOOK, input).await;
    booked["booking"]["id"].as_str().unwrap_or_else(|| panic!("{booked}")).to_owned()
}

/// The variables of [`PAY`] for a booking and a card of the sandbox.
pub fn card(booking: &str, card: &str, key: &str) -> Value {
    json!({ "booking": { "id": booking }, "method": { "sandbox": card }, "idempotencyKey": key })
}

/// Pays a booking.
pub async fn pay(to: &str, guest: &str, booking: &str) {
    let paid = mutate(to, guest, PAY, card(booking, "CARD_OK", "the-only-one")).await;
    assert_eq!(paid["booking"]["status"], "CONFIRMED", "{paid}");
}

/// One of many addresses of this machine. Systems other than Linux have one only.
pub fn local_address(number: usize) -> Ipv4Addr {
    let [.., high, low] = number.to_be_bytes();
    if cfg!(target_os = "linux") { Ipv4Addr::new(127, 1, high, low) } else { Ipv4Addr::LOCALHOST }
}
