//! The files of a data lake: what is in them, and how they are read.

mod avro;
mod column;
#[cfg(test)]
mod columnar_tests;
pub mod compression;
mod conform;
mod csv;
mod error;
mod format;
pub mod grok;
mod grok_rows;
mod guard;
pub mod infer;
mod java_regex;
mod json;
mod lazy;
mod lines;
mod orc;
mod orc_tail;
mod parquet_file;
mod regex_rows;
mod rows;
mod source;
#[cfg(test)]
mod testing;
mod types;
mod write;

pub use csv::QuotedText;
pub use error::FormatError;
pub use format::{Batches, Storage, TableFormat};
pub use json::JsonLines;
pub use lazy::Delimited;
pub use regex_rows::RegexText;
pub use rows::Skipped;
pub use source::ObjectReader;
pub use types::{Column, HiveType, TYPE_DEPTH_MAX, entries_field, item_field};
pub use write::{FileWriter, Sink};
