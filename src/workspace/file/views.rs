//! Keeping a question in the workspace, so that `trailmap run` answers it again.

use std::path::Path;

use super::edit::New;
use super::{Draft, EditError, Place};

/// Writes a question as a view of the file, with every comment and the order of the rest as they were. A view of this name is
/// given the new question only with `replace`; what else is said of it stays.
///
/// # Errors
/// `IsThere`, a name or a file that is not right, or one that cannot be written.
pub fn keep_view(path: &Path, id: &str, ask: &str, replace: bool) -> Result<(), EditError> {
    let mut draft = Draft::read(path).map_err(EditError::Wrong)?;
    let ask = New::text(ask);
    match draft.add("view", id, &[("ask", ask.clone())]) {
        Err(EditError::IsThere { .. }) if replace => draft.set(Place::One("view", id), "ask", &ask)?,
        added => added?,
    }
    draft.write(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\nschema = 1 # one\n\n[[view]] # the leak\nid = \"leak\"\nlabel = \"The leak\"\nask = \"funnel -s a -s b\"\n";

    #[test]
    fn a_view_is_added_and_replaced_and_all_else_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trailmap.toml");
        std::fs::write(&path, FILE).expect("written");
        keep_view(&path, "ways", "paths --top 5", false).expect("kept");
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, format!("{FILE}\n[[view]]\nid = \"ways\"\nask = \"paths --top 5\"\n"));
        let there = keep_view(&path, "leak", "funnel -s a -s c", false);
        assert!(matches!(there, Err(EditError::IsThere { .. })), "{there:?}");
        keep_view(&path, "leak", "funnel -s a -s c", true).expect("replaced");
        let replaced = std::fs::read_to_string(&path).expect("read");
        assert_eq!(replaced, text.replace("-s a -s b", "-s a -s c"));
        assert!(matches!(keep_view(&path, "x", "no question", false), Err(EditError::Wrong(_))));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), replaced);
    }
}
