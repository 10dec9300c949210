//! What Parquet and Arrow files share: blocks of rows that are decoded and coded in parallel, a few at a time, and
//! handed on in the order of rows.

mod block;
mod cell;
mod column;
mod guard;
mod instants;
mod keys;
mod left_out;
mod pairs;
mod values;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use polars::prelude::{DataType, Schema, Series};

use super::Error;
use super::plan::{ColumnPlan, Parsed, RawRows, Sample, Sink};
use crate::base::Ctl;
use crate::base::visible::visible;

pub(super) use column::{Column, Texts};
pub(super) use guard::guarded;
pub use guard::is_guarded;
pub(super) use pairs::taken_apart;

/// A file that can be decoded block by block.
pub(super) trait Blocks: Sync {
    fn leaves(&self) -> &[Leaf];
    fn n_blocks(&self) -> usize;
    /// Bytes on disk that the block takes, for progress.
    fn n_bytes(&self, block: usize) -> u64;
    /// Whether decoding some columns costs as much as decoding all.
    fn decodes_all_at_once(&self) -> bool;
    /// These top-level columns of a block, all of the same length.
    fn columns(&self, block: usize, roots: &[usize]) -> Result<Vec<Column>, String>;
}

/// A column as the rest of the program sees it: a top-level column, or a field inside of one (`geo.city`).
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) root: usize,
    /// Field by field from the top-level column down.
    path: Vec<usize>,
    /// Sixteen bytes that are to be written as a UUID.
    pub(super) is_uuid: bool,
    /// It holds lists of names with values.
    are_pairs: bool,
    /// Of such lists, the name whose values these are.
    pair: Option<String>,
}

/// Structs deeper than this are written as JSON.
const DEEPEST: usize = 12;

/// The columns of a file with its structs taken apart, each name once.
pub(super) fn leaves(schema: &Schema) -> Vec<Leaf> {
    fn add(name: String, root: usize, path: &[usize], dtype: &DataType, leaves: &mut Vec<Leaf>) {
        match dtype {
            DataType::Struct(fields) if !fields.is_empty() && path.len() < DEEPEST => {
                for (at, field) in fields.iter().enumerate() {
                    let path: Vec<usize> = path.iter().copied().chain([at]).collect();
                    add(format!("{name}.{}", field.name()), root, &path, field.dtype(), leaves);
                }
            }
            _ => {
                let path = path.to_vec();
                let mut leaf = Leaf { name, root, path, is_uuid: false, are_pairs: false, pair: None };
                if leaf.path.is_empty() {
                    pairs::mark(&mut leaf, dtype);
                }
                leaves.push(leaf);
            }
        }
    }
    let mut leaves = Vec::new();
    for (root, (name, dtype)) in schema.iter().enumerate() {
        add(name.to_string(), root, &[], dtype, &mut leaves);
    }
    let mut seen = hashbrown::HashSet::new();
    for leaf in &mut leaves {
        let plain = leaf.name.clone();
        let mut n = 2;
        while !seen.insert(leaf.name.clone()) {
            leaf.name = format!("{plain}_{n}");
            n += 1;
        }
    }
    leaves
}

impl Leaf {
    /// This column out of its top-level one. A field of a missing struct is missing.
    fn of(&self, root: &Series) -> Result<Series, String> {
        let mut series = root.clone();
        for &at in &self.path {
            series = guarded(|| {
                let whole = if series.null_count() > 0 { series.propagate_nulls() } else { None };
                let whole = whole.unwrap_or_else(|| series.clone());
                Ok(whole.struct_()?.fields_as_series().swap_remove(at))
            })?;
        }
        match &self.pair {
            Some(key) => guarded(|| pairs::values(&series, key)),
            None => Ok(series),
        }
    }
}

fn as_error(path: &Path, what: String) -> Error {
    Error::File { file: visible(&path.to_string_lossy()).into_owned(), what }
}

/// Lets workers run only a few blocks ahead of what has been handed on, so that memory stays bounded.
#[derive(Default)]
struct Gate {
    handed_on: Mutex<usize>,
    changed: Condvar,
}

impl Gate {
    fn wait_for(&self, block: usize, ahead: usize) {
        let mut handed_on = self.handed_on.lock().unwrap_or_else(PoisonError::into_inner);
        while block >= handed_on.saturating_add(ahead) {
            handed_on = self.changed.wait(handed_on).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn open_to(&self, n: usize) {
        *self.handed_on.lock().unwrap_or_else(PoisonError::into_inner) = n;
        self.changed.notify_all();
    }
}

/// Opens the gate for good when the reader leaves, however it leaves, so that no worker waits for ever.
struct OpenAtEnd<'a>(&'a Gate);

impl Drop for OpenAtEnd<'_> {
    fn drop(&mut self) {
        self.0.open_to(usize::MAX);
    }
}

/// Reads all blocks of a file into batches. Workers decode and code blocks side by side; `sink` gets them in order.
pub(super) fn read(
    file: &dyn Blocks,
    path: &Path,
    plan: &ColumnPlan,
    ctl: &Ctl,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let names = file.leaves().iter().map(|leaf| &leaf.name);
    if !names.eq(plan.names.iter()) {
        return Err(as_error(path, "the columns changed while it was being read; try again".into()));
    }
    let mut rows_before = 0;
    let mut hand_on = |block: usize, parsed: Result<Parsed, String>| -> Result<(), Error> {
        ctl.check()?;
        let mut parsed = parsed.map_err(|what| as_error(path, what))?;
        parsed.bytes = file.n_bytes(block);
        for reject in &mut parsed.rejects.kept {
            reject.line += rows_before;
        }
        rows_before += parsed.rows;
        sink(parsed)
    };
    let n_blocks = file.n_blocks();
    let n_workers = rayon::current_num_threads().min(n_blocks);
    if n_workers < 2 {
        return (0..n_blocks).try_for_each(|at| {
            ctl.check()?;
            hand_on(at, block::parse(file, at, plan, ctl))
        });
    }
    let gate = Gate::default();
    let next = AtomicUsize::new(0);
    let (send, receive) = crossbeam_channel::unbounded();
    std::thread::scope(|scope| {
        let _open = OpenAtEnd(&gate);
        for _ in 0..n_workers {
            let (send, gate, next) = (send.clone(), &gate, &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= n_blocks {
                        return;
                    }
                    gate.wait_for(at, n_workers + 1);
                    // The receiver is gone after an error; then nobody wants the rest.
                    if ctl.is_cancelled() || send.send((at, block::parse(file, at, plan, ctl))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        // Owned here, so that it is dropped (and the workers' sends fail) before the scope waits for them.
        let receive = receive;
        let mut waiting: Vec<(usize, Result<Parsed, String>)> = Vec::new();
        for at in 0..n_blocks {
            let parsed = loop {
                if let Some(found) = waiting.iter().position(|(block, _)| *block == at) {
                    break waiting.swap_remove(found).1;
                }
                match receive.recv() {
                    Ok(block) => waiting.push(block),
                    Err(_) => {
                        ctl.check()?;
                        return Err(as_error(path, "a part of it could not be read".into()));
                    }
                }
            };
            gate.open_to(at + 1);
            hand_on(at, parsed)?;
        }
        Ok(())
    })
}

/// The first rows as text, column by column.
pub(super) fn sample(file: &dyn Blocks, rows: usize) -> Result<Sample, String> {
    let names: Vec<String> = file.leaves().iter().map(|leaf| leaf.name.clone()).collect();
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for at in 0..file.n_blocks() {
        let wanted = rows - columns.first().map_or(0, Vec::len);
        if wanted == 0 {
            break;
        }
        let block = block::texts(file, at, wanted)?;
        columns.iter_mut().zip(block).for_each(|(column, texts)| column.extend(texts));
    }
    Ok((names, columns))
}

/// The table as text, row by row.
pub(super) fn raw_rows(file: &dyn Blocks, path: &Path, limit: Option<usize>) -> Result<RawRows, Error> {
    let columns: Vec<String> = file.leaves().iter().map(|leaf| leaf.name.clone()).collect();
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    for at in 0..file.n_blocks() {
        let wanted = limit.map_or(usize::MAX, |limit| limit - rows.len());
        if wanted == 0 {
            break;
        }
        let block = block::texts(file, at, wanted).map_err(|what| as_error(path, what))?;
        let n = block.first().map_or(0, Vec::len);
        let mut block: Vec<_> = block.into_iter().map(Vec::into_iter).collect();
        rows.extend((0..n).map(|_| block.iter_mut().map(|column| column.next().flatten()).collect()));
    }
    Ok(RawRows { columns, rows })
}

/// An error of a file that could not even be opened.
pub(super) fn open_error(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        _ => format!("it cannot be opened ({error})"),
    }
}

pub(super) fn with_path<T>(path: &Path, result: Result<T, String>) -> Result<T, Error> {
    result.map_err(|what| as_error(path, what))
}

#[cfg(test)]
mod tests;
