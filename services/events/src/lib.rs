//! The events room: what happened reaches who wants to know, and time passes for schedules.

pub mod events;
pub mod scheduler;
