//! `Sizes`: how many ways each of very many sequences has, counted and not sorted.

/// How many ways sequences have. Nearly all have few, and these are counted rather than listed.
#[derive(Debug)]
pub struct Sizes {
    of_small: Vec<usize>,
    large: Vec<u32>,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes { of_small: vec![0; 1024], large: Vec::new() }
    }
}

impl Sizes {
    #[inline]
    pub fn add(&mut self, units: u32) {
        match self.of_small.get_mut(units as usize) {
            Some(n) => *n += 1,
            None => self.large.push(units),
        }
    }

    /// Those of several lots.
    pub fn together(lots: Vec<Sizes>) -> Self {
        let mut all = Sizes::default();
        for lot in lots {
            all.of_small.iter_mut().zip(lot.of_small).for_each(|(all, n)| *all += n);
            all.large.extend(lot.large);
        }
        all.large.sort_unstable_by(|a, b| b.cmp(a));
        all
    }

    /// How many have this many.
    pub fn n_of(&self, units: u32) -> u64 {
        let n_large = || self.large.iter().filter(|n| **n == units).count();
        self.of_small.get(units as usize).copied().unwrap_or_else(n_large) as u64
    }

    /// From the largest down; of those that were put together.
    pub fn descending(&self) -> impl Iterator<Item = u32> {
        let small = self.of_small.iter().enumerate().rev();
        let small = small.flat_map(|(units, n)| std::iter::repeat_n(units as u32, *n));
        self.large.iter().copied().chain(small)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_several_lots_come_from_the_largest_down() {
        let lots = [vec![1, 1, 3, 5000], vec![1, 1023, 1024, 9000]].map(|units| {
            let mut sizes = Sizes::default();
            units.into_iter().for_each(|n| sizes.add(n));
            sizes
        });
        let all = Sizes::together(lots.into());
        assert_eq!(all.descending().collect::<Vec<_>>(), [9000, 5000, 1024, 1023, 3, 1, 1, 1]);
        assert_eq!((all.n_of(1), all.n_of(2), all.n_of(5000)), (3, 0, 1));
    }
}
