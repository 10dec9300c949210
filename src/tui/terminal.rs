//! The terminal: entered once, drawn to in whole frames, and given back on every way out.
//!
//! A frame is one write, wrapped in synchronized-output marks, and holds only the cells that changed. A frame in which
//! nothing changed is no write at all. The screen is cleared only at the start, on a new size, and when asked to.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Read, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::app::Drawn;
use super::key::{Decoder, Input};
use super::look::MEASURED;
use super::report::Answer;

/// Whether the terminal is ours at the moment.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Collects what is written, whatever the writer thinks about flushing.
#[derive(Debug, Clone, Default)]
struct Frame(Rc<RefCell<Vec<u8>>>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub struct Terminal {
    frame: Frame,
    backend: CrosstermBackend<Frame>,
    /// What is on the screen.
    shown: Buffer,
    cursor: Option<Position>,
    must_clear: bool,
    has_mouse: bool,
    /// Frames that took long to go out.
    n_slow: u32,
}

/// A frame that takes longer to go out was held up by the line.
const SLOW_FRAME: Duration = Duration::from_millis(50);

/// How many of them make a slow line.
const SLOW_FRAMES: u32 = 2;

const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Background, whole frames, name; every terminal answers the last one.
const QUESTIONS: &[u8] = b"\x1b]11;?\x1b\\\x1b[?2026$p\x1b[>0q\x1b[c";

/// Columns that are drawn again over what was measured, and over what an odd terminal printed instead of answering.
const MENDED: u16 = 24;

impl Terminal {
    /// Takes the terminal over. Dropping gives it back.
    ///
    /// # Errors
    /// When standard output is no terminal, or does not take it.
    pub fn enter() -> io::Result<Self> {
        take_over()?;
        let frame = Frame::default();
        Ok(Terminal {
            backend: CrosstermBackend::new(frame.clone()),
            frame,
            shown: Buffer::empty(Rect::ZERO),
            cursor: None,
            must_clear: true,
            has_mouse: false,
            n_slow: 0,
        })
    }

    /// Draws a frame: what changed since the last one.
    ///
    /// # Errors
    /// When the terminal takes no output any more.
    pub fn draw(&mut self, view: impl FnOnce(&mut Buffer) -> Drawn) -> io::Result<Drawn> {
        let mut next = Buffer::empty(size());
        let drawn = view(&mut next);
        let is_anew = self.must_clear || next.area != self.shown.area;
        if is_anew {
            self.shown = Buffer::empty(next.area);
        }
        let changes = self.shown.diff(&next);
        if changes.is_empty() && drawn.cursor == self.cursor && !is_anew {
            return Ok(drawn);
        }
        queue!(self.frame, BeginSynchronizedUpdate)?;
        if self.cursor.is_some() {
            queue!(self.frame, Hide)?;
        }
        if is_anew {
            queue!(self.frame, ResetColor, Clear(ClearType::All))?;
        }
        self.backend.draw(changes.into_iter())?;
        if let Some(Position { x, y }) = drawn.cursor {
            queue!(self.frame, MoveTo(x, y), Show)?;
        }
        queue!(self.frame, EndSynchronizedUpdate)?;
        self.shown = next;
        self.cursor = drawn.cursor;
        self.must_clear = false;
        self.commit()?;
        Ok(drawn)
    }

    /// Forgets what is on the screen: the next frame is drawn whole.
    pub fn forget(&mut self) {
        self.must_clear = true;
    }

    /// Sends a command that draws nothing.
    ///
    /// # Errors
    /// When the terminal takes no output any more.
    pub fn send(&mut self, command: impl Command) -> io::Result<()> {
        queue!(self.frame, command)?;
        self.commit()
    }

    /// Asks the terminal about itself, and measures signs whose width terminals disagree about. The answers arrive among
    /// the keys.
    ///
    /// # Errors
    /// When the terminal takes no output any more.
    pub fn ask(&mut self) -> io::Result<()> {
        queue!(self.frame, BeginSynchronizedUpdate)?;
        let Rect { width, height, .. } = self.shown.area;
        // Its answer would be a key in the first row: `CSI 1 ; 4 R` is also F3.
        let is_measured = height > 1 && width > MENDED;
        if is_measured {
            queue!(self.frame, MoveTo(0, 1))?;
            self.frame.write_all(MEASURED.as_bytes())?;
            self.frame.write_all(b"\x1b[6n")?;
        }
        self.frame.write_all(QUESTIONS)?;
        if is_measured {
            let row = (0..MENDED).map(|x| (x, 1, &self.shown[(x, 1)]));
            self.backend.draw(row)?;
        }
        if let Some(Position { x, y }) = self.cursor {
            queue!(self.frame, MoveTo(x, y))?;
        }
        queue!(self.frame, EndSynchronizedUpdate)?;
        self.commit()
    }

    /// Lets the terminal report wheel and clicks, or no longer.
    ///
    /// # Errors
    /// When the terminal takes no output any more.
    pub fn set_mouse(&mut self, is_on: bool) -> io::Result<()> {
        if is_on == self.has_mouse {
            return Ok(());
        }
        self.has_mouse = is_on;
        self.frame.write_all(if is_on { MOUSE_ON } else { MOUSE_OFF })?;
        self.commit()
    }

    /// Whether the line to the terminal proved slow; says so once.
    pub fn proved_slow(&mut self) -> bool {
        let is_slow = self.n_slow == SLOW_FRAMES;
        self.n_slow += u32::from(is_slow);
        is_slow
    }

    /// Gives the terminal back, stops the process, and takes the terminal again when it goes on.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.resume()
    }

    /// Takes the terminal again after somebody stopped and continued the process: whoever had it meanwhile may have
    /// changed it.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub fn resume(&mut self) -> io::Result<()> {
        restore();
        take_over()?;
        self.cursor = None;
        self.must_clear = true;
        if std::mem::take(&mut self.has_mouse) {
            self.set_mouse(true)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut *self.frame.0.borrow_mut());
        let started = Instant::now();
        let mut out = io::stdout().lock();
        out.write_all(&bytes)?;
        out.flush()?;
        if started.elapsed() > SLOW_FRAME && self.n_slow < SLOW_FRAMES {
            self.n_slow += 1;
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Asks the terminal about itself where no screen is open, and returns what it says within `patience`.
///
/// # Errors
/// When the terminal cannot be written to, or not be read key by key.
pub fn interview(patience: Duration) -> io::Result<Vec<Answer>> {
    enable_raw_mode()?;
    let (send, bytes) = channel::<Vec<u8>>();
    let listen = move || {
        let mut buffer = [0u8; 1024];
        // Ends with the process: nothing reads the terminal after this.
        while let Ok(n @ 1..) = io::stdin().read(&mut buffer) {
            if send.send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    };
    let heard = std::thread::Builder::new().name("answers".into()).spawn(listen).and_then(|_| {
        // On a line of its own, so that the answer about the cursor is not about the first one.
        let question = [b"\r\n", MEASURED.as_bytes(), b"\x1b[6n", QUESTIONS, b"\r\x1b[K\x1b[A"].concat();
        let mut out = io::stdout().lock();
        out.write_all(&question)?;
        out.flush()?;
        let until = Instant::now() + patience;
        let mut decoder = Decoder::default();
        decoder.expect_answers();
        let mut answers = Vec::new();
        while !answers.contains(&Answer::Attributes) {
            let Ok(bytes) = bytes.recv_timeout(until.saturating_duration_since(Instant::now())) else { break };
            answers.extend(decoder.feed(&bytes).into_iter().filter_map(|input| match input {
                Input::Answer(answer) => Some(answer),
                Input::Key(_) | Input::Paste(_) | Input::Mouse(_) => None,
            }));
        }
        Ok(answers)
    });
    disable_raw_mode()?;
    heard
}

/// The size of the screen. A terminal that says it has none (a serial line, some pipes) is taken for the classic one.
fn size() -> Rect {
    match crossterm::terminal::size() {
        Ok((width, height)) if width > 0 && height > 0 => Rect::new(0, 0, width, height),
        Ok(_) | Err(_) => Rect::new(0, 0, 80, 24),
    }
}

fn take_over() -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "standard output is not a terminal"));
    }
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    // Without wrapping, a screen that is smaller than we were told loses columns instead of shifting lines.
    queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, DisableLineWrap, Hide)?;
    let mut out = io::stdout().lock();
    out.write_all(&bytes)?;
    out.flush()
}

/// Gives the terminal back as it was. Does nothing when it is not ours, so it may be called on every way out.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Whoever closed the terminal will not miss these bytes.
    let mut out = io::stdout().lock();
    let _ = farewell().and_then(|bytes| out.write_all(&bytes)).and_then(|()| out.flush());
    let _ = disable_raw_mode();
}

/// Gives back what can be given back of a terminal that takes no output: its line modes in any case, and the rest where it
/// takes it within `patience`. Whoever writes a frame holds standard output, so this goes through standard error.
pub fn abandon(patience: Duration) {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let (send, done) = channel();
    let say_farewell = move || {
        let mut err = io::stderr();
        let _ = farewell().and_then(|bytes| err.write_all(&bytes));
        let _ = send.send(());
    };
    if io::stderr().is_terminal() && std::thread::Builder::new().name("farewell".into()).spawn(say_farewell).is_ok() {
        let _ = done.recv_timeout(patience);
    }
    let _ = disable_raw_mode();
}

/// What makes a terminal again what it was.
fn farewell() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    queue!(bytes, EndSynchronizedUpdate, ResetColor, EnableLineWrap, DisableBracketedPaste)?;
    bytes.extend_from_slice(MOUSE_OFF);
    queue!(bytes, Show, LeaveAlternateScreen)?;
    Ok(bytes)
}

/// Makes a panic give the terminal back before it is reported. Panics of background threads come out as errors in the
/// pane that asked, so they are not reported while the screen is ours.
pub fn hook_panics() {
    let previous = std::panic::take_hook();
    let screen_thread = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == screen_thread {
            restore();
        }
        if !ENTERED.load(Ordering::SeqCst) {
            previous(panic);
        }
    }));
}
