//! Checksums of many bytes: sums of pieces, and a sum of those, so that threads can share the work.

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use super::threads;

/// Bytes that are summed up at a time.
const PIECE: usize = 1 << 20;

/// Bytes that are worth a thread of their own.
const LONG: usize = 4 << 20;

/// A checksum that is made of bytes as they come.
#[derive(Default)]
pub struct Checksum {
    sums: Vec<u64>,
    piece: Xxh3Default,
    n: usize,
}

impl Checksum {
    pub fn of(bytes: &[u8]) -> u64 {
        let sums: Vec<u64> = bytes.chunks(PIECE).map(xxh3_64).collect();
        sum_of(&sums)
    }

    /// As `of`, on as many threads as compute elsewhere where that pays.
    pub fn of_shared(bytes: &[u8]) -> u64 {
        let pieces: Vec<&[u8]> = bytes.chunks(PIECE).collect();
        let n_threads = rayon::current_num_threads().min(bytes.len() / LONG);
        sum_of(&threads::shared(pieces.len(), n_threads, |piece| xxh3_64(pieces[piece])))
    }

    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.n));
            self.piece.update(now);
            self.n += now.len();
            bytes = later;
            if self.n == PIECE {
                self.close();
            }
        }
    }

    pub fn finish(mut self) -> u64 {
        if self.n > 0 {
            self.close();
        }
        sum_of(&self.sums)
    }

    fn close(&mut self) {
        self.sums.push(self.piece.digest());
        self.piece.reset();
        self.n = 0;
    }
}

fn sum_of(sums: &[u64]) -> u64 {
    xxh3_64(bytemuck::cast_slice(sums))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_bytes_come_and_who_sums_them_up_changes_nothing() {
        for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 9_500_001] {
            let bytes: Vec<u8> = (0..len as u32).map(|i| (i.wrapping_mul(7) % 251) as u8).collect();
            let mut in_pieces = Checksum::default();
            bytes.chunks(99_991).for_each(|piece| in_pieces.update(piece));
            let whole = Checksum::of(&bytes);
            assert_eq!((in_pieces.finish(), Checksum::of_shared(&bytes)), (whole, whole));
            let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
            assert_eq!(pool.install(|| Checksum::of_shared(&bytes)), whole);
            if len > 0 {
                assert_ne!(whole, Checksum::of(&bytes[1..]));
            }
        }
    }
}
