//! AWS's protocols from the outside: the vectors of botocore, round trips of random messages, hostile input.

#![allow(clippy::unwrap_used)]

mod bodies;
mod hostile;
mod inputs;
mod kitchen;
mod model;
mod outputs;
mod params;
mod roundtrip;
mod s3;
mod services;
mod skips;
mod targets;
mod vectors;
