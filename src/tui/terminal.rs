//! The terminal: entered once, drawn to in whole frames, and given back on every way out.
//!
//! A frame is one write, wrapped in synchronized-output marks, and holds only the cells that changed. A frame in which
//! nothing changed is no write at all. The screen is cleared only at the start, on a new size, and when asked to.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

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
}

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
        Ok(())
    }

    fn commit(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut *self.frame.0.borrow_mut());
        let mut out = io::stdout().lock();
        out.write_all(&bytes)?;
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
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
    let mut bytes = Vec::new();
    let queued = queue!(
        bytes,
        EndSynchronizedUpdate,
        ResetColor,
        EnableLineWrap,
        DisableBracketedPaste,
        Show,
        LeaveAlternateScreen
    );
    // Whoever closed the terminal will not miss these bytes.
    let mut out = io::stdout().lock();
    let _ = queued.and_then(|()| out.write_all(&bytes)).and_then(|()| out.flush());
    let _ = disable_raw_mode();
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
