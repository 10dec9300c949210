//! The folder of saved stores: private to its owner, tidy, and no larger than it may be.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Wait;
use crate::base::ending;

/// What the names of saved stores end in.
pub(super) const EXTENSION: &str = "journeys";

/// What the names of saved stores end in while they are written.
const UNFINISHED: &str = "unfinished";

/// An unfinished file that was not written to for so long belongs to nobody.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Makes the folder where there is none.
///
/// # Errors
/// It cannot be made, or others could put files into it.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    match is_private(&fs::metadata(folder)?) {
        true => Ok(()),
        false => Err(io::Error::other("the folder is somebody else's, or others may write to it")),
    }
}

/// Opens a saved store to be read. `None` where there is none, or where it or its folder is not ours alone: a link, a file
/// of somebody else, one that others may write to.
pub(super) fn open(path: &Path) -> Option<File> {
    let is_safe_folder = fs::metadata(path.parent()?).is_ok_and(|meta| meta.is_dir() && is_private(&meta));
    let named = fs::symlink_metadata(path).ok()?;
    if !is_safe_folder || !named.is_file() || !is_private(&named) {
        return None;
    }
    let file = File::open(path).ok()?;
    let opened = file.metadata().ok()?;
    // The name may mean another file by now.
    (opened.is_file() && is_private(&opened) && is_same(&named, &opened)).then_some(file)
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    one.len() == other.len()
}

#[cfg(unix)]
fn is_private(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let is_ours = own_user().is_some_and(|user| user == meta.uid());
    is_ours && meta.mode() & 0o022 == 0
}

/// Folders of a person are closed to others by the system there.
#[cfg(not(unix))]
fn is_private(_meta: &fs::Metadata) -> bool {
    true
}

/// Who we are: whoever makes a pipe owns it.
#[cfg(unix)]
fn own_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    static USER: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *USER.get_or_init(|| {
        let (reader, _) = io::pipe().ok()?;
        let reader = File::from(std::os::fd::OwnedFd::from(reader));
        Some(reader.metadata().ok()?.uid())
    })
}

/// Notes that a saved store was used, for when room is needed.
pub(super) fn note_use(file: &File) {
    // Where that is not possible, it counts as used when it was written.
    let _ = file.set_modified(SystemTime::now());
}

/// A saved store in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub path: PathBuf,
    pub bytes: u64,
    /// Seconds since 1970.
    pub used_at: u64,
}

/// All saved stores, in no order.
pub(super) fn entries(folder: &Path) -> Vec<Entry> {
    let named = files(folder).filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION));
    let entry = |path: PathBuf| {
        let meta = fs::symlink_metadata(&path).ok()?;
        let used = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Some(Entry { path, bytes: meta.len(), used_at: used.map_or(0, |since| since.as_secs()) })
    };
    named.filter_map(entry).collect()
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    found.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir())).map(|entry| entry.path())
}

/// Removes all saved stores and what is left of unfinished ones, and says how many stores and bytes that were.
///
/// # Errors
/// One cannot be removed; the others are gone.
pub fn clear(folder: &Path) -> io::Result<(usize, u64)> {
    let (mut n, mut bytes, mut failed) = (0, 0, None);
    for Entry { path, bytes: len, .. } in entries(folder) {
        match fs::remove_file(&path) {
            Ok(()) => (n, bytes) = (n + 1, bytes + len),
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            Err(err) => failed = Some(err),
        }
    }
    for path in files(folder).filter(|path| is_unfinished(path)) {
        let _ = fs::remove_file(path);
    }
    failed.map_or(Ok((n, bytes)), Err)
}

fn is_unfinished(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == UNFINISHED)
}

/// Removes unfinished files of programs that ended in the middle.
pub(super) fn tidy(folder: &Path) {
    for path in files(folder).filter(|path| is_unfinished(path)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let writer = name.rsplit('.').nth(2).and_then(|pid| pid.parse::<u32>().ok());
        let age = fs::symlink_metadata(&path).and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
        if writer.is_none_or(|pid| !is_running(pid)) || age.is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether a program of this number may be running; where the system does not tell, it may.
fn is_running(pid: u32) -> bool {
    !Path::new("/proc/self").exists() || Path::new(&format!("/proc/{pid}")).exists()
}

/// Removes those that were not used for longest, beside the one that is going to be replaced, until all others take no more
/// than so many bytes.
pub(super) fn make_room(folder: &Path, replaced: &str, max_bytes: u64) {
    let mut others = entries(folder);
    others.retain(|entry| entry.path.file_name().is_none_or(|name| name != replaced));
    others.sort_by(|a, b| a.used_at.cmp(&b.used_at).then_with(|| a.path.cmp(&b.path)));
    let mut taken: u64 = others.iter().map(|entry| entry.bytes).sum();
    for entry in others {
        if taken <= max_bytes {
            return;
        }
        if fs::remove_file(&entry.path).is_ok() {
            taken -= entry.bytes;
        }
    }
}

/// Bytes that may wait for the disk; whoever stops in the middle has to wait for no more.
const WAITING_MAX: usize = 64 << 20;

/// A file that is there under its name when it is whole, or not at all, however this ends.
pub(super) struct Unfinished {
    file: File,
    wait: Wait,
    /// Bytes that may not be on the disk yet.
    n_waiting: usize,
    path: PathBuf,
    target: PathBuf,
    _registered: ending::Registered,
}

impl Unfinished {
    /// # Errors
    /// No file can be made in the folder.
    pub fn create(folder: &Path, name: &str, wait: Wait) -> io::Result<Self> {
        // Several threads of one program may save at a time.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".{name}.{}.{n}.{UNFINISHED}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = match options.open(&path) {
            // Left behind by a program of the same number.
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                options.open(&path)?
            }
            opened => opened?,
        };
        let to_remove = path.clone();
        let registered = ending::before(move || drop(fs::remove_file(&to_remove)));
        Ok(Unfinished { file, wait, n_waiting: 0, path, target: folder.join(name), _registered: registered })
    }

    /// Gives the file its name, once its bytes are where they are waited for.
    pub fn finish(self) -> io::Result<()> {
        if self.wait == Wait::OnDisk {
            self.file.sync_all()?;
        }
        fs::rename(&self.path, &self.target)?;
        if self.wait == Wait::Written {
            return Ok(());
        }
        // Makes the new name survive a power cut; a folder that cannot be synced is no reason to fail.
        if let Some(folder) = self.target.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.n_waiting += n;
        if self.wait == Wait::OnDisk && self.n_waiting > WAITING_MAX {
            self.file.sync_data()?;
            self.n_waiting = 0;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has its name, nothing is here any more.
        let _ = fs::remove_file(&self.path);
    }
}
