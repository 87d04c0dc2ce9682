//! The haar binary.
fn main() {}
