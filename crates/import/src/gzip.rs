//! Gzip files as `gzip` reads them: consecutive members. Zeros after the last one, which tapes and
//! block copies add, are ignored; other bytes too, with a warning.

use std::{
    io::{self, BufRead, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use flate2::bufread::GzDecoder;

/// The first bytes of every gzip file.
pub(super) const SIGN: [u8; 2] = [0x1f, 0x8b];

/// The concatenated text of all members.
pub(super) struct Members<R> {
    /// None after the last member.
    current: Option<GzDecoder<R>>,
    /// Set when bytes that are not gzip follow the last member.
    has_garbage: Arc<AtomicBool>,
}

impl<R: BufRead> Members<R> {
    /// Reads a stream that starts with a member.
    pub(super) fn new(packed: R, has_garbage: Arc<AtomicBool>) -> Self {
        Self { current: Some(GzDecoder::new(packed)), has_garbage }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut member) = self.current.take() {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.current = Some(member);
                return Ok(read);
            }
            self.current = self.next(member.into_inner())?;
        }
        Ok(0)
    }
}

impl<R: BufRead> Members<R> {
    /// The member after the current one.
    fn next(&self, mut rest: R) -> io::Result<Option<GzDecoder<R>>> {
        let mut is_padded = false;
        loop {
            let bytes = rest.fill_buf()?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            match bytes.get(zeros) {
                None if bytes.is_empty() => return Ok(None),
                None => {
                    rest.consume(zeros);
                    is_padded = true;
                }
                Some(byte) if *byte == SIGN[0] && zeros == 0 && !is_padded => return Ok(Some(GzDecoder::new(rest))),
                Some(_) => {
                    self.has_garbage.store(true, Ordering::Relaxed);
                    return Ok(None);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The text, and whether garbage follows.
    fn unpack(packed: &[u8], buffer: usize) -> io::Result<(String, bool)> {
        let (mut text, garbage) = (String::new(), Arc::new(AtomicBool::new(false)));
        Members::new(io::BufReader::with_capacity(buffer, packed), Arc::clone(&garbage)).read_to_string(&mut text)?;
        Ok((text, garbage.load(Ordering::Relaxed)))
    }

    /// I10: zeros after the compressed data were rejected as a damaged file.
    #[test]
    fn members_are_concatenated_and_trailing_bytes_are_ignored() {
        let two = [member(b"a,b\n"), member(b"1,2\n")].concat();
        let text = "a,b\n1,2\n".to_owned();
        for buffer in [1, 7, 64, 8_192] {
            assert_eq!(unpack(&two, buffer).unwrap(), (text.clone(), false));
            assert_eq!(unpack(&[two.clone(), vec![0; 10_000]].concat(), buffer).unwrap(), (text.clone(), false));
            for garbage in [&b"garbage"[..], b"\0\0garbage", b"\0\x1f\x8b"] {
                assert_eq!(unpack(&[two.as_slice(), garbage].concat(), buffer).unwrap(), (text.clone(), true));
            }
            for cut in [1, 3, 9] {
                assert!(unpack(&two[..two.len() - cut], buffer).is_err(), "a truncated file is damaged");
            }
        }
        let mut damaged = two.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(unpack(&damaged, 64).is_err(), "the length is checked");
    }
}
