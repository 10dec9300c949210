//! Files that are nobody else's business: replaced whole or not at all, readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Puts `text` into a file, and makes its folder where there is none.
///
/// # Errors
/// The folder or the file cannot be written; what was there stays.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    // A link keeps pointing at its file.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    make_folder(path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?)?;
    put(&path, text, None)
}

/// Puts `text` into a file that is there and is others' business too: who may read it stays as it was.
///
/// # Errors
/// The file is not there or cannot be written; what was there stays.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    put(&path, text, Some(permissions))
}

fn put(path: &Path, text: &str, permissions: Option<fs::Permissions>) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.join(format!(".{name}.{}.unfinished", std::process::id()));
    // Left behind by a run of the same number that was cut short.
    let _ = fs::remove_file(&unfinished);
    let written = fill(&unfinished, text, permissions).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    // Makes the new name survive a power cut; a folder that cannot be synced is no reason to fail.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Makes a folder, and those above it, for its owner only.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn fill(path: &Path, text: &str, permissions: Option<fs::Permissions>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_replaced_whole_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/settings.toml");
        write(&path, "one").expect("written");
        write(&path, "two").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "two");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&folder.path().join("deep/er")), 0o700);
        let names = fs::read_dir(folder.path().join("deep/er")).expect("a folder").count();
        assert_eq!(names, 1, "nothing unfinished is left");
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        write(&link, "three").expect("written");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&path).expect("there"), "three");
    }
}
