//! Bytes become typed values and back: AWS's protocols and SigV4; no I/O.
//!
//! ```text
//!   recognise  which service, operation and protocol a request means
//!   codec      decode, encode, encode_fault: the door to all protocols
//!   sigv4      who signed a request
//! ```
//!
//! Each protocol is written once and driven by the schemas of `haar_kernel::schema`; there is no code per operation.

mod answer;
mod aws_json;
mod cbor;
mod codec;
mod fault;
mod form;
mod json;
mod malformed;
mod payload;
mod query;
mod reading;
mod recognise;
mod rest;
mod rest_json;
mod rest_xml;
mod routes;
mod rpc_cbor;
pub mod sigv4;
mod text;
mod xml;

pub use codec::{Decoded, decode, encode, encode_fault};
pub use malformed::DEPTH_MAX;
pub use payload::Payload;
pub use reading::VALUES_MAX;
pub use recognise::{Dialect, Recognised, Recogniser, Recognition, Refusal, streams_input};
