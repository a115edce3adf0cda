//! The report of an import: the records that were skipped or repaired, one line each in a CSV file,
//! the first of them also in the summary.

use std::{collections::BTreeMap, fmt, fs::File, path::Path};

use super::Part;

/// Maximum number of problems in the summary, so that an invalid file cannot fill the memory.
const KEPT: usize = 100;

/// What happened to a record with a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The record was skipped.
    Skipped,
    /// The record was imported without the part named in the reason.
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

/// The position of a record in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line of the first byte of the record, from 1. A record spans several lines if its texts
    /// do; lines end with LF.
    pub line: u64,
    /// The number of the record, from 1, without the header.
    pub record: u64,
}

/// A problem with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub part: Part,
    /// The position of the record.
    pub position: Position,
    /// The ID of the record, if it could be read.
    pub id: Option<u64>,
    /// What happened to the record.
    pub severity: Severity,
    /// The reason, for people.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {} (record {}", self.part, self.position.line, self.position.record)?;
        if let Some(id) = self.id {
            write!(f, ", id {id}")?;
        }
        write!(f, "): {}: {}", self.severity.as_str(), self.reason)
    }
}

/// Collects problems: counts all, keeps the first, and writes all to a file if there is one.
#[derive(Debug, Default)]
pub struct Report {
    kept: Vec<Problem>,
    counts: BTreeMap<(Part, Severity), u64>,
    file: Option<csv::Writer<File>>,
}

impl Report {
    /// A report that is also written to a new CSV file at `path`.
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

    /// Adds a problem.
    pub(super) fn add(&mut self, problem: Problem) -> Result<(), csv::Error> {
        *self.counts.entry((problem.part, problem.severity)).or_default() += 1;
        if let Some(file) = &mut self.file {
            file.write_record([
                problem.part.as_str(),
                &problem.position.line.to_string(),
                &problem.position.record.to_string(),
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

    /// Flushes the file.
    pub(super) fn flush(&mut self) -> Result<(), csv::Error> {
        Ok(self.file.as_mut().map_or(Ok(()), csv::Writer::flush)?)
    }

    /// The number of skipped or repaired records of a file.
    pub fn count(&self, part: Part, severity: Severity) -> u64 {
        self.counts.get(&(part, severity)).copied().unwrap_or(0)
    }

    /// The first problems.
    pub fn first(&self) -> &[Problem] {
        &self.kept
    }
}
