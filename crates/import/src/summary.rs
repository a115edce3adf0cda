//! The result of an import.

use std::fmt;

use super::{
    Part,
    report::{Report, Severity},
};

/// The result for one file. `read` is the sum of `created`, `updated`, `unchanged` and `skipped`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSummary {
    /// The file.
    pub part: Part,
    /// The file was skipped, because it was imported before.
    pub already_done: bool,
    /// Records imported by an earlier run.
    pub resumed_after: u64,
    /// Records read.
    pub read: u64,
    /// Records that created rows.
    pub created: u64,
    /// Records that changed rows.
    pub updated: u64,
    /// Records that matched the existing rows, or default values such as free nights at the
    /// listing's own price.
    pub unchanged: u64,
    /// Skipped records, as reported.
    pub skipped: u64,
    /// Repaired records, as reported.
    pub repaired: u64,
    /// Nights not changed, because they have bookings or blocks in Staygate.
    pub held: u64,
    /// Listings, or nights, in which a change by the host was kept.
    pub kept: u64,
}

impl PartSummary {
    pub(super) fn new(part: Part) -> Self {
        Self {
            part,
            already_done: false,
            resumed_after: 0,
            read: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            skipped: 0,
            repaired: 0,
            held: 0,
            kept: 0,
        }
    }
}

impl PartSummary {
    /// Whether the whole file was read and nothing in it could be used.
    pub fn is_useless(&self) -> bool {
        !self.already_done && self.resumed_after == 0 && self.created + self.updated + self.unchanged == 0
    }
}

impl fmt::Display for PartSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.already_done {
            return write!(f, "{}: already imported, skipped", self.part);
        }
        write!(
            f,
            "{}: {} records read: {} new, {} updated, {} unchanged, {} left out",
            self.part, self.read, self.created, self.updated, self.unchanged, self.skipped
        )?;
        if self.repaired > 0 {
            write!(f, "; {} repaired", self.repaired)?;
        }
        if self.held > 0 {
            write!(f, "; {} nights with bookings or blocks not changed", self.held)?;
        }
        if self.kept > 0 {
            let what = if self.part == Part::Calendar { "nights" } else { "listings" };
            write!(f, "; changes by hosts kept in {} {what}", self.kept)?;
        }
        if self.resumed_after > 0 {
            write!(f, "; resumed after {} records", self.resumed_after)?;
        }
        Ok(())
    }
}

/// The result of an import, printed at its end.
#[derive(Debug)]
pub struct Summary {
    /// The files, in the order of the import.
    pub parts: Vec<PartSummary>,
    /// Listings that are no longer in the file.
    pub vanished: VanishedListings,
    /// Contradictions that the forced import has ignored.
    pub contradictions: Vec<String>,
    /// The problems.
    pub report: Report,
}

/// Published listings of earlier files of the dataset that are missing in the latest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VanishedListings {
    /// Their number.
    pub listings: usize,
    /// Whether they were unlisted.
    pub unlisted: bool,
    /// Whether they were not unlisted because they are more than half of all listings.
    pub too_many: bool,
}

impl fmt::Display for VanishedListings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.listings {
            0 => return Ok(()),
            1 => "1 published listing is no longer in the file".to_owned(),
            more => format!("{more} published listings are no longer in the file"),
        };
        let then = match (self.unlisted, self.too_many) {
            (true, _) => "unlisted",
            (false, true) => "kept, because that is more than half of all; --force unlists them",
            (false, false) => "kept; --vanished unlist unlists them",
        };
        writeln!(f, "{what}: {then}")
    }
}

impl Summary {
    pub(super) fn new(report: Report) -> Self {
        Self { parts: Vec::new(), vanished: VanishedListings::default(), contradictions: Vec::new(), report }
    }

    /// The files in which nothing could be used.
    pub fn useless(&self) -> impl Iterator<Item = Part> {
        self.parts.iter().filter(|part| part.is_useless()).map(|part| part.part)
    }

    /// The result for one file, if it was given.
    pub fn part(&self, part: Part) -> Option<&PartSummary> {
        self.parts.iter().find(|summary| summary.part == part)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        for part in &self.parts {
            writeln!(f, "{part}")?;
        }
        for contradiction in &self.contradictions {
            writeln!(f, "forced: {contradiction}")?;
        }
        self.vanished.fmt(f)?;
        let of = |severity| self.parts.iter().map(|summary| self.report.count(summary.part, severity)).sum::<u64>();
        let all = of(Severity::Skipped) + of(Severity::Repaired);
        for problem in self.report.first().iter().take(SHOWN) {
            writeln!(f, "  {problem}")?;
        }
        match all.saturating_sub(SHOWN as u64) {
            0 => Ok(()),
            more => writeln!(f, "  … and {more} more: --report FILE lists them all"),
        }
    }
}
