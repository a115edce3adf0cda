//! What an import did.

use std::fmt;

use super::{
    Part,
    report::{Report, Severity},
};

/// What an import did with one file. `read` is the sum of `created`, `updated`, `unchanged` and `skipped`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSummary {
    /// The file.
    pub part: Part,
    /// Nothing was read: the same file was imported before.
    pub already_done: bool,
    /// Records that an earlier run has done.
    pub resumed_after: u64,
    /// Records read.
    pub read: u64,
    /// Records that made new rows.
    pub created: u64,
    /// Records that changed rows.
    pub updated: u64,
    /// Records that the tables agreed with, such as free nights at the listing's own price.
    pub unchanged: u64,
    /// Records that were left out, as reported.
    pub skipped: u64,
    /// Times that a part of a record was left out, as reported.
    pub repaired: u64,
    /// Nights left to those who hold them through Staygate.
    pub held: u64,
    /// Listings, or nights, of which something stays as their host has changed it.
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
    /// Whether the file was read from beginning to end, and nothing in it could be used.
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

/// What an import did. Shown as text, it is what a person wants to read at the end.
#[derive(Debug)]
pub struct Summary {
    /// File by file, in the order of the import.
    pub parts: Vec<PartSummary>,
    /// Listings that this file no longer has.
    pub vanished: Gone,
    /// Contradictions in spite of which the import was forced.
    pub contradictions: Vec<String>,
    /// What could not be used.
    pub report: Report,
}

/// Published listings of earlier files of the dataset that the latest does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gone {
    /// How many.
    pub listings: usize,
    /// Whether they were unlisted.
    pub unlisted: bool,
    /// Whether they would have been, were they not more than half of all.
    pub too_many: bool,
}

impl fmt::Display for Gone {
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
        Self { parts: Vec::new(), vanished: Gone::default(), contradictions: Vec::new(), report }
    }

    /// The files in which nothing could be used.
    pub fn useless(&self) -> impl Iterator<Item = Part> {
        self.parts.iter().filter(|part| part.is_useless()).map(|part| part.part)
    }

    /// What happened to one file, if it was given.
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
