//! STS: who am I, and temporary credentials.

pub mod model;
