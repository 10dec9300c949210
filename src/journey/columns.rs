//! Property columns as they come in, piece by piece, and their scatter into journey order.

use super::batch::{BatchValues, Coded, NO_DECIMAL, decimal_value};
use super::codes::{Code, Codes};
use super::names::Names;
use super::numbers::{self, Number, Numbers, Sink, Source};
use super::places::Places;
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
    Numbers(PieceNumbers),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Missing(len) => *len,
            Piece::Text(codes) => codes.len(),
            Piece::Numbers(numbers) => numbers.len,
        }
    }

    /// By row, a decimal as it was written; none where the piece holds something else.
    fn decimals(&self) -> Vec<Option<(i64, u8)>> {
        match self {
            Piece::Missing(len) => vec![None; *len],
            Piece::Text(codes) => vec![None; codes.len()],
            Piece::Numbers(PieceNumbers { len, rows, values: BatchValues::Decimal { mantissas, scales }, .. }) => {
                let written = mantissas.iter().zip(scales);
                let written = written.map(|(&mantissa, &scale)| (scale != NO_DECIMAL).then_some((mantissa, scale)));
                match rows {
                    Some(rows) => spread(&written.collect::<Vec<_>>(), rows, *len, None),
                    None => written.collect(),
                }
            }
            Piece::Numbers(numbers) => vec![None; numbers.len],
        }
    }
}

/// Numbers or times of some rows.
#[derive(Debug)]
struct PieceNumbers {
    /// The number of rows, and of those that have a value.
    len: usize,
    n_values: usize,
    /// The rows that the values are of, where most rows have none: an amount stands at few events, and what is missing need
    /// not be kept until the store is built. Else there is a value for every row.
    rows: Option<Vec<u32>>,
    values: BatchValues,
}

impl PieceNumbers {
    fn new(values: BatchValues) -> Self {
        let len = values.len();
        let (n_values, rows) = match &values {
            BatchValues::Decimal { scales, .. } => rows_of(scales, |scale| scale != NO_DECIMAL),
            BatchValues::Int(values) | BatchValues::Time(values) => rows_of(values, |value| !value.is_missing()),
            BatchValues::Float(values) => rows_of(values, |value| !value.is_missing()),
            BatchValues::Missing { .. } | BatchValues::Text(_) => (0, None),
        };
        let Some(rows) = rows else { return PieceNumbers { len, n_values, rows: None, values } };
        let values = match values {
            BatchValues::Decimal { mantissas, scales } => {
                BatchValues::Decimal { mantissas: pick(&mantissas, &rows), scales: pick(&scales, &rows) }
            }
            BatchValues::Int(values) => BatchValues::Int(pick(&values, &rows)),
            BatchValues::Time(values) => BatchValues::Time(pick(&values, &rows)),
            BatchValues::Float(values) => BatchValues::Float(pick(&values, &rows)),
            other => other,
        };
        PieceNumbers { len, n_values, rows: Some(rows), values }
    }

    /// With a value, which may be missing, for every row.
    fn into_all(self) -> BatchValues {
        let PieceNumbers { len, rows: Some(rows), values, .. } = self else { return self.values };
        match values {
            BatchValues::Decimal { mantissas, scales } => BatchValues::Decimal {
                mantissas: spread(&mantissas, &rows, len, 0),
                scales: spread(&scales, &rows, len, NO_DECIMAL),
            },
            BatchValues::Int(values) => BatchValues::Int(spread(&values, &rows, len, NULL)),
            BatchValues::Time(values) => BatchValues::Time(spread(&values, &rows, len, NULL)),
            BatchValues::Float(values) => BatchValues::Float(spread(&values, &rows, len, f64::NAN)),
            other => other,
        }
    }
}

/// How many rows have a value, and which, where those are few.
fn rows_of<T: Copy>(values: &[T], has_value: impl Fn(T) -> bool) -> (usize, Option<Vec<u32>>) {
    let n = values.iter().filter(|value| has_value(**value)).count();
    let rows = (0u32..).zip(values).filter(|(_, value)| has_value(**value)).map(|(row, _)| row);
    let rows = numbers::are_few(n, values.len()).then(|| {
        let mut found = Vec::with_capacity(n);
        found.extend(rows);
        found
    });
    (n, rows)
}

fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize]).collect()
}

fn spread<T: Copy>(values: &[T], rows: &[u32], len: usize, missing: T) -> Vec<T> {
    let mut all = vec![missing; len];
    rows.iter().zip(values).for_each(|(&row, &value)| all[row as usize] = value);
    all
}

/// A piece of texts, whose dictionary is merged into that of the column.
fn text(coded: &Coded, names: &mut Names) -> Piece {
    let map: Vec<u32> = std::iter::once(0).chain(names.merge(&coded.names).into_iter().map(|id| id + 1)).collect();
    Piece::Text(remap(&coded.codes, &map))
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
            BatchValues::Text(coded) => text(&coded, &mut self.names),
            numbers => Piece::Numbers(PieceNumbers::new(numbers)),
        };
        self.pieces.push(piece);
    }

    /// Makes every piece a text, spelled as it stood in the data.
    pub(super) fn make_text(&mut self) {
        for piece in &mut self.pieces {
            if let Piece::Numbers(_) = piece {
                let Piece::Numbers(numbers) = std::mem::replace(piece, Piece::Missing(0)) else { continue };
                *piece = text(&numbers.into_all().into_text(), &mut self.names);
            }
        }
    }

    /// For each of `n` rows a number that is equal where the values are equal, 0 where there is none.
    pub(super) fn keys(&mut self, n: usize) -> Vec<u32> {
        let is_numeric = |piece: &Piece| match piece {
            Piece::Missing(_) => true,
            Piece::Text(codes) => (0..codes.len()).all(|row| codes.get(row) == 0),
            Piece::Numbers(numbers) => matches!(numbers.values, BatchValues::Decimal { .. }),
        };
        if self.pieces.iter().all(is_numeric) {
            // Numbers as they are written tell rows apart as well as their texts do, without making texts of them.
            let numbers = self.pieces.iter().flat_map(Piece::decimals);
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
                Piece::Missing(_) => {}
                Piece::Text(codes) => with_codes!(codes, |codes| for (i, code) in codes.iter().enumerate() {
                    if let Some(id) = code.idx().checked_sub(1) {
                        each(at + i, id as u32);
                    }
                }),
                Piece::Numbers(_) => unreachable!("made a text before"),
            }
            at += piece.len();
        }
    }

    /// The column in journey order, in the narrowest kind that holds every piece.
    pub(super) fn finish(mut self, places: &Places, wish: Wish) -> Values {
        let mut is_text = wish == Wish::Text;
        let (mut any_time, mut any_number, mut any_fraction) = (false, false, false);
        for piece in &self.pieces {
            match piece {
                Piece::Missing(_) => {}
                Piece::Text(_) => is_text = true,
                Piece::Numbers(numbers) => match &numbers.values {
                    BatchValues::Time(_) => any_time = true,
                    BatchValues::Int(_) => any_number = true,
                    BatchValues::Decimal { scales, .. } => {
                        any_number = true;
                        any_fraction |= scales.iter().any(|&scale| scale != 0 && scale != NO_DECIMAL);
                    }
                    _ => (any_number, any_fraction) = (true, true),
                },
            }
        }
        if wish == Wish::Number {
            return Values::Float(self.scatter_numbers(places));
        }
        if is_text || (any_time && any_number) || !(any_time || any_number) {
            return self.scatter_text(places);
        }
        if any_time {
            return Values::Time(self.scatter_numbers(places));
        }
        if any_fraction {
            Values::Float(self.scatter_numbers(places))
        } else {
            Values::Int(self.scatter_numbers(places))
        }
    }

    fn scatter_text(&mut self, places: &Places) -> Values {
        self.make_text();
        let mut codes = Codes::zeros(places.len(), self.names.len() as u32);
        let mut at = 0;
        for piece in self.pieces.drain(..) {
            match &piece {
                Piece::Missing(_) => {}
                Piece::Text(piece) => scatter_piece(piece, places.of_rows(at, piece.len()), &mut codes),
                Piece::Numbers(_) => unreachable!("turned into text above"),
            }
            at += piece.len();
        }
        Values::Text { codes, names: std::mem::take(&mut self.names) }
    }

    fn scatter_numbers<T: Scattered>(&mut self, places: &Places) -> Numbers<T> {
        let is_text = self.pieces.iter().any(|piece| matches!(piece, Piece::Text(_)));
        let names = if is_text { self.names.iter().map(number_in_text).collect() } else { Vec::new() };
        // By code, which is 0 where there is no text.
        let texts = std::iter::once(f64::NAN).chain(names).collect();
        numbers::collect(places.len(), Scatter { pieces: std::mem::take(&mut self.pieces), texts, places })
    }
}

/// The numbers of a column on their way to journey order.
struct Scatter<'p> {
    pieces: Vec<Piece>,
    /// The number that each text spells.
    texts: Vec<f64>,
    places: &'p Places,
}

impl Scatter<'_> {
    fn send_piece<T: Scattered>(&self, piece: &Piece, at: usize, out: &mut impl Sink<T>) {
        // What is missing may have come in one piece for many batches, whose places do not lie side by side.
        let dest = || self.places.of_rows(at, piece.len());
        match piece {
            Piece::Missing(_) => {}
            Piece::Text(codes) => T::send_texts(codes, &self.texts, dest(), out),
            Piece::Numbers(PieceNumbers { rows, values, .. }) => T::send_numbers(values, rows.as_deref(), dest(), out),
        }
    }
}

impl<T: Scattered> Source<T> for Scatter<'_> {
    fn n_values(&self) -> usize {
        self.pieces.iter().map(|piece| T::n_values(piece, &self.texts)).sum()
    }

    fn send(&self, out: &mut impl Sink<T>) {
        self.pieces.iter().fold(0, |at, piece| {
            self.send_piece(piece, at, out);
            at + piece.len()
        });
    }

    /// A piece is freed as soon as its values are where they belong.
    fn send_for_good(mut self, out: &mut impl Sink<T>) {
        std::mem::take(&mut self.pieces).into_iter().fold(0, |at, piece| {
            self.send_piece(&piece, at, out);
            at + piece.len()
        });
    }
}

/// What a column of numbers takes from the pieces that are in it.
trait Scattered: Number {
    fn n_values(piece: &Piece, texts: &[f64]) -> usize;

    fn send_texts(codes: &Codes, texts: &[f64], dest: &[u32], out: &mut impl Sink<Self>);

    fn send_numbers(values: &BatchValues, rows: Option<&[u32]>, dest: &[u32], out: &mut impl Sink<Self>);
}

impl Scattered for i64 {
    fn n_values(piece: &Piece, _: &[f64]) -> usize {
        match piece {
            Piece::Missing(_) | Piece::Text(_) => 0,
            Piece::Numbers(numbers) => numbers.n_values,
        }
    }

    fn send_texts(_: &Codes, _: &[f64], _: &[u32], _: &mut impl Sink<i64>) {
        unreachable!("the kind was settled over all pieces");
    }

    fn send_numbers(values: &BatchValues, rows: Option<&[u32]>, dest: &[u32], out: &mut impl Sink<i64>) {
        match values {
            BatchValues::Decimal { mantissas, scales } => {
                let whole = |(&mantissa, &scale)| if scale == NO_DECIMAL { NULL } else { mantissa };
                send(mantissas.iter().zip(scales).map(whole), rows, dest, out);
            }
            BatchValues::Int(values) | BatchValues::Time(values) => send(values.iter().copied(), rows, dest, out),
            _ => unreachable!("the kind was settled over all pieces"),
        }
    }
}

impl Scattered for f64 {
    fn n_values(piece: &Piece, texts: &[f64]) -> usize {
        match piece {
            // A time is no amount: missing, as any other text in a column of amounts.
            Piece::Missing(_) | Piece::Numbers(PieceNumbers { values: BatchValues::Time(_), .. }) => 0,
            Piece::Numbers(numbers) => numbers.n_values,
            Piece::Text(codes) => {
                with_codes!(codes, |codes| codes.iter().filter(|code| !texts[code.idx()].is_missing()).count())
            }
        }
    }

    fn send_texts(codes: &Codes, texts: &[f64], dest: &[u32], out: &mut impl Sink<f64>) {
        with_codes!(codes, |codes| send(codes.iter().map(|code| texts[code.idx()]), None, dest, out));
    }

    fn send_numbers(values: &BatchValues, rows: Option<&[u32]>, dest: &[u32], out: &mut impl Sink<f64>) {
        match values {
            BatchValues::Decimal { mantissas, scales } => {
                let float = |(&mantissa, &scale)| match scale {
                    NO_DECIMAL => f64::NAN,
                    scale => decimal_value(mantissa, scale),
                };
                send(mantissas.iter().zip(scales).map(float), rows, dest, out);
            }
            BatchValues::Int(values) => {
                let float = |&value| if value == NULL { f64::NAN } else { value as f64 };
                send(values.iter().map(float), rows, dest, out);
            }
            BatchValues::Float(values) => send(values.iter().copied(), rows, dest, out),
            BatchValues::Time(_) => {}
            BatchValues::Missing { .. } | BatchValues::Text(_) => unreachable!("sorted out when the piece came in"),
        }
    }
}

/// Sends values to the destinations of their rows; of all rows in their order, where none are named.
fn send<T>(values: impl Iterator<Item = T>, rows: Option<&[u32]>, dest: &[u32], out: &mut impl Sink<T>) {
    match rows {
        None => values.zip(dest).for_each(|(value, &to)| out.put(to as usize, value)),
        Some(rows) => values.zip(rows).for_each(|(value, &row)| out.put(dest[row as usize] as usize, value)),
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

pub(super) fn scatter_codes(pieces: &[Codes], places: &Places, out: &mut Codes) {
    let mut at = 0;
    for piece in pieces {
        scatter_piece(piece, places.of_rows(at, piece.len()), out);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values of one kind, which are missing where a row is none.
    fn values(kind: usize, rows: &[Option<i16>]) -> BatchValues {
        let whole = |row: &Option<i16>| row.map_or(NULL, i64::from);
        match kind {
            0 => BatchValues::Missing { len: rows.len() },
            1 => BatchValues::Int(rows.iter().map(whole).collect()),
            2 => BatchValues::Float(rows.iter().map(|row| row.map_or(f64::NAN, |v| f64::from(v) / 2.0)).collect()),
            3 => BatchValues::Time(rows.iter().map(whole).collect()),
            4 => {
                let scale = |row: &Option<i16>| row.map_or(NO_DECIMAL, |_| 1);
                let mantissas = rows.iter().map(|row| row.map_or(0, i64::from)).collect();
                BatchValues::Decimal { mantissas, scales: rows.iter().map(scale).collect() }
            }
            _ => {
                let mut texts = BatchValues::Missing { len: 0 };
                rows.iter().for_each(|row| match row {
                    Some(value) => texts.push_text(&format!("t{value}")),
                    None => texts.push_missing(),
                });
                texts
            }
        }
    }

    fn texts(coded: &Coded) -> Vec<Option<&str>> {
        coded.codes.iter().map(|code| code.checked_sub(1).map(|id| coded.names.name(id))).collect()
    }

    proptest! {
        #[test]
        fn a_column_with_few_values_is_the_same_as_one_with_all_of_them(
            pieces in prop::collection::vec((0usize..6, prop::collection::vec(prop::option::weighted(0.3, any::<i16>()), 0..30)), 0..4),
            turn in 0usize..100,
        ) {
            let all: Vec<Option<i16>> = pieces.iter().flat_map(|piece| piece.1.clone()).collect();
            // Every row is a customer of its own, numbered from somewhere in between.
            let n = all.len().max(1);
            let customers: Vec<u32> = (0..all.len()).map(|row| ((row * 7 + turn) % n) as u32).collect();
            prop_assume!(!n.is_multiple_of(7));
            let (_, places) = Places::by_customer(vec![Codes::pack(&customers)], n);
            for wish in [Wish::AsFound, Wish::Text, Wish::Number] {
                let mut column = Pieces::default();
                pieces.iter().for_each(|(kind, rows)| column.push(values(*kind, rows)));
                let finished = column.finish(&places, wish);
                let mut row = 0;
                for (kind, rows) in &pieces {
                    let spelled = values(*kind, rows).into_text();
                    for (value, text) in rows.iter().zip(texts(&spelled)) {
                        let at = places.of_row(row) as usize;
                        row += 1;
                        match &finished {
                            Values::Text { codes, names } => {
                                let found = codes.get(at).checked_sub(1).map(|id| names.name(id));
                                prop_assert_eq!(found, text);
                            }
                            Values::Int(ints) | Values::Time(ints) => {
                                prop_assert!(wish == Wish::AsFound);
                                let expect = if *kind == 0 { None } else { *value };
                                prop_assert_eq!(ints.get(at), expect.map_or(NULL, i64::from));
                            }
                            Values::Float(floats) => {
                                let scale = match kind { 1 => Some(1.0), 2 => Some(0.5), 4 => Some(0.1), _ => None };
                                let expect = value.zip(scale).map(|(value, scale)| f64::from(value) * scale);
                                let near = expect.map_or(floats.get(at).is_nan(), |expect| (floats.get(at) - expect).abs() < 1e-9);
                                prop_assert!(near, "{} for {:?}", floats.get(at), expect);
                            }
                        }
                    }
                }
            }
        }
    }
}
