//! Where every row as read goes in journey order.

use rayon::prelude::*;

use super::codes::{Code, Codes};
use crate::with_codes;

/// By row as read, in pieces as the rows came, or in larger ones.
#[derive(Debug)]
pub(super) struct Places {
    pieces: Vec<Vec<u32>>,
    /// By piece, the row that it begins with.
    starts: Vec<usize>,
}

impl Places {
    /// Rows by customer, those of a customer in the order in which they came; and where each customer's rows begin. The
    /// customers of the rows become their places where they stand.
    pub fn by_customer(customers: Vec<Codes>, n_customers: usize) -> (Vec<u32>, Places) {
        let mut offsets = vec![0u32; n_customers + 1];
        for piece in &customers {
            with_codes!(piece, |codes| codes.iter().for_each(|code| offsets[code.idx() + 1] += 1));
        }
        for customer in 0..n_customers {
            offsets[customer + 1] += offsets[customer];
        }
        let mut next = offsets.clone();
        let mut starts = Vec::with_capacity(customers.len());
        let mut n = 0;
        let pieces = customers.into_iter().map(|piece| {
            starts.push(n);
            n += piece.len();
            let mut places = wide(piece);
            for place in &mut places {
                let next = &mut next[*place as usize];
                *place = *next;
                *next += 1;
            }
            places
        });
        let pieces = pieces.collect();
        (offsets, Places { pieces, starts })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.starts.last().map_or(0, |start| start + self.pieces[self.pieces.len() - 1].len())
    }

    /// Of `n` rows from `row` on, which came in one piece.
    ///
    /// # Panics
    /// Where they did not.
    pub fn of_rows(&self, row: usize, n: usize) -> &[u32] {
        if n == 0 {
            return &[];
        }
        let piece = self.starts.partition_point(|start| *start <= row) - 1;
        let first = row - self.starts[piece];
        &self.pieces[piece][first..first + n]
    }

    pub fn of_row(&self, row: usize) -> u32 {
        self.of_rows(row, 1)[0]
    }

    /// What stood at a place is now at `moved` of it.
    pub fn move_along(&mut self, moved: &[u32]) {
        self.pieces.par_iter_mut().flatten().for_each(|place| *place = moved[*place as usize]);
    }
}

/// In the memory they have where that is wide enough.
fn wide(codes: Codes) -> Vec<u32> {
    match codes {
        Codes::U8(codes) => codes.iter().map(|code| u32::from(*code)).collect(),
        Codes::U16(codes) => codes.iter().map(|code| u32::from(*code)).collect(),
        Codes::U32(mut codes) => std::mem::take(codes.make_mut()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_stand_by_customer_in_the_order_in_which_they_came(
            pieces in prop::collection::vec((prop::collection::vec(0u32..5, 0..9), 0u32..3), 0..5),
        ) {
            let offset = |width: u32| [0, 300, 70_000][width as usize];
            let codes = |(piece, width): &(Vec<u32>, u32)| piece.iter().map(|c| c + offset(*width)).collect::<Vec<_>>();
            let all: Vec<Vec<u32>> = pieces.iter().map(codes).collect();
            let rows = all.concat();
            let (offsets, places) = Places::by_customer(all.iter().map(|codes| Codes::pack(codes)).collect(), 70_005);
            let mut expect: Vec<usize> = (0..rows.len()).collect();
            expect.sort_by_key(|row| rows[*row]);
            for (place, row) in expect.iter().enumerate() {
                prop_assert_eq!(places.of_row(*row) as usize, place);
                prop_assert!((offsets[rows[*row] as usize] as usize..offsets[rows[*row] as usize + 1] as usize).contains(&place));
            }
            prop_assert_eq!(places.len(), rows.len());
            let mut at = 0;
            for codes in &all {
                let expect: Vec<u32> = (at..at + codes.len()).map(|row| places.of_row(row)).collect();
                prop_assert_eq!(places.of_rows(at, codes.len()), &expect[..]);
                at += codes.len();
            }
        }
    }
}
