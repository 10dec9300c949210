//! Property columns as they come in, piece by piece, and their scatter into journey order.

use super::batch::{BatchValues, NO_DECIMAL, decimal_value};
use super::codes::{Code, Codes};
use super::names::Names;
use super::props::{NULL, Values};
use crate::with_codes;

/// One property column as it comes in.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    names: Names,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Missing(usize),
    /// Codes into the column's dictionary, already shifted by one.
    Text(Codes),
    Other(BatchValues),
}

/// What a column must be, whatever it looks like.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wish {
    AsFound,
    Text,
    Number,
}

impl Pieces {
    pub(super) fn push(&mut self, values: BatchValues) {
        let piece = match values {
            BatchValues::Missing { len } => Piece::Missing(len),
            BatchValues::Text(coded) => {
                let map: Vec<u32> =
                    std::iter::once(0).chain(self.names.merge(&coded.names).into_iter().map(|id| id + 1)).collect();
                Piece::Text(remap(&coded.codes, &map))
            }
            other => Piece::Other(other),
        };
        self.pieces.push(piece);
    }

    /// Makes every piece a text, spelled as it stood in the data.
    pub(super) fn make_text(&mut self) {
        for piece in &mut self.pieces {
            if let Piece::Other(_) = piece {
                let Piece::Other(values) = std::mem::replace(piece, Piece::Missing(0)) else { continue };
                let coded = values.into_text();
                let map: Vec<u32> =
                    std::iter::once(0).chain(self.names.merge(&coded.names).into_iter().map(|id| id + 1)).collect();
                *piece = Piece::Text(remap(&coded.codes, &map));
            }
        }
    }

    /// For each of `n` rows a number that is equal where the values are equal, 0 where there is none.
    pub(super) fn keys(&mut self, n: usize) -> Vec<u32> {
        let is_numeric = |piece: &Piece| match piece {
            Piece::Missing(_) | Piece::Other(BatchValues::Decimal { .. }) => true,
            Piece::Text(codes) => (0..codes.len()).all(|row| codes.get(row) == 0),
            Piece::Other(_) => false,
        };
        if self.pieces.iter().all(is_numeric) {
            // Numbers as they are written tell rows apart as well as their texts do, without making texts of them.
            let numbers = self.pieces.iter().flat_map(|piece| {
                let (len, decimals) = match piece {
                    Piece::Other(BatchValues::Decimal { mantissas, scales }) => (0, Some((mantissas, scales))),
                    Piece::Missing(len) => (*len, None),
                    Piece::Text(codes) => (codes.len(), None),
                    Piece::Other(_) => (0, None),
                };
                let written = decimals.into_iter().flat_map(|(mantissas, scales)| mantissas.iter().zip(scales));
                let written = written.map(|(&mantissa, &scale)| (scale != NO_DECIMAL).then_some((mantissa, scale)));
                written.chain(std::iter::repeat_n(None, len))
            });
            return super::keys::dense(numbers);
        }
        self.make_text();
        let mut keys = vec![0; n];
        self.each_text(|row, id| keys[row] = id + 1);
        keys
    }

    /// The texts of the column.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Calls `each` with the row as read and the id of its text, for every row that has one; the column is text.
    pub(super) fn each_text(&self, mut each: impl FnMut(usize, u32)) {
        let mut at = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Missing(len) => at += len,
                Piece::Text(codes) => {
                    with_codes!(codes, |codes| for (i, code) in codes.iter().enumerate() {
                        if let Some(id) = code.idx().checked_sub(1) {
                            each(at + i, id as u32);
                        }
                    });
                    at += codes.len();
                }
                Piece::Other(_) => unreachable!("made a text before"),
            }
        }
    }

    /// The column in journey order, in the narrowest kind that holds every piece.
    pub(super) fn finish(mut self, dest: &[u32], wish: Wish) -> Values {
        let mut is_text = wish == Wish::Text;
        let (mut any_time, mut any_number, mut any_fraction) = (false, false, false);
        for piece in &self.pieces {
            match piece {
                Piece::Missing(_) => {}
                Piece::Text(_) => is_text = true,
                Piece::Other(BatchValues::Time(_)) => any_time = true,
                Piece::Other(BatchValues::Int(_)) => any_number = true,
                Piece::Other(BatchValues::Decimal { scales, .. }) => {
                    any_number = true;
                    any_fraction |= scales.iter().any(|&scale| scale != 0 && scale != NO_DECIMAL);
                }
                Piece::Other(_) => (any_number, any_fraction) = (true, true),
            }
        }
        if wish == Wish::Number {
            return Values::Float(self.scatter_floats(dest).into());
        }
        if is_text || (any_time && any_number) || !(any_time || any_number) {
            return self.scatter_text(dest);
        }
        if any_time {
            return Values::Time(self.scatter_ints(dest).into());
        }
        if any_fraction {
            Values::Float(self.scatter_floats(dest).into())
        } else {
            Values::Int(self.scatter_ints(dest).into())
        }
    }

    fn scatter_text(&mut self, dest: &[u32]) -> Values {
        self.make_text();
        let mut codes = Codes::zeros(dest.len(), self.names.len() as u32);
        let mut at = 0;
        for piece in self.pieces.drain(..) {
            match piece {
                Piece::Missing(len) => at += len,
                Piece::Text(piece) => {
                    scatter_piece(&piece, &dest[at..], &mut codes);
                    at += piece.len();
                }
                Piece::Other(_) => unreachable!("turned into text above"),
            }
        }
        Values::Text { codes, names: std::mem::take(&mut self.names) }
    }

    fn scatter_ints(&mut self, dest: &[u32]) -> Vec<i64> {
        let mut out = vec![NULL; dest.len()];
        let mut at = 0;
        for piece in self.pieces.drain(..) {
            match piece {
                Piece::Missing(len) => at += len,
                Piece::Other(BatchValues::Decimal { mantissas, scales }) => {
                    for ((mantissa, scale), &to) in mantissas.iter().zip(&scales).zip(&dest[at..]) {
                        out[to as usize] = if *scale == NO_DECIMAL { NULL } else { *mantissa };
                    }
                    at += mantissas.len();
                }
                Piece::Other(BatchValues::Int(values) | BatchValues::Time(values)) => {
                    for (&value, &to) in values.iter().zip(&dest[at..]) {
                        out[to as usize] = value;
                    }
                    at += values.len();
                }
                Piece::Text(_) | Piece::Other(_) => unreachable!("the kind was settled over all pieces"),
            }
        }
        out
    }

    fn scatter_floats(&mut self, dest: &[u32]) -> Vec<f64> {
        let mut out = vec![f64::NAN; dest.len()];
        let mut at = 0;
        for piece in self.pieces.drain(..) {
            let place = &dest[at..];
            match piece {
                Piece::Missing(len) => at += len,
                Piece::Text(codes) => {
                    let numbers: Vec<f64> =
                        std::iter::once(f64::NAN).chain(self.names.iter().map(number_in_text)).collect();
                    for (i, &to) in place.iter().enumerate().take(codes.len()) {
                        out[to as usize] = numbers[codes.get(i) as usize];
                    }
                    at += codes.len();
                }
                Piece::Other(BatchValues::Decimal { mantissas, scales }) => {
                    for ((&mantissa, &scale), &to) in mantissas.iter().zip(&scales).zip(place) {
                        out[to as usize] = if scale == NO_DECIMAL { f64::NAN } else { decimal_value(mantissa, scale) };
                    }
                    at += mantissas.len();
                }
                Piece::Other(BatchValues::Int(values)) => {
                    for (&value, &to) in values.iter().zip(place) {
                        out[to as usize] = if value == NULL { f64::NAN } else { value as f64 };
                    }
                    at += values.len();
                }
                Piece::Other(BatchValues::Float(values)) => {
                    for (&value, &to) in values.iter().zip(place) {
                        out[to as usize] = value;
                    }
                    at += values.len();
                }
                // A time is no amount: missing, as any other text in a column of amounts.
                Piece::Other(BatchValues::Time(values)) => at += values.len(),
                Piece::Other(BatchValues::Missing { .. } | BatchValues::Text(_)) => {
                    unreachable!("sorted out when the piece came in")
                }
            }
        }
        out
    }
}

/// The finite number that a text spells, or NaN.
fn number_in_text(text: &str) -> f64 {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).unwrap_or(f64::NAN)
}

/// Codes of one dictionary as codes of another.
pub(super) fn remap(codes: &[u32], map: &[u32]) -> Codes {
    let max = map.iter().copied().max().unwrap_or(0);
    let mut out = Codes::zeros(codes.len(), max);
    match &mut out {
        Codes::U8(out) => out.iter_mut().zip(codes).for_each(|(to, &code)| *to = map[code as usize] as u8),
        Codes::U16(out) => out.iter_mut().zip(codes).for_each(|(to, &code)| *to = map[code as usize] as u16),
        Codes::U32(out) => out.iter_mut().zip(codes).for_each(|(to, &code)| *to = map[code as usize]),
    }
    out
}

/// Sends each value to its destination.
pub(super) fn scatter<T: Copy>(pieces: &[Vec<T>], dest: &[u32], out: &mut [T]) {
    let mut at = 0;
    for piece in pieces {
        for (&value, &to) in piece.iter().zip(&dest[at..]) {
            out[to as usize] = value;
        }
        at += piece.len();
    }
}

pub(super) fn scatter_codes(pieces: &[Codes], dest: &[u32], out: &mut Codes) {
    let mut at = 0;
    for piece in pieces {
        scatter_piece(piece, &dest[at..], out);
        at += piece.len();
    }
}

fn scatter_piece(piece: &Codes, dest: &[u32], out: &mut Codes) {
    fn into<A: Code, B: Copy>(from: &[A], dest: &[u32], out: &mut [B], as_b: impl Fn(usize) -> B) {
        for (&code, &to) in from.iter().zip(dest) {
            out[to as usize] = as_b(code.idx());
        }
    }
    with_codes!(piece, |from| match out {
        Codes::U8(out) => into(from, dest, out, |code| code as u8),
        Codes::U16(out) => into(from, dest, out, |code| code as u16),
        Codes::U32(out) => into(from, dest, out, |code| code as u32),
    });
}
