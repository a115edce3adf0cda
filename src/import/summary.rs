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
        }
    }
}

impl fmt::Display for PartSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.already_done {
            return write!(f, "{}: already imported, nothing to do", self.part);
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
            write!(f, "; {} nights left to their bookings and blocks", self.held)?;
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
    /// What could not be used.
    pub report: Report,
}

impl Summary {
    pub(super) fn new(report: Report) -> Self {
        Self { parts: Vec::new(), report }
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
