//! Endings that nobody chose: a mistake in trailmap itself, or a signal. What must be put right first (the terminal, a
//! half-written file) is registered here; then comes one sentence and an exit status that is never 101.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::visible::visible;

type Tidy = Box<dyn Fn() + Send>;

static TIDIES: Mutex<Vec<(u64, Tidy)>> = Mutex::new(Vec::new());
static NEXT_ID: AtomicU64 = AtomicU64::new(0);
/// Regions in which a panic is caught and becomes an error.
static GUARDED: AtomicUsize = AtomicUsize::new(0);

/// Keeps a function registered for as long as it lives.
#[must_use = "the function is forgotten as soon as this is dropped"]
#[derive(Debug)]
pub struct Registered(u64);

impl Drop for Registered {
    fn drop(&mut self) {
        let mut tidies = TIDIES.lock().unwrap_or_else(PoisonError::into_inner);
        tidies.retain(|(id, _)| *id != self.0);
    }
}

/// Registers what must be done before the process ends abruptly; the latest registered is done first. It must not panic
/// and must be content to run on any thread.
pub fn before(tidy: impl Fn() + Send + 'static) -> Registered {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    TIDIES.lock().unwrap_or_else(PoisonError::into_inner).push((id, Box::new(tidy)));
    Registered(id)
}

/// Tidies up and ends the process.
pub fn abruptly(status: i32) -> ! {
    tidy_up();
    std::process::exit(status)
}

fn tidy_up() {
    // Whoever holds the lock may be the one who panicked; then ending matters more than tidying.
    if let Ok(tidies) = TIDIES.try_lock() {
        tidies.iter().rev().for_each(|(_, tidy)| tidy());
    }
}

/// Makes every panic outside `caught` tidy up, say one sentence on standard error and end the process with status 1, on
/// whatever thread it happens.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        if GUARDED.load(Ordering::SeqCst) > 0 {
            return;
        }
        tidy_up();
        let _ = writeln!(std::io::stderr(), "{}", sentence(info));
        std::process::exit(1);
    }));
}

fn sentence(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
    let what = text_of(info.payload());
    format!("trailmap: a mistake in trailmap itself ({}{place}); please report it", visible(&what))
}

/// Runs `work`; a panic in it, also on threads that it waits for, becomes an error that says what happened.
///
/// # Errors
/// The panic's message.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    GUARDED.fetch_add(1, Ordering::SeqCst);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.fetch_sub(1, Ordering::SeqCst);
    done.map_err(|payload| text_of(payload.as_ref()))
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.and_then(|text| text.lines().next().map(str::to_owned)).unwrap_or_else(|| "no reason given".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_panic_is_an_error_that_says_what_happened() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| -> u8 { panic!("page {} is torn\nhere", 3) }), Err("page 3 is torn".to_owned()));
    }

    #[test]
    fn what_is_registered_is_forgotten_with_its_guard() {
        let here = || TIDIES.lock().expect("not poisoned").len();
        let before_all = here();
        let one = before(|| {});
        assert_eq!(here(), before_all + 1);
        drop(one);
        assert_eq!(here(), before_all);
    }
}
