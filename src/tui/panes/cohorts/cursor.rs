//! The cursor: one per view, on a cell, and kept on what it was on when other answers come.

use super::heat::Picture;
use super::{At, CohortsPane, View, lifecycle, mix};
use crate::analysis::{Answer, Compare, Retention};
use crate::tui::pane::Facts;

impl CohortsPane {
    /// Where the cursor of the shown view is.
    pub(super) fn here(&self) -> &At {
        &self.at[self.view as usize]
    }

    /// The value of the breakdown that is looked at: 0 is the whole.
    pub(super) fn group_idx(&self, answer: &Retention) -> usize {
        self.at[View::Curves as usize].row.min(answer.groups.len().saturating_sub(1))
    }

    /// The cohort that a comparison's view looks at.
    pub(super) fn cohort_idx(&self, answer: &Compare) -> usize {
        let column = self.here().column + usize::from(self.view == View::Mix);
        column.max(1).min(answer.cohorts.len().saturating_sub(1))
    }

    /// Rows and columns that the cursor moves over.
    pub(super) fn extent(&self, view: View, facts: &Facts<'_>) -> (usize, usize) {
        match (view, facts.answer) {
            (View::Heat, Some(Answer::Retention(answer))) => (self.picture.order.len() + 1, answer.periods.len()),
            (View::Curves, Some(Answer::Retention(answer))) => (answer.groups.len(), answer.periods.len()),
            (View::Compare, Some(Answer::Compare(answer))) => (answer.metrics.len() + 1, answer.cohorts.len()),
            (View::Mix, Some(Answer::Compare(answer))) => {
                let n = mix::of_cohort(answer, self.cohort_idx(answer)).count();
                (n, answer.cohorts.len().saturating_sub(1))
            }
            (View::Lifecycle, Some(Answer::Lifecycle(answer))) => (answer.periods.len(), lifecycle::STATES.len()),
            (View::Sticky, Some(Answer::Lifecycle(answer))) => (answer.stickiness.len(), 1),
            _ => (0, 0),
        }
    }

    fn row_name(&self, view: View, row: usize, facts: &Facts<'_>) -> Option<String> {
        match (view, facts.answer) {
            (View::Heat, Some(Answer::Retention(answer))) => {
                let cohort = self.picture.order.get(row)?;
                Some(answer.total().cohorts.get(*cohort)?.label.clone())
            }
            (View::Curves, Some(Answer::Retention(answer))) => answer.groups.get(row)?.value.clone(),
            (View::Compare, Some(Answer::Compare(answer))) => {
                row.checked_sub(1).and_then(|row| Some(answer.metrics.get(row)?.name.clone()))
            }
            (View::Mix, Some(Answer::Compare(answer))) => {
                Some(mix::of_cohort(answer, self.cohort_idx(answer)).nth(row)?.column.clone())
            }
            (View::Lifecycle, Some(Answer::Lifecycle(answer))) => Some(answer.periods.get(row)?.label.clone()),
            _ => None,
        }
    }

    fn column_name(view: View, column: usize, facts: &Facts<'_>) -> Option<String> {
        match (view, facts.answer) {
            (View::Heat | View::Curves, Some(Answer::Retention(answer))) => answer.periods.get(column).cloned(),
            (View::Compare, Some(Answer::Compare(answer))) => Some(answer.cohorts.get(column)?.name.clone()),
            (View::Mix, Some(Answer::Compare(answer))) => Some(answer.cohorts.get(column + 1)?.name.clone()),
            _ => None,
        }
    }

    /// Moves the cursor of a view, and notes what it is on.
    pub(super) fn go(&mut self, view: View, row: usize, column: usize, facts: &Facts<'_>) {
        let (rows, columns) = self.extent(view, facts);
        let (row, column) = (row.min(rows.saturating_sub(1)), column.min(columns.saturating_sub(1)));
        let (row_name, column_name) = (self.row_name(view, row, facts), Self::column_name(view, column, facts));
        self.at[view as usize] = At { row, column, row_name, column_name };
    }

    /// Keeps the cursor of a view on what it was on.
    pub(super) fn hold(&mut self, view: View, facts: &Facts<'_>) {
        let (rows, columns) = self.extent(view, facts);
        if rows == 0 {
            return;
        }
        let At { row, column, row_name, column_name } = self.at[view as usize].clone();
        let new_row = row_name
            .as_ref()
            .and_then(|name| (0..rows).find(|row| self.row_name(view, *row, facts).as_deref() == Some(name.as_str())));
        let new_column = column_name.as_ref().and_then(|name| {
            (0..columns).find(|column| Self::column_name(view, *column, facts).as_deref() == Some(name.as_str()))
        });
        self.go(view, new_row.unwrap_or(row), new_column.unwrap_or(column), facts);
        // What is not in this answer may be in the next.
        let at = &mut self.at[view as usize];
        at.row_name = row_name.or(at.row_name.take());
        at.column_name = column_name.or(at.column_name.take());
    }

    /// Draws anew what depends on the answer, the value of the breakdown and the order of the rows.
    pub(super) fn repaint(&mut self, facts: &Facts<'_>) {
        if let Some(Answer::Retention(answer)) = facts.answer {
            self.picture = Picture::of(answer, self.group_idx(answer), self.is_by_size);
            self.hold(View::Heat, facts);
        }
    }

    /// Goes to another value of the breakdown.
    pub(super) fn turn(&mut self, is_back: bool, facts: &Facts<'_>) {
        let Some(Answer::Retention(answer)) = facts.answer else { return };
        let (n, now) = (answer.groups.len(), self.group_idx(answer));
        let next = (now + if is_back { n - 1 } else { 1 }) % n;
        let column = self.at[View::Curves as usize].column;
        self.go(View::Curves, next, column, facts);
        self.repaint(facts);
    }
}
