//! The entry functions, from where the bounded runs of the tests have them.
#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../front/wire/tests/protocols/kitchen.rs"]
pub mod kitchen;
#[path = "../../front/wire/tests/protocols/model.rs"]
pub mod model;
#[path = "../../front/wire/tests/protocols/targets.rs"]
pub mod targets;
