//! The query room: Athena.

pub mod athena;
