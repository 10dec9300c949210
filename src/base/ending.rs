//! Endings that nobody chose: a mistake in trailmap itself, or a signal. What must be put right first (the terminal, a
//! half-written file) is registered here; then comes one sentence and an exit status that is never 101.
//!
//! The panic hook is silent: readers and background jobs turn panics into errors of their own, and nothing may be
//! printed into the workbench's screen. It only remembers; whoever finds at the end that a panic came through asks
//! `last_mistake`.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::visible::visible;

type Tidy = Box<dyn Fn() + Send>;

static TIDIES: Mutex<Vec<(u64, Tidy)>> = Mutex::new(Vec::new());
static NEXT_ID: AtomicU64 = AtomicU64::new(0);
static LAST_MISTAKE: Mutex<Option<String>> = Mutex::new(None);

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
    // Whoever holds the lock may wait for this very thread; then ending matters more than tidying.
    if let Ok(tidies) = TIDIES.try_lock() {
        tidies.iter().rev().for_each(|(_, tidy)| tidy());
    }
    std::process::exit(status)
}

/// Makes panics silent and remembered.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let sentence = sentence(info);
        *LAST_MISTAKE.lock().unwrap_or_else(PoisonError::into_inner) = Some(sentence);
    }));
}

/// The latest panic as the sentence that people read, where there was one.
pub fn last_mistake() -> Option<String> {
    LAST_MISTAKE.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn sentence(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = text.and_then(|text| text.lines().next()).unwrap_or("no reason given");
    format!("a mistake in trailmap itself ({}{place}); please report it", visible(what))
}

#[cfg(test)]
mod tests {
    use super::*;

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
