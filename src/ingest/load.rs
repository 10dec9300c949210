//! A load from start to end: look at the sources, read them, build the store, say what was seen.

use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;

use super::blocks::{self, BLOCK, Piece};
use super::coder::{Coder, RecordCoder};
use super::json::{ObjectCoder, ValueCutter};
use super::limits::{EVENT_NAMES_MAX, Memory, RECORD_MAX};
use super::plan::Parsed;
use super::report::{LoadReport, Reason};
use super::saved::{self, Kept, Look};
use super::sniff::{Format, guarded};
use super::source::{Input, file_error};
use super::sources::{Source, Table, look};
use super::told::{column_reports, file_report, fill_files, note_columns, note_rows};
use super::{Error, LoadOptions, Loaded, identity, ipc, joins, json, parquet, reading};
use crate::base::memory::{GivesBack, KeepsAtHand};
use crate::base::visible::visible;
use crate::base::{Cancelled, Ctl};
use crate::journey::build::BuildError;
use crate::journey::{Batch, BatchValues, BuildOptions, Coded, Roles, StoreBuilder};

/// Reads the sources into a store, in blocks of so many bytes; the size does not change what comes out. Stops after the
/// block in which there are `enough` rows.
pub(super) fn load(options: &LoadOptions, block: usize, enough: u64, ctl: &Ctl) -> Result<Loaded, Error> {
    let started = std::time::Instant::now();
    ctl.check()?;
    let keeps_at_hand = KeepsAtHand::new();
    let (sources, table, notes) = look(options, ctl)?;
    let report = LoadReport { notes, files: sources.iter().map(file_report).collect(), ..LoadReport::default() };
    sources.iter().for_each(|source| ctl.expect_more(source.input.work));
    let memory = Memory::of(options.memory);
    let block = memory.block(block, rayon::current_num_threads());
    let mut merger = Merger {
        builder: StoreBuilder::new(&table.names),
        table: &table,
        report,
        n_not_numbers: vec![0; table.names.len()],
        n_ambiguous_times: 0,
        memory,
        late: HashMap::new(),
        is_cut: false,
        enough,
        ctl,
        options,
    };
    let mut ranges: Vec<Range<usize>> = Vec::with_capacity(sources.len());
    for source in &sources {
        let start = merger.builder.n_events();
        let done = read(source, block, &mut merger);
        ranges.push(start..merger.builder.n_events());
        match done {
            // That was the sign to stop.
            Err(Error::Cancelled(_)) if merger.has_enough() && !ctl.is_cancelled() => break,
            done => done?,
        }
    }
    let Merger { mut builder, mut report, n_not_numbers, n_ambiguous_times, is_cut, .. } = merger;
    let links = ranges.iter().zip(&sources).filter(|(_, source)| source.plan.terms.is_links);
    let n_links = links.map(|(range, _)| builder.leave_out(range.clone())).sum::<u64>();
    for key in &table.keys {
        let own = ranges.iter().zip(&table.kinds).filter(|(_, kind)| key.kind.is_none_or(|own| own == **kind));
        let among: Vec<Range<usize>> = own.map(|(range, _)| range.clone()).collect();
        let repeats = builder.drop_repeated(&key.parts, &among);
        report.notes.extend(identity::repeat_notes(&repeats, &key.names));
    }
    report.identity = identity::link(&mut builder, &table, &report.files, options, ctl)?;
    drop(keeps_at_hand);
    let gives_back = GivesBack::new();
    let mut store = builder.finish(build_options(&sources, &table, options), ctl)?;
    drop(gives_back);
    store.n_repeated_keys -= n_links;
    fill_files(&mut report.files, &store, &table);
    report.duplicates_dropped = store.n_dropped_duplicates + store.n_repeated_keys;
    report.notes.extend(report.identity.iter().flat_map(identity::Identity::notes).collect::<Vec<_>>());
    report.joins = joins::pairs(&store, &table, &report.files, report.identity.as_ref());
    report.notes.extend(joins::notes(&report.joins));
    report.notes.extend(joins::hints(&store, &table, &sources, &report.joins));
    report.readings = reading::readings(&sources, &table, &store, options);
    report.columns = column_reports(&sources, &table, &store);
    note_columns(&mut report, &table, &n_not_numbers, is_cut);
    note_rows(&mut report, &sources, &store, n_ambiguous_times, options);
    report.seconds = started.elapsed().as_secs_f64();
    Ok(Loaded { store, report, kept: Kept::Nothing })
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Cancelled(cancelled) => Error::Cancelled(cancelled),
            BuildError::TooManyEvents => Error::Other(error.to_string()),
        }
    }
}

fn build_options(sources: &[Source], table: &Table, options: &LoadOptions) -> BuildOptions {
    let has_events = |source: &&Source| !source.plan.terms.is_links;
    let plan = &sources.iter().find(has_events).unwrap_or(&sources[0]).plan;
    BuildOptions {
        roles: Roles {
            customer: table.customer.clone(),
            time: plan.names[plan.time].clone(),
            event: plan.names[plan.event].clone(),
            channel: table.channel,
            value: table.value,
            score: table.score,
            session: table.session,
            anonymous: table.anonymous,
        },
        zone: options.zone.clone().unwrap_or_default(),
        dedupe: options.dedupe,
        not_compared: table.source.into_iter().collect(),
        always_text: (table.session.into_iter().chain(table.source))
            .chain(table.ids.iter().map(|column| column.property))
            .collect(),
        always_number: table.value.into_iter().chain(table.score).collect(),
    }
}

/// What a block of a text gave; lines count from its start.
struct TextBlock {
    parsed: Parsed,
    lines: u64,
    late: Vec<String>,
    is_cut: bool,
}

fn read(source: &Source, block: usize, merger: &mut Merger<'_>) -> Result<(), Error> {
    let plan = &source.plan;
    let ctl = merger.ctl;
    match &source.format {
        Format::Delimited(decoding, dialect) => {
            let rule = dialect.rule;
            let parse = |piece: &Piece| {
                let mut rows = RecordCoder::new(plan, dialect);
                let lines = match piece {
                    Piece::Block(block) => rule.parse(block, &mut rows),
                    Piece::TooLong(head) => refuse_long(&mut rows.coder, head),
                };
                TextBlock { parsed: rows.coder.made, lines, late: Vec::new(), is_cut: false }
            };
            let open = |reader: &mut dyn Read, work: Work<'_>| {
                text(dialect.reader(decoding.reader(reader)?), dialect.start, work)
            };
            let text = Text { input: &source.input, block, lines_before: dialect.lines_before, open };
            read_text(text, rule, parse, source, merger)
        }
        Format::Json(decoding, layout) => {
            let cutter = ValueCutter::new(layout.shape, RECORD_MAX);
            let parse = |piece: &Piece| match piece {
                Piece::Block(block) => {
                    let mut objects = ObjectCoder::new(plan, layout.list.as_deref());
                    let lines = json::parse(cutter, block, &mut objects);
                    let made = objects.finish();
                    TextBlock { parsed: made.parsed, lines, late: made.late, is_cut: made.is_cut }
                }
                Piece::TooLong(head) => {
                    let mut coder = Coder::new(plan);
                    let lines = refuse_long(&mut coder, head);
                    TextBlock { parsed: coder.made, lines, late: Vec::new(), is_cut: false }
                }
            };
            let open = |reader: &mut dyn Read, work: Work<'_>| {
                text(layout.reader(decoding.reader(reader)?), layout.start, work)
            };
            let text = Text { input: &source.input, block, lines_before: layout.lines_before, open };
            read_text(text, cutter, parse, source, merger)
        }
        Format::Parquet | Format::Ipc => {
            let Some(path) = source.input.path() else { return Ok(()) };
            let read = if source.format == Format::Ipc { ipc::read } else { parquet::read };
            let mut sink = |parsed: Parsed| {
                ctl.tick(parsed.bytes)?;
                merger.take(source, parsed, &[])
            };
            guarded(&source.input.name, || read(path, plan, ctl, &mut sink))?
        }
    }
}

/// What reads a text that was opened.
type Work<'w> = &'w mut dyn FnMut(&mut dyn Read) -> io::Result<()>;

/// Passes on a text from its first record.
fn text(mut text: Box<dyn Read + '_>, start: usize, work: Work<'_>) -> io::Result<()> {
    io::copy(&mut (&mut text).take(start as u64), &mut io::sink())?;
    work(&mut *text)
}

fn refuse_long(coder: &mut Coder<'_>, head: &[u8]) -> u64 {
    coder.refuse(Reason::TooLong, 1, head);
    1
}

/// A text to be read.
struct Text<'a, O> {
    input: &'a Input,
    block: usize,
    lines_before: u64,
    /// Opens what is left after decompression as UTF-8.
    open: O,
}

fn read_text<C: blocks::Cutter>(
    text: Text<'_, impl FnOnce(&mut dyn Read, Work<'_>) -> io::Result<()> + Send>,
    cutter: C,
    parse: impl Fn(&Piece) -> TextBlock + Sync,
    source: &Source,
    merger: &mut Merger<'_>,
) -> Result<(), Error> {
    let Text { input, block, mut lines_before, open } = text;
    let ctl = merger.ctl;
    let plan = blocks::Plan { name: &input.name, cutter, block, ctl };
    let read = |work: Work<'_>| input.read(ctl, |reader| open(reader, work));
    blocks::run(plan, read, parse, |made: TextBlock| {
        let TextBlock { mut parsed, lines, late, is_cut } = made;
        parsed.rejects.kept.iter_mut().for_each(|reject| reject.line += lines_before);
        lines_before += lines;
        merger.is_cut |= is_cut;
        merger.take(source, parsed, &late)
    })
}

/// Takes what the readers made, in order, into the store and the report.
struct Merger<'a> {
    builder: StoreBuilder,
    table: &'a Table,
    report: LoadReport,
    /// For each property that is a number, the values that are none.
    n_not_numbers: Vec<u64>,
    n_ambiguous_times: u64,
    memory: Memory,
    /// Columns that the samples did not have.
    late: HashMap<String, usize>,
    is_cut: bool,
    /// As many rows as are wanted.
    enough: u64,
    ctl: &'a Ctl,
    options: &'a LoadOptions,
}

impl Merger<'_> {
    fn take(&mut self, source: &Source, parsed: Parsed, late: &[String]) -> Result<(), Error> {
        let Parsed { mut batch, rows, rejects, n_ambiguous_times, n_not_finite, .. } = parsed;
        let too_much = |what: String| file_error(&source.input.name, what);
        self.memory.hold(rows, size_of_batch(&batch)).map_err(too_much)?;
        for (at, n) in n_not_finite {
            self.n_not_numbers[source.positions[at]] += n;
        }
        self.ctl.add_rows(rows);
        self.n_ambiguous_times += n_ambiguous_times;
        let file = &mut self.report.files[source.plan.file];
        file.rows += rows;
        file.rejected += rejects.total();
        if source.plan.terms.is_links {
            file.rejected += batch.len() as u64;
            *self.report.rejects.counts.entry(Reason::LinkOnly).or_default() += batch.len() as u64;
        }
        self.report.rows += rows;
        self.report.rejects.append(rejects, self.options.keep_rejects);

        let mut positions = source.positions.clone();
        let first_late = batch.columns.len() - late.len();
        for (name, values) in late.iter().zip(batch.columns.split_off(first_late)) {
            // Where sources differ, a column of this one may play its part under another name, and that is this one.
            let position = self.late_position(name).map(|position| match positions.contains(&position) {
                true => self.late_position(&format!("{name}_2")),
                false => Some(position),
            });
            if let Some(position) = position.flatten() {
                positions.push(position);
                batch.columns.push(values);
            }
        }
        if let Some(position) = self.table.source {
            positions.push(position);
            let mut names = Coded::default();
            names.names.intern(&source.input.name);
            names.codes = vec![1; batch.len()];
            batch.columns.push(BatchValues::Text(names));
        }
        for number in self.table.value.into_iter().chain(self.table.score) {
            if let Some(column) = positions.iter().position(|&position| position == number) {
                self.n_not_numbers[number] += not_numbers(&batch.columns[column]);
            }
        }
        self.builder.add(batch, &positions)?;
        let n_names = self.builder.n_event_names();
        if n_names > EVENT_NAMES_MAX {
            let column = visible(&source.plan.names[source.plan.event]);
            return Err(too_much(format!(
                "column `{column}` holds more than {EVENT_NAMES_MAX} different names of events, so it tells one event from \
                 another rather than what happened; choose another with --event COLUMN"
            )));
        }
        if self.has_enough() { Err(Error::Cancelled(Cancelled)) } else { Ok(()) }
    }

    fn has_enough(&self) -> bool {
        self.report.rows >= self.enough
    }

    /// The column of a key that the sample did not have, while there is room for it.
    fn late_position(&mut self, name: &str) -> Option<usize> {
        if let Some(&position) = self.late.get(name) {
            return Some(position);
        }
        if self.late.len() == json::LATE_MAX {
            self.is_cut = true;
            return None;
        }
        let position = self.builder.property(name);
        self.late.insert(name.to_owned(), position);
        Some(position)
    }
}

/// Bytes that the rows of a batch take, without the texts of its dictionaries.
fn size_of_batch(batch: &Batch) -> u64 {
    let of_column = |values: &BatchValues| match values {
        BatchValues::Missing { .. } => 0,
        BatchValues::Text(_) => 4,
        BatchValues::Decimal { .. } => 9,
        BatchValues::Int(_) | BatchValues::Float(_) | BatchValues::Time(_) => 8,
    };
    // A customer, an event and a time.
    let row = 16 + batch.columns.iter().map(of_column).sum::<u64>();
    row * batch.len() as u64
}

/// Values of a column that are there and are no finite number.
fn not_numbers(values: &BatchValues) -> u64 {
    match values {
        BatchValues::Text(coded) => {
            let is_number = |text: &str| text.trim().parse::<f64>().is_ok_and(f64::is_finite);
            let bad: Vec<bool> = coded.names.iter().map(|text| !is_number(text)).collect();
            coded.codes.iter().filter(|&&code| code > 0 && bad[code as usize - 1]).count() as u64
        }
        BatchValues::Time(values) => {
            values.iter().filter(|&&value| value != crate::journey::props::NULL).count() as u64
        }
        BatchValues::Missing { .. } | BatchValues::Decimal { .. } | BatchValues::Int(_) | BatchValues::Float(_) => 0,
    }
}

/// Reads the sources into a store, or opens the one that was saved when they were read before.
///
/// # Errors
/// See `Error`; a row that cannot be an event is counted in the report instead.
pub fn open(options: &LoadOptions, ctl: &Ctl) -> Result<Loaded, Error> {
    let ticket = match saved::look(options, ctl) {
        Look::Saved(loaded) => return Ok(*loaded),
        Look::Missing(ticket) => ticket,
    };
    let loaded = load(options, BLOCK, u64::MAX, ctl)?;
    let due = ticket.filter(|ticket| ticket.pays(&loaded.report)).map_or(Kept::Nothing, Kept::Due);
    Ok(Loaded { kept: due, ..loaded })
}

/// As `open`, with everything in a saved store looked at: for those who could not ask again, were it to prove damaged later.
///
/// # Errors
/// As `open`.
pub fn open_sound(options: &LoadOptions, ctl: &Ctl) -> Result<Loaded, Error> {
    let loaded = open(options, ctl)?;
    loaded.store.check_all();
    if !loaded.store.is_damaged() {
        return Ok(loaded);
    }
    open(&loaded.kept.without(options).forget(), ctl)
}

/// Sources smaller than this are read whole before somebody could look at their start.
const HEAD_FROM: u64 = 64 << 20;

/// Rows after which the start of the sources is enough to be looked at.
const HEAD_ROWS: u64 = 200_000;

/// Reads the start of the sources, to have something to show while the rest is read; `None` where they are small, can be
/// read only once, or were saved.
///
/// # Errors
/// As `open`.
pub fn open_head(options: &LoadOptions, ctl: &Ctl) -> Result<Option<Loaded>, Error> {
    if options.sources.iter().any(|source| source == "-") {
        return Ok(None);
    }
    let (inputs, _) = super::source::expand(&options.sources, ctl)?;
    let bytes: Option<u64> = inputs.iter().map(|input| input.path().and(input.bytes)).sum();
    if bytes.is_none_or(|bytes| bytes < HEAD_FROM) {
        return Ok(None);
    }
    if saved::is_likely(options, ctl) {
        return Ok(None);
    }
    load(options, HEAD_BLOCK, HEAD_ROWS, ctl).map(Some)
}

/// Smaller blocks than usual, to be done soon after there are enough rows.
const HEAD_BLOCK: usize = 2 << 20;
