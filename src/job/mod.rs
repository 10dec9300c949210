//! `Slot`: one computation in the background; newest wins.
//!
//! A slot runs at most one computation and keeps at most one waiting: asking again cancels the first and replaces the
//! second, so that holding a key down never piles up threads. Every question has a ticket, and an answer is taken only
//! with the newest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Ctl;
use crate::base::ctl::Progress;

/// Which question an answer belongs to; larger is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Ticket(u64);

/// The computation fell over; what it said, for the screen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the computation fell over ({0}); the program goes on, please report it")]
pub struct Fallen(pub String);

type Work = Box<dyn FnOnce(&Ctl) + Send>;

#[derive(Default)]
struct Desk {
    waiting: Option<(Ctl, Work)>,
    /// Whether a thread is at work and will look for `waiting` before it ends.
    is_manned: bool,
}

/// One background computation. Dropping the slot cancels it.
#[derive(Default)]
pub struct Slot {
    desk: Arc<Mutex<Desk>>,
    newest: Ticket,
    running: Option<Ctl>,
}

impl Slot {
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels what runs, then runs `work` on a thread and hands what it returns to `done` there. A panic in `work` comes
    /// out as `Fallen`.
    pub fn start<T, W, D>(&mut self, work: W, done: D) -> Ticket
    where
        T: Send + 'static,
        W: FnOnce(&Ctl) -> T + Send + 'static,
        D: FnOnce(Ticket, Result<T, Fallen>) + Send + 'static,
    {
        self.cancel();
        self.newest = Ticket(self.newest.0 + 1);
        let ticket = self.newest;
        let ctl = Ctl::new();
        let boxed: Work = Box::new(move |ctl| {
            let value = catch_unwind(AssertUnwindSafe(|| work(ctl))).map_err(|panic| Fallen(said(&*panic)));
            done(ticket, value);
        });
        self.running = Some(ctl.clone());
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        desk.waiting = Some((ctl, boxed));
        if !desk.is_manned {
            desk.is_manned = true;
            let shared = Arc::clone(&self.desk);
            let thread = std::thread::Builder::new().name("job".into());
            if thread.spawn(move || work_off(&shared)).is_err() {
                // No thread to be had: do it here, late rather than never.
                drop(desk);
                work_off(&self.desk);
            }
        }
        ticket
    }

    /// Whether an answer with this ticket is the one waited for; after that nothing is.
    pub fn accept(&mut self, ticket: Ticket) -> bool {
        let is_newest = self.running.is_some() && ticket == self.newest;
        if is_newest {
            self.running = None;
        }
        is_newest
    }

    /// Stops what runs; its answer will not be accepted.
    pub fn cancel(&mut self) {
        if let Some(ctl) = self.running.take() {
            ctl.cancel();
        }
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).waiting = None;
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub fn progress(&self) -> Option<Progress> {
        self.running.as_ref().map(Ctl::progress)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.cancel();
    }
}

fn work_off(desk: &Mutex<Desk>) {
    loop {
        let next = {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            let next = desk.waiting.take();
            desk.is_manned = next.is_some();
            next
        };
        match next {
            Some((ctl, work)) => work(&ctl),
            None => return,
        }
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a word".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_newest_question_wins_and_the_one_in_between_never_runs() {
        let (send, receive) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let (started, has_started) = mpsc::channel();
        let mut slot = Slot::new();
        let done = |send: &mpsc::Sender<_>| {
            let send = send.clone();
            move |ticket: Ticket, value: Result<(u32, bool), Fallen>| {
                send.send((ticket, value)).expect("the test waits");
            }
        };
        slot.start(
            move |ctl| {
                started.send(()).expect("the test waits");
                wait.recv().expect("the test says go");
                (1, ctl.is_cancelled())
            },
            done(&send),
        );
        has_started.recv().expect("the first one runs");
        slot.start(|ctl| (2, ctl.is_cancelled()), done(&send));
        let newest = slot.start(|ctl| (3, ctl.is_cancelled()), done(&send));
        go.send(()).expect("the first one waits");
        let answers: Vec<_> = (0..2).map(|_| receive.recv().expect("an answer")).collect();
        assert_eq!(answers[0].1, Ok((1, true)), "the first one saw the cancel");
        assert_eq!(answers[1], (newest, Ok((3, false))));
        assert!(!slot.accept(answers[0].0));
        assert!(slot.is_running());
        assert!(slot.accept(answers[1].0));
        assert!(!slot.is_running() && !slot.accept(answers[1].0));
    }

    #[test]
    fn a_panic_is_an_answer_and_the_slot_goes_on() {
        let (send, receive) = mpsc::channel();
        let mut slot = Slot::new();
        let again = send.clone();
        slot.start(
            |_| panic!("no such luck"),
            move |_, value: Result<(), _>| again.send(value).expect("the test waits"),
        );
        assert_eq!(receive.recv(), Ok(Err(Fallen("no such luck".into()))));
        slot.start(|_| (), move |_, value| send.send(value).expect("the test waits"));
        assert_eq!(receive.recv(), Ok(Ok(())));
    }
}
