//! CSV with a header: columns are found by name; records that cannot be read are reported
//! separately.

use std::{collections::HashMap, io::Read};

use csv::{ByteRecord, ReaderBuilder};

use super::{
    ImportError, Part, foreign,
    report::{Position, Problem, Severity},
    source::{Meter, Source, Text},
};

/// The index of each column name.
pub(super) struct Header(HashMap<String, usize>);

/// A column, if the file has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column(Option<usize>);

impl Header {
    pub(super) fn column(&self, name: &str) -> Column {
        Column(self.0.get(name).copied())
    }
}

/// A record whose fields are all UTF-8.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    header: &'a Header,
    record: &'a ByteRecord,
    /// The position of the record.
    pub(super) position: Position,
}

impl<'a> Row<'a> {
    /// The field in a column; empty if the file has no such column. The dataset distinguishes an
    /// empty text (`""`) from none in one column; here both are empty.
    pub(super) fn at(&self, column: Column) -> &'a str {
        let field = column.0.and_then(|index| self.record.get(index)).unwrap_or_default();
        // Checked when the record was read.
        std::str::from_utf8(field).unwrap_or_default()
    }

    /// The total bytes of all fields.
    pub(super) fn size(&self) -> usize {
        self.record.as_slice().len()
    }

    /// The field in the column `name`.
    pub(super) fn get(&self, name: &str) -> &'a str {
        self.at(self.header.column(name))
    }
}

/// Why a record is skipped.
pub(super) type Reason = String;

/// A result of [`Table::next`].
pub(super) enum Next<'a> {
    /// A record with the right number of fields.
    Row(Row<'a>),
    /// A record that cannot be read.
    Broken(Problem),
    /// No more records.
    End,
}

/// A file being read.
pub(super) struct Table {
    part: Part,
    source: Source,
    reader: csv::Reader<Box<dyn Read + Send>>,
    header: Header,
    width: usize,
    record: ByteRecord,
    records: u64,
    pub(super) meter: Meter,
}

impl Table {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// When it cannot be read, or lacks one of the columns `required`.
    pub(super) fn open(part: Part, source: &Source, required: &[&str]) -> Result<Self, ImportError> {
        let unreadable = |error| ImportError::Unreadable { part, file: source.clone(), error };
        let Text { reader, head, meter } = source.stream().map_err(unreadable)?;
        let foreign = |what| ImportError::Foreign { part, file: source.clone(), what };
        if let Some(what) = foreign::recognize(&head) {
            return Err(foreign(what));
        }
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 16).from_reader(reader);
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|error| unreadable(error.into()))?;
        meter.next_record();
        let mut columns = HashMap::new();
        for (index, name) in record.iter().enumerate() {
            let name = String::from_utf8_lossy(name).trim_matches(['\u{feff}', ' ']).to_lowercase();
            columns.entry(name).or_insert(index);
        }
        let missing: Vec<String> =
            required.iter().filter(|name| !columns.contains_key(**name)).map(ToString::to_string).collect();
        if let Some(name) = foreign::separator(record.as_slice()).filter(|_| record.len() == 1 && !missing.is_empty()) {
            return Err(foreign(format!("has columns separated by {name}: they must be separated by commas")));
        }
        if record.len() == 1 && missing.len() == required.len() {
            let line = excerpt(&String::from_utf8_lossy(record.as_slice()));
            return Err(foreign(format!("is not a CSV table: it begins with `{line}`")));
        }
        if !missing.is_empty() {
            return Err(ImportError::Columns { part, file: source.clone(), missing });
        }
        let width = record.len();
        Ok(Self { part, source: source.clone(), reader, header: Header(columns), width, record, records: 0, meter })
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The current line of the reader.
    pub(super) fn line(&self) -> u64 {
        self.reader.position().line()
    }

    /// The number of records read.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// The next record.
    ///
    /// # Errors
    /// When reading the file fails.
    pub(super) fn next(&mut self) -> Result<Next<'_>, ImportError> {
        let more = self.reader.read_byte_record(&mut self.record).map_err(|error| ImportError::Unreadable {
            part: self.part,
            file: self.source.clone(),
            error: std::io::Error::other(format!("after line {}: {error}", self.reader.position().line())),
        })?;
        if !more {
            return Ok(Next::End);
        }
        self.meter.next_record();
        self.records += 1;
        let line = self.record.position().map_or(0, csv::Position::line);
        let position = Position { line, record: self.records };
        let row = Row { header: &self.header, record: &self.record, position };
        Ok(match self.flaw() {
            Some(reason) => Next::Broken(Problem {
                part: self.part,
                position,
                id: row.get(self.part.id_column()).trim().parse().ok(),
                severity: Severity::Skipped,
                reason,
            }),
            None => Next::Row(row),
        })
    }

    fn flaw(&self) -> Option<Reason> {
        if self.record.len() != self.width {
            let lines = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() + 1;
            return Some(format!("{} fields instead of {}, over {lines} line(s)", self.record.len(), self.width));
        }
        let broken = self.record.iter().position(|field| std::str::from_utf8(field).is_err())?;
        let name = self.header.0.iter().find(|(_, index)| **index == broken).map_or("?", |(name, _)| name);
        Some(format!("the text in `{}` is not UTF-8", excerpt(name)))
    }
}

/// A whole number, also as `3.0`, as written by spreadsheets. `None` when blank.
pub(super) fn whole(text: &str, name: &str) -> Result<Option<u64>, Reason> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_suffix(".0").unwrap_or(text);
    digits.parse().map(Some).map_err(|_| format!("{name} `{}` is not a whole number", excerpt(text)))
}

/// An ID: not zero, and not `3.0`, because IDs that were converted to floats are wrong.
pub(super) fn id(text: &str, name: &str) -> Result<u64, Reason> {
    let id = text.trim().parse().ok().filter(|id| *id > 0);
    id.ok_or_else(|| format!("{name} `{}` is not an id", excerpt(text)))
}

/// A date, `2023-09-23`. `None` when blank.
pub(super) fn date(text: &str, name: &str) -> Result<Option<chrono::NaiveDate>, Reason> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let parse = || {
        let mut parts = text.splitn(3, '-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return None;
        }
        // MySQL supports years from 1000.
        let date = chrono::NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        (chrono::Datelike::year(&date) >= 1000).then_some(date)
    };
    parse().map(Some).ok_or_else(|| format!("{name} `{}` is not a date", excerpt(text)))
}

/// `t` or `f`. `None` when blank.
pub(super) fn flag(text: &str, name: &str) -> Result<Option<bool>, Reason> {
    // Spreadsheets write TRUE and FALSE.
    match text.trim().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "t" | "true" | "1" => Ok(Some(true)),
        "f" | "false" | "0" => Ok(Some(false)),
        _ => Err(format!("{name} `{}` is neither t nor f", excerpt(text.trim()))),
    }
}

/// The beginning of a text, for a reason.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests;
