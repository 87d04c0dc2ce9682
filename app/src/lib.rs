//! haar as a library: the program's parts, so that tests and benchmarks can start a house in their own process.

pub mod cli;
pub mod client;
pub mod commands;
pub mod failure;
mod insights;
pub mod logs;
pub mod settings;
pub mod wiring;
