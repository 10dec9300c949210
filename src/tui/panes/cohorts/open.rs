//! What stands behind the number under the cursor: its question, its cell, its customers, and the number itself as text.

use super::{CohortsPane, View, comparison, lifecycle, lifecycle_of, retention};
use crate::analysis::compare::Unit;
use crate::analysis::retention::Mode;
use crate::analysis::{Compare, Lifecycle, Retention, Spec};
use crate::tui::pane::Facts;
use crate::tui::panes::cohorts::change::word;
use crate::tui::words;

pub(super) struct Behind {
    pub of: Spec,
    pub cell: String,
    pub title: String,
    pub size: u64,
}

type Found = Result<(String, String, u64), &'static str>;

impl CohortsPane {
    /// The customers behind the number under the cursor, or the others that it is of.
    ///
    /// # Errors
    /// Why there are none, in words that follow a command's name.
    pub(super) fn behind(&self, is_gone: bool, facts: &Facts<'_>) -> Result<Behind, &'static str> {
        if self.view.is_of_comparison() && !self.has_cohorts() {
            return Err("needs cohorts to compare");
        }
        if !self.is_current(facts) {
            return Err("needs the answer, which is still being computed");
        }
        let (cell, title, size) = match self.view {
            View::Heat | View::Curves => self.of_retention(is_gone, retention(facts).ok_or(NO_ANSWER)?),
            View::Compare => self.of_comparison(is_gone, comparison(facts).ok_or(NO_ANSWER)?),
            View::Mix => Err("opens no list here; v leads to the comparison, whose figures open"),
            View::Lifecycle | View::Sticky => self.of_lifecycle(is_gone, lifecycle_of(facts).ok_or(NO_ANSWER)?),
        }?;
        if size == 0 {
            return Err("there is nobody behind this number");
        }
        Ok(Behind { of: self.question(), cell, title, size })
    }

    fn of_retention(&self, is_gone: bool, answer: &Retention) -> Found {
        let group_idx = self.group_idx(answer);
        let group = answer.groups.get(group_idx).ok_or(NO_ANSWER)?;
        let at = self.here();
        let period = at.column.min(answer.periods.len().saturating_sub(1));
        let cohort = if self.view == View::Heat { self.picture.order.get(at.row).copied() } else { None };
        let cell = match cohort {
            Some(cohort) => group.cohorts.get(cohort).and_then(|cohort| cohort.cells.get(period)),
            None => group.overall.get(period).map(|overall| &overall.cell),
        };
        let cell = cell.ok_or(NO_ANSWER)?;
        if cell.eligible == 0 {
            return Err("this period is not over for anybody, so there is no number to open");
        }
        // The value of a breakdown stands behind everything else.
        let mut key = answer.key(0, cohort, period);
        if is_gone {
            key.push_str(":gone");
        }
        let mut title = match (period, is_gone) {
            (0, false) => "Started".to_owned(),
            (_, false) => format!("Back {}", self.in_period(answer, period)),
            (_, true) => format!("Not back {}", self.in_period(answer, period)),
        };
        if let Some(cohort) = cohort {
            title.push_str(&format!(" · {}", group.cohorts[cohort].label));
        }
        if let Some(value) = &group.value {
            key.push_str(&format!("@{value}"));
            title.push_str(&format!(" · {value}"));
        }
        Ok((key, title, if is_gone { cell.eligible - cell.retained } else { cell.retained }))
    }

    /// `in week 3`, `in week 3 or later`.
    pub(super) fn in_period(&self, answer: &Retention, period: usize) -> String {
        let (unit, name) = (word(answer.unit), &answer.periods[period]);
        match self.retention.mode {
            Mode::On => format!("in {unit} {name}"),
            Mode::OnOrAfter => format!("in {unit} {name} or later"),
            Mode::OnOrBefore => format!("by {unit} {name}"),
            Mode::Streak => format!("in every {unit} to {name}"),
        }
    }

    fn of_comparison(&self, is_gone: bool, answer: &Compare) -> Found {
        let at = self.here();
        let cohort = answer.cohorts.get(at.column).ok_or(NO_ANSWER)?;
        let Some(metric_idx) = at.row.checked_sub(1) else {
            if is_gone {
                return Err("needs a share under the cursor");
            }
            return Ok((format!("{}:customers", cohort.name), format!("Cohort {}", cohort.name), cohort.customers));
        };
        let metric = answer.metrics.get(metric_idx).ok_or(NO_ANSWER)?;
        let figure = metric.figures.get(at.column).ok_or(NO_ANSWER)?;
        let (what, size) = match (metric.unit, figure.hits) {
            (Unit::Share, Some(hits)) if is_gone => ("no", figure.n - hits),
            (Unit::Share, Some(hits)) => ("yes", hits),
            _ if is_gone => return Err("needs a share under the cursor"),
            _ => ("n", figure.n),
        };
        let not = if is_gone { "Not " } else { "" };
        let title = format!("{not}{} · {}", metric.name, cohort.name);
        Ok((answer.key(metric_idx, at.column, what), title, size))
    }

    fn of_lifecycle(&self, is_gone: bool, answer: &Lifecycle) -> Found {
        if is_gone {
            return Err("belongs to shares; move to another column");
        }
        let at = self.here();
        if self.view == View::Sticky {
            let row = answer.stickiness.get(at.row).ok_or(NO_ANSWER)?;
            let n = words::things(row.periods, word(answer.period));
            return Ok((format!("{}:customers", row.periods), format!("Active in {n}"), row.customers));
        }
        let row = answer.periods.get(at.row).ok_or(NO_ANSWER)?;
        let (name, count) = lifecycle::STATES[at.column.min(lifecycle::STATES.len() - 1)];
        let n = count(row).ok_or("the period is not over, so nobody is dormant in it yet")?;
        Ok((format!("{}:{name}", row.label), format!("{name} · {}", row.label), n))
    }

    /// The number under the cursor, as it is copied.
    pub(super) fn number_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        let at = self.here();
        match self.view {
            View::Heat | View::Curves => {
                let answer = retention(facts)?;
                let group = answer.groups.get(self.group_idx(answer))?;
                let cohort = if self.view == View::Heat { self.picture.order.get(at.row) } else { None };
                let cell = match cohort {
                    Some(cohort) => group.cohorts.get(*cohort)?.cells.get(at.column)?,
                    None => &group.overall.get(at.column)?.cell,
                };
                Some(words::share(cell.retained, cell.eligible))
            }
            View::Compare => {
                let answer = comparison(facts)?;
                match at.row.checked_sub(1) {
                    None => Some(answer.cohorts.get(at.column)?.customers.to_string()),
                    Some(row) => {
                        let metric = answer.metrics.get(row)?;
                        Some(super::compare::value(metric.figures.get(at.column)?.value?, metric.unit))
                    }
                }
            }
            View::Mix => {
                let answer = comparison(facts)?;
                let mix = super::mix::of_cohort(answer, self.cohort_idx(answer)).nth(at.row)?;
                Some(super::compare::signed(mix.mix, Unit::Share))
            }
            View::Lifecycle => {
                let row = lifecycle_of(facts)?.periods.get(at.row)?;
                (lifecycle::STATES.get(at.column)?.1)(row).map(|n| n.to_string())
            }
            View::Sticky => Some(lifecycle_of(facts)?.stickiness.get(at.row)?.customers.to_string()),
        }
    }
}

const NO_ANSWER: &str = "needs the answer, which is still being computed";
