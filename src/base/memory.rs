//! How soon freed memory goes back to the system, with the allocator of the program.

use std::sync::atomic::{AtomicUsize, Ordering};

use libmimalloc_sys::{mi_option_set, mi_option_t};

/// Milliseconds that freed pages stay at hand. A load frees each buffer for good; a question's are those of the next one,
/// and taking them back from the system would cost it a fifth of its time.
const IN_A_LOAD: i64 = 10;
const BETWEEN_QUESTIONS: i64 = 1000;

/// `mi_option_purge_delay` of mimalloc, for which the crate has no name.
const PURGE_DELAY: mi_option_t = 15;

static LOADS: AtomicUsize = AtomicUsize::new(0);

/// While one of these lives, freed memory is given back soon, so that the peak of a load is what it holds.
#[derive(Debug)]
pub struct GivesBackSoon(());

impl GivesBackSoon {
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        if LOADS.fetch_add(1, Ordering::Relaxed) == 0 {
            set_delay(IN_A_LOAD);
        }
        GivesBackSoon(())
    }
}

impl Drop for GivesBackSoon {
    fn drop(&mut self) {
        if LOADS.fetch_sub(1, Ordering::Relaxed) == 1 {
            set_delay(BETWEEN_QUESTIONS);
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
