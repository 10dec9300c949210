//! A decoded top-level column, and texts as a file's own dictionaries spell them.

use polars::prelude::{IntoSeries, Series, StringChunked};
use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};

use super::cell;
use super::keys::KeyTable;
use super::values::{Keep, kept};
use crate::journey::Coded;

/// A column as it was decoded.
#[derive(Clone)]
pub(in crate::ingest) enum Column {
    Series(Series),
    Texts(Texts),
}

impl Column {
    pub(in crate::ingest) fn len(&self) -> usize {
        match self {
            Column::Series(series) => series.len(),
            Column::Texts(texts) => texts.len(),
        }
    }

    /// With a text in every row, where they were codes.
    pub(super) fn into_series(self) -> Series {
        match self {
            Column::Series(series) => series,
            Column::Texts(texts) => texts.into_series(),
        }
    }

    /// A value as text; `None` where there is none.
    pub(super) fn text(&self, row: usize) -> Option<String> {
        match self {
            Column::Series(series) => cell::text(series, row),
            Column::Texts(texts) => texts.text(row).filter(|text| !text.is_empty()).map(str::to_owned),
        }
    }
}

/// A column of texts that a file keeps as codes, in pieces with a dictionary each. It costs what its codes cost: a text is
/// looked at once, however many rows have it.
#[derive(Clone)]
pub(in crate::ingest) struct Texts {
    pieces: Vec<Piece>,
}

#[derive(Clone)]
struct Piece {
    /// By row the place of its text; a row without one is not valid.
    codes: PrimitiveArray<u32>,
    /// Some may be there twice, and some of no row.
    texts: Utf8ViewArray,
}

impl Piece {
    fn rows(&self) -> impl Iterator<Item = Option<&str>> {
        rows_of(&self.codes).map(|place| place.map(|place| self.texts.value(place)))
    }
}

/// By row the place of its text, where it has one.
fn rows_of(codes: &PrimitiveArray<u32>) -> impl Iterator<Item = Option<usize>> + '_ {
    let validity = codes.validity().filter(|validity| validity.unset_bits() > 0);
    let is_there = move |row| validity.is_none_or(|validity| validity.get_bit(row));
    codes.values().iter().enumerate().map(move |(row, &code)| is_there(row).then_some(code as usize))
}

/// The code of a text that no row before had.
const NOT_YET: u32 = u32::MAX;

/// Keeps what is done once per text out of the loop over rows.
#[cold]
#[inline(never)]
fn seldom<T>(work: impl FnOnce() -> T) -> T {
    work()
}

impl Texts {
    /// From pieces of codes and texts.
    pub(in crate::ingest) fn new(pieces: impl Iterator<Item = (PrimitiveArray<u32>, Utf8ViewArray)>) -> Texts {
        Texts { pieces: pieces.map(|(codes, texts)| Piece { codes, texts }).collect() }
    }

    pub(in crate::ingest) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.codes.len()).sum()
    }

    pub(super) fn n_missing(&self) -> usize {
        self.pieces.iter().map(|piece| piece.codes.null_count()).sum()
    }

    /// The text of a row, which may be empty.
    fn text(&self, row: usize) -> Option<&str> {
        let mut row = row;
        for piece in &self.pieces {
            if row < piece.codes.len() {
                let is_there = piece.codes.validity().is_none_or(|validity| validity.get_bit(row));
                return is_there.then(|| piece.texts.value(piece.codes.value(row) as usize));
            }
            row -= piece.codes.len();
        }
        None
    }

    fn into_series(self) -> Series {
        self.pieces.iter().flat_map(Piece::rows).collect::<StringChunked>().into_series()
    }

    /// As codes of this batch, as `values::texts` does.
    pub(super) fn coded(&self, keep: Keep<'_>, shift: u32) -> Coded {
        let mut coded = Coded::default();
        coded.codes.reserve(self.len());
        let Coded { codes, names } = &mut coded;
        // A short text is its view, so texts of several dictionaries are told apart by views.
        let mut short = KeyTable::new();
        let mut keep = keep;
        for Piece { codes: places, texts } in &self.pieces {
            let mut known = vec![NOT_YET; texts.len()];
            let mut make = |place: usize| {
                let key = texts.views()[place].as_u128();
                match key as u32 {
                    0 => 0,
                    1..=12 => short.code(key, || names.add(texts.value(place))) + shift,
                    _ => names.intern(texts.value(place)) + shift,
                }
            };
            let mut code_of = |place: usize| {
                if known[place] == NOT_YET {
                    known[place] = seldom(|| make(place));
                }
                known[place]
            };
            let here = keep.map(|keep| &keep[..places.len()]);
            keep = keep.map(|keep| &keep[places.len()..]);
            if here.is_none() && places.null_count() == 0 {
                codes.extend(places.values().iter().map(|&place| code_of(place as usize)));
            } else {
                codes.extend(kept(rows_of(places), here).map(|place| place.map_or(0, &mut code_of)));
            }
        }
        coded
    }

    /// The rows without a text, or with one for which `is_none` holds; `None` is none of them.
    pub(super) fn rows_without(&self, is_none: impl Fn(&str) -> bool) -> Option<Vec<bool>> {
        let none = |piece: &Piece| -> Vec<bool> { piece.texts.values_iter().map(&is_none).collect() };
        let none: Vec<Vec<bool>> = self.pieces.iter().map(none).collect();
        // Mostly no row need be looked at.
        if self.n_missing() == 0 && !none.iter().flatten().any(|is_none| *is_none) {
            return None;
        }
        let without = |(piece, none): (&Piece, &Vec<bool>)| -> Vec<bool> {
            rows_of(&piece.codes).map(|place| place.is_none_or(|place| none[place])).collect()
        };
        let rows: Vec<bool> = self.pieces.iter().zip(&none).flat_map(without).collect();
        rows.contains(&true).then_some(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::frames::values;
    use proptest::prelude::*;

    fn spelled(coded: &Coded) -> Vec<Option<&str>> {
        coded.codes.iter().map(|code| code.checked_sub(1).map(|id| coded.names.name(id))).collect()
    }

    proptest! {
        #[test]
        fn texts_that_are_coded_are_texts(
            // Codes beyond the last text stand for none.
            pieces in prop::collection::vec((prop::collection::vec(0u32..7, 0..40), prop::collection::vec(0usize..6, 6)), 0..4),
            kept_one_of in 1usize..4,
        ) {
            let text = |at: usize| ["", "a", "b", "a text that is long, the first", "a text that is long, the second", "none"][at];
            let piece = |(codes, texts): &(Vec<u32>, Vec<usize>)| {
                let codes: PrimitiveArray<u32> = codes.iter().map(|&code| (code < 6).then_some(code)).collect();
                (codes, Utf8ViewArray::from_slice_values(texts.iter().map(|&at| text(at)).collect::<Vec<_>>()))
            };
            let column = Texts::new(pieces.iter().map(piece));
            let rows = pieces.iter().flat_map(|(codes, texts)| {
                codes.iter().map(|&code| texts.get(code as usize).map(|&at| text(at)))
            });
            let rows: Vec<Option<&str>> = rows.collect();
            prop_assert_eq!(column.len(), rows.len());
            prop_assert_eq!(column.n_missing(), rows.iter().filter(|row| row.is_none()).count());

            let keep: Vec<bool> = (0..rows.len()).map(|row| row.is_multiple_of(kept_one_of)).collect();
            let keep = Some(&keep[..]).filter(|_| kept_one_of > 1);
            let series = column.clone().into_series();
            let coded = column.coded(keep, 1);
            let as_texts = values::texts(series.str().expect("texts"), keep, 1);
            prop_assert_eq!(spelled(&coded), spelled(&as_texts));
            let kept: Vec<Option<&str>> = rows.iter().step_by(kept_one_of).map(|row| row.filter(|text| !text.is_empty())).collect();
            prop_assert_eq!(spelled(&coded), kept);

            let without: Vec<bool> = rows.iter().map(|row| row.is_none_or(|text| text == "none")).collect();
            prop_assert_eq!(column.rows_without(|text| text == "none"), without.contains(&true).then_some(without));
            let column = Column::Texts(column);
            for (row, text) in rows.iter().enumerate() {
                let found = column.text(row);
                prop_assert_eq!(found.as_deref(), text.filter(|text| !text.is_empty()));
            }
        }
    }
}
