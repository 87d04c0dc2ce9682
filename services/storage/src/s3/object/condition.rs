//! Conditions on an object: `If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use haar_platform::kernel::{Fault, Timestamp, Value};
use haar_platform::store::Read;

use crate::s3::error::Error;
use crate::s3::model::{BucketNumber, Object};

use super::store::{self, Found};

/// Conditions on an object that is read or copied.
#[derive(Clone, Default)]
pub struct ReadConditions {
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

impl ReadConditions {
    /// `PreconditionFailed`, or `NotModified`. An ETag that matches outweighs a date that does not, and an ETag that
    /// does not match outweighs a date that has not passed.
    pub fn check(&self, object: &Object, modified: Timestamp) -> Result<(), Error> {
        // HTTP's dates have no fraction of a second.
        let modified = modified.seconds();
        match (&self.if_match, self.if_unmodified_since) {
            (Some(etags), _) if !matches(etags, &object.etag) => return Err(Error::PreconditionFailed("If-Match")),
            (None, Some(since)) if modified > since.seconds() => {
                return Err(Error::PreconditionFailed("If-Unmodified-Since"));
            }
            _ => {}
        }
        match (&self.if_none_match, self.if_modified_since) {
            (Some(etags), _) if matches(etags, &object.etag) => Err(Error::NotModified),
            (None, Some(since)) if modified <= since.seconds() => Err(Error::NotModified),
            _ => Ok(()),
        }
    }
}

/// Conditions on what a write would replace.
#[derive(Clone, Default)]
pub struct WriteConditions {
    if_match: Option<String>,
    absent: bool,
}

impl WriteConditions {
    /// Reads `If-Match` and `If-None-Match`, of which S3 knows `*` alone when it writes.
    pub fn of(if_match: Option<String>, if_none_match: Option<String>) -> Result<Self, Error> {
        let absent = match if_none_match.as_deref().map(str::trim) {
            None => false,
            Some("*") => true,
            Some(_) => return Err(not_implemented("If-None-Match")),
        };
        if absent && if_match.is_some() {
            return Err(not_implemented("If-Match"));
        }
        Ok(Self { if_match, absent })
    }

    /// Whether the write may go on over what is current, which is looked up only if it matters.
    pub fn check_current(&self, tx: &impl Read, bucket: BucketNumber, key: &str) -> Result<(), Error> {
        if !self.absent && self.if_match.is_none() {
            return Ok(());
        }
        self.check(key, store::current(tx, bucket, key)?.as_ref())
    }

    /// Whether the write may go on over what is current.
    pub fn check(&self, key: &str, current: Option<&Found>) -> Result<(), Error> {
        let object = current.and_then(Found::object);
        if self.absent && object.is_some() {
            return Err(Error::PreconditionFailed("If-None-Match"));
        }
        match (&self.if_match, object) {
            (Some(_), None) => Err(Error::NoSuchKey(key.to_owned())),
            (Some(etags), Some(object)) if !matches(etags, &object.etag) => Err(Error::PreconditionFailed("If-Match")),
            _ => Ok(()),
        }
    }
}

/// S3's refusal of a condition that it has elsewhere.
pub fn not_implemented(header: &'static str) -> Error {
    let message = "A header you provided implies functionality that is not implemented";
    Error::Fault(Fault::common("NotImplemented", 501, message).with("Header", Value::String(header.into())))
}

/// Whether a list of ETags, with or without quotes, has this one; `*` has all.
pub fn matches(etags: &str, etag: &str) -> bool {
    etags.split(',').map(str::trim).any(|candidate| {
        let candidate = candidate.strip_prefix("W/").unwrap_or(candidate);
        candidate == "*" || candidate.trim_matches('"') == etag
    })
}
