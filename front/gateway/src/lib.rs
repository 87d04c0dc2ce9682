//! The front door: listeners, and the one pipeline that every call walks.

pub mod authorize;
pub mod switchboard;
pub mod testkit;
