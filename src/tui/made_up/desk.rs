//! A person at a screen who presses keys and reads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant as Clock};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::made_up;
use crate::base::Ctl;
use crate::ingest::{self, LoadOptions};
use crate::tui::app::{App, Drawn};
use crate::tui::event::Event;
use crate::tui::key::{Decoder, Input, Key};
use crate::tui::load::Opener;
use crate::tui::theme::{Environment, Scheme, Theme};
use crate::workspace::Folders;

/// A person at a screen.
pub struct Desk {
    pub app: App,
    events: Receiver<Event>,
    decoder: Decoder,
    pub now: Clock,
    pub width: u16,
    pub height: u16,
}

/// Longest time that an answer may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Desk {
    /// The workbench with the made-up data read.
    pub fn open(width: u16, height: u16) -> Self {
        Self::open_with(false, width, height, LoadOptions::default())
    }

    /// The workbench where few customers have paths: for many questions.
    pub fn thin(width: u16, height: u16) -> Self {
        Self::open_with(true, width, height, LoadOptions::default())
    }

    fn open_with(is_thin: bool, width: u16, height: u16, options: LoadOptions) -> Self {
        let mut desk = Self::with_options(Opener::whole(move |_, _| Ok(made_up(is_thin))), options);
        (desk.width, desk.height) = (width, height);
        desk.app.load();
        desk.until_idle();
        desk.draw();
        desk
    }

    pub fn failing(err: fn() -> ingest::Error) -> Self {
        let mut desk = Self::with(Opener::whole(move |_, _| Err(err())));
        desk.app.load();
        desk.until_idle();
        desk
    }

    /// The workbench while nothing has been read yet, and nothing ever will be unless it is stopped.
    pub fn waiting() -> Self {
        let mut desk = Self::with(Opener::whole(|_: &LoadOptions, ctl: &Ctl| {
            while !ctl.is_cancelled() {
                std::thread::yield_now();
            }
            Err(ingest::Error::Cancelled(crate::base::Cancelled))
        }));
        desk.app.load();
        desk
    }

    /// The start of the made-up data is read; the whole comes when `release` is set.
    pub fn at_the_start(release: &Arc<std::sync::atomic::AtomicBool>) -> Self {
        let release = Arc::clone(release);
        let whole = move |_: &LoadOptions, ctl: &Ctl| {
            while !release.load(std::sync::atomic::Ordering::Relaxed) {
                ctl.check()?;
                std::thread::yield_now();
            }
            Ok(made_up(true))
        };
        let mut desk =
            Self::with(Opener { head: Arc::new(move |_, _| Ok(Some(made_up(true)))), ..Opener::whole(whole) });
        desk.app.load();
        while !desk.screen().contains("Headline") || desk.app.is_waiting_for_answer() {
            let event = desk.events.recv_timeout(PATIENCE).expect("the start is read");
            desk.app.handle(event, desk.now);
        }
        desk
    }

    /// Presses one key, by its name, and waits for nothing.
    pub fn press(&mut self, name: &str) {
        let key = Key::named(name).expect("a key");
        self.app.handle(Event::Input(Input::Key(key)), self.now);
    }

    /// Waits for the answers, though reading goes on.
    pub fn until_answered(&mut self) {
        while self.app.is_waiting_for_answer() {
            let event = self.events.recv_timeout(PATIENCE).expect("an answer comes");
            self.app.handle(event, self.now);
        }
    }

    /// The made-up data, read in this zone.
    pub fn open_in_zone(zone: &str) -> Self {
        let zone = zone.parse().expect("a zone");
        Self::open_with(true, 80, 24, LoadOptions { zone: Some(zone), ..LoadOptions::default() })
    }

    /// Lets time pass, as the loop does when something is due.
    pub fn wait(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self.event(Event::Tick);
        self
    }

    pub fn event(&mut self, event: Event) {
        self.app.handle(event, self.now);
        self.until_idle();
        self.draw();
    }

    pub fn now(&self) -> Clock {
        self.now
    }

    /// What the made-up data opens as, whatever it is called.
    pub fn opener() -> Opener {
        Opener::whole(|_, _| Ok(made_up(true)))
    }

    /// A workbench that was started with these sources, its folders there, and nothing opened yet.
    pub fn started(sources: &[&str], opener: Opener, folders: &Folders) -> Self {
        let mut desk = Self::with_sources(sources, opener, LoadOptions::default());
        desk.app.furnish(folders, None);
        desk.app.open(false);
        desk.until_idle();
        desk
    }

    /// The workbench while this is read; nothing is waited for.
    pub fn loading(opener: Opener) -> Self {
        let mut desk = Self::with(opener);
        desk.app.load();
        desk
    }

    fn with(opener: Opener) -> Self {
        Self::with_options(opener, LoadOptions::default())
    }

    fn with_options(opener: Opener, options: LoadOptions) -> Self {
        Self::with_sources(&["shop/events_2026q2.csv"], opener, options)
    }

    fn with_sources(sources: &[&str], opener: Opener, options: LoadOptions) -> Self {
        let (send, events) = channel();
        let sources = sources.iter().map(|source| (*source).to_owned()).collect();
        let options = LoadOptions { sources, ..options };
        let environment = Environment { term: "xterm".into(), ..Environment::default() };
        let theme = Theme::new(Scheme::Mono, false, &environment);
        let now = Clock::now();
        Desk {
            app: App::new(options, opener, theme, send, now),
            events,
            decoder: Decoder::default(),
            now,
            width: 80,
            height: 24,
        }
    }

    /// Waits until every answer is there.
    pub fn until_idle(&mut self) {
        while self.app.is_busy() {
            let event = self.events.recv_timeout(PATIENCE).expect("an answer comes");
            self.app.handle(event, self.now);
        }
        while let Ok(event) = self.events.try_recv() {
            self.app.handle(event, self.now);
        }
    }

    /// Presses keys as a terminal sends them: letters, and `⏎ ⎋ ⇥ ⌫ ↑ ↓ ← →`, `⌃p`; waits for the answers after each.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let mut chars = keys.chars();
        while let Some(c) = chars.next() {
            let bytes = match c {
                '⏎' => "\r".to_owned(),
                '⎋' => "\x1b".to_owned(),
                '⇥' => "\t".to_owned(),
                '⌫' => "\x7f".to_owned(),
                '↑' => "\x1b[A".to_owned(),
                '↓' => "\x1b[B".to_owned(),
                '→' => "\x1b[C".to_owned(),
                '←' => "\x1b[D".to_owned(),
                '⌃' => char::from(chars.next().expect("a letter follows ⌃") as u8 - b'a' + 1).to_string(),
                c => c.to_string(),
            };
            self.bytes(bytes.as_bytes());
        }
        self
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        let mut inputs: Vec<Input> = self.decoder.feed(bytes);
        inputs.extend(self.decoder.settle());
        for input in inputs {
            self.app.handle(Event::Input(input), self.now);
            self.until_idle();
            self.draw();
        }
    }

    pub fn draw(&mut self) -> (Buffer, Drawn) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.width, self.height));
        let drawn = self.app.view(&mut buffer);
        self.app.drawn(&drawn);
        (buffer, drawn)
    }

    /// The screen as text, one line per row.
    pub fn screen(&mut self) -> String {
        let (buffer, _) = self.draw();
        text(&buffer)
    }

    #[track_caller]
    pub fn shows(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(screen.contains(text), "`{text}` is not on the screen:\n{screen}");
        self
    }
}

/// A buffer as text; a wide character takes the place of two columns.
pub fn text(buffer: &Buffer) -> String {
    let mut lines = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut skip = 0;
        for x in buffer.area.left()..buffer.area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = crate::base::visible::width(symbol).saturating_sub(1);
            lines.push_str(symbol);
        }
        while lines.ends_with(' ') {
            lines.pop();
        }
        lines.push('\n');
    }
    lines
}
