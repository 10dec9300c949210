//! A store as the bytes of a saved store, section by section.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use bytemuck::Pod;
use serde::Serialize;

use super::super::LoadReport;
use super::format::{ALIGN, Card, HEAD, MAGIC, Part, ROW, SECTIONS_MAX, VERSION, sum_of_front};
use super::shape::Shape;
use crate::base::Ctl;
use crate::base::checksum::Checksum;
use crate::journey::numbers::Number;
use crate::journey::{Codes, Column, JourneyStore, Names, Numbers, Values};

/// Bytes written between two looks at whether to stop.
const WRITTEN_AT_A_TIME: usize = 4 << 20;

/// A section to be written.
struct Block<'a> {
    part: Part,
    which: u32,
    bytes: Cow<'a, [u8]>,
}

/// A saved store as it is going to be written.
pub(super) struct Image<'a> {
    blocks: Vec<Block<'a>>,
    /// Head and table.
    front: Vec<u8>,
    len: u64,
}

impl<'a> Image<'a> {
    /// # Errors
    /// Why this store cannot be saved.
    pub fn of(store: &'a Arc<JourneyStore>, card: &Card, report: &LoadReport) -> Result<Self, String> {
        let mut blocks = vec![
            json(Part::Card, card)?,
            json(Part::Shape, &Shape::of(store))?,
            json(Part::Report, report)?,
            column(Part::Offsets, 0, &store.offsets),
            codes(Part::Codes, 0, &store.codes),
            column(Part::Masks, 0, &store.masks),
            column(Part::Times, 0, &store.times),
        ];
        names([Part::TouchpointTexts, Part::TouchpointEnds], 0, &store.touchpoints, &mut blocks);
        names([Part::CustomerTexts, Part::CustomerEnds], 0, &store.customers, &mut blocks);
        for (which, property) in (0..).zip(&store.properties) {
            match &property.values {
                Values::Text { codes: of, names: texts } => {
                    names([Part::ValueTexts, Part::ValueEnds], which, texts, &mut blocks);
                    blocks.push(codes(Part::Values, which, of));
                }
                Values::Int(values) | Values::Time(values) => numbers(which, values, &mut blocks),
                Values::Float(values) => numbers(which, values, &mut blocks),
            }
        }
        if blocks.len() > SECTIONS_MAX {
            return Err("there are too many columns".to_owned());
        }
        let mut table = Vec::with_capacity(blocks.len() * ROW);
        let mut at = aligned(HEAD + blocks.len() * ROW);
        for block in &blocks {
            table.extend((block.part as u32).to_le_bytes());
            table.extend(block.which.to_le_bytes());
            for number in [at as u64, block.bytes.len() as u64, Checksum::of_shared(&block.bytes), 0] {
                table.extend(number.to_le_bytes());
            }
            at = aligned(at + block.bytes.len());
        }
        let mut front = Vec::with_capacity(HEAD + table.len());
        front.extend(MAGIC);
        front.extend(VERSION.to_le_bytes());
        front.extend((blocks.len() as u32).to_le_bytes());
        front.extend((at as u64).to_le_bytes());
        let sum = sum_of_front(&front, &table);
        front.extend(sum.to_le_bytes());
        front.resize(HEAD, 0);
        front.extend(table);
        Ok(Image { blocks, front, len: at as u64 })
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// Writes it; between pieces it looks whether it should stop.
    ///
    /// # Errors
    /// The file cannot be written; `Interrupted` when a stop was asked for.
    pub fn write(&self, file: &mut dyn Write, ctl: &Ctl) -> io::Result<()> {
        let zeros = [0u8; ALIGN];
        let blocks = self.blocks.iter().map(|block| &*block.bytes);
        for bytes in std::iter::once(&self.front[..]).chain(blocks) {
            for piece in bytes.chunks(WRITTEN_AT_A_TIME) {
                ctl.check().map_err(|cancelled| io::Error::new(io::ErrorKind::Interrupted, cancelled))?;
                file.write_all(piece)?;
            }
            file.write_all(&zeros[..aligned(bytes.len()) - bytes.len()])?;
        }
        Ok(())
    }
}

fn aligned(at: usize) -> usize {
    at.next_multiple_of(ALIGN)
}

fn json<'a>(part: Part, value: &impl Serialize) -> Result<Block<'a>, String> {
    let bytes = serde_json::to_vec(value).map_err(|err| format!("it cannot be written: {err}"))?;
    Ok(Block { part, which: 0, bytes: bytes.into() })
}

fn column<T: Pod + Send + Sync>(part: Part, which: u32, column: &Column<T>) -> Block<'_> {
    Block { part, which, bytes: bytemuck::cast_slice(column).into() }
}

fn codes(part: Part, which: u32, codes: &Codes) -> Block<'_> {
    match codes {
        Codes::U8(codes) => column(part, which, codes),
        Codes::U16(codes) => column(part, which, codes),
        Codes::U32(codes) => column(part, which, codes),
    }
}

fn numbers<'a, T: Number>(which: u32, numbers: &'a Numbers<T>, blocks: &mut Vec<Block<'a>>) {
    match numbers {
        Numbers::All(values) => blocks.push(column(Part::Values, which, values)),
        Numbers::Few(few) => {
            let (has, before, values) = few.columns();
            blocks.push(column(Part::ValueBits, which, has));
            blocks.push(column(Part::ValueRanks, which, before));
            blocks.push(column(Part::Values, which, values));
        }
    }
}

fn names<'a>([texts, ends]: [Part; 2], which: u32, names: &'a Names, blocks: &mut Vec<Block<'a>>) {
    let (bytes, of) = names.parts();
    blocks.push(Block { part: ends, which, bytes: bytemuck::cast_slice(of).into() });
    blocks.push(Block { part: texts, which, bytes: bytes.into() });
}
