//! The progress of an import, as shown to people.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Part, PartSummary};

/// The import is to stop after the last written batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// Is informed about the progress of an import, and may stop it.
pub trait Progress: Send {
    /// A file of `bytes` stored bytes starts, or continues after `done` records.
    fn start(&mut self, part: Part, bytes: u64, done: u64);

    /// A batch was written: `records` and stored `bytes` have been read so far.
    ///
    /// # Errors
    /// [`Stop`] ends the import; the next run continues from here.
    fn advance(&mut self, part: Part, records: u64, bytes: u64) -> Result<(), Stop>;

    /// A file is finished.
    fn finish(&mut self, summary: &PartSummary);
}

/// The progress for standard error: a bar on a terminal, otherwise lines.
pub fn progress() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        Box::new(Terminal::default())
    } else {
        Box::new(Lines::new(std::io::stderr()))
    }
}

/// No output.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _: Part, _: u64, _: u64) {}

    fn advance(&mut self, _: Part, _: u64, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn finish(&mut self, _: &PartSummary) {}
}

/// A bar on a terminal.
#[derive(Debug, Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
}

impl Progress for Terminal {
    fn start(&mut self, part: Part, bytes: u64, done: u64) {
        let bar = ProgressBar::new(bytes);
        if let Ok(style) = ProgressStyle::with_template("{prefix:9} {bar:40} {percent:>3} % {msg} ({eta} left)") {
            bar.set_style(style);
        }
        bar.set_prefix(part.as_str());
        bar.set_message(format!("{done} records"));
        self.bar = Some(bar);
    }

    fn advance(&mut self, _: Part, records: u64, bytes: u64) -> Result<(), Stop> {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_message(format!("{records} records"));
        }
        Ok(())
    }

    fn finish(&mut self, _: &PartSummary) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// One line for every tenth of a file.
#[derive(Debug)]
pub struct Lines<W> {
    out: W,
    bytes: u64,
    tenth: u64,
}

impl<W: Write> Lines<W> {
    /// Lines into `out`.
    pub fn new(out: W) -> Self {
        Self { out, bytes: 0, tenth: 0 }
    }

    fn print_line(&mut self, line: std::fmt::Arguments<'_>) {
        // A closed pipe must not stop an import.
        let _ = writeln!(self.out, "{line}");
    }
}

impl<W: Write + Send> Progress for Lines<W> {
    fn start(&mut self, part: Part, bytes: u64, done: u64) {
        (self.bytes, self.tenth) = (bytes, 0);
        match done {
            0 => self.print_line(format_args!("{part}: {bytes} bytes")),
            done => self.print_line(format_args!("{part}: {bytes} bytes, continuing after {done} records")),
        }
    }

    fn advance(&mut self, part: Part, records: u64, bytes: u64) -> Result<(), Stop> {
        let tenth = bytes.saturating_mul(10) / self.bytes.max(1);
        if tenth > self.tenth {
            self.tenth = tenth;
            self.print_line(format_args!("{part}: {} %, {records} records", (tenth * 10).min(100)));
        }
        Ok(())
    }

    fn finish(&mut self, summary: &PartSummary) {
        // The result is in the summary at the end.
        self.print_line(format_args!("{}: done", summary.part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_every_tenth_is_a_line() {
        let mut lines = Lines::new(Vec::new());
        lines.start(Part::Calendar, 1_000, 5);
        for done in (1..=100).map(|percent| percent * 10) {
            lines.advance(Part::Calendar, done, done).unwrap();
        }
        lines.finish(&PartSummary::new(Part::Calendar));
        let text = String::from_utf8(lines.out).unwrap();
        assert_eq!(text.lines().count(), 12, "{text}");
        assert!(text.starts_with("calendar: 1000 bytes, continuing after 5 records\ncalendar: 10 %, 100 records\n"));
    }
}
