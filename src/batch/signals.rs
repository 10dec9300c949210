//! Signals: the first asks the computation to stop; what has not stopped soon after is ended, tidily, with 128 + n.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::base::{Ctl, ending};

/// How long a computation may take to notice that it should stop. A read from a pipe never notices.
const GRACE: Duration = Duration::from_millis(300);

static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// Watches for signals on a thread of its own until the process ends. Where the system refuses, signals keep their
/// default effect.
pub fn watch(ctl: &Ctl) {
    ignore_file_size_limit();
    let ignored = ignored_from_the_start();
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let ctl = ctl.clone();
    let watcher = std::thread::Builder::new().name("signals".into());
    let _ = watcher.spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        RECEIVED.store(signal, Ordering::SeqCst);
        ctl.cancel();
        std::thread::sleep(GRACE);
        ending::abruptly(128 + signal);
    });
}

/// The signals that the caller made us ignore, as `nohup` does with hangups, one bit each. Where the system does not
/// tell, none.
fn ignored_from_the_start() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The exit status of a run that was asked to stop.
pub fn status() -> u8 {
    let signal = match RECEIVED.load(Ordering::SeqCst) {
        0 => SIGINT,
        signal => signal,
    };
    u8::try_from(128 + signal).unwrap_or(130)
}

/// A file that grows beyond `ulimit -f` shall be an error with a message, not the death of the process.
#[cfg(unix)]
fn ignore_file_size_limit() {
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, seen);
}

#[cfg(not(unix))]
fn ignore_file_size_limit() {}
