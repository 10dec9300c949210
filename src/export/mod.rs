//! The table of output formats.
