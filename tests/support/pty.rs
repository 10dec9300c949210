//! A terminal to run trailmap in: a pseudo-terminal that shows a screen, answers what programs ask of terminals, and
//! counts what was sent to it.
//!
//! Nothing sleeps: every wait is for output, for the end of the program, or for silence, and each has a bound.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// The longest that anything may take, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a screen must stay as it is to count as settled.
const QUIET: Duration = Duration::from_millis(300);

/// A running program and its terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser<Answers>,
    modes_before: String,
    n_bytes: usize,
    is_closed: bool,
    /// Everything that was sent, to look for what a screen does not show.
    sent: Vec<u8>,
    gate: Arc<Gate>,
    home: TempDir,
}

/// Lets the reader through, or holds it up.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        let is_shut = self.is_shut.lock().expect("a lock");
        drop(self.opened.wait_while(is_shut, |is_shut| *is_shut).expect("a lock"));
    }

    fn set(&self, is_shut: bool) {
        *self.is_shut.lock().expect("a lock") = is_shut;
        self.opened.notify_all();
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_trailmap");

/// What is started, and where it is at home.
struct Start<'a> {
    program: &'a str,
    args: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    home: TempDir,
}

/// What the terminal answers to questions, waiting to be sent.
#[derive(Default)]
struct Answers {
    waiting: Vec<u8>,
    is_silent: bool,
    is_wide: bool,
    is_light: bool,
    /// Kitty keyboard flags: pushed less popped.
    keyboard_flags: i32,
}

impl vt100::Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        mark: Option<u8>,
        between: Option<u8>,
        params: &[&[u16]],
        last: char,
    ) {
        let first = params.first().and_then(|p| p.first()).copied().unwrap_or(0);
        match (mark, last) {
            (None, 'c') => self.waiting.extend(b"\x1b[?62;22c"),
            (None, 'n') if first == 5 => self.waiting.extend(b"\x1b[0n"),
            (None, 'n') if first == 6 => {
                let (row, column) = screen.cursor_position();
                let column = if self.is_wide { column * 2 } else { column };
                self.waiting.extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes());
            }
            (Some(b'?'), 'p') if between == Some(b'$') => self.waiting.extend(format!("\x1b[?{first};2$y").bytes()),
            (Some(b'?'), 'u') => self.waiting.extend(b"\x1b[?0u"),
            (Some(b'>'), 'u') => self.keyboard_flags += 1,
            (Some(b'<'), 'u') => self.keyboard_flags -= i32::from(first.max(1)),
            (Some(b'>'), 'q') => self.waiting.extend(b"\x1bP>|test 1\x1b\\"),
            _ => {}
        }
    }

    fn unhandled_osc(&mut self, _screen: &mut vt100::Screen, params: &[&[u8]]) {
        match params {
            [b"10", b"?"] => self.waiting.extend(b"\x1b]10;rgb:d8d8/dede/e9e9\x1b\\"),
            [b"11", b"?"] if self.is_light => self.waiting.extend(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\"),
            [b"11", b"?"] => self.waiting.extend(b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
            _ => {}
        }
    }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a terminal has cells")
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Terminal {
    /// Starts trailmap with these arguments in the repository's folder, in a terminal of `columns` × `rows`, with an
    /// empty home of its own.
    pub fn start(args: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_with(args, columns, rows, &[])
    }

    /// A shell script, to prove the terminal itself.
    pub fn script(script: &str, columns: u16, rows: u16) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        Self::run(Start { program: "sh", args: &["-c", script], variables: &[], home }, columns, rows)
    }

    /// As `start`, with files in the folder of settings.
    pub fn start_at_home(args: &[&str], columns: u16, rows: u16, files: &[(&str, &str)]) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let config = home.path().join("c/trailmap");
        std::fs::create_dir_all(&config).expect("a folder");
        files.iter().for_each(|(name, text)| std::fs::write(config.join(name), text).expect("a file"));
        Self::run(Start { program: PROGRAM, args, variables: &[], home }, columns, rows)
    }

    /// A terminal that answers nothing.
    pub fn start_silent(args: &[&str], columns: u16, rows: u16) -> Self {
        let mut terminal = Self::start(args, columns, rows);
        terminal.screen.callbacks_mut().is_silent = true;
        terminal
    }

    /// A terminal that draws signs of doubtful width two columns wide.
    pub fn start_wide(args: &[&str], columns: u16, rows: u16) -> Self {
        let mut terminal = Self::start(args, columns, rows);
        terminal.screen.callbacks_mut().is_wide = true;
        terminal
    }

    /// A terminal with a white background.
    pub fn start_light(args: &[&str], columns: u16, rows: u16) -> Self {
        let mut terminal = Self::start(args, columns, rows);
        terminal.screen.callbacks_mut().is_light = true;
        terminal
    }

    /// As `start`, with these variables set beside `TERM`, `LANG`, `PATH` and the home.
    pub fn start_with(args: &[&str], columns: u16, rows: u16, variables: &[(&str, &str)]) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        Self::run(Start { program: PROGRAM, args, variables, home }, columns, rows)
    }

    fn run(start: Start<'_>, columns: u16, rows: u16) -> Self {
        let Start { program, args, variables, home } = start;
        let pair = native_pty_system().openpty(pty_size(columns, rows)).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, folder) in [("HOME", ""), ("XDG_CONFIG_HOME", "c"), ("XDG_CACHE_HOME", "k"), ("XDG_STATE_HOME", "s")]
        {
            command.env(name, home.path().join(folder));
        }
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let modes_before = modes(&*pair.master);
        let gate = Arc::new(Gate::default());
        let child = pair.slave.spawn_command(command).expect("the program starts");
        // While we hold the other end, the program's end is never seen.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (send, output) = channel();
        let own_gate = Arc::clone(&gate);
        thread::spawn(move || {
            let mut piece = [0; 65_536];
            // A closed terminal reads as an error on Linux.
            while let Ok(n) = reader.read(&mut piece) {
                own_gate.pass();
                if n == 0 || send.send(piece[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal {
            child,
            master: pair.master,
            writer,
            output,
            screen: vt100::Parser::new_with_callbacks(cells(rows), cells(columns), 0, Answers::default()),
            modes_before,
            n_bytes: 0,
            is_closed: false,
            sent: Vec::new(),
            gate,
            home,
        }
    }

    /// Takes in output until `until`, or at least one piece of it; false where none came.
    fn take_in(&mut self, until: Instant) -> bool {
        let wait = until.saturating_duration_since(Instant::now());
        match self.output.recv_timeout(wait) {
            Ok(piece) => {
                self.n_bytes += piece.len();
                self.sent.extend_from_slice(&piece);
                self.screen.process(&piece);
                let answers = std::mem::take(&mut self.screen.callbacks_mut().waiting);
                if !answers.is_empty() && !self.screen.callbacks().is_silent {
                    self.send_bytes(&answers);
                }
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                self.is_closed = true;
                false
            }
        }
    }

    /// Waits until the screen is as it should be.
    ///
    /// # Panics
    /// When it does not become so; the message shows the screen.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self.screen.screen()) {
            if !self.take_in(until) {
                let end = if self.is_closed { "the program ended" } else { "nothing more came" };
                panic!("waited for {what}, but {end}:\n{}", self.text());
            }
        }
    }

    /// Waits until the screen holds every one of these texts.
    #[track_caller]
    pub fn wait_for(&mut self, texts: &[&str]) {
        self.wait_until(&format!("{texts:?}"), |screen| {
            let shown = screen.contents();
            texts.iter().all(|text| shown.contains(text))
        });
    }

    /// Waits until nothing has been drawn for a moment.
    #[track_caller]
    pub fn settle(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.take_in(Instant::now() + QUIET) {
            assert!(Instant::now() < until, "the screen never comes to rest:\n{}", self.text());
        }
    }

    /// Bytes that arrive within this time.
    pub fn bytes_within(&mut self, time: Duration) -> usize {
        let (before, until) = (self.n_bytes, Instant::now() + time);
        while self.take_in(until) {}
        self.n_bytes - before
    }

    /// Starts the program again in the same terminal and home, after it has ended.
    pub fn again(&mut self, args: &[&str]) {
        let size = self.screen.screen().size();
        let home = std::mem::replace(&mut self.home, TempDir::new().expect("a temporary folder"));
        *self = Self::run(Start { program: PROGRAM, args, variables: &[], home }, size.1.get(), size.0.get());
    }

    /// Where the program finds its settings.
    pub fn config(&self) -> PathBuf {
        self.home.path().join("c/trailmap")
    }

    /// Takes no output any more, or again.
    pub fn hold(&mut self, is_held: bool) {
        self.gate.set(is_held);
    }

    /// How often these bytes were sent.
    pub fn n_sent(&self, bytes: &[u8]) -> usize {
        self.sent.windows(bytes.len()).filter(|window| *window == bytes).count()
    }

    /// Whether the cell at this place has a colour of its own.
    pub fn has_colors(&self) -> bool {
        let screen = self.screen.screen();
        let (rows, columns) = screen.size();
        let mut cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
        cells.any(|(row, column)| {
            let cell = screen.cell(row, column);
            cell.is_some_and(|cell| cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default)
        })
    }

    /// Sends keys as a terminal does: `"q"`, `"\r"`, `"\x1b[B"`.
    pub fn press(&mut self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    /// Sends what no key does.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        // A program that has just ended no longer listens; what becomes of it is seen by `wait_exit`.
        let _ = self.writer.write_all(bytes).and_then(|()| self.writer.flush());
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.set_size(cells(rows), cells(columns));
        self.master.resize(pty_size(columns, rows)).expect("a new size");
    }

    /// Sends a signal by name: `"TERM"`, `"HUP"`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().expect("a running program").to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &pid]).status().expect("kill");
        assert!(status.success(), "kill -s {name} {pid}");
    }

    /// Sends a signal to a program that may have ended by now.
    pub fn signal_if_there(&self, name: &str) {
        if let Some(pid) = self.child.process_id() {
            let mut kill = std::process::Command::new("kill");
            let _ = kill.args(["-s", name, &pid.to_string()]).stderr(std::process::Stdio::null()).status();
        }
    }

    /// Waits for the program to end and for nothing else.
    #[track_caller]
    pub fn wait_end(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("a child").is_none() {
            self.take_in(Instant::now() + Duration::from_millis(5));
            assert!(Instant::now() < until, "the program does not end:\n{}", self.text());
        }
    }

    /// Waits for the program to end, taking in its last words.
    #[track_caller]
    pub fn wait_exit(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            let soon = Instant::now() + Duration::from_millis(20);
            if !self.take_in(soon) || self.is_closed {
                if let Some(status) = self.child.try_wait().expect("a child") {
                    while !self.is_closed && self.take_in(Instant::now() + QUIET) {}
                    return status;
                }
                // The program may outlive its terminal by a moment; a closed channel no longer waits by itself.
                thread::yield_now();
            }
            assert!(Instant::now() < until, "the program does not end:\n{}", self.text());
        }
    }

    /// The screen as text, without trailing spaces.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    pub fn row(&self, row: u16) -> String {
        let columns = self.screen.screen().size().1.get();
        self.screen.screen().rows(0, columns).nth(usize::from(row)).unwrap_or_default()
    }

    /// What of the terminal is not as it was before the program started, in words.
    pub fn left_changed(&self) -> Vec<&'static str> {
        let screen = self.screen.screen();
        let changes = [
            (screen.alternate_screen(), "the alternate screen is still shown"),
            (screen.hide_cursor(), "the cursor is hidden"),
            (screen.bracketed_paste(), "pastes are bracketed"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "the mouse is reported"),
            (screen.application_cursor(), "cursor keys send other codes"),
            (self.screen.callbacks().keyboard_flags != 0, "keyboard flags are set"),
            (modes(&*self.master) != self.modes_before, "line modes (echo, raw) differ"),
        ];
        changes.into_iter().filter(|(is_changed, _)| *is_changed).map(|(_, what)| what).collect()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.gate.set(false);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The line modes, to compare.
fn modes(master: &dyn MasterPty) -> String {
    #[cfg(unix)]
    return master.get_termios().map(|termios| format!("{termios:?}")).unwrap_or_default();
    #[cfg(not(unix))]
    return String::new();
}
