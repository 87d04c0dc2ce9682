//! What whole-house tests share: the real program as a child process, and calls to it down to single bytes.

pub mod patience;
pub mod program;
pub mod raw;
pub mod signed;
