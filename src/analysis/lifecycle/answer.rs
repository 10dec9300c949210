//! `Lifecycle`: the numbers per period, customers by their number of active periods, and the tables of both.

use super::{LifecycleSpec, Plan, Tally};
use crate::analysis::retention::periods::word;
use crate::base::stats::interval::wilson;
use crate::base::{Instant, Period};
use crate::table::{Cell, Kind, Table};

#[derive(Debug, Clone, PartialEq)]
pub struct PeriodRow {
    pub label: String,
    pub start: Instant,
    pub new: u64,
    pub returning: u64,
    pub resurrected: u64,
    /// Active in the period before and not in this one; not known while the period is not over.
    pub dormant: Option<u64>,
    /// Whether the period is over.
    pub is_complete: bool,
}

impl PeriodRow {
    pub fn active(&self) -> u64 {
        self.new + self.returning + self.resurrected
    }
}

/// Customers who are active in this many periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StickyRow {
    pub periods: u64,
    pub customers: u64,
    /// In this many or more.
    pub at_least: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Lifecycle {
    /// The question in words.
    pub title: String,
    pub period: Period,
    /// Without holes, from the first period with an active customer to the last that is looked at.
    pub periods: Vec<PeriodRow>,
    /// From one period to the most that anybody is active in.
    pub stickiness: Vec<StickyRow>,
    /// Customers who are active in one period at least.
    pub n_customers: u64,
    pub notes: Vec<String>,
}

pub(super) fn answer(plan: &Plan, spec: &LifecycleSpec, tally: &Tally) -> Lifecycle {
    let zone = &plan.view.store().zone;
    let rows = plan.shown.clone().map(|idx| {
        let [new, returning, resurrected, dormant] = tally.periods[idx];
        let is_complete = idx < plan.n_over;
        PeriodRow {
            label: plan.calendar.label(idx, zone),
            start: plan.calendar.start(idx),
            new,
            returning,
            resurrected,
            dormant: is_complete.then_some(dormant),
            is_complete,
        }
    });
    // Before anybody was active there is nothing to say.
    let periods: Vec<PeriodRow> = rows.skip_while(|row| row.active() == 0 && row.dormant.unwrap_or(0) == 0).collect();
    let most = tally.sticky.iter().rposition(|n| *n > 0).unwrap_or(0);
    let mut at_least = 0;
    let mut stickiness: Vec<StickyRow> = (1..=most)
        .rev()
        .map(|periods| {
            at_least += tally.sticky[periods];
            StickyRow { periods: periods as u64, customers: tally.sticky[periods], at_least }
        })
        .collect();
    stickiness.reverse();
    let what = spec.active.as_ref().map_or("any event".to_owned(), ToString::to_string);
    let mut notes = Vec::new();
    if at_least == 0 {
        notes.push(format!("nobody has {what} in the periods that are looked at"));
    } else if let Some(running) = periods.iter().find(|row| !row.is_complete) {
        notes.push(format!(
            "the {} from {} is not over at {}; who is missing in it is not dormant yet",
            word(spec.period),
            running.label,
            plan.view.as_of()
        ));
    }
    Lifecycle {
        title: format!("customers by {}, active with {what}", word(spec.period)),
        period: spec.period,
        periods,
        stickiness,
        n_customers: at_least,
        notes,
    }
}

impl Lifecycle {
    /// Tables `lifecycle` and `stickiness`.
    pub fn tables(&self) -> Vec<Table> {
        let columns = [
            ("period", Kind::Text),
            ("active", Kind::Count),
            ("new", Kind::Count),
            ("returning", Kind::Count),
            ("resurrected", Kind::Count),
            ("dormant", Kind::Int),
            ("complete", Kind::Flag),
        ];
        let mut periods = Table::new("lifecycle", &columns);
        for row in &self.periods {
            periods.push(vec![
                Cell::text(row.label.as_str()),
                Cell::Count(row.active()),
                Cell::Count(row.new),
                Cell::Count(row.returning),
                Cell::Count(row.resurrected),
                row.dormant.map_or(Cell::Empty, |n| Cell::Int(-i64::try_from(n).unwrap_or(i64::MAX))),
                Cell::Flag(row.is_complete),
            ]);
        }
        let columns = [
            ("active_periods", Kind::Int),
            ("customers", Kind::Count),
            ("share", Kind::Share),
            ("lo", Kind::Share),
            ("hi", Kind::Share),
            ("at_least", Kind::Share),
        ];
        let mut sticky = Table::new("stickiness", &columns);
        for row in &self.stickiness {
            let interval = wilson(row.customers, self.n_customers);
            sticky.push(vec![
                Cell::Count(row.periods),
                Cell::Count(row.customers),
                Cell::share(row.customers, self.n_customers),
                Cell::number(interval.map(|(lo, _)| lo)),
                Cell::number(interval.map(|(_, hi)| hi)),
                Cell::share(row.at_least, self.n_customers),
            ]);
        }
        vec![periods, sticky]
    }
}
