//! CBOR under a schema, for rpcv2Cbor. Documents have no form there, and no service that speaks it has any.

mod decode;
mod encode;

pub(crate) use decode::read;
pub(crate) use encode::{write, write_error};
