//! The catalog room: the Data Catalog of AWS Glue.

pub mod glue;
