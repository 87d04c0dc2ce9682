//! The front door: listeners, and the one pipeline that every call walks.
//!
//! ```text
//!   listener       sockets
//!   pipeline       recognise → identify → decode → authorize → run → encode → record
//!     intake         bodies that are read whole, within bounds
//!     identify       who signed it
//!     signing_keys   derived keys, kept for a while
//!     patience       bodies that stream, from clients who do not fall silent
//!     verified_body  bodies that stream, checked while they pass
//!     form_upload    S3's uploads by browsers' forms
//!     switchboard    all services behind one door; also for calls from inside
//!     named          operations that are known by their names only
//!     authorize      may they
//!     cross_origin   pages of other origins: preflights, and who may read an answer
//!     record         the ledger line
//!   pages          the house's own: /_haar/…
//!   testkit        a house for tests of services (feature `testkit`)
//! ```

mod authorize;
mod cross_origin;
mod form_upload;
mod identify;
mod intake;
mod listener;
mod named;
mod pages;
mod patience;
mod pipeline;
mod record;
mod signing_keys;
mod switchboard;
#[cfg(feature = "testkit")]
pub mod testkit;
mod verified_body;

pub use authorize::IamMode;
pub use identify::AuthMode;
pub use intake::{DECODING_BYTES_MAX, REQUEST_BYTES_MAX, REQUESTS_BYTES_MAX};
pub use listener::Listener;
pub use pipeline::Gateway;
pub use switchboard::Switchboard;
