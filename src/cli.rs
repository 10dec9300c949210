//! Flags: what to load, what to ask, where to write.
