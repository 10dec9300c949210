//! The headers of pages, looked at before the decoder sees them. It takes the counts in them at their word, and room
//! for a damaged count can be so much that the process ends where an error should be.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use polars::prelude::FileMetadata;

/// No header is this long, however much its statistics hold.
const HEADER_AT_MOST: usize = 16 << 20;

/// Looks at every page of these top-level columns of one row group, and adds where they lie in the file. Says of each whether
/// it is nothing but a dictionary and places in it.
pub(super) fn check(
    file: &mut File,
    metadata: &FileMetadata,
    row_group: usize,
    roots: &[&str],
    ranges: &mut Vec<Range<u64>>,
) -> Result<Vec<bool>, String> {
    let group = &metadata.row_groups[row_group];
    let mut are_coded = vec![true; roots.len()];
    for (root, is_coded) in roots.iter().zip(&mut are_coded) {
        for column in group.columns_under_root_iter(root).into_iter().flatten() {
            let range = column_range(
                column.dictionary_page_offset().unwrap_or(column.data_page_offset()),
                column.compressed_size(),
            )?;
            let n_values = u64::try_from(column.num_values()).map_err(|_| damaged("a negative count"))?;
            if column.descriptor().descriptor.max_rep_level == 0 && n_values != group.num_rows() as u64 {
                return Err(damaged("a column is not as long as its row group"));
            }
            *is_coded &= check_chunk(file, range.clone(), n_values)?;
            ranges.push(range);
        }
    }
    Ok(are_coded)
}

fn damaged(what: &str) -> String {
    format!("it is damaged ({what})")
}

fn column_range(offset: i64, len: i64) -> Result<Range<u64>, String> {
    let bad = || damaged("a column lies outside of the file");
    let start = u64::try_from(offset).map_err(|_| bad())?;
    let end = u64::try_from(len).ok().and_then(|len| start.checked_add(len)).ok_or_else(bad)?;
    Ok(start..end)
}

/// Whether every value is a place in a dictionary.
fn check_chunk(file: &mut File, range: Range<u64>, n_values: u64) -> Result<bool, String> {
    let io = |error: std::io::Error| format!("it cannot be read ({error})");
    if file.seek(SeekFrom::End(0)).map_err(io)? < range.end {
        return Err(damaged("a column lies outside of the file"));
    }
    let (mut at, mut n_seen) = (range.start, 0u64);
    let (mut has_dictionary, mut are_places) = (false, true);
    let mut bytes = Vec::new();
    while n_seen < n_values {
        let mut wanted = 512;
        let (header, n_header) = loop {
            let room = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(wanted);
            bytes.resize(room, 0);
            file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes)).map_err(io)?;
            match Header::read(&bytes) {
                Some(found) => break found,
                None if room < wanted || wanted >= HEADER_AT_MOST => return Err(damaged("a page without a header")),
                None => wanted *= 8,
            }
        };
        let n_body = header.check(n_values - n_seen)?;
        at += n_header as u64 + n_body;
        if at > range.end {
            return Err(damaged("a page reaches beyond its column"));
        }
        n_seen += header.n_values();
        has_dictionary |= header.n_dictionary.is_some();
        are_places &= header.encoding.is_none_or(|encoding| DICTIONARY_ENCODINGS.contains(&encoding));
    }
    Ok(has_dictionary && are_places)
}

/// The old number and the new one of values that are places in a dictionary.
const DICTIONARY_ENCODINGS: [i64; 2] = [2, 8];

/// What a page header says; fields that it does not have are `None`.
#[derive(Debug, Default, PartialEq)]
struct Header {
    n_uncompressed: Option<i64>,
    n_compressed: Option<i64>,
    n_data: Option<i64>,
    /// Of a page of values.
    encoding: Option<i64>,
    n_dictionary: Option<i64>,
    n_data_2: Option<i64>,
    n_nulls: Option<i64>,
    n_rows: Option<i64>,
    n_definitions: Option<i64>,
    n_repetitions: Option<i64>,
}

impl Header {
    /// The header at the start of `bytes` (Thrift's compact protocol) and its length, or `None` where they end before
    /// it does, or are none.
    fn read(bytes: &[u8]) -> Option<(Header, usize)> {
        let mut reader = Thrift { bytes, at: 0 };
        let mut header = Header::default();
        reader.fields(0, &mut |reader, depth, field, kind| {
            let number = |reader: &mut Thrift<'_>| (kind == I32).then(|| reader.zigzag()).flatten();
            match field {
                2 => header.n_uncompressed = Some(number(reader)?),
                3 => header.n_compressed = Some(number(reader)?),
                5 | 7 | 8 if kind == STRUCT => reader.fields(depth + 1, &mut |reader, depth, inner, kind| {
                    let place = match (field, inner) {
                        (5, 1) => &mut header.n_data,
                        (5, 2) | (8, 4) => &mut header.encoding,
                        (7, 1) => &mut header.n_dictionary,
                        (8, 1) => &mut header.n_data_2,
                        (8, 2) => &mut header.n_nulls,
                        (8, 3) => &mut header.n_rows,
                        (8, 5) => &mut header.n_definitions,
                        (8, 6) => &mut header.n_repetitions,
                        _ => return reader.skip(kind, depth),
                    };
                    *place = Some((kind == I32).then(|| reader.zigzag()).flatten()?);
                    Some(())
                })?,
                _ => reader.skip(kind, depth)?,
            }
            Some(())
        })?;
        Some((header, reader.at))
    }

    fn n_values(&self) -> u64 {
        self.n_data.or(self.n_data_2).map_or(0, |n| n.max(0) as u64)
    }

    /// Checks the counts against each other and what is left of the column; returns the length of the page's body.
    fn check(&self, n_left: u64) -> Result<u64, String> {
        let is_count = |count: &Option<i64>| count.is_none_or(|count| (0..=i64::from(i32::MAX)).contains(&count));
        let all = [
            &self.n_uncompressed,
            &self.n_compressed,
            &self.n_data,
            &self.n_dictionary,
            &self.n_data_2,
            &self.n_nulls,
            &self.n_rows,
            &self.n_definitions,
            &self.n_repetitions,
        ];
        let (Some(n_compressed), Some(n_uncompressed)) = (self.n_compressed, self.n_uncompressed) else {
            return Err(damaged("a page without a length"));
        };
        let levels = self.n_definitions.unwrap_or(0).saturating_add(self.n_repetitions.unwrap_or(0));
        let is_sound = all.into_iter().all(is_count)
            && self.n_values() <= n_left
            && self.n_dictionary.is_none_or(|n| n <= n_uncompressed)
            && levels <= n_compressed
            && levels <= n_uncompressed
            && self.n_data_2.is_none_or(|n| self.n_nulls.unwrap_or(0) <= n && self.n_rows.unwrap_or(0) <= n)
            // No page says less in more: a body of nothing can be no megabytes.
            && (n_compressed > 0 || n_uncompressed == 0);
        if is_sound { Ok(n_compressed as u64) } else { Err(damaged("a page whose counts cannot be")) }
    }
}

const I32: u8 = 5;
const STRUCT: u8 = 12;
/// Headers have structs in structs, but not many.
const DEEPEST: usize = 8;

/// A reader of Thrift's compact protocol that gives up (`None`) at the end of its bytes.
struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Field<'f> = dyn FnMut(&mut Thrift<'_>, usize, i64, u8) -> Option<()> + 'f;

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn advance(&mut self, n: u64) -> Option<()> {
        self.at = self.at.checked_add(usize::try_from(n).ok()?)?;
        (self.at <= self.bytes.len()).then_some(())
    }

    /// Hands every field of a struct to `each`, which reads or skips it.
    fn fields(&mut self, depth: usize, each: &mut Field<'_>) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = if head >> 4 == 0 { self.zigzag()? } else { id + i64::from(head >> 4) };
            each(self, depth, id, head & 0x0F)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => Some(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.advance(8),
            8 => {
                let n = self.varint()?;
                self.advance(n)
            }
            9 | 10 => {
                let head = self.byte()?;
                let n = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                // Truths take a byte each in a list, though none as a field.
                let inner = if matches!(head & 0x0F, 1 | 2) { 3 } else { head & 0x0F };
                if depth > DEEPEST || n > self.bytes.len() as u64 {
                    return None;
                }
                (0..n).try_for_each(|_| self.skip(inner, depth + 1))
            }
            STRUCT => self.fields(depth + 1, &mut |reader, depth, _, kind| reader.skip(kind, depth)),
            // Maps are in no page header.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A data page of three values, 20 bytes compressed and 40 not, with statistics to be skipped.
    const PAGE: [u8; 26] = [
        0x15, 0, 0x15, 80, 0x15, 40, 0x2C, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0x1C, 0x28, 1, b'b', 0x18, 1, b'a', 0,
        0, 0, 99,
    ];

    #[test]
    fn a_header_is_read_to_its_end() {
        let (header, n) = Header::read(&PAGE).expect("a header");
        let (n_uncompressed, n_compressed) = (Some(40), Some(20));
        let expect = Header { n_uncompressed, n_compressed, n_data: Some(3), encoding: Some(0), ..Header::default() };
        assert_eq!((header, n), (expect, 25));
        assert_eq!(Header::read(&PAGE[..20]), None);
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        let header = |n_values: i64, n_compressed| Header {
            n_uncompressed: Some(40),
            n_compressed: Some(n_compressed),
            n_data: Some(n_values),
            ..Header::default()
        };
        assert_eq!(header(3, 20).check(3), Ok(20));
        assert!(header(4, 20).check(3).is_err());
        assert!(header(-3, 20).check(3).is_err());
        assert!(header(3, -20).check(3).is_err());
        assert!(header(3, 0).check(3).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), at in 0..26usize, byte: u8) {
            let _ = Header::read(&bytes);
            let mut page = PAGE;
            page[at] = byte;
            let _ = Header::read(&page);
        }
    }
}
