//! `Saver`: writes settings in the order in which they were changed, on a thread of its own, because a folder may be slow.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::event::Event;
use crate::workspace::{Setting, Settings};

pub struct Saver {
    /// `None` once it is to end.
    send: Option<Sender<(Setting, &'static str)>>,
    thread: Option<JoinHandle<()>>,
}

impl Saver {
    /// # Errors
    /// When no thread can be started.
    pub fn start(folder: Option<PathBuf>, events: Sender<Event>) -> std::io::Result<Self> {
        let (send, changes) = channel::<(Setting, &'static str)>();
        let thread = std::thread::Builder::new().name("settings".into()).spawn(move || {
            for (setting, value) in changes {
                let Some(folder) = &folder else { continue };
                // Nobody is left to tell once the loop has ended.
                let _ = events.send(Event::Kept(Settings::keep(folder, setting, value)));
            }
        })?;
        Ok(Saver { send: Some(send), thread: Some(thread) })
    }

    pub fn keep(&self, setting: Setting, value: &'static str) {
        if let Some(send) = &self.send {
            // The thread ends only with us.
            let _ = send.send((setting, value));
        }
    }
}

impl Drop for Saver {
    /// Waits for what is being written.
    fn drop(&mut self) {
        self.send = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
