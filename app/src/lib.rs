//! An AWS data platform on one machine, in one binary.
