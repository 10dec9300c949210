//! How soon freed memory goes back to the system, with the allocator of the program.

use std::sync::atomic::{AtomicUsize, Ordering};

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

/// Milliseconds that freed pages stay at hand. What a store is built from is freed for good; the buffers of a reader and of a
/// question are those of the next one, and taking them from the system again would cost it a fifth of its time.
const WHILE_BUILDING: i64 = 0;
const ELSE: i64 = 1000;

/// `mi_option_purge_delay` of mimalloc, for which the crate has no name.
const PURGE_DELAY: mi_option_t = 15;

static BUILDING: AtomicUsize = AtomicUsize::new(0);

/// Gives back what is free at its start and, while it lives, what is freed: the peak is what is held.
#[derive(Debug)]
pub struct GivesBack(());

impl GivesBack {
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        if BUILDING.fetch_add(1, Ordering::Relaxed) == 0 {
            set_delay(WHILE_BUILDING);
        }
        // SAFETY: it frees nothing that is in use, and may be called from any thread.
        #[allow(unsafe_code)]
        unsafe {
            mi_collect(true);
        }
        GivesBack(())
    }
}

impl Drop for GivesBack {
    fn drop(&mut self) {
        if BUILDING.fetch_sub(1, Ordering::Relaxed) == 1 {
            set_delay(ELSE);
        }
    }
}

fn set_delay(milliseconds: i64) {
    // SAFETY: the option is a number that the allocator reads whenever it frees; any number is a valid delay.
    #[allow(unsafe_code)]
    unsafe {
        mi_option_set(PURGE_DELAY, milliseconds as _);
    }
}
