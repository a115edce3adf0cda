//! Tests with a server that others wrote: aiosmtpd, and the mail parser of Python.
//!
//! `STAYGATE_AIOSMTPD=$(sh scripts/smtp.sh) cargo test -p staygate-mail smtp::real_server -- --ignored`

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{authority::Authority, tests::smtp, *};
use crate::{Brand, Letter, Locale, message};

/// Prints its port, then each mail as a line of JSON. Arguments: the certificate and its key.
const PROGRAM: &str = include_str!("real_server.py");

/// A server that requires STARTTLS and a sign-in.
struct RealServer {
    _process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl RealServer {
    async fn start(authority: &Authority) -> Self {
        let python = std::env::var("STAYGATE_AIOSMTPD").expect("STAYGATE_AIOSMTPD: see scripts/smtp.sh");
        let (certificate, key) = authority.files("127.0.0.1");
        let mut command = Command::new(python);
        command.arg("-c").arg(PROGRAM).arg(certificate).arg(key);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().expect("the port").parse().unwrap();
        Self { _process: process, lines, port }
    }

    async fn next_mail(&mut self) -> serde_json::Value {
        let line = tokio::time::timeout(Duration::from_secs(20), self.lines.next_line()).await;
        serde_json::from_str(&line.unwrap().unwrap().unwrap()).unwrap()
    }

    fn smtp(&self, user: &str, authority: &Authority) -> Smtp {
        let (port, ca) = (self.port, authority.ca());
        smtp(&format!("smtp://{user}@127.0.0.1:{port}?tls=required&ca={}", ca.display()))
    }
}

#[tokio::test]
#[ignore = "needs aiosmtpd: scripts/smtp.sh"]
async fn every_letter_is_read_by_another_program() {
    let authority = Authority::new();
    let mut server = RealServer::start(&authority).await;
    let smtp = server.smtp("user:hunter2", &authority);
    let brand = Brand { name: "Staygate".to_owned(), app_url: "https://example.org".to_owned() };
    for locale in Locale::ALL {
        for (number, letter) in Letter::examples().into_iter().enumerate() {
            let it = letter.render(locale, &brand);
            let key = MailKey::new(format!("send_mail:{}:{number}", locale.tag())).unwrap();
            let (example, _) = message::example("");
            let message = Message { subject: it.subject, text: it.text, html: it.html, ..example };
            assert_eq!(smtp.send(&message, &key).await, Ok(()), "{letter:?}");
            let mail = server.next_mail().await;
            assert_eq!(mail["to"], "ada@example.org");
            assert_eq!(mail["from"], "no-reply@example.org");
            assert_eq!(mail["subject"], message.subject);
            assert_eq!(mail["date"], "2026-07-01T13:00:00+00:00");
            assert_eq!(mail["automatic"], "auto-generated");
            assert_eq!(mail["id"], format!("<{}@example.org>", key.escaped()));
            assert_eq!(mail["text"].as_str().unwrap().trim_end(), message.text.trim_end());
            assert_eq!(mail["html"].as_str().unwrap().trim_end(), message.html.trim_end());
            assert_eq!(mail["defects"], serde_json::json!([]), "{letter:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs aiosmtpd: scripts/smtp.sh"]
async fn its_refusals_are_understood() {
    let authority = Authority::new();
    let server = RealServer::start(&authority).await;
    let (mut mail, key) = message::example("Hello.");
    let sent = server.smtp("user:wrong", &authority).send(&mail, &key).await;
    assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{sent:?}");
    for (address, expected) in [("unknown@example.org", "Rejected"), ("busy@example.org", "Temporary")] {
        mail.to = address.parse().unwrap();
        let sent = server.smtp("user:hunter2", &authority).send(&mail, &key).await;
        assert!(format!("{sent:?}").contains(expected), "{sent:?}");
        assert!(!format!("{sent:?}").contains(address), "{sent:?}");
    }
    let sent = server.smtp("user:hunter2", &Authority::new()).send(&mail, &key).await;
    assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{sent:?}");
}
