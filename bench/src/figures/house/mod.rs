//! The house beside moto_server and bare hyper: start, reads, writes, many rows.

pub mod get_parameter;
pub mod many_parameters;
pub mod send_message;
pub mod start;
