//! The text of Trino's queries and the tree it stands for. Nothing here knows a table or a type.

pub(crate) mod ast;
mod format;
mod parser;
mod token;
mod walk;

pub(crate) use parser::{parse_expression, parse_statement};
pub(crate) use walk::tables;
