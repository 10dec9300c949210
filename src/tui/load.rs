//! Reading the data in the background: what comes out, how far it is, and what is on the screen meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::paint::{Border, Pen, wrap};
use super::theme::Tone;
use super::words;
use crate::base::Ctl;
use crate::base::ctl::Progress;
use crate::base::visible::visible;
use crate::engine::{Engine, Local};
use crate::ingest::{self, LoadOptions, LoadReport, Loaded};
use crate::job::Slot;

/// Data that is ready for questions.
pub struct Opened {
    pub engine: Arc<dyn Engine>,
    pub report: LoadReport,
    pub touchpoints: Vec<(String, u64)>,
    pub columns: Vec<String>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("report", &self.report).finish_non_exhaustive()
    }
}

type Open<T> = Arc<dyn Fn(&LoadOptions, &Ctl) -> Result<T, ingest::Error> + Send + Sync>;

/// How data is opened; tests open made-up data.
#[derive(Clone)]
pub struct Opener {
    pub whole: Open<Opened>,
    /// Its start, where looking at that is worth while.
    pub head: Open<Option<Opened>>,
}

impl Opener {
    /// Reads the sources, and the names that completion needs.
    pub fn of_sources() -> Self {
        Opener {
            whole: Arc::new(|options, ctl| ingest::open(options, ctl).map(opened)),
            head: Arc::new(|options, ctl| Ok(ingest::open_head(options, ctl)?.map(opened))),
        }
    }

    /// Without a look at the start.
    pub fn whole(open: impl Fn(&LoadOptions, &Ctl) -> Result<Opened, ingest::Error> + Send + Sync + 'static) -> Self {
        Opener { whole: Arc::new(open), head: Arc::new(|_, _| Ok(None)) }
    }
}

fn opened(loaded: Loaded) -> Opened {
    let engine = Local::new(loaded.store);
    let (touchpoints, columns) = (engine.touchpoints(), engine.columns());
    Opened { engine: Arc::new(engine), report: loaded.report, touchpoints, columns }
}

pub enum Stage {
    /// Reading, with a look at the start of the data on the side.
    Loading {
        slot: Slot,
        head: Slot,
        since: Instant,
    },
    Failed {
        message: String,
    },
    Ready,
}

/// Draws the screen that stands while the data is read.
pub fn view_loading(slot: &Slot, taken: Duration, sources: &str, area: Rect, pen: &mut Pen<'_>) {
    let progress = slot.progress().unwrap_or_default();
    let tall = 7.min(area.height);
    let inside =
        pen.frame(Rect { height: tall, ..area }, &Border { title: "Reading", has_focus: true, ..Border::default() });
    let x = inside.x + 1;
    let room = inside.width.saturating_sub(2);
    let lines = lines(progress, taken);
    if inside.height > 0 {
        pen.text(x, inside.y, room, sources, Tone::Strong);
    }
    if inside.height > 2 && progress.total > 0 {
        pen.bar(x, inside.y + 2, room, progress.done as f64 / progress.total as f64, Tone::Bar);
    }
    for (i, line) in lines.iter().enumerate() {
        let y = inside.y + 3 + i as u16;
        if y < inside.bottom() {
            pen.text(x, y, room, line, Tone::Text);
        }
    }
}

pub fn lines(progress: Progress, taken: Duration) -> [String; 2] {
    let seconds = taken.as_secs_f64();
    let mut first = format!("{} read", words::bytes(progress.done));
    if progress.total > 0 {
        let share = (progress.done as f64 / progress.total as f64).min(1.0);
        first = format!("{:.0}% · {} of {}", share * 100.0, words::bytes(progress.done), words::bytes(progress.total));
        // A time left is a guess before there is something to go by.
        if seconds > 1.0 && share > 0.02 && share < 1.0 {
            first = format!("{first} · {} left", words::seconds(seconds * (1.0 - share) / share));
        }
        if share >= 1.0 {
            first = format!("{} read · putting journeys in order", words::bytes(progress.done));
        }
    }
    let mut second = words::things(progress.rows, "row");
    if seconds > 0.5 && progress.rows > 0 {
        second = format!("{second} · {} rows/s", words::count((progress.rows as f64 / seconds) as u64));
    }
    [first, second]
}

/// Draws the screen that stands when the data could not be read.
pub fn view_failed(message: &str, area: Rect, pen: &mut Pen<'_>) {
    let room = usize::from(area.width.saturating_sub(4));
    let mut text = wrap(&visible(message), room);
    text.push(String::new());
    text.extend(wrap("r reads it again, once the cause is gone. q leaves and repeats the message.", room));
    let tall = (text.len() as u16 + 2).min(area.height);
    let border = Border { title: "✗ The data could not be read", has_focus: true, ..Border::default() };
    let inside = pen.frame(Rect { height: tall, ..area }, &border);
    for (i, line) in text.iter().take(usize::from(inside.height)).enumerate() {
        pen.text(inside.x + 1, inside.y + i as u16, inside.width.saturating_sub(2), line, Tone::Text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_how_much_how_fast_and_how_long() {
        let progress = Progress { done: 25_000_000, total: 100_000_000, rows: 300_000 };
        assert_eq!(
            lines(progress, Duration::from_secs(2)),
            ["25% · 25.0 MB of 100.0 MB · 6s left", "300,000 rows · 150,000 rows/s"]
        );
        let unknown = Progress { done: 5_000, total: 0, rows: 0 };
        assert_eq!(lines(unknown, Duration::ZERO), ["5.0 kB read", "0 rows"]);
    }
}
