//! What a saved store looks like as a file.
//!
//! ```text
//! head      magic, version, number of sections, length of the file, checksum of head and table       64 bytes
//! table     for every section: kind, which one, where, how long, checksum                       40 bytes each
//! sections  each from a multiple of 64 on, the gaps filled with zeros
//! ```
//!
//! Numbers are little-endian. Three sections are JSON: the card (of what the store is), what the store's columns are, and the
//! report of the load. The others are columns as they lie in memory. Nothing is believed: lengths and places are looked at
//! before anything is read from them, every section is held against its checksum before it is used, and values that others
//! rely on (offsets, codes, the order of times) against what they must be like.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytemuck::Pod;
use serde::{Deserialize, Serialize};

use super::super::LoadReport;
use super::key::Print;
use super::shape::{Kind, PropertyShape, Shape};
use crate::base::checksum::Checksum;
use crate::base::{Instant, Zone, threads};
use crate::journey::column::Section;
use crate::journey::numbers::{Few, Number};
use crate::journey::props::{Property, Values};
use crate::journey::region::Region;
use crate::journey::{Code, Codes, Column, Columns, JourneyStore, Names, Numbers};

/// Goes up with every change of the layout or of what is in it.
pub(super) const VERSION: u32 = 2;

/// The first byte is no text, and a line end that a transfer as text would change stands behind the name.
pub(super) const MAGIC: [u8; 8] = *b"\x89TMJ\r\n\x1a\n";

pub(super) const HEAD: usize = 64;
pub(super) const ROW: usize = 40;
pub(super) const ALIGN: usize = 64;

/// Most sections; a store of so many columns is not saved.
pub(super) const SECTIONS_MAX: usize = 1 << 18;

/// Journeys whose order is looked at in one piece.
const SHARE: usize = 1 << 16;

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub(super) enum Part {
    Card = 1,
    Shape,
    Report,
    CustomerTexts,
    CustomerEnds,
    TouchpointTexts,
    TouchpointEnds,
    Offsets,
    Times,
    Codes,
    Masks,
    /// Of a property: its codes or its numbers.
    Values,
    ValueTexts,
    ValueEnds,
    /// Of numbers that few events have: a bit per event, and how many values come before each word of bits.
    ValueBits,
    ValueRanks,
}

/// Of what a store is, and when it was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    pub build: String,
    pub key: String,
    /// As they were named.
    pub sources: Vec<String>,
    pub files: Vec<Print>,
    pub events: u64,
    pub customers: u64,
    /// Seconds since 1970.
    pub saved_at: u64,
}

/// Why a saved store is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(&'static str);

const DAMAGED: Refused = Refused("it is damaged");

/// Opens a saved store from its bytes: the store and the report of its load, or why not. No bytes whatever make this, or a
/// question to the store, fall over. The store may still prove to be damaged where nobody has looked yet.
///
/// # Errors
/// It is of another version, or not what was saved.
pub fn open(bytes: &[u8]) -> Result<(JourneyStore, LoadReport), Refused> {
    Saved::of_region(&Arc::new(Region::of_bytes(bytes)))?.store()
}

pub(super) fn sum_of_front(head: &[u8], table: &[u8]) -> u64 {
    let mut checksum = Checksum::default();
    checksum.update(head);
    checksum.update(table);
    checksum.finish()
}

/// A file that is a saved store, as far as its head, its table and its card go.
pub(super) struct Saved {
    pub card: Card,
    region: Arc<Region>,
    sections: HashMap<(u32, u32), (Range<usize>, u64)>,
}

impl Saved {
    /// # Errors
    /// It is none, or of another version.
    pub fn of_region(region: &Arc<Region>) -> Result<Self, Refused> {
        let bytes = region.bytes();
        let head = bytes.get(..HEAD).ok_or(DAMAGED)?;
        if head[..8] != MAGIC {
            return Err(Refused("it is no saved store"));
        }
        let n_sections = u32_at(head, 12) as usize;
        if u32_at(head, 8) != VERSION {
            return Err(Refused("it is of another version"));
        }
        if u64_at(head, 16) != bytes.len() as u64 || n_sections > SECTIONS_MAX {
            return Err(DAMAGED);
        }
        let table = bytes.get(HEAD..HEAD + n_sections * ROW).ok_or(DAMAGED)?;
        if sum_of_front(&head[..24], table) != u64_at(head, 24) {
            return Err(DAMAGED);
        }
        let mut sections = HashMap::with_capacity(n_sections);
        for row in table.chunks_exact(ROW) {
            let (start, len) = (u64_at(row, 8) as usize, u64_at(row, 16) as usize);
            let end = start.checked_add(len).filter(|end| *end <= bytes.len()).ok_or(DAMAGED)?;
            sections.insert((u32_at(row, 0), u32_at(row, 4)), (start..end, u64_at(row, 24)));
        }
        let saved = Saved {
            card: Card {
                build: String::new(),
                key: String::new(),
                sources: Vec::new(),
                files: Vec::new(),
                events: 0,
                customers: 0,
                saved_at: 0,
            },
            region: Arc::clone(region),
            sections,
        };
        Ok(Saved { card: saved.json(Part::Card)?, ..saved })
    }

    /// The store, of which only the smaller columns were looked at, and the report of its load.
    ///
    /// # Errors
    /// It is not what was saved.
    pub fn store(&self) -> Result<(JourneyStore, LoadReport), Refused> {
        let shape: Shape = self.json(Part::Shape)?;
        let report: LoadReport = self.json(Part::Report)?;
        if !shape.is_sound() {
            return Err(DAMAGED);
        }
        let (n, n_customers) = (shape.events, shape.customers);
        let offsets = self.offsets(&shape)?;
        let customers = self.names([Part::CustomerTexts, Part::CustomerEnds], 0, n_customers)?;
        let touchpoints = self.names([Part::TouchpointTexts, Part::TouchpointEnds], 0, shape.touchpoints)?;
        let codes = self.codes(Part::Codes, 0, n, shape.width, shape.touchpoints)?;
        let masks = Column::of_section(self.section(Part::Masks, 0, n_customers)?);
        let times = self.times(&shape, &offsets)?;
        let properties = (0..).zip(&shape.properties).map(|(which, property)| self.property(which, property, n));
        let properties = properties.collect::<Result<_, _>>()?;
        // Every question asks for these, and a store without them is none.
        touchpoints.check();
        codes.check();
        if self.region.is_damaged() {
            return Err(DAMAGED);
        }
        let bounds = Some((Instant(shape.first), Instant(shape.last)));
        let touchpoint_counts = Some(shape.counts);
        let columns =
            Columns { customers, touchpoints, offsets, times, codes, masks, properties, bounds, touchpoint_counts };
        let mut store = JourneyStore::of_columns(columns, Some(Arc::clone(&self.region)));
        store.roles = shape.roles;
        store.zone = shape.zone.parse::<Zone>().map_err(|_| Refused("its zone is not known here"))?;
        store.n_ties = shape.ties;
        store.n_duplicates = shape.duplicates;
        store.n_dropped_duplicates = shape.dropped_duplicates;
        store.n_repeated_keys = shape.repeated_keys;
        Ok((store, report))
    }

    /// Where a part lies, and its checksum.
    fn place(&self, part: Part, which: u32) -> Result<(Range<usize>, u64), Refused> {
        self.sections.get(&(part as u32, which)).cloned().ok_or(DAMAGED)
    }

    fn json<T: serde::de::DeserializeOwned>(&self, part: Part) -> Result<T, Refused> {
        let (range, checksum) = self.place(part, 0)?;
        let bytes = &self.region.bytes()[range];
        if Checksum::of(bytes) != checksum {
            return Err(DAMAGED);
        }
        serde_json::from_slice(bytes).map_err(|_| DAMAGED)
    }

    /// A section of so many values.
    fn section<T: Pod + Send + Sync>(&self, part: Part, which: u32, len: usize) -> Result<Section<T>, Refused> {
        let (range, checksum) = self.place(part, which)?;
        if Some(range.len()) != len.checked_mul(size_of::<T>()) {
            return Err(DAMAGED);
        }
        Section::new(&self.region, range, checksum).ok_or(DAMAGED)
    }

    /// Looked at here, since nothing can be found without them.
    fn offsets(&self, shape: &Shape) -> Result<Column<u32>, Refused> {
        let n = shape.events as u64;
        let section = self.section::<u32>(Part::Offsets, 0, shape.customers.checked_add(1).ok_or(DAMAGED)?)?;
        let offsets = Column::of_section(section.keeping(0, move |offsets| {
            // Nobody is a customer without an event.
            offsets.first() == Some(&0)
                && offsets.last().is_some_and(|last| u64::from(*last) == n)
                && offsets.windows(2).all(|pair| pair[0] < pair[1])
        }));
        offsets.check();
        if self.region.is_damaged() { Err(DAMAGED) } else { Ok(offsets) }
    }

    /// In order within every journey, and none outside the bounds.
    fn times(&self, shape: &Shape, offsets: &Column<u32>) -> Result<Column<i64>, Refused> {
        let (first, last, offsets) = (shape.first, shape.last, offsets.clone());
        let section = self.section::<i64>(Part::Times, 0, shape.events)?;
        let in_order = move |times: &[i64], offsets: &[u32]| {
            let journey = |pair: &[u32]| &times[pair[0] as usize..pair[1] as usize];
            offsets.windows(2).map(journey).all(|times| {
                times.is_sorted()
                    && times.first().is_some_and(|at| *at >= first)
                    && times.last().is_some_and(|at| *at <= last)
            })
        };
        let rule = move |times: &[i64]| {
            let pieces = (offsets.len() - 1).div_ceil(SHARE);
            let is_in_order = |piece: usize| {
                let start = piece * SHARE;
                in_order(times, &offsets[start..(start + SHARE + 1).min(offsets.len())])
            };
            threads::shared(pieces, rayon::current_num_threads(), is_in_order).into_iter().all(|is_so| is_so)
        };
        Ok(Column::of_section(section.keeping(first, rule)))
    }

    fn names(&self, [texts, ends]: [Part; 2], which: u32, n: usize) -> Result<Names, Refused> {
        let (range, _) = self.place(texts, which)?;
        let n_bytes = range.len();
        let bytes = self.section::<u8>(texts, which, n_bytes)?;
        let ends = self
            .section::<u64>(ends, which, n)?
            .keeping(0, move |ends: &[u64]| ends.is_sorted() && ends.last().is_none_or(|last| *last == n_bytes as u64));
        Ok(Names::of_sections(Column::of_section(bytes), Column::of_section(ends)))
    }

    /// Codes below a limit.
    fn codes(&self, part: Part, which: u32, n: usize, width: usize, limit: usize) -> Result<Codes, Refused> {
        match width {
            1 => self.codes_of(part, which, n, limit).map(Codes::U8),
            2 => self.codes_of(part, which, n, limit).map(Codes::U16),
            4 => self.codes_of(part, which, n, limit).map(Codes::U32),
            _ => Err(DAMAGED),
        }
    }

    fn codes_of<C: Code + Pod + Ord>(
        &self,
        part: Part,
        which: u32,
        n: usize,
        limit: usize,
    ) -> Result<Column<C>, Refused> {
        let section = self.section::<C>(part, which, n)?;
        let is_below = move |codes: &[C]| codes.iter().max().is_none_or(|max| max.idx() < limit);
        Ok(Column::of_section(section.keeping(C::zeroed(), is_below)))
    }

    fn property(&self, which: u32, shape: &PropertyShape, n: usize) -> Result<Property, Refused> {
        let values = match shape.kind {
            Kind::Text => {
                let names = self.names([Part::ValueTexts, Part::ValueEnds], which, shape.texts)?;
                let limit = shape.texts.checked_add(1).ok_or(DAMAGED)?;
                Values::Text { codes: self.codes(Part::Values, which, n, shape.width, limit)?, names }
            }
            Kind::Int => Values::Int(self.numbers(which, shape, n)?),
            Kind::Time => Values::Time(self.numbers(which, shape, n)?),
            Kind::Float => Values::Float(self.numbers(which, shape, n)?),
        };
        Ok(Property { name: shape.name.clone(), values })
    }

    fn numbers<T: Number>(&self, which: u32, shape: &PropertyShape, n: usize) -> Result<Numbers<T>, Refused> {
        let Some(n_values) = shape.values else {
            return Ok(Numbers::All(Column::of_section(self.section(Part::Values, which, n)?)));
        };
        if n_values > n {
            return Err(DAMAGED);
        }
        let n_words = n.div_ceil(64);
        let has = self.section::<u64>(Part::ValueBits, which, n_words)?.keeping(0, move |words| {
            // No bit stands for an event that there is not.
            n.is_multiple_of(64) || words.last().is_none_or(|last| last >> (n % 64) == 0)
        });
        let before = self.section::<u32>(Part::ValueRanks, which, n_words)?;
        let values = self.section::<T>(Part::Values, which, n_values)?;
        Ok(Numbers::Few(Few::of_columns(
            n,
            Column::of_section(has),
            Column::of_section(before),
            Column::of_section(values),
        )))
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
