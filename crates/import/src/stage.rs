//! Imports one file: a thread reads and parses, and the caller's task writes batch after batch.

use tokio::sync::mpsc;

use super::{
    ImportError, Options, Part, Progress,
    report::{Position, Problem, Severity},
    source::Source,
    summary::{PartSummary, Summary},
    table::{Header, Next, Reason, Row, Table},
};
use mysql_engine::Conn;
use store::imports::{self, Batch, Checkpoint, Nothing, Outcome};
use types::Timestamp;

/// Maximum number of batches waiting to be written.
const AHEAD: usize = 2;
/// A batch ends when its records have this many bytes, so that statements fit into the server's
/// packets.
const BYTES: u64 = 2 << 20;

/// A kind of record, and how it is parsed.
pub(super) trait Kind: Send + 'static {
    /// A record that can be written.
    type Record: Send + 'static;
    /// Records that are written together.
    type Batch: Batch + Send;
    /// The file.
    const PART: Part;
    /// Required columns.
    const REQUIRED: &'static [&'static str];
    /// Records per batch.
    const SIZE: usize;

    /// Finds the columns.
    fn header(&mut self, _header: &Header) {}
    /// Starts a new batch.
    fn begin(&mut self) {}
    /// Parses a record. Problems with parts of it are added to `notes`.
    fn parse(&mut self, row: Row<'_>, notes: &mut Vec<Reason>) -> Result<Self::Record, Reason>;
    /// Builds a batch from records.
    fn batch(records: Vec<Self::Record>) -> Self::Batch;
}

/// A message of the reading thread.
struct Chunk<R> {
    records: Vec<R>,
    /// The position and ID of each record.
    origins: Vec<(Position, Option<u64>)>,
    problems: Vec<Problem>,
    /// Number of records read so far, including problems and earlier chunks and runs.
    read: u64,
    /// Number of stored bytes read so far.
    bytes: u64,
    /// Whether this is the last one.
    end: bool,
}

impl<R> Chunk<R> {
    fn new() -> Self {
        Self { records: Vec::new(), origins: Vec::new(), problems: Vec::new(), read: 0, bytes: 0, end: false }
    }
}

/// The state that the files of one import share.
pub(super) struct Stage<'a> {
    pub(super) options: &'a Options,
    /// The name of the dataset in the table of checkpoints.
    pub(super) dataset: &'a str,
    pub(super) now: Timestamp,
    pub(super) progress: &'a mut dyn Progress,
    pub(super) summary: &'a mut Summary,
}

impl Stage<'_> {
    /// Imports a file, or the rest of it.
    pub(super) async fn run<K: Kind>(
        &mut self,
        conn: &mut Conn,
        kind: K,
        source: &Source,
        fingerprint: [u8; 32],
    ) -> Result<(), ImportError> {
        let part = K::PART;
        let earlier = imports::checkpoint(conn, self.dataset, part.as_str()).await?;
        let earlier = earlier.filter(|earlier| earlier.fingerprint == fingerprint && !self.options.force);
        let mut counts = PartSummary::new(part);
        if earlier.as_ref().is_some_and(|earlier| earlier.finished) {
            counts.already_done = true;
            self.finish(counts);
            return Ok(());
        }
        let records = earlier.map_or(0, |earlier| earlier.records);
        let dataset = self.dataset.to_owned();
        let mut at = Checkpoint { dataset, part: part.as_str(), fingerprint, records, finished: false };
        // Recorded first, so that the next run knows that the final step is missing if this run is
        // interrupted.
        imports::set_measured(conn, &at.dataset, false, self.now).await?;
        imports::start(conn, &at, self.now).await?;
        counts.resumed_after = records;
        let size = source.size().map_err(|error| ImportError::Unreadable { part, file: source.clone(), error })?;
        self.progress.start(part, size, records);
        let (sender, mut chunks) = mpsc::channel(AHEAD);
        let source = source.clone();
        let size = self.options.batch.unwrap_or(K::SIZE).max(1) as u64;
        let thread = tokio::task::spawn_blocking(move || {
            if let Err(error) = read(kind, &source, (records, size), &sender) {
                // The receiver is gone only if the import was dropped.
                let _ = sender.blocking_send(Err(error));
            }
        });
        while !at.finished {
            let chunk = chunks.recv().await.ok_or(ImportError::Reader(part))??;
            self.write::<K>(conn, &mut at, &mut counts, chunk).await?;
        }
        thread.await.map_err(|_| ImportError::Reader(part))?;
        if counts.is_useless() {
            // Nothing was imported, so the next run starts from the beginning.
            imports::start(conn, &Checkpoint { records: 0, finished: false, ..at }, self.now).await?;
        }
        self.finish(counts);
        Ok(())
    }

    fn finish(&mut self, counts: PartSummary) {
        self.progress.finish(&counts);
        self.summary.parts.push(counts);
    }

    async fn write<K: Kind>(
        &mut self,
        conn: &mut Conn,
        at: &mut Checkpoint,
        counts: &mut PartSummary,
        chunk: Chunk<K::Record>,
    ) -> Result<(), ImportError> {
        let to = Checkpoint { records: chunk.read, finished: chunk.end, ..at.clone() };
        if K::PART == Part::Listings {
            // Records that cannot be used have not vanished.
            let ids: Vec<u64> = chunk.problems.iter().filter_map(|problem| problem.id).collect();
            imports::mark_seen(conn, &ids, &at.fingerprint).await?;
        }
        let outcome: Outcome = if chunk.records.is_empty() {
            imports::commit(conn, &Nothing, at, &to, self.now).await?
        } else {
            let batch = K::batch(chunk.records);
            imports::end_holds(conn, &batch.listings(), at, self.now).await?;
            imports::commit(conn, &batch, at, &to, self.now).await?
        };
        for (index, reason) in &outcome.refused {
            let Some((position, id)) = chunk.origins.get(*index).copied() else { continue };
            let reason = (*reason).to_owned();
            self.summary.report.add(Problem { part: K::PART, position, id, severity: Severity::Skipped, reason })?;
        }
        for problem in chunk.problems {
            self.summary.report.add(problem)?;
        }
        self.summary.report.flush()?;
        counts.read += to.records - at.records;
        counts.created += outcome.created;
        counts.updated += outcome.updated;
        counts.unchanged += outcome.unchanged;
        counts.held += outcome.held;
        counts.kept += outcome.kept;
        counts.skipped = self.summary.report.count(K::PART, Severity::Skipped);
        counts.repaired = self.summary.report.count(K::PART, Severity::Repaired);
        *at = to;
        self.progress.advance(K::PART, at.records, chunk.bytes).map_err(|_| ImportError::Stopped)
    }
}

/// Reads a whole file, and sends the records after the first `done` ones. Those are parsed too,
/// because some records depend on earlier ones.
fn read<K: Kind>(
    mut kind: K,
    source: &Source,
    (done, batch): (u64, u64),
    sender: &mpsc::Sender<Result<Chunk<K::Record>, ImportError>>,
) -> Result<(), ImportError> {
    let mut table = Table::open(K::PART, source, K::REQUIRED)?;
    kind.header(table.header());
    let mut notes = Vec::new();
    let mut end = false;
    while !end {
        let mut chunk = Chunk::new();
        kind.begin();
        let (begun, mut size) = (table.records(), 0);
        while !end && size < BYTES && table.records() - begun < batch && (begun >= done || table.records() < done) {
            match table.next()? {
                Next::Row(row) => {
                    size += row.size() as u64;
                    take(&mut kind, row, &mut notes, &mut chunk);
                }
                Next::Broken(problem) => chunk.problems.push(problem),
                Next::End => {
                    end = true;
                    chunk.problems.extend(table.meter.has_garbage().then(|| Problem {
                        part: K::PART,
                        position: Position { line: table.line(), record: table.records() },
                        id: None,
                        severity: Severity::Repaired,
                        reason: "bytes that are not gzip follow the compressed data: ignored".to_owned(),
                    }));
                }
            }
        }
        chunk.read = table.records();
        chunk.bytes = table.meter.stored();
        chunk.end = end;
        let wanted = chunk.read > done || end;
        if wanted && sender.blocking_send(Ok(chunk)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn take<K: Kind>(kind: &mut K, row: Row<'_>, notes: &mut Vec<Reason>, chunk: &mut Chunk<K::Record>) {
    let id = row.get(K::PART.id_column()).trim().parse().ok();
    let problem = |severity, reason| Problem { part: K::PART, position: row.position, id, severity, reason };
    match kind.parse(row, notes) {
        Ok(record) => {
            chunk.records.push(record);
            chunk.origins.push((row.position, id));
            chunk.problems.extend(notes.drain(..).map(|note| problem(Severity::Repaired, note)));
        }
        Err(reason) => {
            notes.clear();
            chunk.problems.push(problem(Severity::Skipped, reason));
        }
    }
}
