//! Saves what was read on a thread of its own, while questions are asked already; leaving stops it.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::base::Ctl;

/// Saves a store, or says in a sentence why it could not be saved.
pub type Save = Box<dyn FnOnce(&Ctl) -> Result<(), String> + Send>;

/// A store that is being saved. Dropping it stops that, and leaves nothing unfinished behind.
pub struct Keeping {
    ctl: Ctl,
    done: Receiver<()>,
}

/// How long leaving waits for the file to be removed; the disk may be busy.
const PATIENCE: Duration = Duration::from_millis(500);

impl Keeping {
    /// Starts saving; `failed` hears why where that fails.
    pub fn start(save: Save, failed: impl FnOnce(String) + Send + 'static) -> Self {
        let ctl = Ctl::new();
        let own = ctl.clone();
        let (send, done) = channel();
        let thread = std::thread::Builder::new().name("saving".into());
        // Without a thread nothing is saved, and read again next time.
        let _ = thread.spawn(move || {
            // Dropped when all is done, whatever happens.
            let _send = send;
            if let Err(what) = save(&own) {
                failed(what);
            }
        });
        Keeping { ctl, done }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.ctl.cancel();
        let _ = self.done.recv_timeout(PATIENCE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_stops_what_is_being_saved_and_waits_for_it() {
        let (send, saw) = channel();
        let keeping = Keeping::start(
            Box::new(move |ctl| {
                while !ctl.is_cancelled() {
                    std::thread::yield_now();
                }
                send.send("stopped").map_err(|err| err.to_string())
            }),
            |_| (),
        );
        drop(keeping);
        assert_eq!(saw.try_recv(), Ok("stopped"));
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let (send, saw) = channel();
        let keeping = Keeping::start(Box::new(|_| Err("no room".into())), move |what| drop(send.send(what)));
        assert_eq!(saw.recv().as_deref(), Ok("no room"));
        drop(keeping);
    }
}
