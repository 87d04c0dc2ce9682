//! Objects: what a bucket holds.
//!
//! ```text
//!   put, copy                  make a version        delete, delete_many    remove one
//!   get                        reads one             list                   finds many
//!   tagging, attributes, acl   what is said of one
//!
//!   store      versions in the store: which is current, how one is added, how one goes
//!   receive    a request's body becomes content      content    content becomes an answer's body
//!   digest     MD5 and checksums                     properties headers, metadata, tags, class, encryption
//!   condition  If-Match and its kin                  range      Range
//! ```

pub mod acl;
pub mod attributes;
pub mod condition;
pub mod content;
pub mod copy;
pub mod delete;
pub mod delete_each;
pub mod delete_many;
pub mod digest;
pub mod get;
pub mod list;
pub mod properties;
pub mod put;
pub mod range;
pub mod receive;
pub mod store;
pub mod tagging;

use haar_platform::kernel::Timestamp;

/// PUT, COPY, POST and LIST requests: one price.
/// <https://aws.amazon.com/s3/pricing/>
pub const REQUESTS_WRITE: &str = "s3-requests-tier1";

/// GET and all other requests but DELETE, which is free: another price.
pub const REQUESTS_READ: &str = "s3-requests-tier2";

/// An ETag as it is written.
pub fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// A time as answers tell it: HTTP's dates have no fraction of a second, and S3 keeps none.
pub fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_seconds(moment.seconds())
}
