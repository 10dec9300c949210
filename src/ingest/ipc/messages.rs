//! What the flatbuffers of Arrow messages say, as far as it takes to find and check the messages.
//!
//! The decoder takes lengths at their word, and room for a damaged length can be so much that the process ends where
//! an error should be; so every length is held against the bytes that are there.

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Schema,
    Dictionary,
    Batch,
    Other,
}

/// What a message's flatbuffer says of it.
pub(super) struct Description {
    pub(super) kind: Kind,
    pub(super) n_data: u64,
    /// Where in the flatbuffer the table is that the message is about.
    pub(super) table: usize,
}

pub(super) fn damaged(what: &str) -> String {
    format!("it is damaged ({what})")
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_le_bytes)
}

/// A count or a length: never negative.
fn count_at(bytes: &[u8], at: usize) -> Option<u64> {
    u64::try_from(i64::from_le_bytes(bytes_at(bytes, at)?)).ok()
}

/// A table within a flatbuffer.
#[derive(Clone, Copy)]
struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    vtable: usize,
}

impl<'a> Table<'a> {
    fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let back = u32_at(bytes, at)?.cast_signed();
        let vtable = usize::try_from(i64::try_from(at).ok()? - i64::from(back)).ok()?;
        Some(Table { bytes, at, vtable })
    }

    /// Where the field is; the inner `None` is a field that is left out.
    fn field(self, slot: usize) -> Option<Option<usize>> {
        if 4 + 2 * slot >= usize::from(u16_at(self.bytes, self.vtable)?) {
            return Some(None);
        }
        let offset = usize::from(u16_at(self.bytes, self.vtable.checked_add(4 + 2 * slot)?)?);
        Some((offset != 0).then_some(self.at + offset))
    }

    /// What an offset field points at.
    fn target(self, slot: usize) -> Option<Option<usize>> {
        match self.field(slot)? {
            None => Some(None),
            Some(at) => Some(Some(at.checked_add(u32_at(self.bytes, at)? as usize)?)),
        }
    }

    fn table(self, slot: usize) -> Option<Option<Table<'a>>> {
        match self.target(slot)? {
            None => Some(None),
            Some(at) => Some(Some(Table::at(self.bytes, at)?)),
        }
    }

    /// The start and length of a list of entries of `size` bytes, all of which are there.
    fn list(self, slot: usize, size: usize) -> Option<(usize, usize)> {
        let Some(at) = self.target(slot)? else { return Some((0, 0)) };
        let (n, start) = (u32_at(self.bytes, at)? as usize, at + 4);
        (start.checked_add(n.checked_mul(size)?)? <= self.bytes.len()).then_some((start, n))
    }
}

pub(super) fn describe(head: &[u8]) -> Option<Description> {
    let message = Table::at(head, u32_at(head, 0)? as usize)?;
    let kind = match message.field(1)?.and_then(|at| head.get(at)) {
        Some(1) => Kind::Schema,
        Some(2) => Kind::Dictionary,
        Some(3) => Kind::Batch,
        _ => Kind::Other,
    };
    let n_data = match message.field(3)? {
        None => 0,
        Some(at) => count_at(head, at)?,
    };
    Some(Description { kind, n_data, table: message.target(2)?? })
}

/// Checks that what a batch (or a dictionary) says of its data fits the data.
pub(super) fn check_data(head: &[u8], data: &[u8]) -> Option<()> {
    /// More rows than a load may have.
    const ROWS: u64 = u32::MAX as u64;
    let description = describe(head)?;
    let mut batch = Table::at(head, description.table)?;
    if description.kind == Kind::Dictionary {
        batch = batch.table(1)??;
    }
    if batch.field(0)?.map_or(Some(0), |at| count_at(head, at))? > ROWS {
        return None;
    }
    let (nodes, n_nodes) = batch.list(1, 16)?;
    for node in (0..n_nodes).map(|i| nodes + 16 * i) {
        let (n, n_nulls) = (count_at(head, node)?, count_at(head, node + 8)?);
        if n > ROWS || n_nulls > n {
            return None;
        }
    }
    let is_compressed = batch.field(3)?.is_some();
    let (buffers, n_buffers) = batch.list(2, 16)?;
    for buffer in (0..n_buffers).map(|i| buffers + 16 * i) {
        let (start, n) = (count_at(head, buffer)?, count_at(head, buffer + 8)?);
        let end = usize::try_from(start.checked_add(n)?).ok()?;
        let bytes = data.get(start as usize..end)?;
        // A compressed buffer begins with its length before, or -1 where it is not compressed after all.
        if is_compressed && !bytes.is_empty() {
            let before = i64::from_le_bytes(bytes_at(bytes, 0)?);
            // Nothing is compressed by more than this.
            let most = (n << 16).min(1 << 34);
            if before < -1 || before > most as i64 {
                return None;
            }
        }
    }
    let (counts, n_counts) = batch.list(4, 8)?;
    for count in (0..n_counts).map(|i| counts + 8 * i) {
        if count_at(head, count)? > n_buffers as u64 {
            return None;
        }
    }
    Some(())
}

/// A message within a file that is being put together.
pub(super) struct Place {
    pub(super) at: i64,
    pub(super) n_head: i32,
    pub(super) n_data: i64,
}

/// The flatbuffer at the end of a file: a table of the schema and where dictionaries and batches lie. The schema's own
/// flatbuffer is taken in whole, since offsets within it are relative.
pub(super) fn footer((schema, schema_at): &(Vec<u8>, usize), dictionaries: &[Place], batches: &[Place]) -> Vec<u8> {
    const TABLE: u32 = 16;
    const DICTIONARIES: usize = 36;
    let batches_at = DICTIONARIES + 8 + 24 * dictionaries.len();
    let schema_starts = batches_at + 4 + 24 * batches.len();
    let mut bytes = Vec::with_capacity(schema_starts + schema.len());
    bytes.extend(TABLE.to_le_bytes());
    // How long the list of fields and the table are, then where in the table each field is: no version, the schema,
    // the dictionaries, the batches.
    bytes.extend([12u16, 16, 0, 4, 8, 12].into_iter().flat_map(u16::to_le_bytes));
    bytes.extend((TABLE - 4).to_le_bytes());
    for (field, to) in [(20, schema_starts + schema_at), (24, DICTIONARIES), (28, batches_at)] {
        bytes.extend(((to - field) as u32).to_le_bytes());
    }
    for places in [dictionaries, batches] {
        // The entries are aligned to eight bytes, their number stands just before them.
        bytes.extend([0; 4]);
        bytes.extend((places.len() as u32).to_le_bytes());
        for place in places {
            bytes.extend(place.at.to_le_bytes());
            bytes.extend(i64::from(place.n_head).to_le_bytes());
            bytes.extend(place.n_data.to_le_bytes());
        }
    }
    bytes.extend(schema);
    bytes
}
