//! The lifecycle by example.

use super::{LifecycleSpec, lifecycle};
use crate::base::{Ctl, Period};
use crate::journey::fixture::view;
use crate::table::Cell;

#[test]
fn customers_are_new_once_then_returning_dormant_or_resurrected() {
    let view = view("x: a0 a86400 a259200\ny: a100 b345600\nz: b172800");
    let spec = LifecycleSpec { period: Period::Day, ..LifecycleSpec::default() };
    let answer = lifecycle(&view, &spec, &Ctl::new()).expect("a sound question");
    let rows: Vec<_> =
        answer.periods.iter().map(|row| (row.new, row.returning, row.resurrected, row.dormant)).collect();
    assert_eq!(rows, [(2, 0, 0, Some(0)), (0, 1, 0, Some(1)), (1, 0, 0, Some(1)), (0, 0, 1, Some(1)), (0, 0, 1, None)]);
    let sticky: Vec<_> = answer.stickiness.iter().map(|row| (row.periods, row.customers, row.at_least)).collect();
    assert_eq!(sticky, [(1, 1, 3), (2, 1, 2), (3, 1, 1)]);
    let tables = answer.tables();
    assert_eq!(tables[0].cell(1, "dormant"), Some(Cell::Int(-1)));
    assert_eq!(tables[0].cell(4, "dormant"), Some(Cell::Empty));
    assert!(answer.notes[0].contains("not over"), "{:?}", answer.notes);
}

#[test]
fn nobody_active_is_explained() {
    let view = view("x: a0 a86400");
    let mut spec = LifecycleSpec::default();
    spec.scope.since = Some("1990-01-01".parse().expect("a time"));
    let answer = lifecycle(&view, &spec, &Ctl::new()).expect("a sound question");
    assert!(answer.periods.is_empty() && answer.stickiness.is_empty());
    assert!(answer.notes[0].contains("nobody has any event"), "{:?}", answer.notes);
}
