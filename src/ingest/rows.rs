//! The table as it stands in its sources, before any column plays a role: a look at the file.

use std::collections::HashMap;
use std::io::{self, Read};

use super::asked::inputs;
use super::blocks::{BLOCK, Piece, Splitter};
use super::coder::RowGatherer;
use super::json::ValueCutter;
use super::limits::{Memory, RECORD_MAX};
use super::plan::RawRows;
use super::sniff::{Format, ObjectTable, Sniffed, guarded, sniff};
use super::source::Input;
use super::sources::free_name;
use super::{Error, LoadOptions, ipc, json, parquet};
use crate::base::Ctl;

/// Reads the sources as one table of texts, at most `limit` rows. Records that cannot be split into the columns of the
/// header are left out; a load counts them.
///
/// # Errors
/// A source is no table or cannot be read.
pub fn rows(options: &LoadOptions, limit: Option<usize>, ctl: &Ctl) -> Result<RawRows, Error> {
    let (inputs, _) = inputs(options, ctl)?;
    let mut joined = Joined::default();
    let mut memory = Memory::of(options.memory);
    let is_several = inputs.len() > 1;
    for (input, asked) in &inputs {
        let left = limit.map(|limit| limit.saturating_sub(joined.rows.len()));
        if left == Some(0) {
            break;
        }
        let sniffed = match sniff(input, &asked.before(), ctl) {
            Ok(sniffed) => sniffed,
            Err(Error::File { .. }) if input.is_optional => continue,
            Err(error) => return Err(error),
        };
        let table = raw_rows(input, &sniffed, left, &mut memory, ctl)?;
        joined.add(table, is_several.then_some(&input.name));
    }
    Ok(joined.finish(is_several))
}

fn raw_rows(
    input: &Input,
    sniffed: &Sniffed,
    limit: Option<usize>,
    memory: &mut Memory,
    ctl: &Ctl,
) -> Result<RawRows, Error> {
    let max = limit.unwrap_or(usize::MAX);
    let block = memory.block(BLOCK, 1);
    match &sniffed.format {
        Format::Delimited(decoding, dialect) => {
            let mut gathered = RowGatherer { rows: Vec::new(), limit: max };
            input.read(ctl, |reader| {
                let mut text = from_record(dialect.reader(decoding.reader(reader)?), dialect.start)?;
                let mut splitter = Splitter::new(&mut *text, dialect.rule, block);
                each_block(&mut splitter, memory, |block| {
                    dialect.rule.parse(block, &mut gathered);
                    gathered.rows.len() < max
                })
            })?;
            Ok(RawRows { columns: dialect.names.clone(), rows: gathered.rows })
        }
        Format::Json(decoding, layout) => {
            let cutter = ValueCutter::new(layout.shape, RECORD_MAX);
            let mut table = ObjectTable::new(max);
            table.list.clone_from(&layout.list);
            input.read(ctl, |reader| {
                let mut text = from_record(layout.reader(decoding.reader(reader)?), layout.start)?;
                let mut splitter = Splitter::new(&mut *text, cutter, block);
                each_block(&mut splitter, memory, |block| {
                    json::parse(cutter, block, &mut table);
                    table.n_rows < max
                })
            })?;
            let ObjectTable { names, mut columns, n_rows, .. } = table;
            columns.iter_mut().for_each(|column| column.resize(n_rows, None));
            let row =
                |at: usize, columns: &mut Vec<Vec<Option<String>>>| columns.iter_mut().map(|c| c[at].take()).collect();
            let rows = (0..n_rows).map(|at| row(at, &mut columns)).collect();
            Ok(RawRows { columns: names, rows })
        }
        Format::Parquet | Format::Ipc => {
            let Some(path) = input.path() else { return Ok(RawRows::default()) };
            let read = if sniffed.format == Format::Ipc { ipc::raw_rows } else { parquet::raw_rows };
            guarded(&input.name, || read(path, limit))?
        }
    }
}

fn from_record(mut text: Box<dyn Read + '_>, start: usize) -> io::Result<Box<dyn Read + '_>> {
    io::copy(&mut (&mut text).take(start as u64), &mut io::sink())?;
    Ok(text)
}

/// Hands on block after block for as long as more is wanted.
fn each_block<C: super::blocks::Cutter>(
    splitter: &mut Splitter<'_, C>,
    memory: &mut Memory,
    mut wants_more: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut buffer = super::blocks::Buffer::default();
    while let Some(piece) = splitter.next(buffer)? {
        buffer = match piece {
            Piece::Block(block) if wants_more(&block) => {
                // Every field is a text of its own.
                memory.hold(0, 2 * block.len() as u64).map_err(io::Error::other)?;
                block
            }
            Piece::Block(_) => return Ok(()),
            Piece::TooLong(_) => super::blocks::Buffer::default(),
        };
    }
    Ok(())
}

/// Tables with different columns as one.
#[derive(Default)]
struct Joined {
    columns: Vec<String>,
    places: HashMap<String, usize>,
    rows: Vec<Vec<Option<String>>>,
    sources: Vec<String>,
}

impl Joined {
    fn add(&mut self, table: RawRows, source: Option<&String>) {
        let places: Vec<usize> = table
            .columns
            .into_iter()
            .map(|name| {
                let next = self.columns.len();
                let place = *self.places.entry(name.clone()).or_insert(next);
                if place == next {
                    self.columns.push(name);
                }
                place
            })
            .collect();
        let width = self.columns.len();
        for row in table.rows {
            let mut wide = vec![None; width];
            for (value, &place) in row.into_iter().zip(&places) {
                wide[place] = value;
            }
            self.rows.push(wide);
            self.sources.extend(source.cloned());
        }
    }

    fn finish(mut self, is_several: bool) -> RawRows {
        let width = self.columns.len();
        self.rows.iter_mut().for_each(|row| row.resize(width, None));
        if is_several {
            self.columns.push(free_name("source", &self.columns));
            for (row, source) in self.rows.iter_mut().zip(self.sources) {
                row.push(Some(source));
            }
        }
        RawRows { columns: self.columns, rows: self.rows }
    }
}
