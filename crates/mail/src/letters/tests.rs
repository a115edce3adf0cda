use super::*;
use crate::message;

fn brand() -> Brand {
    Brand { name: "Staygate".to_owned(), app_url: "https://example.org".to_owned() }
}

fn all(locale: Locale) -> Vec<(Letter, RenderedLetter)> {
    let examples = Letter::examples().into_iter();
    examples.map(|letter| (letter.clone(), letter.render(locale, &brand()))).collect()
}

/// Every letter as text.
fn texts(locale: Locale) -> String {
    let letters = all(locale).into_iter();
    let texts = letters.map(|(letter, it)| format!("==== {}\nSubject: {}\n\n{}", letter.name(), it.subject, it.text));
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_letter_reads_well_in_english() {
    insta::assert_snapshot!("english", texts(Locale::En));
}

#[test]
fn every_letter_reads_well_in_german() {
    insta::assert_snapshot!("german", texts(Locale::De));
}

/// One tag a line.
fn html(name: &str, locale: Locale) -> String {
    let (_, letter) = all(locale).into_iter().find(|(letter, _)| letter.name() == name).unwrap();
    letter.html.replace("><", ">\n<")
}

#[test]
fn a_letter_with_a_code_has_a_simple_page() {
    insta::assert_snapshot!("confirm_email", html("confirm_email", Locale::En));
}

#[test]
fn a_letter_with_facts_has_a_simple_page() {
    insta::assert_snapshot!("new_device", html("new_device", Locale::De));
}

#[test]
fn there_is_an_example_of_each_letter() {
    let names: std::collections::BTreeSet<_> = Letter::examples().iter().map(Letter::name).collect();
    assert_eq!(names.len(), 19);
}

#[test]
fn every_letter_has_its_data_in_text_and_html() {
    for locale in Locale::ALL {
        for (letter, it) in all(locale) {
            assert!(!it.subject.is_empty() && !it.subject.contains(char::is_control), "{letter:?}");
            for body in [&it.text, &it.html] {
                assert!(body.contains("https://example.org"), "{letter:?}");
                assert_eq!(body.contains("Ada"), letter != Letter::NoAccount, "{letter:?}");
            }
            let text = &it.text;
            match &letter {
                Letter::ConfirmEmail { code, link, .. }
                | Letter::ResetPassword { code, link, .. }
                | Letter::ConfirmNewEmail { code, link, .. }
                | Letter::ApproveEmailChange { code, link, .. } => {
                    assert!(text.contains(code) && text.contains(link) && text.contains("2026, 14:00"), "{letter:?}");
                    assert!(it.html.contains(code) && it.html.contains(&format!("href=\"{link}\"")), "{letter:?}");
                }
                Letter::NewDevice { network, device, .. } => {
                    assert!(
                        text.contains(network.as_deref().unwrap_or("unknown")) && text.contains(device),
                        "{letter:?}"
                    );
                }
                _ => {}
            }
            let is_dated = matches!(
                letter,
                Letter::PasswordChanged { .. }
                    | Letter::ImpersonationStarted { .. }
                    | Letter::ProviderChanged { .. }
                    | Letter::SecondFactorChanged { .. }
                    | Letter::PasskeyChanged { .. }
            );
            assert!(!is_dated || (text.contains("2026, 13:00") && text.contains("UTC")), "{letter:?}");
        }
    }
}

#[test]
fn a_new_address_is_never_shown_in_full() {
    for locale in Locale::ALL {
        for (letter, it) in all(locale) {
            assert!(!it.text.contains("ada.new") && !it.html.contains("ada.new"), "{letter:?}");
            let is_change = matches!(letter, Letter::ApproveEmailChange { .. } | Letter::EmailChanged { .. });
            assert_eq!(it.text.contains("a•••@example.org"), is_change, "{letter:?}");
        }
    }
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    for locale in Locale::ALL {
        for (letter, it) in all(locale) {
            let page = it.html.to_lowercase();
            for part in ["<img", "src=", "<script", "<link", "url(", "@import", "<iframe", "<form", "<style"] {
                assert!(!page.contains(part), "{letter:?} has {part}");
            }
            assert!(page.contains(&format!("<html lang=\"{}\">", locale.tag())));
            assert!(page.contains("content=\"light dark\""));
        }
    }
}

#[test]
fn what_people_write_is_escaped() {
    let at = Timestamp::from_micros(0).unwrap();
    let (name, device) = ("<b>\"A\" & b</b>".to_owned(), "<i>x</i>\r\nBcc: eve".to_owned());
    let letter = Letter::NewDevice { name, at, network: None, device };
    for locale in Locale::ALL {
        let it = letter.render(locale, &brand());
        assert!(it.html.contains("&lt;b&gt;&quot;A&quot; &amp; b&lt;/b&gt;"), "{}", it.html);
        assert!(it.html.contains("&lt;i&gt;x&lt;/i&gt; Bcc: eve"), "{}", it.html);
        assert!(it.text.contains("<b>\"A\" & b</b>,\n"), "{}", it.text);
    }
    let link = "https://example.org/?a=1&b=\"><script>".to_owned();
    let it = Letter::AccountExists { name: "Ada".to_owned(), link }.render(Locale::En, &brand());
    assert!(it.html.contains("href=\"https://example.org/?a=1&amp;b=&quot;&gt;&lt;script&gt;\""), "{}", it.html);
}

#[test]
fn nobody_advertises_with_a_name() {
    let name = "Win 1,000 at example.com".to_owned();
    let letter = Letter::AccountDeleted { name };
    let greeting = |locale| letter.render(locale, &brand()).text.lines().next().map(str::to_owned);
    assert_eq!(greeting(Locale::En).as_deref(), Some("Hello,"));
    assert_eq!(greeting(Locale::De).as_deref(), Some("Guten Tag,"));
}

#[test]
fn letters_can_be_stored() {
    for letter in Letter::examples() {
        let stored = serde_json::to_string(&letter).unwrap();
        assert!(stored.contains(&format!("\"letter\":\"{}\"", letter.name())), "{stored}");
        assert_eq!(serde_json::from_str::<Letter>(&stored).unwrap(), letter);
    }
}

#[test]
fn logs_show_no_contents() {
    for letter in Letter::examples() {
        assert_eq!(format!("{letter:?}"), format!("Letter({})", letter.name()));
    }
}

#[test]
fn every_letter_can_be_a_mail() {
    let sender = "Staygate <no-reply@example.org>".parse().unwrap();
    for locale in Locale::ALL {
        for (letter, it) in all(locale) {
            let (example, key) = message::example("");
            let mail = message::Message { subject: it.subject, text: it.text, html: it.html, ..example };
            let bytes = String::from_utf8(mail.encode(&sender, &key).unwrap().bytes).unwrap();
            let read = crate::eml::StoredMail::parse("a", &bytes).unwrap();
            assert_eq!(read.subject, mail.subject, "{letter:?}");
            assert_eq!(read.text.trim_end(), mail.text.trim_end(), "{letter:?}");
            assert_eq!(read.html.trim_end(), mail.html.trim_end(), "{letter:?}");
        }
    }
}
