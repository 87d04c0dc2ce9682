//! GetObject and HeadObject: an object, a range of it, or one of its parts.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use std::ops::Range;

use haar_platform::aws::s3 as api;
use haar_platform::kernel::{AwsError, Ctx, Timestamp};
use haar_platform::policy::Principal;
use haar_platform::store::{Read, StoreError};

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::lifecycle;
use crate::s3::model::{Bucket, CONTENTS, Checksum, Content, Object, State, StorageClass, Version, Versioning};

use super::condition::ReadConditions;
use super::digest::answer_checksum;
use super::properties::refuse_customer_key;
use super::store::{self, Found};
use super::{REQUESTS_READ, content, quoted, range, whole_seconds};

/// How often a read starts over because the object was replaced between its record and its file.
const ATTEMPTS_MAX: usize = 8;

/// `GetObject`.
pub async fn get(ctx: &Ctx, s3: &S3, input: api::GetObjectRequest) -> Result<api::GetObjectOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let asked = asked!(input, "GET");
    asked.refuse_impossible(ctx)?;
    let mut attempt = 0;
    let (reading, body) = loop {
        let reading = s3.store.read(|tx| asked.read(tx))?;
        let object = reading.object();
        if object.storage_class.archived() {
            return Err(Error::InvalidObjectState { storage_class: object.storage_class.as_str().to_owned() });
        }
        match content::body(&s3.store, &reading.content, reading.range.clone()).await {
            Ok(body) => break (reading, body),
            Err(StoreError::NoSuchBlob(_)) if attempt < ATTEMPTS_MAX => attempt += 1,
            Err(failure) => return Err(failure.into()),
        }
    };
    let mut output = api::GetObjectOutput { body, ..Default::default() };
    answer!(output, input, reading);
    Ok(output)
}

/// `HeadObject`.
pub async fn head(ctx: &Ctx, s3: &S3, input: api::HeadObjectRequest) -> Result<api::HeadObjectOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let asked = asked!(input, "HEAD");
    asked.refuse_impossible(ctx)?;
    let reading = s3.store.read(|tx| asked.read(tx))?;
    let mut output = api::HeadObjectOutput::default();
    answer!(output, input, reading);
    Ok(output)
}

/// An object to read by its bucket, key and version, or the error of `method` for its absence.
pub fn find(
    tx: &impl Read,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
    method: &'static str,
) -> Result<Found, Error> {
    let Some(found) = store::find(tx, bucket.number, key, version_id)? else {
        return Err(match version_id {
            Some(version_id) => Error::NoSuchVersion { key: key.to_owned(), version_id: version_id.to_owned() },
            None => Error::NoSuchKey(key.to_owned()),
        });
    };
    if matches!(found.version.state, State::Object(_)) {
        return Ok(found);
    }
    let error = match version_id {
        Some(_) => Error::MethodNotAllowed { method, resource_type: "DeleteMarker" },
        None => Error::NoSuchKey(key.to_owned()),
    };
    let mut fault = error
        .into_fault()
        .with_header("x-amz-delete-marker", "true")
        .with_header("x-amz-version-id", found.version.id_text());
    if version_id.is_some() {
        fault = fault
            .with_header("Allow", "DELETE")
            .with_header("Last-Modified", whole_seconds(found.version.modified).http_date());
    }
    Err(Error::Fault(fault))
}

/// What GET and HEAD are asked for.
struct Asked<'a> {
    method: &'static str,
    bucket: &'a str,
    owner: Option<&'a str>,
    key: &'a str,
    version_id: Option<&'a str>,
    range: Option<&'a str>,
    part_number: Option<i32>,
    checksum: bool,
    customer_key: bool,
    /// Whether headers of the answer are to be others than the object's.
    overrides: bool,
    conditions: ReadConditions,
}

macro_rules! asked {
    ($input:ident, $method:literal) => {
        Asked {
            method: $method,
            bucket: &$input.bucket,
            owner: $input.expected_bucket_owner.as_deref(),
            key: &$input.key,
            version_id: $input.version_id.as_deref(),
            range: $input.range.as_deref(),
            part_number: $input.part_number,
            checksum: $input.checksum_mode.as_deref().is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED")),
            customer_key: $input.sse_customer_algorithm.is_some()
                || $input.sse_customer_key.is_some()
                || $input.sse_customer_key_md5.is_some(),
            overrides: $input.response_cache_control.is_some()
                || $input.response_content_disposition.is_some()
                || $input.response_content_encoding.is_some()
                || $input.response_content_language.is_some()
                || $input.response_content_type.is_some()
                || $input.response_expires.is_some(),
            conditions: ReadConditions {
                if_match: $input.if_match.clone(),
                if_none_match: $input.if_none_match.clone(),
                if_modified_since: $input.if_modified_since,
                if_unmodified_since: $input.if_unmodified_since,
            },
        }
    };
}
use asked;

/// What they find.
struct Reading {
    version: Version,
    content: Content,
    /// The bytes to send.
    range: Range<u64>,
    /// Whether that is less than all, and the answer says so.
    partial: bool,
    checksum: Option<Checksum>,
    parts_count: Option<i32>,
    /// As the answer names the version, if it does.
    version_id: Option<String>,
    /// When a lifecycle rule ends it, in the answer's words.
    expiration: Option<String>,
}

impl Asked<'_> {
    fn refuse_impossible(&self, ctx: &Ctx) -> Result<(), Error> {
        refuse_customer_key(self.customer_key)?;
        if self.range.is_some() && self.part_number.is_some() {
            let message = "Cannot specify both Range header and partNumber query parameter.";
            return Err(Error::InvalidRequest(message.into()));
        }
        if self.overrides && matches!(ctx.caller.principal, Principal::Anonymous) {
            let message = "Request specific response headers cannot be used for anonymous GET requests.";
            return Err(Error::InvalidRequest(message.into()));
        }
        Ok(())
    }

    fn read(&self, tx: &impl Read) -> Result<Reading, Error> {
        let bucket = bucket::find(tx, self.bucket, self.owner)?;
        let found = find(tx, &bucket, self.key, self.version_id, self.method)?;
        let version_id = (bucket.versioning != Versioning::Off).then(|| found.version.id_text());
        let object = found.object().ok_or_else(|| Error::NoSuchKey(self.key.to_owned()))?;
        self.conditions.check(object, found.version.modified).map_err(|error| match error {
            Error::NotModified => {
                let fault = error
                    .into_fault()
                    .with_header("ETag", quoted(&object.etag))
                    .with_header("Last-Modified", whole_seconds(found.version.modified).http_date());
                Error::Fault(fault)
            }
            other => other,
        })?;
        let content = tx.get(CONTENTS, &(bucket.number, found.sequence))?;
        let content = content.ok_or_else(|| Error::NoSuchKey(self.key.to_owned()))?;
        let (range, partial, checksum) = match (self.part_number, self.range) {
            (Some(number), _) => {
                let (range, checksum) = part(object, &content, number)?;
                (range, true, checksum)
            }
            (None, Some(header)) => match range::resolve(header, object.size)? {
                Some(range) => (range, true, None),
                None => (0..object.size, false, object.checksum.clone()),
            },
            (None, None) => (0..object.size, false, object.checksum.clone()),
        };
        let parts_count = self.part_number.and(object.parts).map(i32::from);
        let checksum = checksum.filter(|_| self.checksum);
        let expiration = match self.version_id {
            Some(_) => None,
            None => lifecycle::expiration(tx, &bucket, self.key, &found.version)?,
        };
        let version = found.version;
        Ok(Reading { version, content, range, partial, checksum, parts_count, version_id, expiration })
    }
}

/// The bytes of a part and their checksum. An object that was put or copied whole is its own part 1.
fn part(object: &Object, content: &Content, number: i32) -> Result<(Range<u64>, Option<Checksum>), Error> {
    let (Content::Parts(parts), Some(_)) = (content, object.parts) else {
        if number == 1 {
            return Ok((0..object.size, object.checksum.clone()));
        }
        return Err(Error::InvalidPartNumber { requested: number.into(), count: 1 });
    };
    // Parts count from 1 here, whatever numbers they were uploaded under.
    let mut start = 0;
    for (position, part) in (1..).zip(parts) {
        let end = start + part.piece.size;
        if position == number {
            return Ok((start..end, part.checksum.clone()));
        }
        start = end;
    }
    Err(Error::InvalidPartNumber { requested: number.into(), count: parts.len() })
}

impl Reading {
    fn object(&self) -> &Object {
        self.version.object().expect("only objects are read")
    }
}

/// Fills the answer: two generated types with the same members.
macro_rules! answer {
    ($output:ident, $input:ident, $reading:ident) => {{
        let object = $reading.object();
        let size = object.size;
        $output.expiration = $reading.expiration.clone();
        $output.accept_ranges = Some("bytes".into());
        $output.content_length = Some(($reading.range.end - $reading.range.start) as i64);
        $output.content_range = $reading.partial.then(|| range::content_range(&$reading.range, size));
        $output.last_modified = Some(whole_seconds($reading.version.modified));
        $output.e_tag = Some(quoted(&object.etag));
        $output.version_id = $reading.version_id.clone();
        $output.parts_count = $reading.parts_count;
        $output.tag_count = (!object.tags.is_empty()).then(|| object.tags.len() as i32);
        $output.metadata = Some(object.metadata.iter().cloned().collect());
        // The standard class goes without saying.
        let class = object.storage_class;
        $output.storage_class = (class != StorageClass::Standard).then(|| class.api());
        $output.server_side_encryption = Some(object.encryption.algorithm());
        if let Some(kms) = object.encryption.kms() {
            $output.ssekms_key_id = kms.key_id.clone();
            $output.bucket_key_enabled = kms.bucket_key;
        }
        if let Some(checksum) = &$reading.checksum {
            answer_checksum!($output, checksum);
            $output.checksum_type = Some(checksum.kind());
        }
        let headers = object.headers.clone();
        let content_type = $input.response_content_type.or(headers.content_type);
        $output.content_type = Some(content_type.unwrap_or_else(|| "binary/octet-stream".into()));
        $output.cache_control = $input.response_cache_control.or(headers.cache_control);
        $output.content_disposition = $input.response_content_disposition.or(headers.content_disposition);
        $output.content_encoding = $input.response_content_encoding.or(headers.content_encoding);
        $output.content_language = $input.response_content_language.or(headers.content_language);
        $output.expires = $input.response_expires.map(Timestamp::http_date).or(headers.expires);
        $output.website_redirect_location = headers.website_redirect_location;
    }};
}
use answer;
