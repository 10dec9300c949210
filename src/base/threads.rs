//! Work shared among threads of its own, where those of a pool must not be used.
//!
//! Threads of a pool help each other out while they wait, and could come back to whatever waits for this work.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What `work` makes of every piece, in their order. Where the system gives fewer threads, or none, it takes longer.
pub fn shared<T: Send>(n_pieces: usize, n_threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut made = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= n_pieces {
                return made;
            }
            made.push((piece, work(piece)));
        }
    };
    let mut all = thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, take).ok();
        let helpers: Vec<_> = (1..n_threads.min(n_pieces)).filter_map(start).collect();
        let mut all = take();
        for helper in helpers {
            all.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        all
    });
    all.sort_unstable_by_key(|(piece, _)| *piece);
    all.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn every_piece_is_done_once_and_in_order() {
        for (n_pieces, n_threads) in [(0, 4), (1, 4), (100, 0), (100, 1), (1000, 4), (3, 9)] {
            let expect: Vec<usize> = (0..n_pieces).map(|piece| piece * 7).collect();
            assert_eq!(shared(n_pieces, n_threads, |piece| piece * 7), expect);
        }
    }
}
