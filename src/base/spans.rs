//! Lengths of time as they come, millions of them.

/// Microseconds, in pieces that are never moved again once they are full: to grow one long list costs more than to fill it.
#[derive(Debug, Default)]
pub struct Spans {
    full: Vec<Vec<i64>>,
    last: Vec<i64>,
    /// How many there are that are not in `last`.
    n_before: u64,
    is_only_counted: bool,
}

impl Spans {
    const FEWEST: usize = 1 << 8;
    const MOST: usize = 1 << 14;

    /// Spans of which only the number is kept.
    pub fn counted() -> Self {
        Spans { is_only_counted: true, ..Spans::default() }
    }

    #[inline(always)]
    pub fn push(&mut self, span: i64) {
        if self.last.len() == self.last.capacity() {
            self.begin();
        }
        self.last.push(span);
    }

    #[cold]
    fn begin(&mut self) {
        let mut last = std::mem::take(&mut self.last);
        self.begin_in(&mut last);
        self.last = last;
    }

    /// Begins a piece in the place of the last, which is full.
    #[cold]
    fn begin_in(&mut self, last: &mut Vec<i64>) {
        self.n_before += last.len() as u64;
        if self.is_only_counted {
            last.clear();
            last.reserve(Self::FEWEST);
            return;
        }
        // Of thousands of lists each has a piece that is not full: its room is a fourth of the list at most.
        let room = (self.n_before as usize / 4).clamp(Self::FEWEST, Self::MOST);
        let full = std::mem::replace(last, Vec::with_capacity(room));
        if !full.is_empty() {
            self.full.push(full);
        }
    }

    pub fn n(&self) -> u64 {
        self.n_before + self.last.len() as u64
    }

    /// In the order in which they came; nothing where they were only counted.
    pub fn into_pieces(self) -> impl Iterator<Item = Vec<i64>> {
        let last = if self.is_only_counted { Vec::new() } else { self.last };
        self.full.into_iter().chain([last])
    }
}

/// Many lists of spans. What is touched for every span stands close together, or hundreds of lists would leave the nearest
/// cache.
#[derive(Debug)]
pub struct SpanLists {
    lasts: Vec<Vec<i64>>,
    /// All but the last piece of each.
    others: Vec<Spans>,
}

impl SpanLists {
    /// Of a list that is not kept only the number of its spans is.
    pub fn new(are_kept: impl Iterator<Item = bool>) -> Self {
        let others: Vec<Spans> = are_kept.map(|kept| if kept { Spans::default() } else { Spans::counted() }).collect();
        SpanLists { lasts: vec![Vec::new(); others.len()], others }
    }

    #[inline(always)]
    pub fn push(&mut self, list: usize, span: i64) {
        let last = &mut self.lasts[list];
        if last.len() == last.capacity() {
            self.others[list].begin_in(last);
        }
        last.push(span);
    }

    pub fn n_lists(&self) -> usize {
        self.lasts.len()
    }

    pub fn into_spans(self) -> impl Iterator<Item = Spans> {
        self.others.into_iter().zip(self.lasts).map(|(spans, last)| Spans { last, ..spans })
    }
}

#[cfg(test)]
mod tests {
    use super::{SpanLists, Spans};

    #[test]
    fn spans_come_out_as_they_went_in() {
        for n in [0, 1, 255, 256, 257, 100_000] {
            let mut spans = Spans::default();
            (0..n).for_each(|span| spans.push(span));
            assert_eq!(spans.n(), n as u64);
            assert!(spans.into_pieces().flatten().eq(0..n), "{n}");
            let mut lists = SpanLists::new([true, false, true].into_iter());
            (0..n).for_each(|span| [0, 1, 2].into_iter().for_each(|list| lists.push(list, span)));
            assert!(
                lists
                    .into_spans()
                    .zip([n, 0, n])
                    .all(|(list, n_kept)| { list.n() == n as u64 && list.into_pieces().flatten().eq(0..n_kept) })
            );
            let mut counted = Spans::counted();
            (0..n).for_each(|span| counted.push(span));
            assert_eq!(counted.n(), n as u64);
            assert_eq!(counted.into_pieces().flatten().count(), 0);
        }
    }
}
