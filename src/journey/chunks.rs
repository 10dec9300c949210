//! Work shared among threads by customers: even chunks by events, merged in order.
//!
//! Where the chunks are cut depends on the data alone, so sums of floats come out the same with any number of threads.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::view::View;
use crate::base::{Cancelled, Ctl, CustomerId, memory};

/// Events per chunk: long enough to hide the hand-over, short enough to stop within milliseconds.
const EVENTS_PER_CHUNK: usize = 1 << 16;
/// A chunk has no more customers than this.
pub const CUSTOMERS_PER_CHUNK: usize = EVENTS_PER_CHUNK;

/// Ranges of customers that hold about equally many events, covering all customers of the store.
pub fn customer_chunks(view: &View) -> Vec<Range<u32>> {
    let offsets = view.offsets();
    let n = offsets.len().saturating_sub(1);
    let mut chunks = Vec::with_capacity(view.n_events() / EVENTS_PER_CHUNK + 1);
    let mut start = 0;
    while start < n {
        let goal = offsets[start] as usize + EVENTS_PER_CHUNK;
        // Customers without events still take time, so a chunk also ends after as many customers as events.
        let limit = (start + CUSTOMERS_PER_CHUNK).min(n);
        let end = start + offsets[start + 1..=limit].partition_point(|&offset| (offset as usize) < goal) + 1;
        let end = end.min(limit);
        chunks.push(start as u32..end as u32);
        start = end;
    }
    chunks
}

/// Runs `work` over all chunks in parallel and returns what it made, in customer order.
///
/// # Errors
/// `Cancelled` when a stop was asked for; looked at between chunks.
pub fn par_chunks<T: Send>(
    view: &View,
    ctl: &Ctl,
    work: impl Fn(Range<u32>) -> T + Sync + Send,
) -> Result<Vec<T>, Cancelled> {
    let chunks = customer_chunks(view);
    memory::give_back();
    ctl.expect_more(view.n_events() as u64);
    chunks
        .into_par_iter()
        .map(|chunk| {
            ctl.check()?;
            let n_events = view.n_events_of(&chunk);
            let made = work(chunk);
            ctl.tick(n_events)?;
            Ok(made)
        })
        .collect()
}

/// One gatherer per thread, each over the chunks that happen to come to it: for sums that are the same whoever adds them
/// up, where a gatherer is too large to have one per chunk.
///
/// # Errors
/// `Cancelled` when a stop was asked for.
pub fn par_gather<T: Send>(
    view: &View,
    ctl: &Ctl,
    start: impl Fn() -> T + Sync + Send,
    work: impl Fn(&mut T, Range<u32>) + Sync + Send,
) -> Result<Vec<T>, Cancelled> {
    let chunks = customer_chunks(view);
    memory::give_back();
    ctl.expect_more(view.n_events() as u64);
    let next = AtomicUsize::new(0);
    let n_gatherers = rayon::current_num_threads().min(chunks.len()).max(1);
    (0..n_gatherers)
        .into_par_iter()
        .with_max_len(1)
        .map(|_| {
            let mut gathered = start();
            while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                ctl.check()?;
                work(&mut gathered, chunk.clone());
                ctl.tick(view.n_events_of(chunk))?;
            }
            Ok(gathered)
        })
        .collect()
}

/// As `par_chunks`, for work on one customer at a time that gathers into one value per chunk; customers that do not
/// count are passed over.
///
/// # Errors
/// `Cancelled` when a stop was asked for.
pub fn par_customers<T: Send>(
    view: &View,
    ctl: &Ctl,
    start: impl Fn() -> T + Sync + Send,
    each: impl Fn(&mut T, CustomerId, Range<usize>) + Sync + Send,
) -> Result<Vec<T>, Cancelled> {
    par_chunks(view, ctl, |chunk| {
        let mut gathered = start();
        view.journeys_of(chunk).for_each(|(customer, journey)| each(&mut gathered, customer, journey));
        gathered
    })
}
