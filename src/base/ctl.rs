//! Cancel and progress, handed to every long computation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The person (or a newer question) asked to stop; unwinds by `?` and is never shown as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// One computation's stop button and counters. Clones share the same state.
#[derive(Debug, Clone, Default)]
pub struct Ctl {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    rows: AtomicU64,
}

/// How far a computation has come. `done` and `total` are in the same unit (bytes of a load, customers of a query);
/// `total` is 0 while unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
    pub rows: u64,
}

impl Progress {
    /// The share that is done, where the whole is known.
    pub fn share(&self) -> Option<f64> {
        (self.total > 0).then(|| (self.done as f64 / self.total as f64).min(1.0))
    }
}

impl Ctl {
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the computation to stop at its next tick.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Relaxed)
    }

    /// Adds `n` to the work done. Call it once per chunk, not per event.
    ///
    /// # Errors
    /// `Cancelled` when a stop was asked for.
    pub fn tick(&self, n: u64) -> Result<(), Cancelled> {
        self.shared.done.fetch_add(n, Ordering::Relaxed);
        self.check()
    }

    /// # Errors
    /// `Cancelled` when a stop was asked for.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Adds to the expected work, so that several files can each announce their own.
    pub fn expect_more(&self, n: u64) {
        self.shared.total.fetch_add(n, Ordering::Relaxed);
    }

    pub fn add_rows(&self, n: u64) {
        self.shared.rows.fetch_add(n, Ordering::Relaxed);
    }

    pub fn progress(&self) -> Progress {
        Progress {
            done: self.shared.done.load(Ordering::Relaxed),
            total: self.shared.total.load(Ordering::Relaxed),
            rows: self.shared.rows.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_ctl_stops_every_clone_at_its_next_tick() {
        let ctl = Ctl::new();
        let other = ctl.clone();
        assert_eq!(other.tick(3), Ok(()));
        ctl.cancel();
        assert_eq!(other.tick(1), Err(Cancelled));
        assert_eq!(ctl.progress().done, 4);
    }
}
