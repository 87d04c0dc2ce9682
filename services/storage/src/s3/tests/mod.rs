//! Behaviour of S3, through the pipeline and on a clock that tests move.

mod bench;
mod buckets;
mod engines;
mod lifecycle;
mod multipart;
mod notifications;
mod objects;
