//! The front door on real sockets.

mod bench;
mod s3;
mod streaming;
