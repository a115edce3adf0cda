//! Recognizes files that are not CSV by their first bytes.

/// A description of the file that starts with `head`, with advice; `None` when it may be CSV in
/// UTF-8.
pub(super) fn recognize(head: &[u8]) -> Option<String> {
    packed(head).or_else(|| encoded(head)).map(ToOwned::to_owned).or_else(|| text(head))
}

/// Archives and documents.
fn packed(head: &[u8]) -> Option<&'static str> {
    const SIGNS: [(&[u8], &str); 10] = [
        (b"\x1f\x8b", "is compressed with gzip twice: decompress it once"),
        (b"PK\x03\x04", "is a zip archive or a spreadsheet: unpack it, or save it as CSV"),
        (b"PK\x05\x06", "is an empty zip archive"),
        (b"BZh", "is compressed with bzip2: decompress it, or use gzip"),
        (b"\xfd7zXZ\0", "is compressed with xz: decompress it, or use gzip"),
        (b"\x28\xb5\x2f\xfd", "is compressed with zstd: decompress it, or use gzip"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a spreadsheet: save it as CSV"),
        (b"PAR1", "is a Parquet file: the CSV file is needed"),
        (b"%PDF", "is a PDF document"),
    ];
    let is_tar = head.get(257..262).is_some_and(|sign| sign == b"ustar");
    let known = SIGNS.iter().find(|(sign, _)| head.starts_with(sign)).map(|(_, what)| *what);
    known.or(is_tar.then_some("is a tar archive: unpack it"))
}

/// Text in an encoding other than UTF-8.
fn encoded(head: &[u8]) -> Option<&'static str> {
    const UTF_16: &str = "is UTF-16 text: save it as UTF-8";
    match head {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("is UTF-32 text: save it as UTF-8"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(UTF_16),
        // Letters of a header in UTF-16 without a byte order mark: every other byte is zero.
        [0, first, 0, second, ..] | [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(UTF_16),
        _ if head.contains(&0) => Some("is not text"),
        _ => None,
    }
}

/// Other kinds of text, and an empty file.
fn text(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        return Some("is empty".to_owned());
    }
    if text.starts_with("version https://git-lfs.github.com/") {
        return Some("is a Git LFS pointer: fetch the file with `git lfs pull`".to_owned());
    }
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some("is an HTML page: check the URL that it was downloaded from".to_owned());
    }
    if lower.starts_with('<') {
        return Some(match between(text, "<Code>", "</Code>") {
            Some(code) if text.contains("<Error>") => {
                format!("is an error message of the server that it was downloaded from: {code}")
            }
            _ if lower.contains("<html") => "is an HTML page: check the URL that it was downloaded from".to_owned(),
            _ => "is XML".to_owned(),
        });
    }
    text.starts_with(['{', '[']).then(|| "is JSON".to_owned())
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(inner, _)| inner).filter(|inner| inner.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The separator of the columns of a header with only one column; `None` when it is unknown.
pub(super) fn separator(header: &[u8]) -> Option<&'static str> {
    const SEPARATORS: [(u8, &str); 3] = [(b';', "`;`"), (b'\t', "tabs"), (b'|', "`|`")];
    SEPARATORS.iter().find(|(byte, _)| header.contains(byte)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I8: for each of these the error was that the column `id` is missing.
    #[test]
    fn files_are_recognized_by_their_content() {
        let utf_16: Vec<u8> = "id,name".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big_endian: Vec<u8> = "id,name".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let tar = [&[b'x'; 100][..], &[0; 157], b"ustar\x0000"].concat();
        for (head, expected) in [
            (&b""[..], "is empty"),
            (b"\xef\xbb\xbf\r\n", "is empty"),
            (b"PK\x03\x04\x14\0", "zip"),
            (b"BZh91AY", "bzip2"),
            (b"\xfd7zXZ\0\0", "xz"),
            (b"\x28\xb5\x2f\xfd\x04", "zstd"),
            (b"%PDF-1.7", "PDF"),
            (b"\x1f\x8b\x08\0", "gzip twice"),
            (tar.as_slice(), "tar"),
            (b"\xff\xfei\0d\0", "UTF-16"),
            (b"\xfe\xff\0i\0d", "UTF-16"),
            (utf_16.as_slice(), "UTF-16"),
            (big_endian.as_slice(), "UTF-16"),
            (b"\x7fELF\x02\x01\0\0", "not text"),
            (b"<!DOCTYPE html>\n<html>", "HTML"),
            (b"\n  <HTML><head>", "HTML"),
            (b"<?xml version=\"1.0\"?><html xmlns=\"\">", "HTML"),
            (
                b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>",
                "error message of the server that it was downloaded from: AccessDenied",
            ),
            (b"<rss>", "XML"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "Git LFS"),
            (b"{\"id\": 1}", "JSON"),
        ] {
            let said = recognize(head).unwrap_or_default();
            assert!(said.contains(expected), "{:?}: {said}", String::from_utf8_lossy(head));
        }
        for head in [&b"id,name\n1,a\n"[..], b"\xef\xbb\xbfid,name\n", b"\"id\",\"na\xc3\xafve\"\n"] {
            assert_eq!(recognize(head), None);
        }
        assert_eq!(
            (separator(b"id;name"), separator(b"id\tname"), separator(b"id")),
            (Some("`;`"), Some("tabs"), None)
        );
    }
}
