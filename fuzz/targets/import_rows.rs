//! Files of an import. The first byte determines the kind, and whether the rest is plain,
//! compressed, or compressed and damaged.

#![no_main]

use std::{fs, io::Write, path::PathBuf, sync::LazyLock};

use flate2::{Compression, write::GzEncoder};
use import::{Part, Source, fuzzing};
use libfuzzer_sys::fuzz_target;

/// The file that is read repeatedly. `scripts/fuzz.sh` names a folder in memory, and removes it.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("staygate-fuzz-{}.csv", std::process::id())));

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let part = match kind.to_ascii_lowercase() {
        b'r' => Part::Reviews,
        b'c' => Part::Calendar,
        _ => Part::Listings,
    };
    let bytes = if kind.is_ascii_uppercase() { packed(rest) } else { rest.to_vec() };
    fs::write(&*FILE, bytes).expect("a file");
    let _ = fuzzing::read(part, &Source::File(FILE.clone()));
});

/// Two gzip members, split where the first byte says; the second names a byte to damage, if it is
/// not zero.
fn packed(data: &[u8]) -> Vec<u8> {
    let (&[cut, damage], text) = data.split_first_chunk::<2>().unwrap_or((&[0, 0], data));
    let (first, second) = text.split_at(text.len() * usize::from(cut) / 256);
    let mut bytes = [member(first), member(second)].concat();
    let length = bytes.len();
    if let Some(byte) = bytes.get_mut(length * usize::from(damage) / 256).filter(|_| damage > 0) {
        *byte ^= damage;
    }
    bytes
}

fn member(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).and_then(|()| encoder.finish()).unwrap_or_default()
}
