//! The functions room: code that runs when it is asked to.

pub mod lambda;
