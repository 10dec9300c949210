//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Error;
use crate::base::ending;
use crate::base::visible::visible;

/// Why a file was not written; nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0}: is a folder; name a file in it")]
    IsFolder(String),
    #[error("{0}: is there already; add --force to replace it")]
    IsThere(String),
    #[error("{0}: its folder does not exist")]
    NoFolder(String),
    #[error("{0}")]
    Said(String),
    #[error("{file}: {error}")]
    Write { file: String, error: Error },
}

/// Lets `write` fill a file under a temporary name beside it, then gives it its name. A file that is there already is
/// replaced only by `force`, and stays as it is when anything fails.
///
/// # Errors
/// The file is there, or cannot be written.
pub fn to_file(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), FileError> {
    let failed = |error: Error| FileError::Write { file: shown(path), error };
    may_write(path, force)?;
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        // A device or a pipe has no whole to protect, and must not be replaced by a file.
        let device = OpenOptions::new().write(true).open(path).map_err(|err| failed(err.into()))?;
        let mut out = BufWriter::with_capacity(1 << 16, device);
        return write(&mut out).and_then(|()| Ok(out.flush()?)).map_err(failed);
    }
    // A link keeps pointing at its file.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let unfinished = Unfinished::beside(&target);
    let file = OpenOptions::new().write(true).create_new(true).open(&unfinished.path);
    file.map_err(Error::from)
        .and_then(|file| fill(file, &target, write))
        .and_then(|()| Ok(fs::rename(&unfinished.path, &target)?))
        .map_err(failed)?;
    sync_folder(&target);
    Ok(())
}

/// A file that is removed again unless it was given its name, however this ends.
struct Unfinished {
    path: PathBuf,
    _registered: ending::Registered,
}

impl Unfinished {
    /// Under a name that no other run of trailmap uses at the same time.
    fn beside(path: &Path) -> Self {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.unfinished", std::process::id()));
        let path = path.with_file_name(name);
        let to_remove = path.clone();
        let registered = ending::before(move || {
            let _ = fs::remove_file(&to_remove);
        });
        Unfinished { path, _registered: registered }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has its name, nothing is here any more.
        let _ = fs::remove_file(&self.path);
    }
}

fn fill(file: File, path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error> {
    if let Ok(before) = fs::metadata(path) {
        file.set_permissions(before.permissions())?;
    }
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(())
}

/// Refuses before the work what would be refused after it.
///
/// # Errors
/// A folder, a file that is there already (without `force`), or a folder that does not exist.
pub fn may_write(path: &Path, force: bool) -> Result<(), FileError> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Err(FileError::IsFolder(shown(path))),
        Ok(meta) if meta.is_file() && !force => return Err(FileError::IsThere(shown(path))),
        Ok(_) => return Ok(()),
        Err(_) => {}
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => Err(FileError::NoFolder(shown(path))),
        _ => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

/// Makes the new name survive a power cut; a folder that cannot be synced is no reason to fail.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        to_file(&path, false, |out| Ok(out.write_all(b"one")?)).expect("written");
        let err = to_file(&path, false, |_| panic!("not reached")).expect_err("there already");
        assert!(err.to_string().ends_with("a.csv: is there already; add --force to replace it"), "{err}");
        let failed = to_file(&path, true, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is gone").into())
        });
        assert!(failed.expect_err("failed").to_string().ends_with("a.csv: the disk is gone"));
        assert_eq!(fs::read(&path).expect("still there"), b"one");
        to_file(&path, true, |out| Ok(out.write_all(b"two")?)).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"two");
        assert_eq!(names_in(folder.path()), ["a.csv"]);
    }

    #[test]
    fn folders_and_missing_folders_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let err = may_write(folder.path(), true).expect_err("a folder");
        assert!(err.to_string().ends_with("is a folder; name a file in it"));
        let err = may_write(&folder.path().join("no/a.csv"), true).expect_err("no folder");
        assert!(err.to_string().ends_with("its folder does not exist"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_at_its_file_and_a_device_stays_a_device() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "old").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        to_file(&link, true, |out| Ok(out.write_all(b"new")?)).expect("written");
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).expect("there"), b"new");
        to_file(Path::new("/dev/null"), false, |out| Ok(out.write_all(b"gone")?)).expect("written");
        assert!(!Path::new("/dev/null").is_file());
    }
}
