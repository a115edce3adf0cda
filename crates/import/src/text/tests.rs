use proptest::prelude::*;

use super::*;

fn clean(raw: &str) -> String {
    paragraphs(raw, 65_535)
}

/// `end` after a prefix that makes the text as long as a truncated one.
fn cut(end: &str) -> String {
    format!("{}{end}", "x".repeat(CUT - end.chars().count()))
}

#[test]
fn tags_are_replaced_by_line_ends_or_removed() {
    for (raw, text) in [
        ("It comes with:<br /><br />-Bed<br />-Table", "It comes with:\n\n-Bed\n-Table"),
        ("<b>The space</b><br />Cozy", "The space\nCozy"),
        ("<b>never closed", "never closed"),
        ("a<BR>b<br/>c", "a\nb\nc"),
        ("<p>one</p><p class=\"x\">two</p>", "one\n\ntwo"),
        ("<a href='https://example.org/?a=1'>here</a>", "here"),
        ("<ul><li>a</li></ul>", "a"),
    ] {
        assert_eq!(clean(raw), text, "{raw:?}");
    }
}

#[test]
fn text_that_looks_like_a_tag_is_kept() {
    for raw in [
        "<please read",
        "<please>",
        "<facebook_contact>",
        "try the <Geylang Claypot Rice>",
        "<suka=like=好き>",
        "most wonderful host <3",
        "好 ><",
        "less than (i.e. <$25/night).",
        "<all in>",
        "< extra big bed>",
        "<Please be informed of renovation two blocks down from 19/3/2023 to 18/6/2023>",
        "<上の2つが給湯、下の1つが照明>",
        "a <b and c> d",
        "<i love it here>",
        "<20min walk to Singapore General Hospital",
    ] {
        assert_eq!(clean(raw), raw);
    }
    assert_eq!(clean("<1 min walk<br />next"), "<1 min walk\nnext");
}

/// For each `<` the whole text was counted, so a record of 8 MiB of them took days.
#[test]
fn a_long_text_of_tag_starts_is_read_in_one_pass() {
    for piece in ["<", "</", "<b", "<br ", "< /"] {
        let raw = piece.repeat(1 << 20);
        assert!(line(&raw, 100).starts_with(&piece[..1]), "{piece}");
    }
    let slashes = "<".repeat(1 << 19) + &"/".repeat(1 << 19);
    assert!(paragraphs(&slashes, 65_535).starts_with("<<"));
}

#[test]
fn a_truncated_tag_at_the_end_is_removed() {
    for end in ["<", "</", "<b", "</b", "<br", "<br ", "<br /"] {
        assert_eq!(clean(&cut(end)), "x".repeat(CUT - end.chars().count()), "{end:?}");
    }
    assert!(clean(&cut(" <3")).ends_with("x <3"));
    assert!(clean(&cut(" <please")).ends_with("<please"));
    assert_eq!(clean("a short text <"), "a short text <", "a short text is not truncated");
}

#[test]
fn every_line_end_counts_once() {
    for (raw, text) in [
        ("a\nb\r\nc\rd", "a\nb\nc\nd"),
        ("Great stay!\r<br/>\r<br/>Thanks", "Great stay!\n\nThanks"),
        ("one\r<br/>two", "one\ntwo"),
        ("one<br/>\rtwo", "one\n\ntwo"),
        ("far\n\n\n\n\napart", "far\n\napart"),
        ("spaces   \n  before", "spaces\n  before"),
        ("a\u{2028}b\u{85}c", "a\nb\nc"),
        ("\r\n  trimmed \t\n", "trimmed"),
    ] {
        assert_eq!(clean(raw), text, "{raw:?}");
    }
}

#[test]
fn entities_are_decoded_once() {
    for (raw, text) in [
        ("&lt;please&gt; &amp; thanks", "<please> & thanks"),
        ("&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b>"),
        ("&amp;lt;", "&lt;"),
        ("&#39;&#x2764;&nbsp;&hellip;", "'❤ …"),
        ("&check;&CounterClockwiseContourIntegral;", "✓∳"),
        ("B&B R&B; AT&T &c", "B&B R&B; AT&T &c"),
        ("&#0;&#8;&#xD800;&unknown;", "&#xD800;&unknown;"),
    ] {
        assert_eq!(clean(raw), text, "{raw:?}");
    }
}

#[test]
fn invisible_characters_are_removed_unless_they_join_letters() {
    for (raw, text) in [
        ("bell\u{8}s", "bells"),
        ("zero\u{200b}width\u{feff}", "zerowidth"),
        ("\u{202e}evil\u{202c} \u{2066}x\u{2069}", "evil x"),
        ("tab\there\u{a0}too\u{202f}!", "tab here too !"),
        ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("a\u{200d}b \u{200d}", "ab"),
        ("❤\u{fe0f}", "❤\u{fe0f}"),
        ("\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}", "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}"),
        ("hi\u{e0068}\u{e0069}", "hi"),
        ("\u{f0a7} a bullet", "• a bullet"),
        ("שלום\u{200f}!", "שלום\u{200f}!"),
        ("e\u{301}", "e\u{301}"),
        (".", "."),
        ("=1+1", "=1+1"),
        ("@home", "@home"),
    ] {
        assert_eq!(clean(raw), text, "{raw:?}");
    }
}

/// S13: text shown on one line must not be reordered or invisible.
#[test]
fn a_line_has_no_direction_marks_and_is_not_invisible() {
    assert_eq!(line("שלום\u{200f} Ann\u{200e}", 100), "שלום Ann");
    for invisible in ["\u{200b}", "\u{3164}\u{200e}", "&shy;\u{2060}", "\u{301}"] {
        assert_eq!(line(&invisible.replace("&shy;", "&#173;"), 100), "", "{invisible:?}");
    }
}

#[test]
fn lengths_are_bounded_between_characters() {
    assert_eq!(paragraphs("añb", 2), "a");
    assert_eq!(paragraphs("好好", 4), "好");
    assert_eq!(line("好 好好", 3), "好 好");
    assert_eq!(line("好 好好", 2), "好");
    assert_eq!(line(" a\n b\r\n\tc ", 100), "a b c");
}

proptest! {
    #[test]
    fn the_result_is_plain_text(raw in any::<String>(), limit in 0..200_usize) {
        let text = paragraphs(&raw, limit);
        prop_assert!(text.len() <= limit);
        prop_assert!(!text.contains(|char: char| char.is_control() && char != '\n'));
        prop_assert_eq!(text.trim(), text.as_str());
        let line = line(&raw, limit);
        prop_assert!(line.chars().count() <= limit && !line.contains(char::is_control));
    }

    #[test]
    fn any_markup_is_handled(raw in "(<|>|/|&|;|#|x|br|b|p|=|\"| |\r|\n|好|\u{200d}|😀){0,60}") {
        let text = paragraphs(&raw, 1000);
        prop_assert!(!text.contains('\r') && !text.contains("\n\n\n"));
    }

    #[test]
    fn plain_text_is_unchanged(raw in "[a-zé好 .,!?=+@-]{0,80}") {
        let spaced = raw.trim();
        prop_assert_eq!(paragraphs(&raw, 1000), spaced);
    }
}
