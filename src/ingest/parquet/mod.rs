//! Parquet files: row groups, cut or put together into blocks of a handy size.

mod image;
mod pages;

use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use polars::prelude::{FileMetadata, ParallelStrategy, ParquetReader, SerReader, Series};

use super::Error;
use super::frames::{self, Blocks, Leaf, guarded};
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
    /// Names of the top-level columns.
    roots: Vec<String>,
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
        let roots = empty.get_column_names().into_iter().map(|name| name.to_string()).collect();
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

    fn columns(&self, block: usize, roots: &[usize]) -> Result<Vec<Series>, String> {
        let block = &self.blocks[block];
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
        let mut file = File::open(&self.path).map_err(|error| frames::open_error(&error))?;
        if State::of(&file) != self.state {
            return Err("it was changed while it was read; open it again".into());
        }
        let names: Vec<&str> = roots.iter().map(|&root| self.roots[root].as_str()).collect();
        let mut ranges = Vec::new();
        for row_group in block.row_groups.clone() {
            pages::check(&mut file, &self.metadata, row_group, &names, &mut ranges)
                .map_err(|what| format!("{what}, in row group {}", row_group + 1))?;
        }
        let mut reader = ParquetReader::new(Cursor::new(image::of(&mut file, &ranges)?))
            .with_projection(Some(roots.to_vec()))
            .with_slice(Some((block.start, block.len)))
            // Blocks are what runs side by side here.
            .read_parallel(ParallelStrategy::None);
        reader.set_metadata(Arc::new(metadata));
        let frame = guarded(|| reader.finish())
            .map_err(|what| format!("{what}, in row group {}", block.row_groups.start + 1))?;
        let columns: Vec<Series> = frame.columns().iter().map(|c| c.as_materialized_series().clone()).collect();
        if columns.iter().any(|column| column.len() != block.len) {
            return Err("it is damaged (a column is shorter than its row group)".into());
        }
        Ok(columns)
    }
}
