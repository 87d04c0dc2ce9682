//! Results: the files that Athena leaves in S3, byte for byte, and how GetQueryResults reads them back.
//!
//! ```text
//!   columns   what a result's columns are, in the words of the API
//!   csv       rows as a result's CSV has them, and back
//!   metadata  the file beside it that says what the columns are
//!   manifest  the list of files that a statement wrote
//!   upload    bytes become an object, as the query's owner
//!   get       GetQueryResults
//! ```

pub mod columns;
pub mod csv;
pub mod get;
pub mod manifest;
pub mod metadata;
pub mod upload;
