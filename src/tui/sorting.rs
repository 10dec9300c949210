//! Ordering and searching the rows of a table without keeping them: work for a background thread.

use std::cmp::Ordering;

use crate::base::{Cancelled, Ctl};
use crate::table::{Cell, Table};

/// Rows looked at between two looks at the stop button.
const CHUNK: usize = 4096;

/// The rows of a table in the order of a column. Rows with equal cells stay in the table's order; empty cells come last
/// whichever way.
pub fn order(table: &Table, column: usize, descending: bool, ctl: &Ctl) -> Result<Vec<u32>, Cancelled> {
    let mut cells = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        if row % CHUNK == 0 {
            ctl.tick(CHUNK as u64)?;
        }
        cells.push(table.row(row).get(column).cloned().unwrap_or(Cell::Empty));
    }
    let mut order: Vec<u32> = (0..table.len() as u32).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&cells[a as usize], &cells[b as usize]);
        match (a, b) {
            (Cell::Empty, Cell::Empty) => Ordering::Equal,
            (Cell::Empty, _) => Ordering::Greater,
            (_, Cell::Empty) => Ordering::Less,
            (a, b) if descending => compare(b, a),
            (a, b) => compare(a, b),
        }
    });
    ctl.check()?;
    Ok(order)
}

fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Time(a), Cell::Time(b)) => a.cmp(b),
        (Cell::Flag(a), Cell::Flag(b)) => a.cmp(b),
        (Cell::Count(a), Cell::Count(b)) => a.cmp(b),
        (Cell::Int(a), Cell::Int(b)) => a.cmp(b),
        (a, b) => number(a).total_cmp(&number(b)),
    }
}

/// Cells of one column are of one sort; where they are not, those without a number come last.
fn number(cell: &Cell) -> f64 {
    match cell {
        Cell::Count(n) => *n as f64,
        Cell::Int(n) => *n as f64,
        Cell::Number(value) => *value,
        Cell::Empty | Cell::Text(_) | Cell::Time(_) | Cell::Flag(_) => f64::INFINITY,
    }
}

/// The next place after `behind` whose first cell holds the text, whatever the case; past the end it goes on at the top.
pub fn find(
    table: &Table,
    order: Option<&[u32]>,
    text: &str,
    behind: usize,
    ctl: &Ctl,
) -> Result<Option<usize>, Cancelled> {
    let wanted = text.to_lowercase();
    let len = table.len();
    for step in 1..=len {
        if step % CHUNK == 0 {
            ctl.tick(CHUNK as u64)?;
        }
        let place = (behind + step) % len;
        let row = order.map_or(place, |order| order[place] as usize);
        if let Some(Cell::Text(name)) = table.row(row).first()
            && name.to_lowercase().contains(&wanted)
        {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Kind;

    fn table() -> Table {
        let mut table = Table::new("t", &[("name", Kind::Text), ("n", Kind::Count)]);
        for (name, n) in [("Ada", Some(3)), ("bob", None), ("cyd", Some(1)), ("adam", Some(3))] {
            table.push(vec![Cell::text(name), n.map_or(Cell::Empty, Cell::Count)]);
        }
        table
    }

    #[test]
    fn equal_rows_keep_their_order_and_empty_ones_come_last() {
        assert_eq!(order(&table(), 1, false, &Ctl::new()), Ok(vec![2, 0, 3, 1]));
        assert_eq!(order(&table(), 1, true, &Ctl::new()), Ok(vec![0, 3, 2, 1]));
    }

    #[test]
    fn a_search_goes_round_and_ignores_case() {
        let ctl = Ctl::new();
        assert_eq!(find(&table(), None, "ad", 0, &ctl), Ok(Some(3)));
        assert_eq!(find(&table(), None, "ad", 3, &ctl), Ok(Some(0)));
        assert_eq!(find(&table(), Some(&[1, 3, 0, 2]), "AD", 0, &ctl), Ok(Some(1)));
        assert_eq!(find(&table(), None, "zz", 0, &ctl), Ok(None));
    }
}
