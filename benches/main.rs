//! How fast: loading, each analysis, one frame.

fn main() {}
