//! The workbench without a terminal: keys go in, frames are drawn into memory. What benches measure.

use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::App;
use super::event::Event;
use super::key::{Input, Key};
use super::load::Opener;
use super::theme::{Environment, Scheme, Theme};
use crate::ingest::LoadOptions;
use crate::workspace::Folders;

pub struct Offscreen {
    app: App,
    events: Receiver<Event>,
    area: Rect,
}

impl Offscreen {
    /// Opens the sources on a screen of this size, and waits until everything on it is answered.
    pub fn open(options: LoadOptions, width: u16, height: u16) -> Self {
        let (send, events) = channel();
        let theme = Theme::new(Scheme::Dark, false, &Environment::default());
        let mut app = App::new(options, Opener::of_sources(&Folders::default()), theme, send, Instant::now());
        app.load();
        let mut screen = Offscreen { app, events, area: Rect::new(0, 0, width, height) };
        screen.settle();
        screen
    }

    /// Presses keys by name (`a`, `enter`, `tab`), each after the answers to the one before; a name that is no key is
    /// passed over.
    pub fn press(&mut self, keys: &[&str]) {
        for key in keys.iter().filter_map(|name| Key::named(name)) {
            self.app.handle(Event::Input(Input::Key(key)), Instant::now());
            self.settle();
        }
    }

    /// Draws one frame.
    pub fn draw(&mut self) -> Buffer {
        let mut buffer = Buffer::empty(self.area);
        let drawn = self.app.view(&mut buffer);
        self.app.drawn(&drawn);
        buffer
    }

    fn settle(&mut self) {
        self.draw();
        while self.app.is_busy() {
            // The app itself holds a sender, so the channel stays open.
            let Ok(event) = self.events.recv() else { return };
            self.app.handle(event, Instant::now());
        }
        self.draw();
    }
}
