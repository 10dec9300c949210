//! The saved store: journeys that were read once are kept in the person's cache folder, and opened from there by memory map
//! as long as their sources are what they were.
//!
//! It is never trusted and never needed. `key` says which sources a store is of and whether they changed, `format`
//! what the file looks like (`image` writes it, `shape` is what it says beside the columns), `folder` who may write and read it. Whatever is wrong with a saved store, the sources are read instead.

mod folder;
mod format;
mod image;
mod key;
mod shape;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{KeepRejects, LoadOptions, LoadReport, Loaded};
use crate::base::Ctl;
use crate::base::visible::visible;
use crate::journey::JourneyStore;
use crate::journey::region::Region;
use folder::{Entry, Unfinished};
use format::Card;
use image::Image;
use key::{Print, Sources};

pub use folder::clear;
pub use format::{Refused, open};

/// Where saved stores are, and how much room they may take together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    pub folder: PathBuf,
    pub max_bytes: u64,
}

/// Sources of fewer bytes that were read in less time are soon read again.
const BYTES_WORTH: u64 = 1 << 20;
const SECONDS_WORTH: f64 = 0.1;

/// What is kept between runs of what was loaded.
#[derive(Debug, Default)]
pub enum Kept {
    /// Nothing, and nothing is to be: the sources can be read only once, or are soon read again.
    #[default]
    Nothing,
    /// Nothing yet; whoever has the time saves it.
    Due(Box<Ticket>),
    /// It was opened from this file.
    Here(PathBuf),
}

/// What saving a store takes: where, and what its sources were like before they were read.
#[derive(Debug)]
pub struct Ticket {
    cache: Cache,
    sources: Sources,
    prints: Vec<Print>,
    /// The store as it was read, where it was changed since.
    as_read: Option<Arc<JourneyStore>>,
}

/// The way back to the sources from a saved store that proves to be damaged.
#[derive(Debug, Clone)]
pub struct WithoutSaved {
    options: LoadOptions,
    path: Option<PathBuf>,
}

impl WithoutSaved {
    /// Removes the saved store, and says how to read without it.
    pub fn forget(self) -> LoadOptions {
        let is_gone = self.path.is_none_or(|path| std::fs::remove_file(&path).is_ok() || !path.exists());
        // One that cannot be removed must not be opened again.
        let cache = self.options.cache.clone().filter(|_| is_gone);
        LoadOptions { cache, ..self.options }
    }
}

/// What saving waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until the system has the bytes. A power cut soon after may spoil the file, which its checksums will tell; for those
    /// whom somebody waits for, since disks can take seconds.
    Written,
    /// Until the disk has them.
    OnDisk,
}

impl Kept {
    /// How the sources are read again without what was opened here.
    pub fn without(&self, options: &LoadOptions) -> WithoutSaved {
        let path = match self {
            Kept::Here(path) => Some(path.clone()),
            Kept::Nothing | Kept::Due(_) => None,
        };
        WithoutSaved { options: options.clone(), path }
    }

    /// Sets the store aside that is still to be saved, before it is changed.
    pub fn set_aside(&mut self, store: &mut JourneyStore) {
        if let Kept::Due(ticket) = self {
            ticket.as_read.get_or_insert_with(|| Arc::new(store.share()));
        }
    }

    /// Saves what is to be saved: the store, or what was set aside of it.
    ///
    /// # Errors
    /// Why it could not be saved, in a sentence; nothing of it is left behind.
    pub fn save(self, store: &Arc<JourneyStore>, report: &LoadReport, wait: Wait, ctl: &Ctl) -> Result<(), String> {
        match self {
            Kept::Due(ticket) => ticket.save(ticket.as_read.as_ref().unwrap_or(store), report, wait, ctl),
            Kept::Nothing | Kept::Here(_) => Ok(()),
        }
    }
}

/// What is known before anything is read.
pub(super) enum Look {
    Saved(Box<Loaded>),
    Missing(Option<Box<Ticket>>),
}

/// Looks for a saved store of the sources as they are now. What is wrong with the sources, reading them will say.
pub(super) fn look(options: &LoadOptions, ctl: &Ctl) -> Look {
    let is_possible = cfg!(all(target_endian = "little", target_pointer_width = "64"));
    let cache = match &options.cache {
        Some(cache) if is_possible && options.keep_rejects == KeepRejects::Some => cache,
        _ => return Look::Missing(None),
    };
    let Some(sources) = Sources::of(options, ctl) else { return Look::Missing(None) };
    let started = std::time::Instant::now();
    let path = cache.folder.join(sources.file_name());
    match read(&path, &sources) {
        Some((store, mut report)) => {
            report.seconds = started.elapsed().as_secs_f64();
            Look::Saved(Box::new(Loaded { store, report, kept: Kept::Here(path) }))
        }
        None => {
            let prints = sources.prints();
            Look::Missing(
                prints.map(|prints| Box::new(Ticket { cache: cache.clone(), sources, prints, as_read: None })),
            )
        }
    }
}

/// Whether there is a saved store by this name, whatever is in it.
pub(super) fn is_likely(options: &LoadOptions, ctl: &Ctl) -> bool {
    let Some(cache) = options.cache.as_ref().filter(|_| options.keep_rejects == KeepRejects::Some) else {
        return false;
    };
    Sources::of(options, ctl).is_some_and(|sources| cache.folder.join(sources.file_name()).is_file())
}

/// A saved store that is sound and of these sources as they are now.
fn read(path: &Path, sources: &Sources) -> Option<(JourneyStore, LoadReport)> {
    let file = folder::open(path)?;
    let region = Arc::new(Region::of_file(&file).ok()?);
    let saved = format::Saved::of_region(&region).ok()?;
    if saved.card.key != sources.key || !sources.are(&saved.card.files) {
        return None;
    }
    let opened = saved.store().ok()?;
    folder::note_use(&file);
    Some(opened)
}

impl Ticket {
    /// Whether a load that took so long is worth keeping.
    pub(super) fn pays(&self, report: &LoadReport) -> bool {
        report.seconds >= SECONDS_WORTH || self.prints.iter().map(|print| print.bytes).sum::<u64>() >= BYTES_WORTH
    }

    /// Unless the sources changed meanwhile.
    fn save(&self, store: &Arc<JourneyStore>, report: &LoadReport, wait: Wait, ctl: &Ctl) -> Result<(), String> {
        let folder = &self.cache.folder;
        let failed =
            |what: String| format!("the journeys are not kept for the next time: {what}; --no-cache does without");
        let in_folder = |err: std::io::Error| failed(format!("{}: {err}", visible(&folder.to_string_lossy())));
        if store.n_events() == 0 || store.is_damaged() || !self.sources.are(&self.prints) {
            return Ok(());
        }
        let card = Card {
            build: key::build(),
            key: self.sources.key.clone(),
            sources: report.files.iter().map(|file| file.file.clone()).collect(),
            files: self.prints.clone(),
            events: store.n_events() as u64,
            customers: store.n_customers() as u64,
            saved_at: seconds_now(),
        };
        let image = Image::of(store, &card, report).map_err(failed)?;
        if image.len() > self.cache.max_bytes {
            return Ok(());
        }
        folder::make(folder).map_err(in_folder)?;
        folder::tidy(folder);
        folder::make_room(folder, &self.sources.file_name(), self.cache.max_bytes - image.len());
        let mut unfinished = Unfinished::create(folder, &self.sources.file_name(), wait).map_err(in_folder)?;
        match image.write(&mut unfinished, ctl) {
            Err(err) if ctl.is_cancelled() && err.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            filled => filled.map_err(in_folder)?,
        }
        // What changed while it was written is not what was saved.
        if ctl.is_cancelled() || !self.sources.are(&self.prints) {
            return Ok(());
        }
        unfinished.finish().map_err(in_folder)
    }
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A file in the cache folder, for those who want to know what is kept of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub path: PathBuf,
    pub bytes: u64,
    /// Seconds since 1970.
    pub used_at: u64,
    pub state: State,
    /// Of whom and what, where the file tells.
    pub of: Option<Of>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    pub sources: Vec<String>,
    pub events: u64,
    pub customers: u64,
    pub saved_at: u64,
}

/// Whether a saved store would be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ready,
    /// A source is no longer what it was.
    Changed,
    /// Another build of trailmap wrote it.
    OtherBuild,
    /// It is not understood, or not private.
    Unusable,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::Changed => "source changed",
            State::OtherBuild => "other version",
            State::Unusable => "unusable",
        }
    }
}

/// What is kept in the folder, used last first.
pub fn list(cache: &Cache) -> Vec<Listed> {
    let mut entries = folder::entries(&cache.folder);
    entries.sort_by(|a, b| b.used_at.cmp(&a.used_at).then_with(|| a.path.cmp(&b.path)));
    entries.into_iter().map(listed).collect()
}

fn listed(entry: Entry) -> Listed {
    let Entry { path, bytes, used_at } = entry;
    let card = folder::open(&path)
        .and_then(|file| Region::of_file(&file).ok())
        .and_then(|region| Some(format::Saved::of_region(&Arc::new(region)).ok()?.card));
    let state = match &card {
        None => State::Unusable,
        Some(card) if card.build != key::build() => State::OtherBuild,
        Some(card) if !key::look_the_same(&card.files) => State::Changed,
        Some(_) => State::Ready,
    };
    let of = card.map(|card| Of {
        sources: card.sources,
        events: card.events,
        customers: card.customers,
        saved_at: card.saved_at,
    });
    Listed { path, bytes, used_at, state, of }
}

#[cfg(test)]
mod tests;
