//! Attacks on the queue of password hashing (S8).

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::{EMAIL, GUESS, PASSWORD, SIGN_IN, register_ada, with_real_hashes};
use crate::harness::wire;

/// Signs in over a separate connection, with the client address from a proxy.
async fn sign_in(to: std::net::SocketAddr, client: &str, password: &str) -> Value {
    let input = json!({ "email": EMAIL, "password": password });
    let body = json!({ "query": SIGN_IN, "variables": { "input": input } }).to_string();
    let headers = [wire::JSON, ("x-forwarded-for", client)];
    let (_, answer) = wire::exchange(&to.to_string(), wire::POST, &headers, &body).await.unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// S8, as reported.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ninety_connections_from_ten_addresses_do_not_block_other_sign_ins() {
    let app = with_real_hashes().await;
    register_ada(&app).await;
    let served = app.serve_with(|settings| settings.trusted_proxies = 1).await;
    let (done, answered) = (AtomicBool::new(false), watch::Sender::new(0));
    let crowd = futures_util::future::join_all((0..90).map(|number| {
        let (done, answered, to) = (&done, &answered, served.address);
        async move {
            while !done.load(Ordering::Relaxed) {
                sign_in(to, &format!("203.0.113.{}", number % 10), GUESS).await;
                answered.send_modify(|answered| *answered += 1);
            }
        }
    }));
    let owner = async {
        // Not before the crowd keeps the server busy.
        answered.subscribe().wait_for(|answered| *answered >= 50).await.unwrap();
        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(sign_in(served.address, "198.51.100.7", PASSWORD).await);
        }
        done.store(true, Ordering::Relaxed);
        answers
    };
    let (_, answers) = tokio::join!(crowd, owner);
    let signed_in = answers.iter().filter(|answer| answer["data"]["signIn"]["__typename"] == "SignInSuccess").count();
    assert_eq!(signed_in, 10, "{answers:?}");
}
