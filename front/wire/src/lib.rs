//! Bytes become typed values and back: AWS's protocols and SigV4; no I/O.

pub mod sigv4;
