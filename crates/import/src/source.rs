//! Files as streams of bytes: plain or gzip, recognized by their first bytes, not by their name.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use sha2::{Digest, Sha256};

use super::gzip;

/// The number of bytes for recognizing a file.
const HEAD: usize = 1_024;
/// Maximum bytes of one record. After an unclosed quote, the rest of the file would be one record.
const LONGEST_RECORD: u64 = 8 << 20;

/// The source of a file.
#[derive(Clone)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Embedded bytes, with a name.
    Bytes(&'static str, &'static [u8]),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Bytes(name, _) => f.write_str(name),
        }
    }
}

impl Source {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Bytes(_, bytes) => Box::new(*bytes),
        })
    }

    /// The stored size in bytes.
    pub(super) fn size(&self) -> io::Result<u64> {
        match self {
            Self::File(path) => Ok(path.metadata()?.len()),
            Self::Bytes(_, bytes) => Ok(bytes.len() as u64),
        }
    }

    /// The SHA-256 of the stored bytes.
    pub(super) fn digest(&self) -> io::Result<[u8; 32]> {
        let mut reader = self.open()?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finalize().into()),
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The decompressed text, with its first bytes and progress counters.
    pub(super) fn stream(&self) -> io::Result<Text> {
        let meter = Meter::default();
        let counted = Counted { inner: self.open()?, bytes: Arc::clone(&meter.stored), limit: u64::MAX };
        let mut buffered = BufReader::with_capacity(1 << 16, counted);
        let packed = buffered.fill_buf()?.starts_with(&gzip::SIGN);
        let text: Box<dyn Read + Send> = if packed {
            Box::new(gzip::Members::new(buffered, Arc::clone(&meter.has_garbage)))
        } else {
            Box::new(buffered)
        };
        let mut text = BufReader::with_capacity(1 << 16, text);
        let head = text.fill_buf()?.iter().copied().take(HEAD).collect();
        let limited = Counted { inner: Box::new(text), bytes: Arc::clone(&meter.record), limit: LONGEST_RECORD };
        Ok(Text { reader: Box::new(limited), head, meter })
    }
}

/// The text of a file.
pub(super) struct Text {
    /// The whole text.
    pub(super) reader: Box<dyn Read + Send>,
    /// The first bytes, which `reader` returns too.
    pub(super) head: Vec<u8>,
    /// The progress of the reader.
    pub(super) meter: Meter,
}

/// The progress of a stream.
#[derive(Clone, Default)]
pub(super) struct Meter {
    stored: Arc<AtomicU64>,
    record: Arc<AtomicU64>,
    has_garbage: Arc<AtomicBool>,
}

impl Meter {
    /// Whether bytes that are not gzip followed the compressed data. Known at the end of the
    /// stream.
    pub(super) fn has_garbage(&self) -> bool {
        self.has_garbage.load(Ordering::Relaxed)
    }

    /// The number of stored bytes read so far.
    pub(super) fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Resets the size of the current record.
    pub(super) fn next_record(&self) {
        self.record.store(0, Ordering::Relaxed);
    }
}

/// Counts bytes, and fails when there are more than `limit` before the counter is reset.
struct Counted {
    inner: Box<dyn Read + Send>,
    bytes: Arc<AtomicU64>,
    limit: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.load(Ordering::Relaxed) > self.limit {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a record has more than {} MiB: a quote may not be closed", self.limit >> 20),
            ));
        }
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn text(source: &Source) -> String {
        let mut text = String::new();
        source.stream().unwrap().reader.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn gzip_is_recognized_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let member = |bytes: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let path = folder.path().join("packed.csv");
        // Two members in one file, as with `cat a.gz b.gz`.
        std::fs::write(&path, [member(b"a,b\n"), member(b"1,2\n")].concat()).unwrap();
        assert_eq!(text(&Source::File(path)), "a,b\n1,2\n");
        let path = folder.path().join("plain.csv.gz");
        std::fs::write(&path, "a\n").unwrap();
        assert_eq!(text(&Source::File(path)), "a\n");
        assert_eq!(text(&Source::Bytes("empty", b"")), "");
    }

    #[test]
    fn an_endless_record_does_not_fill_the_memory() {
        let endless = Source::Bytes("endless", Box::leak(vec![b'x'; 20 << 20].into_boxed_slice()));
        let Text { mut reader, meter, .. } = endless.stream().unwrap();
        let error = io::copy(&mut reader, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("quote"), "{error}");
        assert!(meter.stored() < 10 << 20, "it stopped soon");
    }

    #[test]
    fn the_digest_is_of_the_stored_bytes() {
        let (a, b) = (Source::Bytes("a", b"x"), Source::Bytes("b", b"y"));
        assert_ne!(a.digest().unwrap(), b.digest().unwrap());
        assert_eq!(a.digest().unwrap(), Source::Bytes("c", b"x").digest().unwrap());
    }
}
