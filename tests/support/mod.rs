//! What the tests share.

pub mod binary;
#[cfg(unix)]
pub mod pty;
pub mod source;
