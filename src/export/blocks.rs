//! Rows into bytes, block by block: several blocks are made at once, written in order, and forgotten.

use std::io::Write;
use std::ops::Range;

use rayon::prelude::*;

use super::{Error, Style};
use crate::table::{Cell, Table};

/// Rows of one block.
const BLOCK: usize = 4096;

/// Writes the rows in `range`; `make` appends one row to the block, given its number.
pub(super) fn write_rows(
    table: &Table,
    range: Range<usize>,
    style: &Style,
    out: &mut dyn Write,
    make: impl Fn(usize, &[Cell], &mut Vec<u8>) + Sync,
) -> Result<(), Error> {
    let block = |start: usize, end: usize| {
        let mut bytes = Vec::with_capacity((end - start) * 64);
        for i in start..end {
            make(i, &table.row(i), &mut bytes);
        }
        bytes
    };
    // Bounds the memory to a few megabytes, whatever the length of the table.
    let wave = BLOCK * rayon::current_num_threads() * 2;
    for start in range.clone().step_by(wave) {
        style.ctl.check()?;
        let end = (start + wave).min(range.end);
        if end - start <= BLOCK {
            out.write_all(&block(start, end))?;
            continue;
        }
        let starts: Vec<usize> = (start..end).step_by(BLOCK).collect();
        let blocks: Vec<Vec<u8>> = starts.par_iter().map(|&from| block(from, (from + BLOCK).min(end))).collect();
        for bytes in blocks {
            out.write_all(&bytes)?;
        }
    }
    style.ctl.check()?;
    Ok(())
}
