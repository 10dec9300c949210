//! What the tests share.

pub mod binary;
pub mod fuzz;
#[cfg(unix)]
pub mod pty;
pub mod source;
