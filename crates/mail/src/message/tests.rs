use super::*;
use crate::eml::StoredMail;

fn sender() -> Sender {
    "Staygate <no-reply@example.org>".parse().unwrap()
}

fn bytes(message: &Message, key: &MailKey) -> String {
    String::from_utf8(message.encode(&sender(), key).unwrap().bytes).unwrap()
}

/// The names of the headers of a mail.
fn headers(mail: &str) -> Vec<&str> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split_once(':').unwrap().0).collect()
}

#[test]
fn a_mail_has_the_headers_of_automatic_mail() {
    let (message, key) = example("Hello.");
    let mail = bytes(&message, &key);
    for line in [
        "From: Staygate <no-reply@example.org>",
        "To: ada@example.org",
        "Subject: Example",
        "Date: Wed, 01 Jul 2026 13:00:00 +0000",
        "Message-ID: <send_mail=3A018f-0001=3A1@example.org>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(mail.contains(&format!("{line}\r\n")), "{line}\n{mail}");
    }
    assert!(mail.contains("Content-Type: multipart/alternative; boundary=\"=_part\"\r\n"), "{mail}");
    assert!(mail.lines().all(|line| line.len() <= 998));
}

#[test]
fn every_attempt_has_the_same_bytes_and_another_key_another_id() {
    let (message, key) = example("Hello.");
    assert_eq!(bytes(&message, &key), bytes(&message, &key));
    let other = MailKey::new("send_mail:018f-0001:2").unwrap();
    assert_ne!(bytes(&message, &key), bytes(&message, &other));
}

#[test]
fn any_text_arrives_as_it_was() {
    for text in [
        "Grüße aus Köln: 日本語 🏠\n",
        ".\n.. dots\n.",
        "--=_part\n\nFrom here\n",
        "a = b\ttab \n trailing  \n",
        &"long ".repeat(1_000),
    ] {
        let (mut message, key) = example("");
        text.clone_into(&mut message.text);
        message.html = format!("<p>{text}</p>");
        message.subject =
            "Bestätigung für Zoë: 100 % sicher, mit einem sehr langen Betreff über mehrere Zeilen".to_owned();
        let mail = bytes(&message, &key);
        assert!(mail.is_ascii());
        let read = StoredMail::parse("a", &mail).unwrap();
        let unix = |text: &str| text.replace("\r\n", "\n");
        assert_eq!(unix(read.text.trim_end()), text.trim_end());
        assert_eq!(unix(read.html.trim_end()), message.html.trim_end());
        assert_eq!(read.subject, message.subject);
        assert_eq!(read.to, "ada@example.org");
    }
}

#[test]
fn nothing_that_people_write_becomes_a_header() {
    let (message, key) = example("Hello.");
    let expected = bytes(&message, &key);
    let expected = headers(&expected);
    for text in
        ["a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "a\rBcc: x", "a\r\n\r\nbody", "a\0b", "ä\r\nBcc: x"]
    {
        let mut hostile = message.clone();
        text.clone_into(&mut hostile.subject);
        let sender = Sender { name: text.to_owned(), ..sender() };
        let mail = String::from_utf8(hostile.encode(&sender, &key).unwrap().bytes).unwrap();
        assert_eq!(headers(&mail), expected, "{text:?}");
        let key = MailKey::new(text).unwrap();
        assert_eq!(headers(&bytes(&message, &key)), expected, "{text:?}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_for_good() {
    let (mut message, key) = example("Hello.");
    for address in ["ada@example.org\r\nBcc: eve@example.org", "ada@example.org>\r\nDATA", "ada", ""] {
        message.to = Email::stored(address.to_owned());
        assert!(matches!(message.encode(&sender(), &key), Err(SendError::Rejected(_))), "{address:?}");
    }
    message.to = "a..b.@example.org".parse().unwrap();
    assert!(message.encode(&sender(), &key).is_ok(), "some providers have such addresses");
}

#[test]
fn a_date_before_1970_does_not_panic() {
    let (mut message, key) = example("Hello.");
    message.date = Timestamp::from_micros(-1).unwrap();
    assert!(bytes(&message, &key).contains("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"));
}

#[test]
fn keys_have_a_limit_and_stay_different() {
    assert_eq!(MailKey::new(""), Err(InvalidMailKey));
    assert_eq!(MailKey::new("a".repeat(65)), Err(InvalidMailKey));
    let longest = MailKey::new("/".repeat(64)).unwrap();
    assert_eq!(longest.escaped().len(), 192);
    let escaped = |text: &str| MailKey::new(text).unwrap().escaped();
    assert_eq!(escaped("a:b/../c"), "a=3Ab=2F=2E=2E=2Fc");
    assert_ne!(escaped("a=3Ab"), escaped("a:b"));
}

#[test]
fn a_sender_is_an_address_with_or_without_a_name() {
    let read = |text: &str| text.parse::<Sender>();
    assert_eq!(read("no-reply@example.org").unwrap().name, "");
    assert_eq!(read(" Staygate <no-reply@example.org> ").unwrap(), sender());
    assert_eq!(read("\"Staygate\" <no-reply@example.org>").unwrap(), sender());
    assert_eq!(sender().domain(), "example.org");
    for text in
        ["", "Staygate", "Staygate <>", "Staygate <a@b@>", "<a> <a@example.org>", "a@example.org>", "<a@example.org"]
    {
        assert_eq!(read(text), Err(InvalidSender), "{text:?}");
    }
}

#[test]
fn logs_show_no_contents() {
    let (message, _) = example("The code is 123456.");
    let shown = format!("{message:?}");
    assert!(!shown.contains("123456") && !shown.contains("ada@") && !shown.contains("Example"), "{shown}");
}
