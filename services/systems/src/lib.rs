//! The systems room: Parameter Store of AWS Systems Manager.

pub mod ssm;
