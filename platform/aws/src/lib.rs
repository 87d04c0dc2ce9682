//! AWS's words: a module per service, generated from AWS's own models by `cargo xtask gen`.
//!
//! A module holds the service's [`Model`](haar_kernel::schema::Model) as a constant, a marker per served operation,
//! the types that the operations take and answer, and the errors. Names are AWS's, spelled as Rust.

#[allow(missing_docs, clippy::large_enum_variant, clippy::enum_variant_names)]
mod generated;

pub use generated::*;
