//! Which units stand behind a number of a funnel: `3:dropped`, `2:converted@android`, `3:dropped>search`.

use super::after::{self, END};
use super::answer::Outcome;
use super::breakdown::{self, Value};
use super::kernel;
use super::plan::{Plan, Ties};
use super::spec::FunnelSpec;
use super::tally::{Row, Tally, Total};
use crate::analysis::Error;
use crate::base::nearest::nearest;
use crate::base::{Ctl, CustomerId};
use crate::journey::View;

/// The number of a row that is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Reached,
    Ended(Outcome),
}

/// A cell as written.
#[derive(Debug, PartialEq, Eq)]
struct Cell<'a> {
    /// From 1.
    step: usize,
    what: What,
    /// The value of a breakdown.
    value: Option<&'a str>,
    /// What those who dropped did next.
    next: Option<&'a str>,
}

const WORDS: [(&str, What); 7] = [
    ("customers", What::Reached),
    ("reached", What::Reached),
    ("entered", What::Reached),
    ("converted", What::Ended(Outcome::Converted)),
    ("dropped", What::Ended(Outcome::Dropped)),
    ("open", What::Ended(Outcome::Open)),
    ("excluded", What::Ended(Outcome::Excluded)),
];

impl<'a> Cell<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (step, rest) = text.split_once(':')?;
        let (word, what) = WORDS.into_iter().find(|(word, _)| {
            rest.strip_prefix(word).is_some_and(|after| after.is_empty() || after.starts_with(['@', '>']))
        })?;
        let after = &rest[word.len()..];
        let next = after.strip_prefix('>');
        if next.is_some() && what != What::Ended(Outcome::Dropped) {
            return None;
        }
        Some(Cell { step: step.trim().parse().ok()?, what, value: after.strip_prefix('@'), next })
    }
}

/// The customers behind a cell, in text order of their ids, once per unit.
pub fn who(view: &View, spec: &FunnelSpec, cell: &str, ctl: &Ctl) -> Result<Vec<CustomerId>, Error> {
    let unknown = || Error::UnknownCell {
        cell: cell.to_owned(),
        example: if spec.breakdown.is_some() {
            "2:dropped@web".into()
        } else {
            "2:dropped, 1:customers or 3:open".into()
        },
    };
    let asked = Cell::parse(cell).ok_or_else(unknown)?;
    let plan = Plan::new(view, spec, Ties::Allowed, ctl)?;
    if asked.step == 0 || asked.step > spec.steps.len() {
        return Err(unknown());
    }
    let value = Value::resolve(view.store(), spec)?;
    let total = Total::of(&plan, kernel::walk(&plan, ctl, || Tally::of_rows(&plan, value.as_ref()))?);
    let mut group = None;
    if let Some(label) = asked.value {
        let value = value.ok_or_else(|| {
            Error::Invalid(format!("`{cell}` asks for one value of a breakdown, but there is none; add --breakdown"))
        })?;
        let places = breakdown::places(view, &value, &total);
        let place = places.labels.iter().position(|known| known == label).ok_or_else(|| {
            let near = nearest(label, places.labels.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Error::Invalid(format!("no row of the breakdown is `{label}`{hint}"))
        })?;
        group = Some((places, place));
    }
    let next = asked.next.map(|next| next_code(view, next)).transpose()?;
    let mut n_of_customer = vec![0u32; view.store().n_customers()];
    for row in &total.rows {
        let is_in = group.as_ref().is_none_or(|(places, place)| usize::from(places.place(row.key)) == *place)
            && is_counted(&plan, row, asked.step - 1, asked.what)
            && next.is_none_or(|next| is_followed_by(&plan, row, next));
        n_of_customer[row.customer as usize] += u32::from(is_in);
    }
    let in_order = view.store().customers_in_text_order().iter();
    let times = in_order.flat_map(|&id| std::iter::repeat_n(CustomerId(id), n_of_customer[id as usize] as usize));
    Ok(times.collect())
}

/// The code of a next event, `None` for `(end)`.
fn next_code(view: &View, next: &str) -> Result<Option<u32>, Error> {
    let touchpoints = &view.store().touchpoints;
    match touchpoints.get(next) {
        _ if next == END => Ok(None),
        Some(code) => Ok(Some(code)),
        None => Err(Error::Step(crate::journey::StepError::UnknownEvent {
            name: next.to_owned(),
            nearest: nearest(next, touchpoints.iter()).map(str::to_owned),
        })),
    }
}

fn is_followed_by(plan: &Plan, row: &Row, next: Option<u32>) -> bool {
    // An event called like the mark for the end stands in the same row as the end.
    let called_end = plan.view.store().touchpoints.get(END);
    match (after::next_event(plan, row), next) {
        (Some((code, _)), Some(next)) => code == next,
        (Some((code, _)), None) => Some(code) == called_end,
        (None, next) => next.is_none(),
    }
}

/// Whether a unit is counted in a cell of the row of a step (from 0).
fn is_counted(plan: &Plan, row: &Row, step: usize, what: What) -> bool {
    let level = usize::from(row.level);
    let (is_there, is_beyond) = match plan.levels.iter().position(|known| known.step_idx == step) {
        Some(at) => (level > at, level > at + 1),
        None => {
            let before = plan.passages.iter().find(|passage| passage.step_idx == step).map_or(0, |known| known.after);
            (row.passed >> step & 1 == 1, level > before)
        }
    };
    is_there
        && match what {
            What::Reached => true,
            What::Ended(outcome) if is_beyond => outcome == Outcome::Converted,
            What::Ended(outcome) => row.outcome == outcome,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_read_as_written() {
        let cell = |text| Cell::parse(text).map(|cell| (cell.step, cell.what, cell.value, cell.next));
        let dropped = What::Ended(Outcome::Dropped);
        assert_eq!(cell("3:dropped"), Some((3, dropped, None, None)));
        assert_eq!(cell("2:reached@an@droid>x"), Some((2, What::Reached, Some("an@droid>x"), None)));
        assert_eq!(cell("3:dropped>a@b"), Some((3, dropped, None, Some("a@b"))));
        assert_eq!(cell("1:customers@"), Some((1, What::Reached, Some(""), None)));
        for text in ["3", "dropped", "3:lost", "x:dropped", "3:droppedx", "3:open>a", ""] {
            assert_eq!(cell(text), None, "{text}");
        }
    }
}
