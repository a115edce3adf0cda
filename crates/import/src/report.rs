//! What the import could not use, and what it had to change: one line per record, in a CSV file and, the first of them, in
//! the summary.

use std::{collections::BTreeMap, fmt, fs::File, path::Path};

use super::Part;

/// How many problems the summary keeps: a file of garbage must not fill the memory.
const KEPT: usize = 100;

/// What happened to a record that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The record was left out.
    Skipped,
    /// The record was taken without the part that the reason tells.
    Repaired,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Repaired => "repaired",
        }
    }
}

/// Where a record is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line of the record's first byte, from 1. Records have several lines where texts do; lines end with LF.
    pub line: u64,
    /// Number of the record, from 1, without the header.
    pub record: u64,
}

/// A record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub part: Part,
    /// Where in it.
    pub place: Place,
    /// The record's id, if it could be read.
    pub id: Option<u64>,
    /// What happened to the record.
    pub severity: Severity,
    /// Why, for people.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {} (record {}", self.part, self.place.line, self.place.record)?;
        if let Some(id) = self.id {
            write!(f, ", id {id}")?;
        }
        write!(f, "): {}: {}", self.severity.as_str(), self.reason)
    }
}

/// Takes problems: counts all, keeps the first, writes every one to a file if there is one.
#[derive(Debug, Default)]
pub struct Report {
    kept: Vec<Problem>,
    counts: BTreeMap<(Part, Severity), u64>,
    file: Option<csv::Writer<File>>,
}

impl Report {
    /// A report that also goes to the CSV file `path`, which is made anew.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(path: Option<&Path>) -> Result<Self, csv::Error> {
        let mut file = path.map(csv::Writer::from_path).transpose()?;
        if let Some(file) = &mut file {
            file.write_record(["file", "line", "record", "id", "outcome", "reason"])?;
            file.flush()?;
        }
        Ok(Self { file, ..Self::default() })
    }

    /// Takes a problem.
    pub(super) fn add(&mut self, problem: Problem) -> Result<(), csv::Error> {
        *self.counts.entry((problem.part, problem.severity)).or_default() += 1;
        if let Some(file) = &mut self.file {
            file.write_record([
                problem.part.as_str(),
                &problem.place.line.to_string(),
                &problem.place.record.to_string(),
                &problem.id.map(|id| id.to_string()).unwrap_or_default(),
                problem.severity.as_str(),
                &problem.reason,
            ])?;
        }
        if self.kept.len() < KEPT {
            self.kept.push(problem);
        }
        Ok(())
    }

    /// Writes out what is still in memory.
    pub(super) fn flush(&mut self) -> Result<(), csv::Error> {
        Ok(self.file.as_mut().map_or(Ok(()), csv::Writer::flush)?)
    }

    /// How many records of a file were left out, or changed.
    pub fn count(&self, part: Part, severity: Severity) -> u64 {
        self.counts.get(&(part, severity)).copied().unwrap_or(0)
    }

    /// The first problems.
    pub fn first(&self) -> &[Problem] {
        &self.kept
    }
}
