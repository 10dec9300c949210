//! The boundary around the decoder: on some damaged files it panics where it should return an error.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::prelude::PolarsResult;

use crate::base::visible::{truncate, visible};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a call whose panic will become an error; a panic hook says nothing about those.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs a call into the decoder. An error or a panic becomes one sentence without raw bytes of the file.
pub(in crate::ingest) fn guarded<T>(call: impl FnOnce() -> PolarsResult<T>) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(before);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default().trim();
            Err(format!("it is damaged or of an unknown kind ({})", truncate(&visible(line), 160)))
        }
        Err(_) => Err("it is damaged (its contents do not fit its own description)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::PolarsError;

    #[test]
    fn errors_and_panics_become_one_line_without_raw_bytes() {
        let error = guarded::<()>(|| Err(PolarsError::ComputeError("bad \u{1b}[31m\u{202e}\nmore".into())));
        assert_eq!(error, Err("it is damaged or of an unknown kind (bad ␛[31m<U+202E>)".into()));
        let panic = guarded::<()>(|| {
            assert!(is_guarded());
            panic!("\u{1b}")
        });
        assert_eq!(panic, Err("it is damaged (its contents do not fit its own description)".into()));
        assert!(!is_guarded());
    }
}
