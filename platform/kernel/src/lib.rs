//! The kernel: haar's own words, which every other crate speaks.
//!
//! ```text
//!   schema  what a model says: operations, shapes, members, constraints
//!   value   a typed message as a tree under a schema; `shaped` turns it into generated structs and back
//!   check   the model's constraints, in AWS's words; `argument` has S3's
//!   caller  who calls, and what they may do
//!   service the operation table: one line per operation, one per job
//!   ctx     what an operation knows of its call: who, where, when; and how it calls others
//!   access  what a call touches, so that the pipeline can authorize it
//!   delivery how rules, schedules and topics reach whatever an ARN names
//!   measure what services measure of themselves
//!   web     requests that are no calls of an AWS API
//!   fault   what went wrong, in AWS's words
//!   clock   the only clock; people can move it
//!   objects the bytes of a lake, as engines read them
//!   tasks   the only place that starts background work
//! ```
//!
//! Nothing here does I/O. Everything above depends on this crate, and this crate on none of them but the
//! policy language, whose compiled documents travel in [`access::Access`].

pub mod access;
pub mod argument;
pub mod arn;
pub mod body;
pub mod caller;
pub mod check;
pub mod clock;
pub mod ctx;
pub mod delivery;
pub mod fault;
pub mod ids;
pub mod job;
pub mod measure;
pub mod objects;
pub mod paging;
pub mod schema;
pub mod service;
pub mod shaped;
pub mod tasks;
pub mod timestamp;
pub mod value;
pub mod web;

pub use access::Access;
pub use arn::{AccountId, Arn, Region};
pub use body::Body;
pub use bytes::Bytes;
pub use caller::{Authority, Caller};
pub use clock::Clock;
pub use ctx::{Ctx, House};
pub use delivery::Delivery;
pub use fault::{AwsError, ErrorShape, Fault};
pub use job::{Next, Waker};
pub use measure::Measure;
pub use objects::{MemoryObjects, ObjectMeta, Objects, ObjectsError, OpenObject};
pub use service::{CrossOrigin, Op, Service};
pub use shaped::Shaped;
pub use timestamp::Timestamp;
pub use value::Value;
pub use web::WebRequest;

pub use serde_json;
