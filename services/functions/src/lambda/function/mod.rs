//! Functions come, change, are read, and go.

pub mod create;
pub mod delete;
pub mod read;
pub mod update_code;
pub mod update_configuration;
