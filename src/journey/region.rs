//! `Region`: the bytes of a saved store, mapped from its file or in memory, and whether they proved to be damaged.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use memmap2::{Mmap, MmapAsRawDesc};

/// Bytes that begin at an address at which every kind of value may begin. Of a mapped file, only what is looked at comes
/// into memory, and the system may take it out again.
#[derive(Debug)]
pub struct Region {
    bytes: Bytes,
    is_damaged: AtomicBool,
}

#[derive(Debug)]
enum Bytes {
    Map(Mmap),
    Memory { words: Vec<u64>, len: usize },
}

impl Region {
    /// The bytes of an open file, without reading them.
    ///
    /// # Errors
    /// The file cannot be mapped.
    pub fn of_file(file: impl MmapAsRawDesc) -> io::Result<Self> {
        // SAFETY: mapped bytes must not change under a reader. The file is private to its owner, complete before it gets
        // its name, and from then on only ever replaced or removed by name, which leaves the bytes of a map alone. Every
        // pattern of bits is a value of the types that are read from it.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(file)? };
        Ok(Region { bytes: Bytes::Map(map), is_damaged: AtomicBool::new(false) })
    }

    /// A copy of bytes that are in memory.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut words = vec![0u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Region { bytes: Bytes::Memory { words, len: bytes.len() }, is_damaged: AtomicBool::new(false) }
    }

    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Map(map) => map,
            Bytes::Memory { words, len } => &bytemuck::cast_slice(words)[..*len],
        }
    }

    /// Whether something that was read from it is not what was saved; answers that came of it are not to be used.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Acquire)
    }

    /// Says that something in it is not what was saved.
    pub fn mark_damaged(&self) {
        self.is_damaged.store(true, Ordering::Release);
    }
}
