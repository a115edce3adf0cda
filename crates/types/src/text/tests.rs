use proptest::prelude::*;

use super::*;

fn name(raw: &str) -> Result<String, UnfitText> {
    line(raw, 1..=50)
}

/// S13: names, titles and cities of nothing.
#[test]
fn a_name_has_something_to_see() {
    for invisible in [
        "",
        " ",
        "\u{200b}",
        "\u{2060}\u{ad}",
        "\u{200b}\u{200b}\u{200b}",
        "\u{3164}",
        "\u{ffa0}\u{115f}",
        "\u{2800}",
        "\u{a0}\u{3000}\u{2003}",
        "\u{202e}\u{202c}",
        "\u{200d}",
        "\u{fe0f}",
        "\u{301}",
        "\u{e0041}",
        "\u{2028}",
        "\t\r\n",
        "\u{17b5}",
        "\u{180e}",
        "\u{34f}",
        "\u{e001}",
        "\u{fdd0}",
        "\u{200e}\u{200f}\u{61c}",
        "\u{1d173}",
    ] {
        assert_eq!(name(invisible), Err(UnfitText::Invisible), "{invisible:?}");
        assert_eq!(line(invisible, 0..=50), Ok(String::new()), "{invisible:?}");
        assert_eq!(paragraphs(invisible, 0..=50), Ok(String::new()), "{invisible:?}");
    }
    for visible in ["A", "李", "!", "🏠", "é", "0"] {
        assert_eq!(name(visible).as_deref(), Ok(visible));
    }
}

#[test]
fn a_line_is_what_it_seems_to_be() {
    for (raw, text) in [
        ("Ann        (verified host)", "Ann (verified host)"),
        ("Ann\u{2003}\u{a0}\u{3000}\u{202f}Lee", "Ann Lee"),
        ("  Ann\u{2028}Lee\u{2029} ", "Ann Lee"),
        ("Ann\r\nLee\tKim\u{85}Ho", "Ann Lee Kim Ho"),
        ("\u{202e}nnA\u{202c}", "nnA"),
        ("\u{2066}Ann\u{2069} \u{2067}Lee", "Ann Lee"),
        ("A\u{200b}n\u{ad}n\u{feff}", "Ann"),
        ("Ann\u{200f}", "Ann"),
        ("A\u{200d}nn\u{200c}", "Ann"),
        ("Ä\u{200d}nn", "Änn"),
        ("e\u{301}te\u{301}", "\u{e9}t\u{e9}"),
        ("A\u{fe0f}\u{fe0f}nn", "A\u{fe0f}nn"),
        ("Ann \u{2800}\u{2800} Lee", "Ann Lee"),
    ] {
        assert_eq!(name(raw).as_deref(), Ok(text), "{raw:?}");
    }
}

#[test]
fn what_writing_needs_stays() {
    for text in [
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "\u{2764}\u{fe0f}\u{200d}\u{1f525}",
        "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
        "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "ക്\u{200d}",
        "葛\u{e0100}飾区",
        "O’Neill & Søn (№ 5)",
        "Nguyễn Thị Ánh",
    ] {
        let kept = text.trim_end_matches('\u{200d}');
        assert_eq!(name(text).as_deref(), Ok(kept), "{text:?}");
    }
}

/// C22: line ends of other systems, and tabs.
#[test]
fn paragraphs_keep_their_lines() {
    for (raw, text) in [
        ("a\r\nb", "a\nb"),
        ("a\rb\u{2028}c\u{2029}d", "a\nb\nc\nd"),
        ("a\tb", "a b"),
        ("a \n\n\n\n b  ", "a\n\n b"),
        ("\u{202e}a\u{200b}", "a"),
    ] {
        assert_eq!(paragraphs(raw, 1..=50).as_deref(), Ok(text), "{raw:?}");
    }
}

#[test]
fn controls_and_lengths_are_refused_with_the_reason() {
    for raw in ["a\0b", "a\u{7}", "\u{1b}[31m", "a\u{9b}b"] {
        assert_eq!(name(raw), Err(UnfitText::Control), "{raw:?}");
        assert_eq!(paragraphs(raw, 0..=50), Err(UnfitText::Control), "{raw:?}");
    }
    assert_eq!(name(&"e\u{301}".repeat(50)).map(|text| text.chars().count()), Ok(50), "composed, then counted");
    assert_eq!(name(&"é".repeat(51)), Err(UnfitText::Length(1..=50)));
    assert_eq!(UnfitText::Length(1..=50).to_string(), "must have 1 to 50 characters");
    assert_eq!(UnfitText::Length(0..=10_000).to_string(), "must have at most 10,000 characters");
}

#[test]
fn a_text_of_a_program_is_cut_instead_of_refused() {
    for (raw, text) in [
        ("curl/8.5.0", Some("curl/8.5.0")),
        (" Mozilla/5.0\t(X11;\u{7} \u{202e}Linux)  ", Some("Mozilla/5.0 (X11; Linux)")),
        ("a\0b\u{fffd}", Some("ab\u{fffd}")),
        ("", None),
        ("\u{1b}\u{200b}", None),
        ("123456789012345678901234 tail", Some("123456789012345678901234")),
        ("123456789012345678901234\u{1f468}\u{200d}\u{1f469}", Some("123456789012345678901234\u{1f468}")),
    ] {
        assert_eq!(cut_line(raw, if raw.ends_with("tail") { 25 } else { 26 }).as_deref(), text, "{raw:?}");
    }
}

proptest! {
    #[test]
    fn cut_texts_are_clean(raw in "(\\PC|[\u{0}-\u{20}\u{200b}-\u{200f}\u{300}-\u{310}]){0,60}") {
        if let Some(text) = cut_line(&raw, 20) {
            prop_assert!(text.chars().count() <= 20);
            prop_assert_eq!(line(&text, 1..=20), Ok(text));
        }
    }

    #[test]
    fn accepted_texts_are_clean_and_stay_the_same(raw in "(\\PC|[\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\r\n\t\u{fe0f}]){0,30}") {
        for (text, is_line) in [(line(&raw, 1..=1_000), true), (paragraphs(&raw, 1..=1_000), false)] {
            let Ok(text) = text else { continue };
            prop_assert!(text.chars().any(is_visible));
            prop_assert_eq!(text.trim(), &text);
            let bad = |char: char| matches!(char, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
            prop_assert!(!text.contains(bad), "{:?}", text);
            prop_assert!(!is_line || !text.contains("  ") && !text.contains('\n'));
            let again = if is_line { line(&text, 1..=1_000) } else { paragraphs(&text, 1..=1_000) };
            prop_assert_eq!(again, Ok(text));
        }
    }
}
