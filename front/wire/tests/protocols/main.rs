//! AWS's protocols from the outside: the vectors of botocore, round trips of random messages, hostile input.

#![allow(clippy::unwrap_used)]

mod bodies;
mod inputs;
mod model;
mod outputs;
mod params;
mod skips;
mod vectors;
