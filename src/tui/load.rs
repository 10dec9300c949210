//! Reading the data in the background: what comes out, how far it is, and what is on the screen meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::fit::Fitted;
use super::keeping::Save;
use super::paint::{Border, Pen, wrap};
use super::theme::Tone;
use super::words;
use crate::analysis;
use crate::base::ctl::Progress;
use crate::base::visible::visible;
use crate::base::{Cancelled, Ctl, Zone};
use crate::engine::{Engine, Local, Prepared, Renewed};
use crate::ingest::roles::{ROLES, flag_value};
use crate::ingest::saved::Wait;
use crate::ingest::{self, Kept, LoadOptions, LoadReport, Loaded, Outcome, Preview};
use crate::job::Slot;
use crate::journey::JourneyStore;
use crate::workspace::{Folders, InUse, Listing, in_use, listing, maps};

/// Data that is ready for questions.
pub struct Opened {
    pub engine: Arc<dyn Engine>,
    pub report: LoadReport,
    pub touchpoints: Vec<(String, u64)>,
    pub columns: Vec<String>,
    /// How it was read, where that was chosen once and remembered.
    pub remembered: Option<LoadOptions>,
    /// What is left of an analysis of other data.
    pub fitted: Option<Fitted>,
    /// The zone of the data, where a workspace says it.
    pub zone: Option<Zone>,
    /// Keeps it for the next time, where that pays.
    pub save: Option<Save>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("report", &self.report).finish_non_exhaustive()
    }
}

type List = Arc<dyn Fn(&Folders, &str, &Ctl) -> Result<Listing, Cancelled> + Send + Sync>;

type Open<T> = Arc<dyn Fn(&LoadOptions, &Ctl) -> Result<T, ingest::Error> + Send + Sync>;

/// How data is opened; tests open made-up data.
#[derive(Clone)]
pub struct Opener {
    pub whole: Open<Opened>,
    /// Its start, where looking at that is worth while.
    pub head: Open<Option<Opened>>,
    pub list: List,
    /// Which column may be what.
    pub look: Open<Preview>,
    /// What would come of it.
    pub try_out: Open<Outcome>,
    /// The zone of this machine, where it has one.
    pub here: Option<String>,
}

impl Opener {
    /// Reads the sources, and the names that completion needs.
    /// Columns that were chosen once, as the folders remember them, are chosen again.
    pub fn of_sources(folders: &Folders) -> Self {
        let (whole, head) = (folders.clone(), folders.clone());
        Opener {
            whole: Arc::new(move |options, ctl| {
                if let Some((workspace, flags)) = InUse::of_options(options)? {
                    let opened = workspace.open(&flags, ctl)?;
                    return Ok(under(workspace, &flags, opened));
                }
                let remembered = remembered(&whole, options, ctl)?;
                let options = remembered.as_ref().unwrap_or(options).clone();
                let loaded = ingest::open(&options, ctl)?;
                let without = loaded.kept.without(&options);
                let again = move |ctl: &Ctl| ingest::open(&without.clone().forget(), ctl).map(|loaded| loaded.store);
                Ok(Opened { remembered, ..opened(loaded, again) })
            }),
            head: Arc::new(move |options, ctl| {
                if let Some((workspace, flags)) = InUse::of_options(options)? {
                    let opened = workspace.open_head(&flags, ctl)?;
                    return Ok(opened.map(|opened| under(workspace, &flags, opened)));
                }
                let remembered = remembered(&head, options, ctl)?;
                let options = remembered.as_ref().unwrap_or(options).clone();
                let loaded = ingest::open_head(&options, ctl)?;
                let again = move |ctl: &Ctl| ingest::open(&options, ctl).map(|loaded| loaded.store);
                Ok(loaded.map(|loaded| Opened { remembered, ..opened(loaded, again) }))
            }),
            list: Arc::new(listing::list),
            look: Arc::new(|options, ctl| ingest::preview(&resolved(options)?, ctl)),
            try_out: Arc::new(|options, ctl| ingest::try_out(&resolved(options)?, ctl)),
            here: Zone::of_system().map(|zone| zone.name().to_owned()),
        }
    }

    /// Without a look at the start.
    pub fn whole(open: impl Fn(&LoadOptions, &Ctl) -> Result<Opened, ingest::Error> + Send + Sync + 'static) -> Self {
        Opener { whole: Arc::new(open), head: Arc::new(|_, _| Ok(None)), ..Opener::of_sources(&Folders::default()) }
    }
}

/// How these columns were read before; nothing where somebody says now what they are.
fn remembered(folders: &Folders, options: &LoadOptions, ctl: &Ctl) -> Result<Option<LoadOptions>, ingest::Error> {
    let is_said = ROLES.iter().any(|role| flag_value(options, *role).is_some());
    let is_piped = options.sources.iter().any(|source| source == "-");
    if is_said || is_piped || maps::is_empty(folders) {
        return Ok(None);
    }
    let columns = ingest::column_names(options, ctl)?;
    Ok(maps::find(folders, &columns).map(|choices| {
        let mut applied = choices.applied(options);
        // What the command line says about the rest of reading, it says today.
        applied.zone = options.zone.clone().or(applied.zone);
        applied.time_format = options.time_format.clone().or(applied.time_format);
        applied.delimiter = options.delimiter.or(applied.delimiter);
        applied.quote = options.quote.or(applied.quote);
        applied.encoding = options.encoding.clone().or(applied.encoding);
        applied.dedupe |= options.dedupe;
        applied.preset = options.preset.clone().or(applied.preset);
        applied.max_ids = options.max_ids.or(applied.max_ids);
        let lists = [
            (&mut applied.ids, &options.ids),
            (&mut applied.null_ids, &options.null_ids),
            (&mut applied.dedupe_by, &options.dedupe_by),
        ];
        for (remembered, said) in lists {
            if !said.is_empty() {
                remembered.clone_from(said);
            }
        }
        applied
    }))
}

/// `again` reads the sources without what was saved of them.
fn opened(
    loaded: Loaded,
    again: impl Fn(&Ctl) -> Result<JourneyStore, ingest::Error> + Send + Sync + 'static,
) -> Opened {
    let Loaded { store, report, kept } = loaded;
    let local = Local::new(store);
    let save = saving(kept, &local, &report);
    let engine = renewed(local, again);
    let (touchpoints, columns) = (engine.touchpoints(), engine.columns());
    Opened { engine: Arc::new(engine), report, touchpoints, columns, remembered: None, fitted: None, zone: None, save }
}

/// An engine that reads the sources again where a saved store of them proves to be damaged.
fn renewed(
    local: Local,
    again: impl Fn(&Ctl) -> Result<JourneyStore, ingest::Error> + Send + Sync + 'static,
) -> Renewed {
    Renewed::new(local, move |ctl| match again(ctl) {
        Ok(store) => Ok(Local::new(store)),
        Err(ingest::Error::Cancelled(cancelled)) => Err(cancelled.into()),
        Err(err) => Err(analysis::Error::Invalid(err.to_string())),
    })
}

/// What keeps the store for the next time, where it is still to be kept.
fn saving(kept: Kept, local: &Local, report: &LoadReport) -> Option<Save> {
    if !matches!(kept, Kept::Due(_)) {
        return None;
    }
    let (store, report) = (Arc::clone(local.store()), report.clone());
    Some(Box::new(move |ctl| kept.save(&store, &report, Wait::OnDisk, ctl)))
}

/// Data under a workspace, which completes the questions.
fn under(workspace: InUse, flags: &LoadOptions, opened: in_use::Opened) -> Opened {
    let notes = opened.notes(&workspace.path);
    let Loaded { store, mut report, kept } = opened.loaded;
    let local = Local::new(store);
    let zone = Some(local.store().zone.clone());
    let (without, reader) = (kept.without(flags), workspace.clone());
    let save = saving(kept, &local, &report);
    report.notes.extend(notes);
    let engine =
        renewed(local, move |ctl| reader.open(&without.clone().forget(), ctl).map(|opened| opened.loaded.store));
    // A touchpoint of the file that no event has is nothing to choose.
    let touchpoints = engine.touchpoints().into_iter().filter(|(_, events)| *events > 0).collect();
    let columns = engine.columns();
    let engine = Arc::new(Prepared::new(engine, move |spec| workspace.filled(spec)));
    Opened { engine, report, touchpoints, columns, remembered: None, fitted: None, zone, save }
}

/// The options with what a workspace adds to them.
fn resolved(options: &LoadOptions) -> Result<LoadOptions, ingest::Error> {
    match InUse::of_options(options)? {
        Some((workspace, flags)) => workspace.options(&flags).map_err(ingest::Error::Other),
        None => Ok(options.clone()),
    }
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
