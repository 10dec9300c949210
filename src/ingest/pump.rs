//! `Pump`: a pipe that is read on a thread of its own, so that waiting for the other end never delays a stop.

use std::io::{self, Read};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use crate::base::Ctl;

const PIECE: usize = 1 << 18;

/// How often somebody who waits for the pipe looks whether to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// What came through a pipe, in order. Dropping it lets the thread end at its next piece.
pub struct Pump {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
    ctl: Ctl,
}

impl Pump {
    /// Starts to read what `open` opens; whoever waits for it stops when `ctl` is stopped. Opening happens on the thread too: a named pipe without a writer blocks there.
    pub fn start(ctl: &Ctl, open: impl FnOnce() -> io::Result<Box<dyn Read>> + Send + 'static) -> Self {
        let (sender, pieces) = bounded(4);
        std::thread::spawn(move || {
            let mut reader = match open() {
                Ok(reader) => reader,
                Err(error) => return drop(sender.send(Err(error))),
            };
            loop {
                let mut piece = vec![0; PIECE];
                match reader.read(&mut piece) {
                    Ok(0) => return,
                    Ok(n) => {
                        piece.truncate(n);
                        if sender.send(Ok(piece)).is_err() {
                            return;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return drop(sender.send(Err(error))),
                }
            }
        });
        Pump { pieces, piece: Vec::new(), at: 0, ctl: ctl.clone() }
    }
}

impl Read for Pump {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.pieces.recv_timeout(GLANCE) {
                Ok(piece) => (self.piece, self.at) = (piece?, 0),
                Err(RecvTimeoutError::Timeout) => self.ctl.check().map_err(io::Error::other)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
        let n = (&self.piece[self.at..]).read(buf)?;
        self.at += n;
        Ok(n)
    }
}

impl std::fmt::Debug for Pump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pump").finish_non_exhaustive()
    }
}
