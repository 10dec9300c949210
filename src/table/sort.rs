//! Rows in the order of a column: stable, numbers by size, texts by code point, missing values last either way.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Cell, Table};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    #[default]
    Ascending,
    Descending,
}

/// Positions of a table's rows in the order of one column. Rows that are equal there keep their order.
pub fn order(table: &Table, column: usize, direction: Direction) -> Vec<usize> {
    let keys: Vec<Cell> = table.rows().map(|row| row[column].clone()).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| compare(&keys[a], &keys[b], direction));
    order
}

/// The table in the order of one column; the rows themselves are not copied.
pub fn sorted(table: Arc<Table>, column: usize, direction: Direction) -> Table {
    let order = order(&table, column, direction);
    let (name, columns) = (table.name.clone(), table.columns.clone());
    Table::made(name, columns, order.len(), move |i| table.row(order[i]).into_owned())
}

/// Compares two cells of one column. `Empty` comes last in both directions.
pub fn compare(a: &Cell, b: &Cell, direction: Direction) -> Ordering {
    match (a, b) {
        (Cell::Empty, Cell::Empty) => Ordering::Equal,
        (Cell::Empty, _) => Ordering::Greater,
        (_, Cell::Empty) => Ordering::Less,
        _ => match direction {
            Direction::Ascending => values(a, b),
            Direction::Descending => values(b, a),
        },
    }
}

fn values(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Time(a), Cell::Time(b)) => a.cmp(b),
        (Cell::Flag(a), Cell::Flag(b)) => a.cmp(b),
        _ => match (whole(a), whole(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => match (size(a), size(b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => rank(a).cmp(&rank(b)),
            },
        },
    }
}

fn whole(cell: &Cell) -> Option<i128> {
    match cell {
        Cell::Count(n) => Some(i128::from(*n)),
        Cell::Int(n) => Some(i128::from(*n)),
        Cell::Empty | Cell::Text(_) | Cell::Number(_) | Cell::Time(_) | Cell::Flag(_) => None,
    }
}

fn size(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(x) => Some(*x),
        Cell::Count(_) | Cell::Int(_) => whole(cell).map(|n| n as f64),
        Cell::Empty | Cell::Text(_) | Cell::Time(_) | Cell::Flag(_) => None,
    }
}

/// The order among different kinds of cells in one column: numbers, times, flags, texts.
fn rank(cell: &Cell) -> u8 {
    match cell {
        Cell::Count(_) | Cell::Int(_) | Cell::Number(_) => 0,
        Cell::Time(_) => 1,
        Cell::Flag(_) => 2,
        Cell::Text(_) => 3,
        Cell::Empty => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Kind;

    fn table(cells: &[Cell]) -> Table {
        let mut table = Table::new("t", &[("x", Kind::Number)]);
        cells.iter().for_each(|cell| table.push(vec![cell.clone()]));
        table
    }

    #[test]
    fn missing_values_come_last_in_both_directions_and_equal_rows_keep_their_order() {
        let table = table(&[Cell::Empty, Cell::Number(2.0), Cell::Count(2), Cell::Int(-1), Cell::Number(1.5)]);
        assert_eq!(order(&table, 0, Direction::Ascending), [3, 4, 1, 2, 0]);
        assert_eq!(order(&table, 0, Direction::Descending), [1, 2, 4, 3, 0]);
    }

    #[test]
    fn large_whole_numbers_are_compared_exactly() {
        let big = 1u64 << 60;
        assert_eq!(compare(&Cell::Count(big), &Cell::Count(big + 1), Direction::Ascending), Ordering::Less);
    }

    #[test]
    fn a_sorted_table_shows_the_rows_in_the_new_order() {
        let sorted = sorted(Arc::new(table(&[Cell::text("b"), Cell::text("a")])), 0, Direction::Ascending);
        assert_eq!(sorted.cell(0, "x"), Some(Cell::text("a")));
        assert_eq!(sorted.len(), 2);
    }
}
