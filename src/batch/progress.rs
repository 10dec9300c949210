//! One line on standard error that says how far a load has come: rows, bytes, rate, time left.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Messages;
use crate::base::Ctl;
use crate::base::ctl::Progress;
use crate::table::text::{count, seconds};

/// Shown until it is dropped; nothing at all where there is no terminal.
pub struct Line {
    bar: Option<ProgressBar>,
}

impl Line {
    /// `doing` is the verb, as in "reading".
    pub fn start(doing: &'static str, ctl: &Ctl, messages: &Messages) -> Self {
        if !messages.may_animate() {
            return Line { bar: None };
        }
        let (ctl, start) = (ctl.clone(), Instant::now());
        let words = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&words(doing, ctl.progress(), start.elapsed().as_secs_f64()));
        };
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{words}") {
            bar.set_style(style.with_key("words", words));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Line { bar: Some(bar) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn words(doing: &str, progress: Progress, elapsed_s: f64) -> String {
    let Progress { done, total, rows } = progress;
    let mut text = format!("{doing}  {} rows", count(rows));
    if done > 0 {
        let _ = write!(text, "  {}", megabytes(done));
        if total > 0 {
            let _ = write!(text, " of {}", megabytes(total));
        }
        if elapsed_s > 0.5 {
            let rate = done as f64 / elapsed_s;
            let _ = write!(text, "  {}/s", megabytes(rate as u64));
            if total > done {
                let _ = write!(text, "  {} left", seconds(((total - done) as f64 / rate).ceil()));
            }
        }
    }
    text
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{} B", count(bytes)),
        10_000..10_000_000 => format!("{} kB", count(bytes / 1000)),
        _ => format!("{} MB", count(bytes / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_rows_bytes_rate_and_time_left() {
        let progress = Progress { done: 412_000_000, total: 765_000_000, rows: 5_386_000 };
        assert_eq!(words("reading", progress, 1.0), "reading  5,386,000 rows  412 MB of 765 MB  412 MB/s  1s left");
        let piped = Progress { done: 20_000, total: 0, rows: 260 };
        assert_eq!(words("reading", piped, 2.0), "reading  260 rows  20 kB  10 kB/s");
        assert_eq!(words("reading", Progress::default(), 0.0), "reading  0 rows");
    }
}
