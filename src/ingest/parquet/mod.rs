//! Parquet files: row groups, cut or put together into blocks of a handy size.

mod image;
mod pages;
mod texts;

use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use polars::prelude::{DataType, FileMetadata, ParallelStrategy, ParquetReader, PolarsResult, SerReader, Series};
use polars_buffer::Buffer;

use super::Error;
use super::frames::{self, Blocks, Column, Leaf, Texts, guarded};
use super::plan::{ColumnPlan, RawRows, Sample, Sink};
use crate::base::Ctl;

/// The first rows as text, column by column, with the names of the columns.
///
/// # Errors
/// A sentence where the file cannot be read.
pub fn sample(path: &Path, rows: usize) -> Result<Sample, String> {
    frames::sample(&Parquet::open(path, rows.max(1))?, rows)
}

/// Reads the file into batches.
///
/// # Errors
/// Where the file cannot be read, the sink refuses, or a stop was asked for.
pub fn read(path: &Path, plan: &ColumnPlan, ctl: &Ctl, sink: &mut Sink<'_>) -> Result<(), Error> {
    let file = frames::with_path(path, Parquet::open(path, ROWS_AT_MOST))?;
    frames::read(&file, path, plan, ctl, sink)
}

/// The whole table as text, at most `limit` rows.
///
/// # Errors
/// Where the file cannot be read.
pub fn raw_rows(path: &Path, limit: Option<usize>) -> Result<RawRows, Error> {
    let rows = limit.unwrap_or(ROWS_AT_MOST).clamp(1, ROWS_AT_MOST);
    frames::raw_rows(&frames::with_path(path, Parquet::open(path, rows))?, path, limit)
}

/// Rows of a block: enough that texts repeat within it, few enough that some blocks at a time take little memory.
const ROWS_AT_MOST: usize = 1 << 19;
const ROWS_AT_LEAST: usize = 1 << 16;

struct Parquet {
    path: PathBuf,
    state: State,
    metadata: FileMetadata,
    /// Names of the top-level columns, and whether they are texts.
    roots: Vec<(String, bool)>,
    leaves: Vec<Leaf>,
    blocks: Vec<Block>,
}

/// Rows `start..start + len` of some neighbouring row groups.
struct Block {
    row_groups: Range<usize>,
    start: usize,
    len: usize,
    n_bytes: u64,
}

/// Length and time of the last change, by which a file that was changed is known.
#[derive(Debug, PartialEq, Eq)]
struct State(Option<(u64, Option<SystemTime>)>);

impl State {
    fn of(file: &File) -> Self {
        State(file.metadata().ok().map(|meta| (meta.len(), meta.modified().ok())))
    }
}

impl Parquet {
    /// Opens the file and cuts it into blocks of at most `rows` rows.
    fn open(path: &Path, rows: usize) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| frames::open_error(&error))?;
        let state = State::of(&file);
        let mut reader = ParquetReader::new(file);
        let metadata = guarded(|| reader.get_metadata().cloned())?;
        drop(reader);
        let n_rows = metadata.row_groups.iter().fold(0usize, |sum, group| sum.saturating_add(group.num_rows()));
        if n_rows != metadata.num_rows {
            return Err(format!("it is damaged (it counts {} rows, its row groups hold {n_rows})", metadata.num_rows));
        }
        if n_rows >= u32::MAX as usize {
            return Err("it has more than 4,294,967,295 rows; load a part of them".into());
        }
        // No row of it is wanted, and so no byte of the file.
        let mut reader = ParquetReader::new(Cursor::new(Vec::new())).with_slice(Some((0, 0)));
        reader.set_metadata(Arc::clone(&metadata));
        let empty = guarded(|| reader.finish())?;
        let mut metadata = Arc::unwrap_or_clone(metadata);
        let mut leaves = frames::leaves(empty.schema());
        mark_uuids(&mut leaves, &metadata);
        let blocks = cut(&metadata, block_rows(n_rows, rows));
        // Statistics are of no use here, and every block takes a copy of what is left.
        metadata.created_by = None;
        let is_text = |dtype: &DataType| *dtype == DataType::String;
        let roots = empty.schema().iter().map(|(name, dtype)| (name.to_string(), is_text(dtype))).collect();
        let mut file = Parquet { path: path.to_owned(), state, metadata, roots, leaves: Vec::new(), blocks };
        file.leaves = frames::taken_apart(&file, leaves)?;
        Ok(file)
    }
}

/// So many rows that every worker gets several blocks, within bounds.
fn block_rows(n_rows: usize, at_most: usize) -> usize {
    let share = n_rows / (4 * rayon::current_num_threads()).max(1);
    share.clamp(ROWS_AT_LEAST.min(at_most), at_most)
}

/// UUIDs come without a text form of their own; the file's schema tells them from other bytes.
fn mark_uuids(leaves: &mut [Leaf], metadata: &FileMetadata) {
    for column in metadata.schema_descr.columns() {
        // The decoder does not hand out the type itself.
        if format!("{:?}", column.descriptor.primitive_type.logical_type) == "Some(Uuid)" {
            let name = column.path_in_schema.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(".");
            leaves.iter_mut().filter(|leaf| leaf.name == name).for_each(|leaf| leaf.is_uuid = true);
        }
    }
}

/// Cuts row groups that are too big and puts small neighbours together.
fn cut(metadata: &FileMetadata, rows: usize) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (at, group) in metadata.row_groups.iter().enumerate() {
        let (n_rows, n_bytes) = (group.num_rows(), group.compressed_size() as u64);
        if n_rows == 0 {
            continue;
        }
        if let Some(last) = blocks.last_mut()
            && last.start == 0
            && last.row_groups.end == at
            && last.len == metadata.row_groups[last.row_groups.clone()].iter().map(|g| g.num_rows()).sum::<usize>()
            && last.len + n_rows <= rows
        {
            last.row_groups.end = at + 1;
            last.len += n_rows;
            last.n_bytes += n_bytes;
            continue;
        }
        let n_parts = n_rows.div_ceil(rows);
        for part in 0..n_parts {
            let (start, end) = (n_rows * part / n_parts, n_rows * (part + 1) / n_parts);
            let share = |row: usize| (u128::from(n_bytes) * row as u128 / n_rows as u128) as u64;
            blocks.push(Block { row_groups: at..at + 1, start, len: end - start, n_bytes: share(end) - share(start) });
        }
    }
    blocks
}

impl Blocks for Parquet {
    fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn n_bytes(&self, block: usize) -> u64 {
        self.blocks[block].n_bytes
    }

    fn decodes_all_at_once(&self) -> bool {
        false
    }

    fn columns(&self, block: usize, roots: &[usize]) -> Result<Vec<Column>, String> {
        let block = &self.blocks[block];
        let in_group = |what: String| format!("{what}, in row group {}", block.row_groups.start + 1);
        let mut file = File::open(&self.path).map_err(|error| frames::open_error(&error))?;
        if State::of(&file) != self.state {
            return Err("it was changed while it was read; open it again".into());
        }
        let names: Vec<&str> = roots.iter().map(|&root| self.roots[root].0.as_str()).collect();
        let mut ranges = Vec::new();
        let mut are_coded: Vec<bool> = roots.iter().map(|&root| self.roots[root].1).collect();
        for row_group in block.row_groups.clone() {
            let coded = pages::check(&mut file, &self.metadata, row_group, &names, &mut ranges)
                .map_err(|what| format!("{what}, in row group {}", row_group + 1))?;
            are_coded.iter_mut().zip(coded).for_each(|(is_coded, here)| *is_coded &= here);
        }
        let bytes = Buffer::from_owner(image::of(&mut file, &ranges)?);
        let others: Vec<usize> =
            roots.iter().zip(&are_coded).filter(|(_, coded)| !**coded).map(|(&at, _)| at).collect();
        let mut others = guarded(|| self.decoded(block, &others, &bytes)).map_err(in_group)?.into_iter();
        let mut columns = Vec::with_capacity(roots.len());
        for (name, is_coded) in names.iter().zip(are_coded) {
            let column = match is_coded {
                true => Some(Column::Texts(guarded(|| self.texts(block, name, &bytes)).map_err(in_group)?)),
                false => others.next().map(Column::Series),
            };
            let column = column.filter(|column| column.len() == block.len);
            columns.push(column.ok_or("it is damaged (a column is shorter than its row group)")?);
        }
        Ok(columns)
    }
}

impl Parquet {
    /// Columns of a block as the decoder has them.
    fn decoded(&self, block: &Block, roots: &[usize], bytes: &Buffer<u8>) -> PolarsResult<Vec<Series>> {
        if roots.is_empty() {
            return Ok(Vec::new());
        }
        let row_groups = self.metadata.row_groups[block.row_groups.clone()].to_vec();
        let metadata = FileMetadata {
            version: self.metadata.version,
            num_rows: row_groups.iter().map(|group| group.num_rows()).sum(),
            max_row_group_height: self.metadata.max_row_group_height,
            created_by: None,
            row_groups,
            key_value_metadata: self.metadata.key_value_metadata.clone(),
            schema_descr: self.metadata.schema_descr.clone(),
            column_orders: None,
            footer_buf: self.metadata.footer_buf.clone(),
        };
        let mut reader = ParquetReader::new(Cursor::new(bytes.clone()))
            .with_projection(Some(roots.to_vec()))
            .with_slice(Some((block.start, block.len)))
            // Blocks are what runs side by side here.
            .read_parallel(ParallelStrategy::None);
        reader.set_metadata(Arc::new(metadata));
        Ok(reader.finish()?.columns().iter().map(|column| column.as_materialized_series().clone()).collect())
    }

    /// A column of texts of a block that is coded in the file.
    fn texts(&self, block: &Block, name: &str, bytes: &Buffer<u8>) -> PolarsResult<Texts> {
        let mut pieces = Vec::new();
        for group in &self.metadata.row_groups[block.row_groups.clone()] {
            // A block is a part of one row group, or the whole of some.
            let rows = block.start..(block.start + block.len).min(group.num_rows());
            for column in group.columns_under_root_iter(name).into_iter().flatten() {
                pieces.extend(texts::read(bytes, column, rows.clone())?);
            }
        }
        Ok(Texts::new(pieces.into_iter()))
    }
}
