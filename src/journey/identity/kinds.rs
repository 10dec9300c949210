//! Which ids rows of different kinds of sources have in common.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{NONE, Nodes};
use crate::journey::build::StoreBuilder;

/// Kinds of sources, of which there are few.
#[derive(Debug, Clone, Copy)]
pub struct Kinds<'a> {
    /// The property column with the name of the source.
    pub property: usize,
    /// The kind of a source by its name, below `KINDS_MAX`.
    pub of: &'a HashMap<String, usize>,
}

/// More kinds of sources are not told apart.
pub const KINDS_MAX: usize = 32;

/// Ids of one column that rows of two kinds of sources carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    pub kinds: [usize; 2],
    /// Position in `Links::columns`.
    pub column: usize,
    pub ids: u64,
}

impl StoreBuilder {
    /// The ids that each pair of kinds of sources has in common.
    pub(super) fn common(&self, nodes: &Nodes<'_>, rows: &[Vec<u32>], kinds: Kinds<'_>) -> Vec<Common> {
        let column = &self.columns[kinds.property];
        let of_code: Vec<Option<usize>> =
            column.names().iter().map(|name| kinds.of.get(name).copied().filter(|kind| *kind < KINDS_MAX)).collect();
        let mut seen = vec![0u32; nodes.len()];
        column.each_text(|row, source| {
            if self.dropped.as_ref().is_some_and(|dropped| dropped.get(row)) {
                return;
            }
            let Some(kind) = of_code[source as usize] else { return };
            for node in rows.iter().map(|column| column[row]).filter(|node| *node != NONE) {
                seen[node as usize] |= 1 << kind;
            }
        });
        let mut counts: BTreeMap<([usize; 2], usize), u64> = BTreeMap::new();
        for (node, seen) in seen.iter().enumerate().filter(|(_, seen)| seen.count_ones() > 1) {
            let column = nodes.ranks[nodes.column(node as u32)];
            let kinds: Vec<usize> = (0..KINDS_MAX).filter(|kind| seen >> kind & 1 == 1).collect();
            for (at, &a) in kinds.iter().enumerate() {
                kinds[at + 1..].iter().for_each(|&b| *counts.entry(([a, b], column)).or_default() += 1);
            }
        }
        counts.into_iter().map(|((kinds, column), ids)| Common { kinds, column, ids }).collect()
    }
}
