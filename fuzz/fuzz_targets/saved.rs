//! Fuzzes `saved` of `targets`.

#![no_main]

use trailmap_fuzz::targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::saved(data));
