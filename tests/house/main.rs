//! Whole-house tests, one binary: every test its own house on a port of its own.
#![allow(clippy::unwrap_used)]

mod architecture;
mod crash;
mod flows;
mod hostile;
mod lifecycle;
mod notifications;
mod panics;
