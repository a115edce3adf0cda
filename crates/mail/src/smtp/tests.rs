use super::{
    scripted_server::{Script, Server},
    *,
};
use crate::{MailSettings, Timeouts, eml::StoredMail, message};

/// The adapter for a URL.
pub(super) fn smtp(url: &str) -> Smtp {
    let Ok(MailSettings::Smtp(settings)) = url.parse() else { panic!("{url}") };
    // Long enough for a busy machine; only tests of silence wait so long.
    let timeouts = Timeouts { connect: Duration::from_secs(20), ..Timeouts::default() };
    Smtp::new(SmtpSettings { timeouts, ..settings }, "Staygate <no-reply@example.org>".parse().unwrap()).unwrap()
}

async fn send(server: &Server) -> Result<(), SendError> {
    let (message, key) = message::example("Hello.");
    smtp(&format!("smtp://127.0.0.1:{}", server.port)).send(&message, &key).await
}

async fn outcome(replies: &[(&'static str, &'static str)]) -> Result<(), SendError> {
    send(&Server::with(Script { replies: replies.to_vec(), ..Script::default() }).await).await
}

#[tokio::test]
async fn a_mail_is_delivered() {
    let server = Server::with(Script::default()).await;
    let (message, key) = message::example("Grüße.\n.\n..\nend");
    let transport: Box<dyn MailTransport> = Box::new(smtp(&format!("smtp://127.0.0.1:{}", server.port)));
    assert_eq!(transport.name(), "smtp");
    assert_eq!(transport.send(&message, &key).await, Ok(()));
    let received = server.received();
    let commands =
        ["EHLO example.org", "MAIL FROM:<no-reply@example.org>", "RCPT TO:<ada@example.org>", "DATA", "QUIT"];
    assert_eq!(received.commands, commands);
    let mail = StoredMail::parse("a", &received.mails[0]).unwrap();
    assert_eq!(mail.text.trim_end(), message.text);
    assert_eq!(mail.message_id, "<send_mail=3A018f-0001=3A1@example.org>");
}

#[tokio::test]
async fn a_refused_recipient_is_a_bounce_without_the_address() {
    let sent = outcome(&[("RCPT", "550 5.1.1 <Ada@example.org>: user unknown")]).await;
    assert_eq!(sent, Err(SendError::Rejected("RCPT TO: 550 5.1.1 <…@example.org>: user unknown".to_owned())));
    let sent = outcome(&[("CONTENT", "554 5.7.1 looks like spam")]).await;
    assert_eq!(sent, Err(SendError::Rejected("DATA: 554 5.7.1 looks like spam".to_owned())));
}

#[tokio::test]
async fn a_server_that_cannot_now_is_asked_again() {
    for at in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"] {
        let sent = outcome(&[(at, "451 4.3.0 try again later")]).await;
        let Err(SendError::Temporary(reason)) = sent else { panic!("{at}: {sent:?}") };
        assert!(reason.contains("451 4.3.0 try again later"), "{reason}");
    }
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_mail_is_for_an_operator() {
    for (at, reply) in [
        ("GREETING", "554 5.7.1 blocked"),
        ("EHLO", "550 bad name"),
        ("MAIL", "530 5.7.0 Authentication required"),
        ("MAIL", "550 5.7.1 sender not allowed"),
        ("RCPT", "554 5.7.1 <ada@example.org>: Relay access denied"),
        ("RCPT", "503 5.5.1 need AUTH first"),
    ] {
        let sent = outcome(&[(at, reply)]).await;
        assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{reply}: {sent:?}");
    }
}

#[tokio::test]
async fn the_goodbye_of_the_server_does_not_matter() {
    for script in [
        Script { replies: vec![("QUIT", "554 no")], ..Script::default() },
        Script { drops_at: Some("QUIT"), ..Script::default() },
        Script { silent_at: Some("QUIT"), ..Script::default() },
    ] {
        assert_eq!(send(&Server::with(script).await).await, Ok(()));
    }
}

#[tokio::test]
async fn a_server_without_answer_is_not_waited_for() {
    let soon = Duration::from_millis(50);
    let late = Duration::from_secs(20);
    for at in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"] {
        for (command, total) in [(soon, late), (late, soon)] {
            let server = Server::with(Script { silent_at: Some(at), ..Script::default() }).await;
            let mut smtp = smtp(&format!("smtp://127.0.0.1:{}", server.port));
            smtp.settings.timeouts = Timeouts { connect: late, command, total };
            let (message, key) = message::example("Hello.");
            let sent = smtp.send(&message, &key).await;
            assert!(matches!(sent, Err(SendError::Temporary(_))), "{at}: {sent:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_again_with_the_same_id() {
    let lost = Script { drops_at: Some("CONTENT"), ..Script::default() };
    let server = Server::start(vec![lost, Script::default()]).await;
    let sent = send(&server).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    assert_eq!(send(&server).await, Ok(()));
    let [first, second] = &server.received().mails[..] else { panic!("two mails") };
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_connection_that_ends_is_asked_again() {
    for at in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"] {
        let sent = send(&Server::with(Script { drops_at: Some(at), ..Script::default() }).await).await;
        assert!(matches!(sent, Err(SendError::Temporary(_))), "{at}: {sent:?}");
    }
    let sent = outcome(&[("GREETING", "what?")]).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_asked_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (message, key) = message::example("Hello.");
    for host in ["127.0.0.1", "localhost"] {
        let sent = smtp(&format!("smtp://{host}:{port}")).send(&message, &key).await;
        let Err(SendError::Temporary(reason)) = sent else { panic!("{sent:?}") };
        assert!(reason.starts_with("no connection: "), "{reason}");
    }
}

#[tokio::test]
async fn an_address_that_is_none_reaches_no_server() {
    let server = Server::with(Script::default()).await;
    let (mut message, key) = message::example("Hello.");
    message.to = types::Email::stored("ada@example.org>\r\nDATA\r\n".to_owned());
    let sent = smtp(&format!("smtp://127.0.0.1:{}", server.port)).send(&message, &key).await;
    assert!(matches!(sent, Err(SendError::Rejected(_))), "{sent:?}");
    assert!(server.received().commands.is_empty());
}

#[tokio::test]
async fn a_server_that_requires_a_sign_in_gets_it() {
    let url = |server: &Server| format!("smtp://user:hunter2@127.0.0.1:{}", server.port);
    let (message, key) = message::example("Hello.");
    for (methods, command) in [("PLAIN LOGIN", "AUTH PLAIN AHVzZXIAaHVudGVyMg=="), ("LOGIN", "AUTH LOGIN")] {
        let server = Server::with(Script { auth: Some(methods), ..Script::default() }).await;
        assert_eq!(smtp(&url(&server)).send(&message, &key).await, Ok(()), "{methods}");
        assert!(server.received().has(command), "{methods}");
    }
    for (auth, replies) in [
        (Some("PLAIN"), vec![("AUTH", "535 5.7.8 user and hunter2 are wrong")]),
        (Some("CRAM-MD5"), Vec::new()),
        (None, Vec::new()),
    ] {
        let server = Server::with(Script { auth, replies, ..Script::default() }).await;
        let sent = smtp(&url(&server)).send(&message, &key).await;
        let Err(SendError::Misconfigured(reason)) = &sent else { panic!("{auth:?}: {sent:?}") };
        assert!(!reason.contains("hunter2"), "{reason}");
        assert!(!server.received().has("MAIL"), "nothing is sent without the sign-in");
    }
    let replies = vec![("AUTH", "454 4.7.0 not now")];
    let server = Server::with(Script { auth: Some("PLAIN"), replies, ..Script::default() }).await;
    let sent = smtp(&url(&server)).send(&message, &key).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
}

#[test]
fn logs_show_no_secrets() {
    let shown = format!("{:?}", smtp("smtps://somebody:hunter2@mail.example.org"));
    assert!(!shown.contains("hunter2") && !shown.contains("somebody"), "{shown}");
}
