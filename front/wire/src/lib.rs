//! Bytes become typed values and back: AWS's protocols and SigV4; no I/O.
//!
//! ```text
//!   recognise  which service, operation and protocol a request means
//!   codec      decode, encode, encode_fault: the door to all protocols
//!   digests    what a caller says of a body, checked
//!   form_*     S3's uploads by browsers' forms: what they mean, and what their policy allows
//!   sigv4      who signed a request
//! ```
//!
//! Each protocol is written once and driven by the schemas of `haar_kernel::schema`; there is no code per operation.

mod address;
mod answer;
mod aws_json;
mod cbor;
mod codec;
mod digests;
mod fault;
mod form;
mod form_policy;
mod form_upload;
mod json;
mod mail_safe;
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
mod s3;
pub mod sigv2;
pub mod sigv4;
mod text;
mod xml;

pub use codec::{Decoded, decode, empty_answer, encode, encode_fault};
pub use digests::check_digests;
pub use form_policy::FormPolicy;
pub use form_upload::FormUpload;
pub use malformed::DEPTH_MAX;
pub use payload::Payload;
pub use reading::VALUES_MAX;
pub use recognise::{Dialect, Recognised, Recogniser, Recognition, Refusal, streams_input};
