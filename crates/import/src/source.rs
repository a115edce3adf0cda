//! Files as streams of bytes: plain or gzip, told by their first bytes, never by their name.

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

/// How many bytes tell what a file is.
const HEAD: usize = 1_024;
/// The most bytes of one record. A quote that nobody closed would make a record of the rest of the file.
const LONGEST_RECORD: u64 = 8 << 20;

/// Where the bytes of a file come from.
#[derive(Clone)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Bytes in the program, and their name.
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

    /// The number of bytes, as stored.
    pub(super) fn size(&self) -> io::Result<u64> {
        match self {
            Self::File(path) => Ok(path.metadata()?.len()),
            Self::Bytes(_, bytes) => Ok(bytes.len() as u64),
        }
    }

    /// SHA-256 of the bytes, as stored.
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

    /// The text in it, unpacked, with its first bytes and the counters of its progress.
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
    /// All of it.
    pub(super) reader: Box<dyn Read + Send>,
    /// Its first bytes; `reader` has them too.
    pub(super) head: Vec<u8>,
    /// How far the reader has come.
    pub(super) meter: Meter,
}

/// How far a stream has come.
#[derive(Clone, Default)]
pub(super) struct Meter {
    stored: Arc<AtomicU64>,
    record: Arc<AtomicU64>,
    has_garbage: Arc<AtomicBool>,
}

impl Meter {
    /// Whether something that is not gzip followed the packed text. Known at its end.
    pub(super) fn has_garbage(&self) -> bool {
        self.has_garbage.load(Ordering::Relaxed)
    }

    /// Stored bytes that were read.
    pub(super) fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// A record is complete: the next may be as long again.
    pub(super) fn next_record(&self) {
        self.record.store(0, Ordering::Relaxed);
    }
}

/// Counts bytes, and refuses to go on when there are too many before somebody sets the counter back.
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
    fn gzip_is_told_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let member = |bytes: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let path = folder.path().join("packed.csv");
        // Two members in one file, as `cat a.gz b.gz` makes them.
        std::fs::write(&path, [member(b"a,b\n"), member(b"1,2\n")].concat()).unwrap();
        assert_eq!(text(&Source::File(path)), "a,b\n1,2\n");
        let path = folder.path().join("plain.csv.gz");
        std::fs::write(&path, "a\n").unwrap();
        assert_eq!(text(&Source::File(path)), "a\n");
        assert_eq!(text(&Source::Bytes("empty", b"")), "");
    }

    #[test]
    fn a_record_without_end_does_not_fill_the_memory() {
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
