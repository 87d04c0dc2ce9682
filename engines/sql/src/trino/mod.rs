//! The dialect of Trino, which Athena speaks.

pub(crate) mod functions;
mod plan;
mod syntax;

pub(crate) use plan::plan;
pub(crate) use syntax::parse_statement;
