//! A copy of the stretches of a file that are wanted, at their places.
//!
//! The decoder would map the file itself; where that is cut short by somebody else meanwhile, reading what is gone ends the
//! process. A copy in memory of our own ends in an error instead. What is not wanted takes address space and no memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use memmap2::{MmapMut, MmapOptions};

/// The bytes of the file up to the end of the last range, of which those outside of the ranges are 0.
pub(super) fn of(file: &mut File, ranges: &[Range<u64>]) -> Result<MmapMut, String> {
    let no_room = |error: std::io::Error| format!("there is no room in memory for a part of it ({error})");
    let end = ranges.iter().map(|range| range.end).max().unwrap_or(0).max(1);
    let len = usize::try_from(end).map_err(|_| "it is too large for this machine".to_owned())?;
    let mut image = MmapOptions::new().len(len).no_reserve_swap().map_anon().map_err(no_room)?;
    for range in ranges {
        // Both lie below the end.
        let bytes = &mut image[range.start as usize..range.end as usize];
        file.seek(SeekFrom::Start(range.start))
            .and_then(|_| file.read_exact(bytes))
            .map_err(|error| format!("it cannot be read ({error})"))?;
    }
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_short_is_an_error_and_what_is_wanted_lies_at_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, b"0123456789").expect("written");
        let mut file = File::open(&path).expect("there");
        assert_eq!(&of(&mut file, &[2..4, 6..8]).expect("readable")[..], b"\0\x0023\0\x0067");
        assert_eq!(of(&mut file, &[]).expect("nothing").len(), 1);
        std::fs::write(&path, b"0123").expect("written");
        assert!(of(&mut file, &[2..4, 6..8]).is_err());
    }
}
