//! The storage room: S3.

pub mod s3;
