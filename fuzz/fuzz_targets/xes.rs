//! Fuzzes `xes` of `targets`.

#![no_main]

use trailmap_fuzz::targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::xes(data));
