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
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use bytemuck::Pod;
use serde::{Deserialize, Serialize};

use super::super::LoadReport;
use super::key::Print;
use crate::base::checksum::Checksum;
use crate::base::{Ctl, Instant, Zone};
use crate::journey::column::Section;
use crate::journey::props::{Property, ValueKind, Values};
use crate::journey::region::Region;
use crate::journey::{Code, Codes, Column, Columns, JourneyStore, Names, Roles, View};

/// Goes up with every change of the layout or of what is in it.
pub(super) const VERSION: u32 = 1;

/// The first byte is no text, and a line end that a transfer as text would change stands behind the name.
const MAGIC: [u8; 8] = *b"\x89TMJ\r\n\x1a\n";

const HEAD: usize = 64;
const ROW: usize = 40;
const ALIGN: usize = 64;

/// Most sections; a store of so many columns is not saved.
const SECTIONS_MAX: usize = 1 << 18;

/// No reader takes a time that is farther from 1970, in microseconds; their differences are numbers too.
const FARTHEST: i64 = 1 << 60;

/// Bytes written between two looks at whether to stop.
const WRITTEN_AT_A_TIME: usize = 4 << 20;

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
enum Part {
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

/// Everything about a store that is no column.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    events: usize,
    customers: usize,
    touchpoints: usize,
    /// Bytes of a touchpoint's code.
    width: usize,
    properties: Vec<PropertyShape>,
    roles: Roles,
    zone: String,
    ties: u64,
    duplicates: u64,
    dropped_duplicates: u64,
    repeated_keys: u64,
    first: i64,
    last: i64,
    counts: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PropertyShape {
    name: String,
    kind: Kind,
    /// Different texts, and bytes of a code, where it is text.
    texts: usize,
    width: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Text,
    Int,
    Float,
    Time,
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

/// A section to be written.
struct Block<'a> {
    part: Part,
    which: u32,
    bytes: std::borrow::Cow<'a, [u8]>,
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
                Values::Int(values) | Values::Time(values) => blocks.push(column(Part::Values, which, values)),
                Values::Float(values) => blocks.push(column(Part::Values, which, values)),
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

fn sum_of_front(head: &[u8], table: &[u8]) -> u64 {
    let mut checksum = Checksum::default();
    checksum.update(head);
    checksum.update(table);
    checksum.finish()
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

fn names<'a>([texts, ends]: [Part; 2], which: u32, names: &'a Names, blocks: &mut Vec<Block<'a>>) {
    let (bytes, of) = names.parts();
    blocks.push(Block { part: ends, which, bytes: bytemuck::cast_slice(of).into() });
    blocks.push(Block { part: texts, which, bytes: bytes.into() });
}

impl Shape {
    fn of(store: &Arc<JourneyStore>) -> Self {
        let property = |property: &Property| {
            let (texts, width) = match &property.values {
                Values::Text { codes, names } => (names.len(), width(codes)),
                Values::Int(_) | Values::Float(_) | Values::Time(_) => (0, 0),
            };
            let kind = match property.kind() {
                ValueKind::Text => Kind::Text,
                ValueKind::Int => Kind::Int,
                ValueKind::Float => Kind::Float,
                ValueKind::Time => Kind::Time,
            };
            PropertyShape { name: property.name.clone(), kind, texts, width }
        };
        let (first, last) = store.bounds().unwrap_or((Instant(0), Instant(0)));
        Shape {
            events: store.n_events(),
            customers: store.n_customers(),
            touchpoints: store.touchpoints.len(),
            width: width(&store.codes),
            properties: store.properties.iter().map(property).collect(),
            roles: store.roles.clone(),
            zone: store.zone.name().to_owned(),
            ties: store.n_ties,
            duplicates: store.n_duplicates,
            dropped_duplicates: store.n_dropped_duplicates,
            repeated_keys: store.n_repeated_keys,
            first: first.0,
            last: last.0,
            counts: View::whole(Arc::clone(store)).touchpoint_counts().into_owned(),
        }
    }

    /// Whether what it says holds together.
    fn is_sound(&self) -> bool {
        let sum = self.counts.iter().try_fold(0u64, |sum, n| sum.checked_add(*n));
        let roles = &self.roles;
        let placed = [roles.channel, roles.value, roles.score, roles.session, roles.anonymous];
        let range = -FARTHEST..=FARTHEST;
        self.events > 0
            && range.contains(&self.first)
            && range.contains(&self.last)
            && self.customers > 0
            && self.counts.len() == self.touchpoints
            && sum == Some(self.events as u64)
            && self.first <= self.last
            && placed.into_iter().flatten().all(|at| at < self.properties.len())
    }
}

fn width(codes: &Codes) -> usize {
    match codes {
        Codes::U8(_) => 1,
        Codes::U16(_) => 2,
        Codes::U32(_) => 4,
    }
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
        Ok(Column::of_section(section.keeping(first, move |times| {
            let journey = |pair: &[u32]| &times[pair[0] as usize..pair[1] as usize];
            offsets.windows(2).map(journey).all(|times| {
                times.is_sorted()
                    && times.first().is_some_and(|at| *at >= first)
                    && times.last().is_some_and(|at| *at <= last)
            })
        })))
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
        let numbers = || Ok(Column::of_section(self.section(Part::Values, which, n)?));
        let values = match shape.kind {
            Kind::Text => {
                let names = self.names([Part::ValueTexts, Part::ValueEnds], which, shape.texts)?;
                let limit = shape.texts.checked_add(1).ok_or(DAMAGED)?;
                Values::Text { codes: self.codes(Part::Values, which, n, shape.width, limit)?, names }
            }
            Kind::Int => Values::Int(numbers()?),
            Kind::Time => Values::Time(numbers()?),
            Kind::Float => Values::Float(Column::of_section(self.section(Part::Values, which, n)?)),
        };
        Ok(Property { name: shape.name.clone(), values })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
