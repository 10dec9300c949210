//! How soon freed memory goes back to the system, with the allocator of the program.

use std::sync::atomic::{AtomicUsize, Ordering};

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

/// Milliseconds that freed pages stay at hand; -1 is for good. What a store is built from is freed for good, and so is what a
/// question frees where there is little room. Else the buffers of a reader are those of its next block, and those of a question
/// often of the next one: to take them from the system again costs a reader a tenth of its time, and a question a fifth.
const WHILE_GIVING_BACK: i64 = 0;
const WHILE_READING: i64 = -1;
const ELSE: i64 = 1000;

/// `mi_option_purge_delay` of mimalloc, for which the crate has no name.
const PURGE_DELAY: mi_option_t = 15;

/// How many are at it.
static READING: AtomicUsize = AtomicUsize::new(0);
static GIVING_BACK: AtomicUsize = AtomicUsize::new(0);

/// While it lives, what is freed stays at hand.
#[derive(Debug)]
pub struct KeepsAtHand(());

impl KeepsAtHand {
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        READING.fetch_add(1, Ordering::Relaxed);
        set_delay();
        KeepsAtHand(())
    }
}

impl Drop for KeepsAtHand {
    fn drop(&mut self) {
        READING.fetch_sub(1, Ordering::Relaxed);
        set_delay();
    }
}

/// Gives back what is free at its start and, while it lives, what is freed: the peak is what is held.
#[derive(Debug)]
pub struct GivesBack(());

impl GivesBack {
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        GIVING_BACK.fetch_add(1, Ordering::Relaxed);
        set_delay();
        collect();
        GivesBack(())
    }
}

impl Drop for GivesBack {
    fn drop(&mut self) {
        GIVING_BACK.fetch_sub(1, Ordering::Relaxed);
        set_delay();
    }
}

/// Where freed memory is to go back at once: has every thread give back what others freed of it, which it else notices only when
/// it takes memory again.
pub fn give_back() {
    if GIVING_BACK.load(Ordering::Relaxed) > 0 {
        rayon::broadcast(|_| collect());
    }
}

fn collect() {
    // SAFETY: it frees nothing that is in use, and may be called from any thread.
    #[allow(unsafe_code)]
    unsafe {
        mi_collect(true);
    }
}

fn set_delay() {
    let is_any = |n: &AtomicUsize| n.load(Ordering::Relaxed) > 0;
    let milliseconds = match (is_any(&GIVING_BACK), is_any(&READING)) {
        (true, _) => WHILE_GIVING_BACK,
        (false, true) => WHILE_READING,
        (false, false) => ELSE,
    };
    // SAFETY: the option is a number that the allocator reads whenever it frees; any number is a valid delay.
    #[allow(unsafe_code)]
    unsafe {
        mi_option_set(PURGE_DELAY, milliseconds as _);
    }
}
