//! Properties of characters according to the Unicode Standard.

use unicode_normalization::char::is_combining_mark;

/// Whether the character is visible: not a space or control character, and not a mark that only
/// changes another character.
pub fn is_visible(char: char) -> bool {
    let is_private = matches!(char, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
    !(char.is_whitespace() || is_blank(char) || is_harmful(char) || is_mark(char) || is_selector(char))
        && !(is_tag(char) || is_joiner(char) || is_combining_mark(char) || is_private)
}

/// Spaces that are not white space in the standard, but look like it.
pub(super) fn is_blank(char: char) -> bool {
    char == '\u{2800}'
}

/// A direction mark (LRM, RLM, ALM): part of Hebrew and Arabic writing, and invisible.
pub(super) fn is_mark(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Selects a variant of the previous character: of an emoji, or of a CJK or Mongolian character.
pub(super) fn is_selector(char: char) -> bool {
    matches!(char, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

/// Tag letters, which spell the flags of regions after a black flag.
pub(super) fn is_tag(char: char) -> bool {
    matches!(char, '\u{e0020}'..='\u{e007f}')
}

/// Zero width joiner and non-joiner.
pub(super) fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200c}' | '\u{200d}')
}

/// Whether a joiner has an effect next to it: emoji, and scripts whose letters join. Elsewhere it
/// is only invisible.
pub(super) fn can_join(char: char) -> bool {
    let is_script = matches!(char,
        // Arabic, Syriac, N'Ko, and the scripts of India and of South East Asia.
        '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{1900}'..='\u{1cff}' | '\u{a800}'..='\u{abff}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10a00}'..='\u{10eff}' | '\u{11000}'..='\u{11fff}');
    is_script || matches!(char, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// Invisible characters that no text needs: they only break, reorder or hide it. The ones above
/// have separate rules.
pub(super) fn is_harmful(char: char) -> bool {
    // Default_Ignorable_Code_Point, without those of is_mark, is_selector, is_tag and is_joiner.
    let is_invisible = matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'
        | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e001f}'
        | '\u{e0080}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}');
    // Overrides, embeddings and isolates change the order in which a text is displayed.
    let reorders = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    let is_no_character = matches!(char, '\u{fdd0}'..='\u{fdef}') || (char as u32) & 0xfffe == 0xfffe;
    char.is_control() || is_invisible || reorders || is_no_character
}
