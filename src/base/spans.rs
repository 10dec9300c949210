//! Lengths of time as they come, millions of them.

/// Microseconds, in pieces that are never moved again once they are full: to grow one long list costs more than to fill it.
#[derive(Debug, Default)]
pub struct Spans {
    full: Vec<Vec<i64>>,
    last: Vec<i64>,
}

impl Spans {
    const FEWEST: usize = 1 << 8;
    const MOST: usize = 1 << 14;

    #[inline(always)]
    pub fn push(&mut self, span: i64) {
        if self.last.len() == self.last.capacity() {
            self.begin();
        }
        self.last.push(span);
    }

    #[cold]
    fn begin(&mut self) {
        let room = (2 * self.last.len()).clamp(Self::FEWEST, Self::MOST);
        let full = std::mem::replace(&mut self.last, Vec::with_capacity(room));
        if !full.is_empty() {
            self.full.push(full);
        }
    }

    /// In the order in which they came.
    pub fn into_pieces(self) -> impl Iterator<Item = Vec<i64>> {
        self.full.into_iter().chain([self.last])
    }
}

#[cfg(test)]
mod tests {
    use super::Spans;

    #[test]
    fn spans_come_out_as_they_went_in() {
        for n in [0, 1, 255, 256, 257, 100_000] {
            let mut spans = Spans::default();
            (0..n).for_each(|span| spans.push(span));
            assert!(spans.into_pieces().flatten().eq(0..n), "{n}");
        }
    }
}
