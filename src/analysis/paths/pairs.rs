//! `Pairs`: something for every pair of touchpoints, in a square where they are few and by hash where they are many.

use rustc_hash::FxHashMap;

/// Touchpoints up to which a square is kept.
const SQUARE_MOST: usize = 256;

#[derive(Debug, Clone)]
pub struct Pairs<T> {
    n: usize,
    cells: Vec<T>,
    /// Where there is no square: the place of a pair in `cells`.
    places: Option<FxHashMap<u64, u32>>,
}

impl<T: Default + Clone> Pairs<T> {
    pub fn new(n: usize) -> Self {
        let is_square = n <= SQUARE_MOST;
        let cells = if is_square { vec![T::default(); n * n] } else { Vec::new() };
        Pairs { n, cells, places: (!is_square).then(FxHashMap::default) }
    }

    #[inline]
    pub fn at(&mut self, a: u32, b: u32) -> &mut T {
        match &mut self.places {
            None => &mut self.cells[a as usize * self.n + b as usize],
            Some(places) => {
                let place = *places.entry(u64::from(a) << 32 | u64::from(b)).or_insert_with(|| {
                    self.cells.push(T::default());
                    self.cells.len() as u32 - 1
                });
                &mut self.cells[place as usize]
            }
        }
    }

    /// Row after row, where there is a square.
    pub fn square(&mut self) -> Option<&mut [T]> {
        self.places.is_none().then_some(&mut self.cells[..])
    }

    pub fn get(&self, a: u32, b: u32) -> Option<&T> {
        match &self.places {
            None => Some(&self.cells[a as usize * self.n + b as usize]),
            Some(places) => places.get(&(u64::from(a) << 32 | u64::from(b))).map(|place| &self.cells[*place as usize]),
        }
    }

    /// Every pair that was looked at, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = ((u32, u32), &T)> {
        let (n, places) = (self.n.max(1), self.places.as_ref());
        let square = self.cells.iter().enumerate().filter(move |_| places.is_none());
        let square = square.map(move |(at, cell)| (((at / n) as u32, (at % n) as u32), cell));
        let hashed = places.into_iter().flatten();
        square.chain(hashed.map(|(pair, place)| (((pair >> 32) as u32, *pair as u32), &self.cells[*place as usize])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_and_a_hash_hold_the_same() {
        for n in [3, SQUARE_MOST + 1] {
            let mut pairs: Pairs<u32> = Pairs::new(n);
            for (a, b) in [(0, 2), (2, 0), (0, 2)] {
                *pairs.at(a, b) += 1;
            }
            let mut held: Vec<_> = pairs.iter().filter(|(_, n)| **n > 0).map(|(pair, n)| (pair, *n)).collect();
            held.sort_unstable();
            assert_eq!(held, [((0, 2), 2), ((2, 0), 1)]);
            assert_eq!(pairs.get(2, 0), Some(&1));
        }
    }
}
