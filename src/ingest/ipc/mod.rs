//! Arrow IPC, files and streams. Both are a schema, dictionaries and record batches one after the other, so both are
//! walked message by message, and a block is decoded as a small file of its own.

mod messages;

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, IpcReader, SerReader};

use super::Error;
use super::frames::{self, Blocks, Column, Leaf, guarded};
use super::plan::{ColumnPlan, RawRows, Sample, Sink};
use crate::base::Ctl;
use messages::{Description, Kind, Place, check_data, damaged, describe, footer};

/// The first rows as text, column by column, with the names of the columns.
///
/// # Errors
/// A sentence where the file cannot be read.
pub fn sample(path: &Path, rows: usize) -> Result<Sample, String> {
    frames::sample(&Ipc::open(path)?, rows)
}

/// Reads the file into batches.
///
/// # Errors
/// Where the file cannot be read, the sink refuses, or a stop was asked for.
pub fn read(path: &Path, plan: &ColumnPlan, ctl: &Ctl, sink: &mut Sink<'_>) -> Result<(), Error> {
    let file = frames::with_path(path, Ipc::open(path))?;
    frames::read(&file, path, plan, ctl, sink)
}

/// The whole table as text, at most `limit` rows.
///
/// # Errors
/// Where the file cannot be read.
pub fn raw_rows(path: &Path, limit: Option<usize>) -> Result<RawRows, Error> {
    frames::raw_rows(&frames::with_path(path, Ipc::open(path))?, path, limit)
}

/// Record batches are put together up to this size, so that texts repeat within a block.
const BYTES_AT_MOST: u64 = 16 << 20;
/// The description of a message; the data come after it. A schema of ten thousand columns takes a few megabytes.
const HEAD_AT_MOST: u64 = 256 << 20;

const MAGIC: &[u8; 8] = b"ARROW1\0\0";
const CONTINUES: [u8; 4] = [0xFF; 4];

/// Where a message lies, with its data.
#[derive(Debug, Clone, Copy)]
struct Message {
    at: u64,
    /// Bytes of its description, with what stands before it; the data follow.
    n_head: u64,
    n_data: u64,
}

impl Message {
    fn len(self) -> u64 {
        self.n_head + self.n_data
    }
}

struct Ipc {
    path: PathBuf,
    leaves: Vec<Leaf>,
    /// The flatbuffer of the schema's message, and where in it the schema is.
    schema: (Vec<u8>, usize),
    dictionaries: Vec<Message>,
    blocks: Vec<Block>,
}

struct Block {
    batches: Vec<Message>,
    /// How many of the dictionaries come before it.
    n_dictionaries: usize,
}

/// Where the messages of a file or stream end, and where they start.
fn bounds(file: &mut File) -> Result<Range<u64>, String> {
    let io = |error: std::io::Error| format!("it cannot be read ({error})");
    let len = file.seek(SeekFrom::End(0)).map_err(io)?;
    file.rewind().map_err(io)?;
    let mut start = [0; 8];
    if len < 8 {
        return Err(damaged("it is too short"));
    }
    file.read_exact(&mut start).map_err(io)?;
    if start[..6] != MAGIC[..6] {
        return Ok(0..len);
    }
    let mut tail = [0; 10];
    if len < 8 + 10 {
        return Err(damaged("it is cut short"));
    }
    file.seek(SeekFrom::Start(len - 10)).map_err(io)?;
    file.read_exact(&mut tail).map_err(io)?;
    let footer = i32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    if tail[4..] != MAGIC[..6] {
        return Err(damaged("it is cut short"));
    }
    match u64::try_from(footer).ok().and_then(|footer| (len - 10).checked_sub(footer)) {
        Some(end) if end >= 8 => Ok(8..end),
        _ => Err(damaged("its footer does not fit")),
    }
}

impl Ipc {
    fn open(path: &Path) -> Result<Self, String> {
        let mut file = File::open(path).map_err(|error| frames::open_error(&error))?;
        let bounds = bounds(&mut file)?;
        let mut schema = None;
        let (mut dictionaries, mut blocks) = (Vec::new(), Vec::<Block>::new());
        let mut n_bytes = 0;
        let mut at = bounds.start;
        while at < bounds.end {
            let Some((head, n_prefix)) = next_head(&mut file, at, bounds.end)? else { break };
            let Description { kind, n_data, table } =
                describe(&head).ok_or_else(|| damaged("a message that describes nothing"))?;
            let message = Message { at, n_head: n_prefix + head.len() as u64, n_data };
            at = match at.checked_add(message.n_head).and_then(|at| at.checked_add(n_data)) {
                Some(next) if next <= bounds.end => next,
                _ => return Err(damaged("it is cut short")),
            };
            match kind {
                Kind::Schema if schema.is_none() => schema = Some((head, table)),
                Kind::Schema | Kind::Other => return Err(damaged("a message of a kind that does not belong there")),
                _ if schema.is_none() => return Err(damaged("it does not start with a schema")),
                Kind::Dictionary => dictionaries.push(message),
                Kind::Batch => match blocks.last_mut() {
                    Some(last)
                        if n_bytes + message.len() <= BYTES_AT_MOST && last.n_dictionaries == dictionaries.len() =>
                    {
                        last.batches.push(message);
                        n_bytes += message.len();
                    }
                    _ => {
                        blocks.push(Block { batches: vec![message], n_dictionaries: dictionaries.len() });
                        n_bytes = message.len();
                    }
                },
            }
        }
        let schema = schema.ok_or_else(|| damaged("it holds no schema"))?;
        if bounds.start > 0 {
            // In a file (not a stream) a dictionary may come after the batches that use it.
            blocks.iter_mut().for_each(|block| block.n_dictionaries = dictionaries.len());
        }
        let mut ipc = Ipc { path: path.to_owned(), leaves: Vec::new(), schema, dictionaries, blocks };
        let empty = ipc.decode(&[], 0, None)?;
        ipc.leaves = frames::taken_apart(&ipc, frames::leaves(empty.schema()))?;
        Ok(ipc)
    }

    /// Decodes some batches, as a file that has only those and the dictionaries they need.
    fn decode(&self, batches: &[Message], n_dictionaries: usize, roots: Option<&[usize]>) -> Result<DataFrame, String> {
        let mut file = File::open(&self.path).map_err(|error| frames::open_error(&error))?;
        let mut bytes = MAGIC.to_vec();
        let mut add = |message: &Message| -> Result<Place, String> {
            let start = bytes.len();
            bytes.resize(start + message.len() as usize, 0);
            file.seek(SeekFrom::Start(message.at))
                .and_then(|_| file.read_exact(&mut bytes[start..]))
                .map_err(|error| format!("it cannot be read ({error})"))?;
            let (head, data) = bytes[start..].split_at(message.n_head as usize);
            let prefix = if head.starts_with(&CONTINUES) { 8 } else { 4 };
            let bad = || format!("{}, at byte {}", damaged("a batch whose counts cannot be"), message.at);
            check_data(&head[prefix..], data).ok_or_else(bad)?;
            Ok(Place { at: start as i64, n_head: message.n_head as i32, n_data: message.n_data as i64 })
        };
        let dictionaries = self.dictionaries[..n_dictionaries].iter().map(&mut add).collect::<Result<Vec<_>, _>>()?;
        let first = batches.first().map_or(String::new(), |batch| format!(", in the batches from byte {}", batch.at));
        let batches = batches.iter().map(&mut add).collect::<Result<Vec<_>, _>>()?;
        let footer = footer(&self.schema, &dictionaries, &batches);
        bytes.extend(&footer);
        bytes.extend((footer.len() as u32).to_le_bytes());
        bytes.extend(&MAGIC[..6]);
        let reader = IpcReader::new(Cursor::new(bytes)).set_rechunk(false);
        guarded(|| reader.with_projection(roots.map(<[usize]>::to_vec)).finish()).map_err(|what| what + &first)
    }
}

/// The description of the message at `at` and how many bytes stand before it; `None` at the end of a stream.
fn next_head(file: &mut File, at: u64, end: u64) -> Result<Option<(Vec<u8>, u64)>, String> {
    let io = |error: std::io::Error| format!("it cannot be read ({error})");
    let cut_short = || damaged("it is cut short");
    let room = end - at;
    if room < 4 {
        return Err(cut_short());
    }
    let mut word = [0; 4];
    file.seek(SeekFrom::Start(at)).map_err(io)?;
    file.read_exact(&mut word).map_err(io)?;
    let mut n_prefix = 4;
    // Messages from before Arrow 0.15 have no such mark.
    if word == CONTINUES {
        if room < 8 {
            return Err(cut_short());
        }
        file.read_exact(&mut word).map_err(io)?;
        n_prefix = 8;
    }
    let Ok(n_head) = u64::try_from(i32::from_le_bytes(word)) else {
        return Err(damaged("a message of negative length"));
    };
    if n_head == 0 {
        return Ok(None);
    }
    if n_head > room - n_prefix || n_head > HEAD_AT_MOST {
        return Err(cut_short());
    }
    let mut head = vec![0; n_head as usize];
    file.read_exact(&mut head).map_err(io)?;
    Ok(Some((head, n_prefix)))
}

impl Blocks for Ipc {
    fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn n_bytes(&self, block: usize) -> u64 {
        self.blocks[block].batches.iter().map(|batch| batch.len()).sum()
    }

    fn decodes_all_at_once(&self) -> bool {
        true
    }

    fn columns(&self, block: usize, roots: &[usize]) -> Result<Vec<Column>, String> {
        let block = &self.blocks[block];
        let frame = self.decode(&block.batches, block.n_dictionaries, Some(roots))?;
        Ok(frame.columns().iter().map(|column| Column::Series(column.as_materialized_series().clone())).collect())
    }
}
