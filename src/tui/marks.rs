//! Marks: customers chosen one by one, by ranges or all at once, whatever the order in which they are listed.

use crate::base::CustomerId;
use crate::journey::Bitmap;

#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// One bit per customer of the data; `None` where nobody is marked.
    chosen: Option<Bitmap>,
    /// Where the last mark was set, for ranges.
    pub last: Option<usize>,
}

impl Marks {
    pub fn has(&self, id: CustomerId) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| id.idx() < chosen.len() && chosen.get(id.idx()))
    }

    pub fn count(&self) -> usize {
        self.chosen.as_ref().map_or(0, Bitmap::count)
    }

    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub fn clear(&mut self) {
        *self = Marks::default();
    }

    /// Marks one, or takes its mark away.
    pub fn toggle(&mut self, id: CustomerId, n_customers: usize) {
        let is_marked = self.has(id);
        self.set([id], !is_marked, n_customers);
    }

    pub fn set(&mut self, ids: impl IntoIterator<Item = CustomerId>, is_marked: bool, n_customers: usize) {
        let before = self.chosen.take().filter(|chosen| chosen.len() == n_customers);
        let mut chosen = Bitmap::none(n_customers);
        for id in ids {
            chosen.set(id.idx());
        }
        let after = match before {
            Some(before) if is_marked => before.or(&chosen),
            Some(before) => before.and(&chosen.negated()),
            None if is_marked => chosen,
            None => return,
        };
        self.chosen = Some(after).filter(|after| after.count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_and_go_and_nothing_marked_is_empty() {
        let mut marks = Marks::default();
        marks.toggle(CustomerId(3), 5);
        marks.set((0..2).map(CustomerId), true, 5);
        assert_eq!((marks.count(), marks.has(CustomerId(3)), marks.has(CustomerId(2))), (3, true, false));
        marks.set((0..5).map(CustomerId), false, 5);
        assert!(marks.is_empty());
        marks.toggle(CustomerId(3), 5);
        marks.toggle(CustomerId(3), 5);
        assert!(marks.is_empty() && !marks.has(CustomerId(9)));
    }
}
