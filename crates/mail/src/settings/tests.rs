use super::*;

fn smtp(text: &str) -> SmtpSettings {
    match text.parse() {
        Ok(MailSettings::Smtp(settings)) => settings,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_server_elsewhere_needs_encryption() {
    for (text, security, port) in [
        ("smtp://mail.example.org", Security::StartTls, 587),
        ("smtp://mail.example.org:25/", Security::StartTls, 25),
        ("smtp://mail.example.org?tls=required", Security::StartTls, 587),
        ("smtp://mail.example.org?tls=none", Security::None, 25),
        ("smtps://mail.example.org", Security::Tls, 465),
        ("smtps://mail.example.org:8465?tls=required", Security::Tls, 8465),
        ("smtp://192.0.2.1", Security::StartTls, 587),
        ("smtp://[2001:db8::1]", Security::StartTls, 587),
        ("smtp://localhost.example.org", Security::StartTls, 587),
        ("smtp://localhost:1025", Security::None, 1025),
        ("smtp://127.0.0.1", Security::None, 25),
        ("smtp://[::1]:1025", Security::None, 1025),
        ("smtp://localhost?tls=required", Security::StartTls, 587),
    ] {
        let settings = smtp(text);
        assert_eq!((settings.security, settings.port), (security, port), "{text}");
    }
    assert_eq!(smtp("smtp://[::1]:1025").host, "::1");
}

#[test]
fn the_user_and_the_password_are_decoded() {
    let settings = smtp("smtps://no-reply%40example.org:a%2Fb%3Ac%C3%A4+@mail.example.org?ca=/etc/mail%20ca.pem");
    let credentials = settings.credentials.unwrap();
    assert_eq!((credentials.user.as_str(), credentials.password.as_str()), ("no-reply@example.org", "a/b:cä+"));
    assert_eq!(settings.ca.unwrap(), Path::new("/etc/mail ca.pem"));
    assert!(smtp("smtp://user:word@localhost").credentials.is_some(), "on this machine a password may be unencrypted");
}

#[test]
fn folders_and_off() {
    for (text, folder) in
        [("file:mails", "mails"), ("file:/var/mails", "/var/mails"), ("file:///var/mails", "/var/mails")]
    {
        assert_eq!(text.parse(), Ok(MailSettings::File(folder.into())), "{text}");
    }
    assert_eq!(" off ".parse(), Ok(MailSettings::Off));
}

#[test]
fn wrong_settings_are_refused_without_their_secrets() {
    for text in [
        "",
        "on",
        "file:",
        "file://mails",
        "http://mail.example.org",
        "smtp:",
        "smtp://",
        "smtp://:25",
        "smtp://user:hunter2@",
        "smtp://user:hunter2@mail.example.org?tls=none",
        "smtp://user:hunter2@mail.example.org?tls=optional",
        "smtp://user:hunter2@mail.example.org?tls=required&tls=none",
        "smtp://user:hunter2@mail.example.org?pool=hunter2",
        "smtp://user:hunter2@mail.example.org/hunter2",
        "smtp://user:hunter2@mail.example.org#hunter2",
        "smtp://user:hunter2@mail.example.org:99999",
        "smtp://user:hunter2/x@mail.example.org",
        "smtp://user:hunter2%00@mail.example.org",
        "smtp://user:hunter2%FF@mail.example.org",
        "smtp://user@mail.example.org",
        "smtp://:hunter2@mail.example.org",
        "smtp://mail.example.org?tls=none&ca=/ca.pem",
        "smtps://user:hunter2@mail.example.org?tls=none",
    ] {
        let error = text.parse::<MailSettings>().expect_err(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn secrets_are_not_shown() {
    for (text, shown) in [
        ("smtp://somebody:hunter2@mail.example.org", "smtp://mail.example.org:587"),
        ("smtps://somebody:hunter2@[2001:db8::1]", "smtps://[2001:db8::1]:465"),
        ("smtp://localhost", "smtp://localhost:25?tls=none"),
        ("file:mails", "file:mails"),
        ("off", "off"),
    ] {
        let settings: MailSettings = text.parse().unwrap();
        assert_eq!(settings.to_string(), shown);
        let debug = format!("{settings:?}");
        assert!(!debug.contains("hunter2") && !debug.contains("somebody"), "{debug}");
    }
}

#[test]
fn settings_make_their_adapter() {
    let sender = || "no-reply@example.org".parse::<Sender>().unwrap();
    for (text, name) in [("smtp://localhost", "smtp"), ("file:mails", "file"), ("off", "off")] {
        let settings: MailSettings = text.parse().unwrap();
        assert_eq!(settings.transport(sender()).unwrap().name(), name);
    }
    let missing: MailSettings = "smtps://mail.example.org?ca=/missing/ca.pem".parse().unwrap();
    let error = missing.transport(sender()).err().unwrap();
    assert!(error.to_string().contains("/missing/ca.pem"), "{error}");
}
