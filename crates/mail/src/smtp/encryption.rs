//! Tests of TLS: nothing is sent that others could read, and no server is trusted without a
//! certificate.

use super::{
    authority::Authority,
    scripted_server::{Script, Server},
    tests::smtp,
    *,
};
use crate::message;

async fn send(url: &str) -> Result<(), SendError> {
    let (message, key) = message::example("Hello.");
    smtp(url).send(&message, &key).await
}

/// The URL of a server, for a client that trusts `authority`.
fn url(scheme: &str, server: &Server, authority: &Authority) -> String {
    let ca = authority.ca();
    format!("{scheme}://user:hunter2@127.0.0.1:{}?tls=required&ca={}", server.port, ca.display())
}

fn starttls(authority: &Authority, host: &str) -> Script {
    Script { starttls: Some(authority.server(host)), auth: Some("PLAIN"), ..Script::default() }
}

#[tokio::test]
async fn everything_after_starttls_is_encrypted() {
    let authority = Authority::new();
    let server = Server::with(starttls(&authority, "127.0.0.1")).await;
    assert_eq!(send(&url("smtp", &server, &authority)).await, Ok(()));
    let received = server.received();
    assert_eq!(received.commands[..2], ["EHLO example.org", "STARTTLS"]);
    assert!(received.commands[2..].iter().all(|command| command.starts_with("tls ")), "{:?}", received.commands);
    assert!(received.has("tls AUTH PLAIN ") && received.has("tls DATA"));
    assert_eq!(received.mails.len(), 1);
}

#[tokio::test]
async fn smtps_is_encrypted_from_the_first_byte() {
    let authority = Authority::new();
    let script = Script { tls: Some(authority.server("127.0.0.1")), auth: Some("PLAIN"), ..Script::default() };
    let server = Server::with(script).await;
    assert_eq!(send(&url("smtps", &server, &authority)).await, Ok(()));
    assert!(server.received().commands.iter().all(|command| command.starts_with("tls ")));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let server = Server::with(starttls(&unknown, "127.0.0.1")).await;
    let sent = send(&url("smtp", &server, &known)).await;
    assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{sent:?}");
    assert_eq!(server.received().commands, ["EHLO example.org", "STARTTLS"]);

    let server = Server::with(Script { tls: Some(unknown.server("127.0.0.1")), ..Script::default() }).await;
    let sent = send(&url("smtps", &server, &known)).await;
    assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{sent:?}");
    assert!(server.received().commands.is_empty());
}

#[tokio::test]
async fn the_authorities_of_the_system_do_not_know_a_test() {
    let authority = Authority::new();
    let server = Server::with(starttls(&authority, "127.0.0.1")).await;
    let sent = send(&format!("smtp://user:hunter2@127.0.0.1:{}?tls=required", server.port)).await;
    assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{sent:?}");
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused() {
    let authority = Authority::new();
    let server = Server::with(starttls(&authority, "mail.example.org")).await;
    let sent = send(&url("smtp", &server, &authority)).await;
    assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{sent:?}");
    assert!(!server.received().has("tls "));
}

#[tokio::test]
async fn nothing_is_sent_if_encryption_is_not_offered() {
    let authority = Authority::new();
    let server = Server::with(Script { auth: Some("PLAIN LOGIN"), ..Script::default() }).await;
    let sent = send(&url("smtp", &server, &authority)).await;
    assert_eq!(sent, Err(SendError::Misconfigured("the mail server does not offer STARTTLS".to_owned())));
    assert_eq!(server.received().commands, ["EHLO example.org"]);
}

#[tokio::test]
async fn nothing_is_sent_if_starttls_is_refused() {
    let authority = Authority::new();
    for (reply, is_for_operator) in [("454 4.7.0 not now", false), ("501 no", true)] {
        let script = Script { replies: vec![("STARTTLS", reply)], ..starttls(&authority, "127.0.0.1") };
        let server = Server::with(script).await;
        let sent = send(&url("smtp", &server, &authority)).await;
        assert_eq!(matches!(sent, Err(SendError::Misconfigured(_))), is_for_operator, "{reply}: {sent:?}");
        assert!(sent.is_err());
        let received = server.received();
        assert!(!received.has("AUTH") && !received.has("MAIL"), "{:?}", received.commands);
    }
}

#[tokio::test]
async fn answers_that_were_injected_before_encryption_are_refused() {
    let authority = Authority::new();
    let injected = "\r\n250-mail.example.org\r\n250 AUTH PLAIN\r\n235 ok";
    let server = Server::with(Script { injected, ..starttls(&authority, "127.0.0.1") }).await;
    let sent = send(&url("smtp", &server, &authority)).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    assert_eq!(server.received().commands, ["EHLO example.org", "STARTTLS"]);
}
